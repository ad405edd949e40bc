// SPDX-License-Identifier: Apache-2.0
// What does the supervisor answer, and by which numbers does it decide?
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "config/ids.hpp"
#include "config/time.hpp"
#include "lb-supervisor/action.hpp"
#include "lb-supervisor/fitness.hpp"
#include "lb-supervisor/haproxy_config.hpp"
#include "lb-supervisor/restart_pace.hpp"

namespace hapx::lb_supervisor {

using Action = std::variant<CheckHaproxyConfig, StartHaproxy, RetireHaproxy, KillHaproxy,
                            ProbeHaproxy, AmendHaproxy, AskBackends>;

/// It became warm: from now on it may be given services.
struct HaproxyReady {
  friend bool operator==(const HaproxyReady&, const HaproxyReady&) = default;
};

/// A service that was asked for is served now (told once per beginning).
struct HaproxyServing {
  ServiceName service;
  friend bool operator==(const HaproxyServing&, const HaproxyServing&) = default;
};

/// It was warm and is not any more: it died, froze, or went with its keeper. One failure of each
/// service in `served`; it is being restarted already.
struct HaproxyFailed {
  std::string how;
  std::vector<ServiceName> served;
  friend bool operator==(const HaproxyFailed&, const HaproxyFailed&) = default;
};

/// It could not be made warm: its text is refused, it can't be started, it died while warming.
/// Told once per cause in a row; it is tried again, with growing pauses.
struct HaproxyNotReady {
  std::string reason;
  friend bool operator==(const HaproxyNotReady&, const HaproxyNotReady&) = default;
};

/// Another one with the wanted text has taken over from it; no client was disturbed.
struct HaproxyReplaced {
  friend bool operator==(const HaproxyReplaced&, const HaproxyReplaced&) = default;
};

/// It took the wanted servers as it runs, and is now as if it had begun with the wanted text.
struct HaproxyAmended {
  friend bool operator==(const HaproxyAmended&, const HaproxyAmended&) = default;
};

/// It stays in service with the text it has: HAProxy refused the wanted one, or one that was
/// started with that didn't come to answer. Told once per cause in a row; it is tried again, with
/// growing pauses.
struct HaproxyNotReplaced {
  std::string reason;
  friend bool operator==(const HaproxyNotReplaced&, const HaproxyNotReplaced&) = default;
};

/// What became of Supervisor::examine.
struct HaproxyExamined {
  std::string refusal;  ///< HAProxy's words and the line; empty: it doesn't refuse the text
  friend bool operator==(const HaproxyExamined&, const HaproxyExamined&) = default;
};

/// A kube-apiserver's health, or a settled number, changed.
struct BackendsChanged {
  friend bool operator==(const BackendsChanged&, const BackendsChanged&) = default;
};

using News =
    std::variant<HaproxyReady, HaproxyServing, HaproxyFailed, HaproxyNotReady, HaproxyReplaced,
                 HaproxyAmended, HaproxyNotReplaced, HaproxyExamined, BackendsChanged>;

struct Outcome {
  std::vector<Action> actions;
  std::vector<News> news;
};

struct SupervisorOptions {
  Duration probe_interval = std::chrono::milliseconds(200);  ///< from an answer to the next probe
  Duration probe_retry = std::chrono::milliseconds(10);      ///< from a failed probe to the next
  Duration probe_answer_max = std::chrono::seconds(1);  ///< the door promises less; then it failed
  unsigned probe_failures_max = 2;                      ///< in a row: frozen
  Duration warming_probe_interval = std::chrono::milliseconds(5);  ///< in its first second
  /// HAProxy looks host names up before it serves, for seconds if nobody answers.
  Duration warming_max = std::chrono::seconds(30);
  /// One that an earlier hapxd left answers at once, or is frozen.
  Duration adopted_warming_max = std::chrono::seconds(1);
  Duration check_max = std::chrono::seconds(40);         ///< the keeper promises 30 s
  Duration keeper_answer_max = std::chrono::seconds(5);  ///< then it is asked again
  Duration ask_interval = std::chrono::milliseconds(500);
  Duration first_ask_interval = std::chrono::milliseconds(50);  ///< until all had a first check
  /// Servers are changed, and looked at again, for so long; then another HAProxy is begun.
  Duration amend_max = std::chrono::seconds(2);
  Duration amend_ask_interval = std::chrono::milliseconds(10);
  /// A life that was warm for less than this counts as a step of a crash loop.
  Duration short_life = std::chrono::seconds(1);
  RestartPace::Limits restart{Duration(0), std::chrono::milliseconds(100), std::chrono::seconds(5)};
  /// A check costs some ten milliseconds; what it refuses may be mended beside us, and nobody
  /// tells.
  RestartPace::Limits refusal{std::chrono::seconds(1), std::chrono::seconds(2),
                              std::chrono::seconds(5)};
  /// How long host names may stay without an address before HAProxy, which looks them up only when
  /// it starts, is started again; see step(BackendsReported).
  RestartPace::Limits look_up{std::chrono::seconds(10), std::chrono::seconds(20),
                              std::chrono::minutes(5)};
  SettleTimes settle;
  /// How long a HAProxy that was replaced may go on with the connections that it has: watches and
  /// `kubectl exec` end meanwhile by themselves or not, its memory is given back either way.
  Duration drain_max = hard_stop_after;
};

/// When the next probe is due or, while one is under way, when its answer is overdue.
struct Probing {
  bool under_way = false;
  Instant due;
};

/// A HAProxy that runs, as far as we know.
struct Process {
  std::uint64_t generation = 0;
  int pid = 0;
};

}  // namespace hapx::lb_supervisor
