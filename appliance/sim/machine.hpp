// SPDX-License-Identifier: Apache-2.0
// What is one machine of the simulated world?
//
// Its clock, its kernel, its disk, HAProxy with a keeper, hapxd's keeper, and the process of hapxd,
// which is the production Node and nothing else. They fail apart from each other: that is why they
// are parts. The world owns machines and is the only one who changes them.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "appliance/node.hpp"
#include "appliance/recording/flight_recorder.hpp"
#include "appliance/sim/clock.hpp"
#include "appliance/sim/haproxy.hpp"
#include "appliance/sim/kernel.hpp"
#include "appliance/sim/record_disk.hpp"
#include "appliance/sim/routing.hpp"

namespace hapx::appliance::sim {

/// What the lease is made for, in thousandths of the true rate.
inline constexpr unsigned clock_rate_min = 900;
inline constexpr unsigned clock_rate_max = 1100;
/// The worst that a broken clock does.
inline constexpr unsigned clock_rate_broken_min = 500;
inline constexpr unsigned clock_rate_broken_max = 2000;

struct MachineOptions {
  NodeName name;  ///< what the world calls it: the node's, unless it is a clone
  Instant clock_first{std::chrono::hours(1)};  ///< what its clock shows when the world begins
  unsigned clock_rate_permille = 1000;
  KernelOptions kernel;
  bool disk_works =
      true;  ///< false: it forgets that it ever voted, so that a checker can be tested
  bool record_disk_works = true;  ///< false: it says that it stored the record, and did not
};

/// A call of the process into its world that can be made to fail.
enum class Door : std::uint8_t {
  add_address,
  remove_address,
  announce,
  start_haproxy,
  restart_in_flight,
  amend_haproxy,
  probe,
  list_clients,
  tickle,
};

/// What the process has been told, as opposed to what is so. For the checkers only.
struct Knowledge {
  std::set<IpAddress> addresses;  ///< acknowledged, and not told to be gone
  bool haproxy_answered = false;  ///< its probe, and nothing bad was told since
  std::uint64_t haproxy = 0;      ///< the generation that answered last
  unsigned probes_failed = 0;     ///< in a row
  std::map<IpAddress, Instant> deadlines;
  std::set<IpAddress> removals;  ///< asked for since the address was last added
};

/// hapxd.
struct Process {
  Node node;
  std::uint64_t life = 0;  ///< counts the processes of all machines
  bool frozen = false;     ///< SIGSTOP: what comes waits in the inbox
  std::deque<Event> inbox;
  Duration wake_latency{0};  ///< how late the next timer will be
  Knowledge knowledge;
  Moment last_step;
  unsigned steps_overdue = 0;  ///< so many in a row left a deadline that was not ahead
  unsigned said = 0;           ///< datagrams in this step
  Duration utc_offset{0};      ///< from its clock to the time of day, as it was told last
  std::optional<std::uint64_t> question{};  ///< that the arbiter was asked, and is under way
  std::set<std::uint64_t> readers{};        ///< of its streams, by their requests
  /// Of many short stretches: each is replayed from what was remembered when it began.
  FlightRecorder recorder{FlightRecorder::Limits{64 * std::size_t{1024}, 16}};
};

enum class KeeperState : std::uint8_t { absent, running, frozen };

/// What a machine does by itself next, if nobody does anything to it.
struct Dues {
  std::optional<Moment> edge;  ///< something of its kernel or HAProxy begins or ends
  std::optional<Moment> wake;  ///< its process is to be woken
};

struct Machine {
  MachineOptions options;
  NodeConfig node;  ///< its line in the config
  MachineClock clock;
  Kernel kernel;
  Haproxy haproxy;
  RoutingDaemon routing{};
  membership::BootId boot{};
  std::optional<std::string> marker{};  ///< on disk: it has voted
  bool powered = false;
  bool paused = false;
  KeeperState keeper = KeeperState::absent;
  std::unique_ptr<Process> process{};
  std::uint64_t boots = 0;
  std::vector<std::function<void()>> postponed{};  ///< due while the machine was paused
  std::map<Door, unsigned> failures{};             ///< how many of the next calls fail
  bool metrics_port_taken = false;                 ///< by another program
  std::string file{};                              ///< hapx.yaml; empty: the world's config
  std::optional<ClusterConfig> accepted{};         ///< kept by the keeper since the last reload
  membership::Votes list{};           ///< of its running hapxd, if that is not the world's
  std::optional<ClusterKeys> keys{};  ///< in its key file; absent: the world's
  Duration longest_lease{0};          ///< that it ever asked for
  std::optional<Dues> dues{};         ///< absent: to be worked out again
  bool met = false;                   ///< of two: it has heard the other one since it booted
  std::optional<Moment> meets_since{};
  std::uint64_t store_seen = 0;  ///< the arbiter's
  Moment trusts_from{};          ///< it
  bool disk_full = false;        ///< no marker can be written
  bool start_due = false;        ///< the service manager is going to start hapxd again
  std::vector<std::uint8_t>
      earlier_memory{};  ///< the voter's file when its last process had started
  RecordDisk disk{};     ///< with the record, and the wall clock

  [[nodiscard]] bool is_clone() const { return options.name != node.name; }
  [[nodiscard]] bool keeps_time() const {
    return clock.rate_permille() >= clock_rate_min && clock.rate_permille() <= clock_rate_max;
  }
  [[nodiscard]] bool runs() const { return powered && !paused; }
  [[nodiscard]] bool thinks() const { return runs() && process && !process->frozen; }
};

}  // namespace hapx::appliance::sim
