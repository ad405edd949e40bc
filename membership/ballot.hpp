// SPDX-License-Identifier: Apache-2.0
// Who is asking for the right to act, and which try is it?
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <utility>

#include "config/archived.hpp"
#include "config/ids.hpp"
#include "config/net.hpp"

namespace hapx::membership {

/// One boot of a machine's kernel (/proc/sys/kernel/random/boot_id, its 16 bytes).
struct BootId {
  std::array<std::uint8_t, 16> bytes{};

  friend bool operator==(const BootId&, const BootId&) = default;
  friend auto operator<=>(const BootId&, const BootId&) = default;
};

/// A holder of leases: only an incarnation of the same boot may prolong what an earlier one won.
struct Session {
  NodeName node;
  BootId boot;

  friend bool operator==(const Session&, const Session&) = default;
  friend auto operator<=>(const Session&, const Session&) = default;
};

/// One process, by a random number: never a counter, which a reboot could set back.
struct Incarnation {
  std::uint64_t value = 0;

  friend bool operator==(const Incarnation&, const Incarnation&) = default;
  friend auto operator<=>(const Incarnation&, const Incarnation&) = default;
};

/// One try to win a lease; tries are totally ordered.
struct Ballot {
  std::uint64_t round = 0;
  NodeName node;
  Incarnation incarnation;

  friend bool operator==(const Ballot&, const Ballot&) = default;
  friend auto operator<=>(const Ballot&, const Ballot&) = default;
};

/// What is held under a lease: a virtual address in canonical text (no prefix length, no
/// interface), or "coordinator". Never a service's name: an address that moves from one service to
/// another in a new file would otherwise be held twice.
class LeaseKey {
 public:
  LeaseKey() = default;
  explicit LeaseKey(std::string text) : text_(std::move(text)) {}

  static LeaseKey coordinator() { return LeaseKey("coordinator"); }
  static LeaseKey of(const IpAddress& address) { return LeaseKey(to_string(address)); }

  [[nodiscard]] const std::string& text() const { return text_; }

  friend bool operator==(const LeaseKey&, const LeaseKey&) = default;
  friend auto operator<=>(const LeaseKey&, const LeaseKey&) = default;

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(text_);
  }

  std::string text_;
};

}  // namespace hapx::membership
