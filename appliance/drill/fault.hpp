// SPDX-License-Identifier: Apache-2.0
// What can go wrong, and what has hapx promised for it?
//
// A drill as data: the closed list of faults. Each has the name an operator says; what is done, how
// it is undone and whom it strikes; what a client will see and what may be lost; where it may be
// done at all; and the promise in terms of the lease. How a fault is done to a real lab is
// drill/io's; what came of it is the report's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "config/cluster_config.hpp"
#include "config/time.hpp"

namespace hapx::appliance::drill {

enum class Fault : std::uint8_t {
  power_loss,
  haproxy_kill,
  haproxy_freeze,
  vip_delete,
  link_down,
  daemon_kill,
  daemon_kill_with_keeper,
  daemon_freeze,
  daemon_freeze_with_keeper,
  partition,
  partition_one_way,
  coordinator_kill,
  peer_loss,
  apiserver_down,
  apiserver_hang,
  disk_full,
  clock_jump,
  config_refused,
  duplicate_vip,
  hand_over,
  cold_start,
};
inline constexpr std::size_t fault_count = 21;

/// Whom a fault strikes.
enum class Victim : std::uint8_t {
  holder,       ///< the node that has the address
  peer,         ///< a node that could have it, and has not
  coordinator,  ///< while another node has the address
  apiserver,
  segment,  ///< the network that all share
  cluster,  ///< every node at once
};

/// What it takes to do a fault to a real cluster.
enum class Consent : std::uint8_t {
  given,        ///< whoever runs a drill wants it
  destructive,  ///< --destructive: it harms more than hapx
  never,
};

/// Where a fault may be done.
struct Places {
  bool in_lab = true;
  bool on_virtual_machines = true;
  Consent on_cluster = Consent::given;
  bool is_built_on_cluster = false;  ///< an agent can do it (io/node_faults)

  friend bool operator==(const Places&, const Places&) = default;
};

struct FaultWords {
  Fault fault;
  std::string_view name;
  std::string_view sentence;  ///< what is done
  std::string_view undoing;   ///< how it ends
  Victim victim;
  std::string_view effect;  ///< what a client is expected to see
  std::string_view loss;    ///< what may be lost by it, on a real cluster
  Places places;
};

/// All of them, in the order in which `--fault all` does them. Each name has a value of Fault.
extern const std::array<FaultWords, fault_count> faults;

[[nodiscard]] const FaultWords& words_of(Fault fault);
[[nodiscard]] std::string_view name_of(Fault fault);
[[nodiscard]] std::string_view sentence_of(Fault fault);
/// Nothing for a name that is no fault's.
[[nodiscard]] std::optional<Fault> fault_of(std::string_view name);
/// Every name, to be listed or searched.
[[nodiscard]] std::vector<std::string_view> fault_names();

/// "the holder": for sentences and lists.
[[nodiscard]] std::string_view victim_words(Victim victim);

/// What a client may see at most. Absent: nothing is promised.
struct Promise {
  std::optional<Duration> outage_max;
  std::optional<std::size_t> failed_max;
  std::optional<Duration> latency_max;

  friend bool operator==(const Promise&, const Promise&) = default;
};

/// An outage shorter than this is none: a client that asks every 5 ms sees no finer on a busy
/// machine.
inline constexpr Duration resolution = std::chrono::milliseconds(20);

/// `links`: further networks for heartbeats. Where there is one, a holder whose other card has gone
/// says so, and nobody has to wait for its lease.
[[nodiscard]] Promise promise_of(Fault fault, const Timing& timing, unsigned links);

/// The shortest outage that can be asked for: the lease, of what ends the holder without a word
/// from it, for nobody may have the address before its right is over. Nothing for all else.
[[nodiscard]] std::optional<Duration> shortest_of(Fault fault, const Timing& timing,
                                                  unsigned links);

/// How long the fault lasts before it is undone; zero where it does not last.
[[nodiscard]] Duration length_of(Fault fault);

/// Whether the address must leave the node that held it.
[[nodiscard]] bool is_moving(Fault fault);

/// Whether hapx counts it as a failure of what runs there, and moves a service away from too many.
[[nodiscard]] bool is_counted(Fault fault);

/// Whether it ends a whole machine, which takes its time to boot again.
[[nodiscard]] bool ends_machine(Fault fault);

/// Whether a majority of votes must be there without one node for the service to go on.
[[nodiscard]] bool takes_a_vote(Fault fault);

}  // namespace hapx::appliance::drill
