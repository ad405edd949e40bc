// SPDX-License-Identifier: Apache-2.0
// What is done to a simulated cluster, and in which order?
//
// A plot is a story of faults, repairs and orders as plain data: so it can be drawn from a seed,
// played as often as one likes, and cut shorter while it still fails. It names nodes by their place
// in the file, or as "whoever serves then", which keeps its sense when other lines are cut.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "appliance/sim/world.hpp"

namespace hapx::appliance::sim {

enum class Deed : std::uint8_t {
  // processes
  kill,
  kill_with_keeper,
  kill_keeper,
  freeze,
  freeze_with_keeper,
  resume,
  stop,
  start,
  reload,  ///< with another timing
  // machines
  power_off,
  power_on,
  pause,
  unpause,
  change_clock,
  break_clock,    ///< it runs as the lease is not made for
  repair_clocks,  ///< of all
  clone,          ///< another machine boots from a copy of its disk
  end_clones,
  tear_memory,    ///< the voter's mapped file, while no process runs
  revert_memory,  ///< likewise: an earlier copy of it is restored
  // networks
  cut_off,
  cut,
  cut_one_way,
  heal,
  heal_all,
  change_weather,
  clear_weather,
  heartbeat_link_down,
  vip_link_down,
  links_up,
  remove_interface,
  // HAProxy
  kill_haproxy,
  freeze_haproxy,
  kill_haproxy_keeper,
  uninstall_haproxy,
  refuse_haproxy_config,
  repair_haproxy,
  // foreign hands, and failing calls
  delete_vip,
  flush_addresses,
  flush_filters,
  fail_next,
  fill_disk,
  free_disk,
  replay,          ///< datagrams that were said before, of any node, dead processes' too
  foreign_claims,  ///< a host that is none of ours answers for an address
  foreign_goes,    ///< from all addresses
  // operators
  move,
  move_there_and_back,
  // the end of an act: everything is healed, and must be well within the bound
  heal_and_demand,
  // disks
  ail_disk,     ///< it is slow, fails or hangs
  tear_record,  ///< the record's file, while no process runs
  // standing orders, some of them for a time
  order_standby,
  order_ban,
  order_maintenance,
  lift_orders,  ///< all
  // who votes
  change_votes,  ///< a file with another list, to one node or to all
  cut_way,       ///< one of those by which two nodes hear each other
  // two nodes, and who is asked
  isolate,          ///< nothing gets from it or to it, though it has its carriers
  cut_segment,      ///< of the addresses
  end_tie_breaker,  ///< for a while
  begin_tie_breaker,
  go_alone,  ///< somebody says that the other one is off
  // the routing daemon
  stop_bird,
  start_bird,
  lose_sessions,  ///< of BIRD
  regain_sessions,
  // two nodes and an arbiter
  end_arbiter,  ///< for a while
  begin_arbiter,
  slow_arbiter,
  cut_arbiter,  ///< from one node
  heal_arbiter,
  replace_arbiter,  ///< by one that was restored from a backup
  vex_arbiter,      ///< all of these, one after the other, and then it is well
};
inline constexpr std::size_t deeds = static_cast<std::size_t>(Deed::vex_arbiter) + 1;

[[nodiscard]] std::string_view to_string(Deed deed);

struct Operation {
  Duration after{0};  ///< the wait before it
  Deed deed = Deed::kill;
  bool to_server = false;    ///< to who serves the first service then, if anybody; else to `node`
  unsigned node = 0;         ///< place in the file, from 0
  unsigned other = 0;        ///< a second node, where the deed has one
  std::uint64_t amount = 0;  ///< a seed for what else the deed needs: a rate, a weather, a door
};

struct Plot {
  WorldOptions world;
  std::vector<Operation> operations;
};

/// "after 12ms: cut_one_way n1 to n3".
[[nodiscard]] std::string describe(const Operation& operation, const ClusterConfig& config);

/// Lets the time before it pass, and does it. What it demanded in vain; empty: nothing.
[[nodiscard]] std::string carry_out(const Operation& operation, World& world);

}  // namespace hapx::appliance::sim
