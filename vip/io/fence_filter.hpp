// SPDX-License-Identifier: Apache-2.0
// Where is the fence in force, and until when does it let an address's frames pass?
//
// vip/fence made real: the shared page mapped, the two programs loaded, and a filter on each hook
// of each interface that it is attached to. The page outlives the process as a descriptor: hand it
// to whoever starts the next incarnation, which opens with it, and no deadline changes meanwhile.
// Without it (the one who kept it died, too) all begins closed, and attaching replaces what an
// earlier life left, in one step per hook.
//
// It attaches where it is told; which interfaces those are, and that they keep their filters, is
// vip/io/door.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "config/io/descriptor.hpp"
#include "config/net.hpp"
#include "config/result.hpp"
#include "config/time.hpp"
#include "vip/address_message.hpp"
#include "vip/fence.hpp"
#include "vip/io/netlink_socket.hpp"

namespace hapx::vip {

class FenceFilter {
 public:
  /// Adopts the page behind `inherited`, if it is one, else makes a new one with all closed. Owns
  /// the descriptor in any case. Fails where BPF is refused (EPERM, ENOSYS) and nothing was
  /// inherited.
  [[nodiscard]] static Result<FenceFilter> open(std::optional<int> inherited);

  FenceFilter(FenceFilter&& other) noexcept;
  FenceFilter& operator=(FenceFilter&&) = delete;
  ~FenceFilter();

  [[nodiscard]] bool adopted() const { return adopted_; }
  /// Of the page's map, for the keeper. Stays ours.
  [[nodiscard]] int descriptor() const { return page_map_.number(); }

  /// Gives each address a slot, closed unless adopted; closes the slots of all others. The
  /// first time it also compares the clocks (LEASE.md, rule 15) and loads the programs.
  [[nodiscard]] Result<void> arm(const std::vector<IpAddress>& addresses);
  [[nodiscard]] bool armed() const { return programs_.has_value(); }
  /// Whether the address has a slot. Safety: frames of one that hasn't pass.
  [[nodiscard]] bool knows(const IpAddress& address) const { return slots_.contains(address); }

  /// REQUIRES of both: armed.
  [[nodiscard]] Result<void> attach(NetlinkSocket& socket, const LinkSeen& link) const;
  /// Whether both hooks of the interface have exactly our programs.
  [[nodiscard]] Result<bool> attached(NetlinkSocket& socket, std::uint32_t interface_index) const;

  /// A memory store. Without effect for an address that has no slot. REQUIRES: `until` is no later
  /// than lease_max from now (LEASE.md, rule 13: nobody writes an unlimited deadline).
  void extend(const IpAddress& address, Instant until);
  /// Stores 0 and reads it back.
  void close(const IpAddress& address);
  /// Those that are not closed; some may be over.
  [[nodiscard]] std::map<IpAddress, Instant> deadlines() const;

 private:
  struct Programs {
    Descriptor ingress;
    Descriptor egress;
    std::uint32_t ingress_id = 0;
    std::uint32_t egress_id = 0;
  };

  FenceFilter(Descriptor page_map, std::uint64_t* memory, bool adopted);
  [[nodiscard]] Result<Programs> load();
  [[nodiscard]] Result<void> compare_clocks();
  [[nodiscard]] Result<void> assign_slots(const std::vector<IpAddress>& addresses);

  Descriptor page_map_;
  std::uint64_t* memory_ = nullptr;  ///< the mapping; DeadlinePage::words long
  DeadlinePage page_;
  std::map<IpAddress, std::size_t> slots_;  ///< what the page says, for a quick extend
  bool adopted_ = false;
  Descriptor address_map_;
  std::optional<Programs> programs_;
};

/// Takes our filter off both hooks, and the hooks themselves if nobody else has a filter there.
/// Returns whether ours was there. Needs no BPF rights.
[[nodiscard]] Result<bool> detach_fence(NetlinkSocket& socket, std::uint32_t interface_index);

}  // namespace hapx::vip
