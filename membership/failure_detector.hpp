// SPDX-License-Identifier: Apache-2.0
// Is this peer still there?
//
// The intuition is a traffic light with a stopwatch: each heartbeat turns it green and starts the
// watch again; after two and a half heartbeats of silence it is yellow, after one lease red. Red
// comes at the very instant at which a voter's promise to the silent peer ends, if it was made with
// the same datagram: detection and safety are one timer. One detector per peer. It decides nothing:
// a wrong guess costs time, never safety.
//
//              heard                    2.5 heartbeats             1 lease
//   unheard ---------> alive ----------------------> suspect ----------------> dead
//                        ^------------ heard -----------+------------------------+
#pragma once

#include <optional>

#include "config/archived.hpp"
#include "config/cluster_config.hpp"
#include "config/time.hpp"
#include "membership/view.hpp"

namespace hapx::membership {

class FailureDetector {
 public:
  explicit FailureDetector(const Timing& timing)
      : suspect_after_(timing.heartbeat * 5 / 2), dead_after_(timing.lease) {}

  void heard(Instant now) {
    last_heard_ = now;
    left_ = false;
  }
  /// It said good-bye: no need to wait for its silence.
  void left() { left_ = true; }

  [[nodiscard]] Liveness liveness(Instant now) const {
    if (!last_heard_) return Liveness::unheard;
    const Duration silence = now - *last_heard_;
    if (left_ || silence >= dead_after_) return Liveness::dead;
    return silence >= suspect_after_ ? Liveness::suspect : Liveness::alive;
  }
  [[nodiscard]] std::optional<Instant> last_heard() const { return last_heard_; }
  /// Its last word was good-bye.
  [[nodiscard]] bool has_left() const { return left_; }
  /// Alive or suspect: not given up.
  [[nodiscard]] bool present(Instant now) const {
    const Liveness is = liveness(now);
    return is == Liveness::alive || is == Liveness::suspect;
  }
  /// When the answer changes if nothing is heard; absent if it doesn't.
  [[nodiscard]] std::optional<Instant> next_deadline(Instant now) const {
    if (!present(now)) return std::nullopt;
    return *last_heard_ + (liveness(now) == Liveness::alive ? suspect_after_ : dead_after_);
  }

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(last_heard_, left_);
  }

  Duration suspect_after_;
  Duration dead_after_;
  std::optional<Instant> last_heard_;
  bool left_ = false;
};

}  // namespace hapx::membership
