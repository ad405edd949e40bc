// SPDX-License-Identifier: Apache-2.0
// What do clients see meanwhile?
#pragma once

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "config/io/clock.hpp"
#include "rig.hpp"

namespace hapx::lb_supervisor {

using std::chrono::milliseconds;

/// Clients that come and go, each connection a new one, until they are told to stop.
class Load {
 public:
  Load(std::string address, int clients) : address_(std::move(address)) {
    for (int i = 0; i < clients; ++i) threads_.emplace_back([this] { run(); });
  }
  ~Load() { stop(); }

  void stop() {
    stopped_ = true;
    for (auto& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }
  /// Another HAProxy is about to be killed: what was begun before may break.
  void mark_kill() { kills_.push_back(boot_now()); }

  struct Result {
    std::size_t visits = 0;
    std::size_t refused = 0;    ///< begun while no HAProxy ran or later, and failed
    std::size_t in_flight = 0;  ///< accepted by the HAProxy that was killed
    Duration longest{0};
    std::string sample;
  };
  Result result() {
    Result sum;
    for (const auto& [began, visit] : visits_) {
      ++sum.visits;
      sum.longest = std::max(sum.longest, visit.took);
      if (visit.error.empty()) continue;
      sum.sample = visit.error;
      const bool met_a_kill =
          std::any_of(kills_.begin(), kills_.end(), [&, at = began, took = visit.took](auto kill) {
            return at <= kill + milliseconds(5) && at + took >= kill;
          });
      ++(met_a_kill ? sum.in_flight : sum.refused);
    }
    return sum;
  }

 private:
  void run() {
    while (!stopped_) {
      const auto began = boot_now();
      auto each = visit(address_);
      const std::lock_guard lock(mutex_);
      visits_.emplace_back(began, std::move(each));
    }
  }

  std::string address_;
  std::atomic<bool> stopped_ = false;
  std::mutex mutex_;
  std::vector<std::pair<Instant, Visit>> visits_;
  std::vector<Instant> kills_;
  std::vector<std::thread> threads_;
};

}  // namespace hapx::lb_supervisor
