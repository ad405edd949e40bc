// SPDX-License-Identifier: Apache-2.0
// What do many answers over time say?
//
// One answer says little. A HAProxy that misses one probe was perhaps waiting for a processor; one
// that misses several in a row is frozen. And kube-apiservers come and go for seconds when a
// control plane is upgraded: their number counts for the placement of a service only once it has
// settled. Both judgements are made here, from answers and instants alone.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "config/archived.hpp"
#include "config/time.hpp"
#include "lb-supervisor/event.hpp"

namespace hapx::lb_supervisor {

/// Whether our HAProxy may be given a service, and why or why not.
struct Fitness {
  bool fit = false;
  std::string reason;

  friend bool operator==(const Fitness&, const Fitness&) = default;
};

/// The last probes of one HAProxy.
class ProbeRecord {
 public:
  /// `failures_max` in a row, at least 1, make it unfit.
  explicit ProbeRecord(unsigned failures_max = 1) : failures_max_(failures_max) {}

  void answered() { failures_ = 0; }
  void failed(std::string reason);

  [[nodiscard]] bool ever_failed_since_answer() const { return failures_ > 0; }
  [[nodiscard]] Fitness fitness() const;

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(failures_max_, failures_, reason_);
  }

  unsigned failures_max_;
  unsigned failures_ = 0;
  std::string reason_;
};

/// How far back a number is looked at before it counts. Losing takes at
/// least as long as gaining (the constructor of SettledCount sees to it), so that two nodes that
/// lose sight of the same kube-apiserver one after the other don't pass a service to and fro.
struct SettleTimes {
  Duration gain = std::chrono::seconds(3);
  Duration loss = std::chrono::seconds(5);
};

/// The number of healthy kube-apiservers of one service, without its flutter.
///
/// The settled number falls to the highest that was seen within the last `loss`, and rises to the
/// lowest within the last `gain`. So a number that flutters settles on what it never left, and one
/// that returns to the settled number changes nothing. Two nodes that see the same end, one of them
/// in steps and the other at once, settle on it as far apart as they saw it, and no further.
class SettledCount {
 public:
  explicit SettledCount(SettleTimes times = {});

  /// The first report counts at once: there is nothing yet that could flutter.
  void reported(unsigned healthy, Instant now);
  /// Time has passed. True if the settled number changed (also after `reported`).
  bool step(Instant now);
  [[nodiscard]] std::optional<Instant> next_deadline() const;

  [[nodiscard]] std::optional<unsigned> settled() const { return settled_; }

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(times_, settled_, seen_, stepped_, first_);
  }

  struct Seen {
    unsigned healthy = 0;
    std::optional<Instant> until{};  ///< absent: by the last report
  };

  SettleTimes times_;
  std::optional<unsigned> settled_;
  std::deque<Seen> seen_;  ///< those within the last `loss`; oldest first
  Instant stepped_{};      ///< last
  bool first_ = false;     ///< settled_ was just set for the first time; step tells it
};

/// How many of its servers HAProxy finds healthy, or nullopt while a first check is under way.
[[nodiscard]] std::optional<unsigned> healthy_servers(const BackendHealth& backend);

}  // namespace hapx::lb_supervisor
