// SPDX-License-Identifier: Apache-2.0
// Who sees to it that a hook is told, while the others are not kept waiting?
//
// One thread for each hook, so that one that hangs costs the others nothing. What it tells next is
// said by a Round.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "appliance/hooks/message.hpp"
#include "appliance/hooks/round.hpp"
#include "config/cluster_config.hpp"

namespace hapx::appliance::hooks {

/// Called by the thread, with a sentence for the log.
using Say = std::function<void(const std::string& sentence)>;

class Teller {
 public:
  Teller(HookConfig hook, std::string version, Say say);
  Teller(const Teller&) = delete;
  Teller& operator=(const Teller&) = delete;
  /// Waits until what is under way has been ended.
  ~Teller();

  [[nodiscard]] const HookConfig& hook() const { return hook_; }

  /// Returns at once, as the next three.
  void add(const EventLine& event, const Origin& origin);
  /// Of the same hook as it was: what that has not told is told by this.
  void take_over(Teller& before);
  /// Ends what is under way, and tells nothing any more.
  void stop() { thread_.request_stop(); }
  /// Whether it has ended after stop(), so that its end is not waited for.
  [[nodiscard]] bool is_over() const { return is_over_; }

 private:
  void work(const std::stop_token& stop);

  const HookConfig hook_;
  const std::string version_;
  const Say say_;
  std::mutex mutex_;  ///< of what follows
  std::condition_variable_any changed_;
  Round round_;
  Origin origin_;
  std::atomic<bool> is_over_ = false;
  std::jthread thread_;  ///< last: it is begun when all else is there, and ended first
};

}  // namespace hapx::appliance::hooks
