// SPDX-License-Identifier: Apache-2.0
// What came of a drill?
//
// The runs as they were measured, judged against their promises, and put into a table of medians
// and maxima. Two things decide whether hapx has passed: the service came back by itself, and the
// address had one holder at every instant. The promised times are told beside them ("kept"), but a
// slow machine does not fail a drill.
#pragma once

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

struct Run {
  Fault fault = Fault::power_loss;
  unsigned number = 1;     ///< counted per fault, from 1
  std::string struck;      ///< the node that the fault struck; empty when all were
  std::string holder;      ///< who held the address afterwards; empty when nobody did
  bool is_served = false;  ///< served again within the time that the drill waits
  Duration outage{};       ///< of a cold start: from the start to the first answer
  Service service;         ///< while the fault lasted
  Service healing;         ///< while it was undone
  Wire wire;               ///< from before the fault until after its end
  std::vector<Phase> phases;
  Duration stall{};     ///< how late the machine itself was: see stall_noted_min
  std::string trouble;  ///< why the run could not be completed; empty when it was
};

/// What one node's own processes use while nothing happens.
struct Footprint {
  std::string node;
  std::uint64_t memory_bytes = 0;  ///< proportional set size of keeper, hapxd and HAProxy's keeper
  double processor_share = 0;      ///< of one core, of the same processes

  friend bool operator==(const Footprint&, const Footprint&) = default;
};

struct Report {
  std::string lab;
  std::string profile;
  Timing timing;
  std::size_t nodes = 0;
  bool has_witness = false;
  Family family = Family::ipv4;
  unsigned links = 0;  ///< further networks for heartbeats
  std::vector<Run> runs;
  std::vector<Footprint> footprints;
};

/// The machine's own lateness is the longest that a waiting process of normal priority overslept
/// during the run. Above this it is told with the figures, for then they are the machine's.
inline constexpr Duration stall_noted_min = std::chrono::milliseconds(50);

/// The run was completed, the service came back, and there was one holder at every instant.
[[nodiscard]] bool is_passed(const Run& run);
[[nodiscard]] bool is_passed(const Report& report);

/// The measured times are within the promise.
[[nodiscard]] bool is_kept(const Run& run, const Promise& promise);

/// Medians and maxima of all runs of one fault.
struct Row {
  Fault fault = Fault::power_loss;
  std::size_t runs = 0;
  std::size_t served = 0;
  std::size_t one_holder = 0;
  std::size_t kept = 0;
  Duration outage_median{};
  Duration outage_maximum{};
  Duration healing_maximum{};  ///< the longest outage while the fault was undone
  std::size_t failed_maximum = 0;
  std::size_t cut_maximum = 0;
  Duration latency_maximum{};
};

/// One row per fault, in the order in which the faults were first injected.
[[nodiscard]] std::vector<Row> rows_of(const Report& report);

[[nodiscard]] std::string render_text(const Report& report);
[[nodiscard]] std::string render_json(const Report& report);

/// "one holder at every instant: yes", or no with what was seen.
[[nodiscard]] std::string holder_verdict(const Report& report);

}  // namespace hapx::appliance::drill
