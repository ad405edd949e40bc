// SPDX-License-Identifier: Apache-2.0
// What can go wrong, and what has hapx promised for it?
//
// A drill as data: the closed list of faults, each with the name an operator says, one sentence,
// whom it strikes, and the promise for a client in terms of the lease. How a fault is done to a
// real lab is drill/io's; what came of it is the report's.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "config/cluster_config.hpp"
#include "config/time.hpp"

namespace hapx::appliance::drill {

enum class Fault {
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
  coordinator_kill,
  hand_over,
  cold_start,
};

struct FaultWords {
  Fault fault;
  std::string_view name;
  std::string_view sentence;
};

inline constexpr std::array<FaultWords, 13> faults{{
    {Fault::power_loss, "power-loss", "the holder's node loses its power"},
    {Fault::haproxy_kill, "haproxy-kill", "the holder's HAProxy is killed"},
    {Fault::haproxy_freeze, "haproxy-freeze", "the holder's HAProxy is stopped (SIGSTOP)"},
    {Fault::vip_delete, "vip-delete", "somebody deletes the address by hand"},
    {Fault::link_down, "link-down", "the holder's network cable is pulled for 3 s"},
    {Fault::daemon_kill, "daemon-kill", "the holder's hapxd is killed"},
    {Fault::daemon_kill_with_keeper, "daemon-kill-with-keeper",
     "the holder's hapxd and its keeper are killed at once"},
    {Fault::daemon_freeze, "daemon-freeze", "the holder's hapxd is stopped for 5 s"},
    {Fault::daemon_freeze_with_keeper, "daemon-freeze-with-keeper",
     "the holder's hapxd and its keeper are stopped for 5 s"},
    {Fault::partition, "partition",
     "the holder is cut off from its peers for 3 s, but not from clients"},
    {Fault::coordinator_kill, "coordinator-kill",
     "the coordinator's node loses its power while another node holds the address"},
    {Fault::hand_over, "hand-over", "the service is moved by order"},
    {Fault::cold_start, "cold-start", "all nodes start at once"},
}};

[[nodiscard]] std::string_view name_of(Fault fault);
[[nodiscard]] std::string_view sentence_of(Fault fault);
/// Nothing for a name that is no fault's.
[[nodiscard]] std::optional<Fault> fault_of(std::string_view name);

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

/// How long the fault lasts before it is undone; zero where it does not last.
[[nodiscard]] Duration length_of(Fault fault);

/// Whether the address must leave the node that held it.
[[nodiscard]] bool is_moving(Fault fault);

}  // namespace hapx::appliance::drill
