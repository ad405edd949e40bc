// SPDX-License-Identifier: Apache-2.0
// What is a hook told next, and when is it tried again?
//
// One hook is told of one event at a time, in their order. What comes meanwhile waits, the newest
// 64; what is older is left out, and how many those were is told with the next. Who can't be
// reached is tried again with growing pauses, and given up after five times: what a hook has to
// say of a failover an hour ago helps nobody. Pure: when it is, and what became of telling, is said
// to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "appliance/journal.hpp"
#include "config/cluster_config.hpp"
#include "config/time.hpp"

namespace hapx::appliance::hooks {

/// What became of telling once.
struct Told {
  enum class How {
    done,
    refused,      ///< to try it again would come to the same
    not_reached,  ///< another time, perhaps
  };
  How how = How::done;
  std::string sentence{};  ///< why not
};

class Round {
 public:
  static constexpr std::size_t waiting_max = 64;
  static constexpr unsigned tries_max = 5;

  explicit Round(const HookConfig& hook);

  /// Has happened; passed over if the hook is not told of its kind. What happens again and again
  /// waits once.
  void add(const EventLine& event);

  /// The hook was changed: what `before` has not told to its end is told by this.
  void take_over(Round& before);

  struct Telling {
    EventLine event;
    std::uint64_t left_out = 0;  ///< before it
  };
  /// What is to be told now; nothing while something is under way, or is not to be tried again yet.
  [[nodiscard]] std::optional<Telling> next(Instant now);
  /// When to ask again if nothing else comes; absent: when something comes.
  [[nodiscard]] std::optional<Instant> due() const;

  /// Of what is under way. Returns a sentence for the log; none if another round has taken over.
  [[nodiscard]] std::string ended(const Told& told, Instant now);

 private:
  std::string name_;
  std::vector<std::string> kinds_;
  std::deque<EventLine> waiting_;  ///< the first one is what is told
  bool is_under_way_ = false;
  unsigned tries_ = 0;  ///< how often the first one was tried
  std::optional<Instant> not_before_;
  std::uint64_t left_out_ = 0;  ///< since the hook was told the last time
  std::uint64_t told_of_ = 0;   ///< so many of them are told with what is under way
};

}  // namespace hapx::appliance::hooks
