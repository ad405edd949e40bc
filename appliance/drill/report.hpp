// SPDX-License-Identifier: Apache-2.0
// What came of a drill?
//
// The runs as they were measured, judged against their promises, and put into a table of medians
// and maxima. Two things decide whether hapx has passed: the service came back by itself, and the
// address had one holder at every instant; and a third where somebody asked for it, the objective.
// The promised times are told beside them ("kept"), but a slow machine does not fail a drill.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "appliance/drill/fault.hpp"
#include "appliance/drill/outage.hpp"
#include "appliance/drill/wire.hpp"

namespace hapx::appliance::drill {

/// A moment of a failover as it shows from outside, counted from the fault.
struct Phase {
  std::string name;
  Duration after{};

  friend bool operator==(const Phase&, const Phase&) = default;
};

/// What a client on another machine saw of a run, from before the fault until after its end.
struct Elsewhere {
  std::string from;  ///< the machine
  Service service;
  std::string trouble;  ///< why it could not be told; empty: it was

  friend bool operator==(const Elsewhere&, const Elsewhere&) = default;
};

struct Run {
  Fault fault = Fault::power_loss;
  unsigned number = 1;                ///< counted per fault, from 1
  std::string struck;                 ///< the node that the fault struck; empty when all were
  std::string holder;                 ///< who held the address afterwards; empty when nobody did
  bool is_served = false;             ///< served again within the time that the drill waits
  Duration outage{};                  ///< of a cold start: from the start to the first answer
  Service service;                    ///< while the fault lasted
  Service healing;                    ///< while it was undone
  Wire wire;                          ///< from before the fault until after its end
  std::vector<Phase> phases;          ///< as they show from outside
  std::vector<Phase> story;           ///< as the next holder tells it: appliance/phase.hpp's names
  std::optional<Duration> objective;  ///< the longest outage that was asked for
  Instant at;                         ///< when the fault was done
  Instant undone;                     ///< when its end began
  std::vector<Request> requests;      ///< those around the outage, at most requests_shown_max
  std::vector<Elsewhere> elsewhere;   ///< by whoever else was asked to look on
  std::size_t strangers = 0;  ///< claims to the address by somebody who is none of the cluster
  Duration stall{};           ///< how late the machine itself was: see stall_noted_min
  std::string trouble;        ///< why the run could not be completed; empty when it was
};

/// What one node's own processes use while nothing happens.
struct Footprint {
  std::string node;
  std::uint64_t memory_bytes = 0;  ///< proportional set size of keeper, hapxd and HAProxy's keeper
  double processor_share = 0;      ///< of one core, of the same processes

  friend bool operator==(const Footprint&, const Footprint&) = default;
};

/// On what it was measured.
struct Machine {
  std::string kernel;
  std::string processor;
  unsigned cores = 0;
  std::uint64_t memory_bytes = 0;
  std::string hapx;  ///< version, as haproxy's
  std::string haproxy;

  friend bool operator==(const Machine&, const Machine&) = default;
};

struct Report {
  std::string lab;                    ///< empty: it was a real cluster
  std::string cluster;                ///< likewise, its name; empty: it was a lab
  std::string seen_from;              ///< of a real cluster: the machine that looked on
  std::string unheard;                ///< the node whose claims that one can't hear; empty: none
  std::string plan;                   ///< its name; empty: the faults were named one by one
  std::optional<std::uint64_t> seed;  ///< of the order
  std::optional<Utc> started;
  Duration beat = usual_beat;  ///< between the starts of two requests of the client
  Machine machine;
  std::string config;  ///< hapx.yaml as it was
  std::string profile;
  Timing timing;
  std::size_t nodes = 0;
  bool has_witness = false;
  Family family = Family::ipv4;
  unsigned links = 0;                       ///< further networks for heartbeats
  std::map<MacAddress, std::string> names;  ///< of the nodes, by their hardware addresses
  std::vector<Run> runs;
  std::vector<Footprint> footprints;
};

/// The machine's own lateness is the longest that a waiting process of normal priority overslept
/// during the run. Above this it is told with the figures, for then they are the machine's.
inline constexpr Duration stall_noted_min = std::chrono::milliseconds(50);

/// For pictures; a client that asks every 5 ms has as many in three seconds.
inline constexpr std::size_t requests_shown_max = 600;

/// Of a run that is looked at: from so long before the fault until so long after the service is
/// back. Where a client saw no outage, only what is about the fault is shown.
inline constexpr Duration shown_before = std::chrono::milliseconds(100);
inline constexpr Duration shown_after = std::chrono::milliseconds(200);
[[nodiscard]] Instant shown_until(const Run& run);

/// While the fault lasted or while it was undone, here or elsewhere: a client does not ask which.
[[nodiscard]] Duration longest_outage(const Run& run);

/// Its longest outage is within what was asked for, or nothing was.
[[nodiscard]] bool is_met(const Run& run);

/// The run was completed, the service came back within its objective, there was one holder at
/// every instant, and whoever looked on has told what it saw.
[[nodiscard]] bool is_passed(const Run& run);
[[nodiscard]] bool is_passed(const Report& report);

/// The measured times are within the promise.
[[nodiscard]] bool is_kept(const Run& run, const Promise& promise);

/// Medians and maxima of all runs of one fault with one objective.
struct Row {
  Fault fault = Fault::power_loss;
  std::optional<Duration> objective;
  std::size_t runs = 0;
  std::size_t served = 0;
  std::size_t one_holder = 0;
  std::size_t kept = 0;
  std::size_t met = 0;
  std::size_t passed = 0;
  Duration outage_median{};
  Duration outage_maximum{};
  Duration healing_maximum{};  ///< the longest outage while the fault was undone
  std::size_t failed_maximum = 0;
  std::size_t cut_maximum = 0;
  std::size_t late_maximum = 0;  ///< served, but not promptly
  Duration latency_maximum{};
};

/// One row per fault, in the order in which the faults were first injected.
[[nodiscard]] std::vector<Row> rows_of(const Report& report);

/// Likewise, of all runs of one fault as one machine saw them.
struct RowElsewhere {
  std::string from;
  Fault fault = Fault::power_loss;
  std::size_t runs = 0;
  Duration outage_median{};
  Duration outage_maximum{};
  std::size_t failed_maximum = 0;
  Duration latency_maximum{};
};

/// One per machine and fault; empty where nobody else looked on.
[[nodiscard]] std::vector<RowElsewhere> rows_elsewhere(const Report& report);

/// Why the run has failed beside what its row says, in sentences.
[[nodiscard]] std::vector<std::string> troubles_of(const Run& run);

[[nodiscard]] std::string render_text(const Report& report);
[[nodiscard]] std::string render_json(const Report& report);

/// "lab 'x'", or "cluster 'kube-demo'".
[[nodiscard]] std::string place_words(const Report& report);

/// Why it has not met its objective, in one sentence; empty: it has.
[[nodiscard]] std::string objective_verdict(const Run& run);

/// "one holder at every instant: yes", or no with what was seen.
[[nodiscard]] std::string holder_verdict(const Report& report);

}  // namespace hapx::appliance::drill
