// SPDX-License-Identifier: Apache-2.0
// Which clients of the holder before have not woken yet, and when are they tickled (again)?
//
// Begun when an address is announced here that another node held. Each client is tickled until it
// answers: at once, a few times close together, since frames get lost and routers are slow to
// learn, then twice with more than the half a second for which Linux answers no second unexpected
// segment (net.ipv4.tcp_invalid_ratelimit). Who hasn't answered a second after that is given up: it
// may be gone, or behind a firewall.
//
// Pure: it knows the times, not the packets (vip/tickle).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "config/archived.hpp"
#include "config/net.hpp"
#include "config/time.hpp"

namespace hapx::vip {

class Wakening {
 public:
  /// Replaces what was under way. Without clients there is nothing to do.
  void begin(const std::vector<Endpoint>& clients, Instant now);
  void stop();

  /// A round of tickles.
  struct Round {
    std::vector<Endpoint> clients;
    std::uint32_t sequence = 0;  ///< a quarter of the circle after the last round's
    bool is_late = false;        ///< a second or more after the first: who is left looks elsewhere
  };
  /// The round that is due now, if one is. A late call gets one, not all that were missed.
  [[nodiscard]] std::optional<Round> take_due(Instant now);
  /// A client's answer has come here. False: it is not awaited.
  bool answered(const Endpoint& client, Instant now);

  /// What came of it.
  struct Outcome {
    std::size_t clients = 0;
    std::size_t answered = 0;
    Duration took{0};  ///< until the last answer

    friend bool operator==(const Outcome&, const Outcome&) = default;
  };
  /// Once, when all have answered or been given up.
  [[nodiscard]] std::optional<Outcome> take_outcome(Instant now);

  [[nodiscard]] std::optional<Instant> next_deadline() const { return next_; }

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(awaited_, outcome_, begun_, rounds_, next_);
  }

  std::set<Endpoint> awaited_;
  Outcome outcome_;
  Instant begun_{};
  std::size_t rounds_ = 0;       ///< since begin
  std::optional<Instant> next_;  ///< of the next round, or of giving up; absent: not under way
};

}  // namespace hapx::vip
