// SPDX-License-Identifier: Apache-2.0
#include "appliance/sim/swarm.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "config/assert.hpp"

namespace hapx::appliance::sim {

using namespace std::chrono_literals;

namespace {

constexpr Duration act_min = 5s;
constexpr Duration act_max = 60s;
constexpr Duration rest = 21s;  ///< what healing and standing still take, about

struct Chance {
  Deed deed;
  unsigned weight;
};
/// Repairs are as likely as harm, or soon nothing would be left to harm. New rows go to the end and
/// begin an edition.
constexpr std::array chances{
    Chance{Deed::kill, 60},
    Chance{Deed::kill_with_keeper, 25},
    Chance{Deed::kill_keeper, 25},
    Chance{Deed::freeze, 25},
    Chance{Deed::freeze_with_keeper, 25},
    Chance{Deed::stop, 25},
    Chance{Deed::reload, 25},
    Chance{Deed::power_off, 50},
    Chance{Deed::pause, 20},
    Chance{Deed::change_clock, 20},
    Chance{Deed::tear_memory, 20},
    Chance{Deed::cut_off, 25},
    Chance{Deed::cut, 30},
    Chance{Deed::cut_one_way, 60},
    Chance{Deed::change_weather, 30},
    Chance{Deed::heartbeat_link_down, 25},
    Chance{Deed::vip_link_down, 25},
    Chance{Deed::remove_interface, 15},
    Chance{Deed::kill_haproxy, 35},
    Chance{Deed::freeze_haproxy, 15},
    Chance{Deed::kill_haproxy_keeper, 15},
    Chance{Deed::uninstall_haproxy, 15},
    Chance{Deed::refuse_haproxy_config, 10},
    Chance{Deed::delete_vip, 35},
    Chance{Deed::flush_addresses, 15},
    Chance{Deed::flush_filters, 15},
    Chance{Deed::fail_next, 25},
    Chance{Deed::move, 50},
    Chance{Deed::move_there_and_back, 60},
    Chance{Deed::resume, 30},
    Chance{Deed::start, 40},
    Chance{Deed::power_on, 60},
    Chance{Deed::unpause, 30},
    Chance{Deed::heal, 30},
    Chance{Deed::heal_all, 30},
    Chance{Deed::clear_weather, 30},
    Chance{Deed::links_up, 40},
    Chance{Deed::repair_haproxy, 40},
    // Edition 2. What excuses from a safety sentence is rare and soon over: else it would hide
    // much.
    Chance{Deed::break_clock, 8},
    Chance{Deed::repair_clocks, 50},
    Chance{Deed::clone, 6},
    Chance{Deed::end_clones, 40},
    Chance{Deed::revert_memory, 15},
    Chance{Deed::replay, 30},
    Chance{Deed::fill_disk, 15},
    Chance{Deed::free_disk, 25},
    Chance{Deed::foreign_claims, 15},
    Chance{Deed::foreign_goes, 25},
    // Edition 3.
    Chance{Deed::ail_disk, 20},
    Chance{Deed::tear_record, 15},
    // Edition 4. In maintenance little happens that could go wrong.
    Chance{Deed::order_standby, 25},
    Chance{Deed::order_ban, 20},
    Chance{Deed::order_maintenance, 6},
    Chance{Deed::lift_orders, 40},
    // Edition 5. As long as lists differ, little is demanded.
    Chance{Deed::change_votes, 10},
    // Edition 6. It has addresses of both families, too, and nodes that hear each other by two
    // ways.
    Chance{Deed::cut_way, 30},
    // Edition 7. It has pairs that go on by evidence, and services without a segment.
    Chance{Deed::isolate, 40},
    Chance{Deed::cut_segment, 8},
    Chance{Deed::end_tie_breaker, 15},
    Chance{Deed::begin_tie_breaker, 40},
    Chance{Deed::go_alone, 20},
    Chance{Deed::stop_bird, 20},
    Chance{Deed::start_bird, 30},
    Chance{Deed::lose_sessions, 20},
    Chance{Deed::regain_sessions, 30},
    // Edition 8. It has pairs with an arbiter.
    Chance{Deed::end_arbiter, 20},
    Chance{Deed::begin_arbiter, 40},
    Chance{Deed::slow_arbiter, 20},
    Chance{Deed::cut_arbiter, 25},
    Chance{Deed::heal_arbiter, 40},
    Chance{Deed::replace_arbiter, 6},
    Chance{Deed::vex_arbiter, 8},
};
/// How many of these rows an edition draws from; the first is edition 1.
constexpr std::array<std::size_t, newest_edition> rows{38, 48, 50, 54, 55, 56, 65, chances.size()};
static_assert(rows.back() == chances.size());

/// One to three nodes, the last of three (or of two and itself) perhaps a witness.
ClusterConfig draw_cluster(Random& random) {
  ClusterConfig config;
  config.name = ClusterName("swarm");
  const unsigned shape = static_cast<unsigned>(random.between(std::uint64_t{0}, 99));
  const unsigned nodes = shape < 8 ? 1 : shape < 25 ? 2 : 3;
  for (unsigned i = 1; i <= nodes; ++i) {
    const auto byte = static_cast<std::uint8_t>(10 + i);
    config.nodes.push_back(
        {NodeName("n" + std::to_string(i)), ipv4(192, 168, 4, byte), Role::full, 1});
  }
  if (nodes == 3 && random.chance(350)) {
    config.nodes[random.next() % 3].role = Role::witness;
  }
  const std::uint64_t services = random.chance(600) ? 1 : random.between(std::uint64_t{2}, 3);
  for (std::uint64_t i = 0; i < services; ++i) {
    ServiceConfig service;
    service.name = ServiceName("service" + std::to_string(i + 1));
    const auto byte = static_cast<std::uint8_t>(20 + i);
    service.vips = {{{ipv4(192, 168, 4, byte), 27}, InterfaceName("eth1")}};
    service.port = static_cast<std::uint16_t>(6443 + i);
    service.api_servers = {{"kube-mast01", 6443}, {"kube-mast02", 6443}, {"kube-mast03", 6443}};
    config.services.push_back(std::move(service));
  }
  const unsigned profile = static_cast<unsigned>(random.between(std::uint64_t{0}, 4));
  if (profile == 0) config.timing = {20ms, 120ms};
  if (profile == 1) config.timing = {200ms, 2s};
  // Failures are forgotten soon, so that standing still need not wait ten minutes.
  config.scheduling.failure_timeout = 2s;
  return config;
}

/// Some services have an IPv6 address beside the other one, some have it alone.
void draw_families(Random& random, ClusterConfig& config) {
  std::uint8_t last = 0x20;
  for (ServiceConfig& service : config.services) {
    IpAddress six{Family::ipv6, {0x20, 0x01, 0x0d, 0xb8, 0, 4}};
    six.bytes.back() = last++;
    const VipConfig vip{{six, 64}, InterfaceName("eth1")};
    if (random.chance(300)) {
      service.vips.push_back(vip);
    } else if (random.chance(200)) {
      service.vips = {vip};
    }
  }
}

void draw_routes(Random& random, ClusterConfig& config) {
  for (ServiceConfig& service : config.services) {
    if (!random.chance(400)) continue;
    for (VipConfig& vip : service.vips) {
      vip.address.prefix = static_cast<std::uint8_t>(8 * byte_count(vip.address.address.family));
      vip.interface = InterfaceName("lo");
      vip.announce = Announcing::bgp;
    }
  }
}

void draw_links(Random& random, ClusterConfig& config) {
  if (!random.chance(300)) return;
  std::uint8_t last = 1;
  for (NodeConfig& node : config.nodes) node.links = {ipv4(10, 0, 0, last++)};
}

void make_pair_of(ClusterConfig& config) {
  while (config.nodes.size() < 2) {
    NodeConfig another = config.nodes.front();
    another.name = NodeName("n2");
    another.address.bytes[3] = 12;
    if (!another.links.empty()) another.links = {ipv4(10, 0, 0, 2)};
    config.nodes.push_back(std::move(another));
  }
  config.nodes.resize(2);
  for (NodeConfig& node : config.nodes) node.role = Role::full;
}

/// Two nodes whose votes evidence may stand in for.
void draw_pair(Random& random, ClusterConfig& config) {
  if (!random.chance(600)) return;
  make_pair_of(config);
  config.no_quorum_policy = NoQuorumPolicy::ignore;
  config.tie_breaker = {ipv4(192, 168, 4, 1), InterfaceName("eth1")};
}

/// Two nodes, and an etcd that has the third vote.
void draw_arbiter(Random& random, ClusterConfig& config) {
  if (!random.chance(400)) return;
  make_pair_of(config);
  config.no_quorum_policy = NoQuorumPolicy::stop;
  config.tie_breaker.reset();
  ArbiterConfig& arbiter = config.arbiter.emplace();
  for (std::uint8_t last = 101; last <= 103; ++last)
    arbiter.etcd.endpoints.push_back({ipv4(192, 168, 4, last), 2379});
  arbiter.etcd.ca_file = "/etc/hapx/etcd-ca.crt";
  arbiter.etcd.cert_file = "/etc/hapx/etcd.crt";
  arbiter.etcd.key_file = "/etc/hapx/etcd.key";
}

/// A replay takes as long as what it replays; all plots together see enough of them.
constexpr unsigned swarm_replays_permille = 30;

WorldOptions draw_world(std::uint64_t seed, Random& random, unsigned edition) {
  WorldOptions options;
  options.seed = seed;
  options.replays_permille = swarm_replays_permille;
  options.config = draw_cluster(random);
  if (edition >= 6) {
    draw_families(random, options.config);
    draw_links(random, options.config);
  }
  if (edition >= 7) {
    draw_pair(random, options.config);
    if (!options.config.tie_breaker) draw_routes(random, options.config);
  }
  if (edition >= 8) draw_arbiter(random, options.config);
  for (const NodeConfig& node : options.config.nodes) {
    MachineOptions machine;
    machine.name = node.name;
    machine.clock_first = Instant(random.between(Duration(10s), Duration(24h)));
    machine.clock_rate_permille = static_cast<unsigned>(random.between(std::uint64_t{900}, 1100));
    options.machines.push_back(machine);
  }
  return options;
}

/// Mostly within a few leases, sometimes at once, sometimes after things have settled.
Duration draw_pause(Random& random, Duration lease) {
  if (random.chance(200)) return random.between(Duration(0), 10ms);
  if (random.chance(200)) return random.between(Duration(1s), 3s);
  return random.between(Duration(10ms), 3 * lease);
}

Deed draw_deed(Random& random, unsigned edition) {
  const std::span<const Chance> all = std::span(chances).first(rows.at(edition - 1));
  unsigned total = 0;
  for (const Chance& chance : all) total += chance.weight;
  std::uint64_t drawn = random.next() % total;
  for (const Chance& chance : all) {
    if (drawn < chance.weight) return chance.deed;
    drawn -= chance.weight;
  }
  return Deed::kill;
}

Operation draw_operation(Random& random, const ClusterConfig& config, unsigned edition) {
  Operation operation;
  operation.after = draw_pause(random, config.timing.lease);
  operation.deed = draw_deed(random, edition);
  operation.to_server = random.chance(500);  // there is the most to break
  operation.node = static_cast<unsigned>(random.next() % config.nodes.size());
  operation.other = static_cast<unsigned>(random.next() % config.nodes.size());
  operation.amount = random.next() % 1'000'000;
  return operation;
}

/// While both nodes are well and have agreed for long: so nothing may come of it.
Operation draw_vexation(Random& random) {
  return {.deed = Deed::vex_arbiter, .other = 1, .amount = random.next() % 1'000'000};
}

Played play_once(const Plot& plot) {
  World world(plot.world);
  world.start_all();
  Played played;
  std::string complaint;
  for (const Operation& operation : plot.operations) {
    ++played.operations;
    complaint = carry_out(operation, world);
    if (!world.violations().empty() || !complaint.empty()) break;
  }
  played.simulated = world.now() - Moment{};
  for (const Violation& violation : world.violations()) {
    played.complaints.push_back(violation.checker + ": " + violation.sentence);
  }
  if (!complaint.empty()) played.complaints.push_back(complaint);
  if (!played.complaints.empty()) played.trace = world.trace();
  return played;
}

/// "OneKernelAnswers" of "OneKernelAnswers: n1 and n2 ...".
std::string checker_of(const Played& played) {
  if (played.complaints.empty()) return "";
  const std::string& first = played.complaints.front();
  return first.substr(0, first.find(':'));
}

}  // namespace

Plot draw_plot(std::uint64_t seed, Duration length, unsigned edition) {
  HAPX_ASSERT(edition >= 1 && edition <= newest_edition);
  Random random(seed);
  Plot plot;
  plot.world = draw_world(seed, random, edition);
  Duration planned{0};
  while (planned < length) {
    const Duration act = random.between(act_min, act_max);
    for (Duration passed{0}; passed < act;) {
      plot.operations.push_back(draw_operation(random, plot.world.config, edition));
      passed += plot.operations.back().after;
    }
    plot.operations.push_back({.deed = Deed::heal_and_demand});
    if (plot.world.config.arbiter) plot.operations.push_back(draw_vexation(random));
    planned += act + rest;
  }
  return plot;
}

Played play(const Plot& plot) {
  Plot untold = plot;
  untold.world.trace = TraceDetail::nothing;
  Played played = play_once(untold);
  // Most plots are well and nobody reads their trace; the same plot again is the same story.
  return played.complaints.empty() ? played : play_once(plot);
}

Plot shorten(const Plot& plot, unsigned plays_max) {
  const Played whole = play(plot);
  const std::string checker = checker_of(whole);
  Plot best = plot;
  best.operations.resize(whole.operations);  // nothing after it has led to it
  unsigned plays = 0;
  const auto still_fails = [&](const Plot& candidate) {
    ++plays;
    return checker_of(play(candidate)) == checker;
  };
  for (std::size_t parts = 2; best.operations.size() > 1 && plays < plays_max;) {
    const std::size_t size = (best.operations.size() + parts - 1) / parts;
    bool cut = false;
    for (std::size_t at = 0; at < best.operations.size() && plays < plays_max;) {
      Plot candidate = best;
      const std::size_t end = std::min(at + size, best.operations.size());
      const auto first = candidate.operations.begin() + static_cast<std::ptrdiff_t>(at);
      Duration lost{0};
      for (std::size_t i = at; i < end; ++i) lost += best.operations[i].after;
      candidate.operations.erase(first, first + static_cast<std::ptrdiff_t>(end - at));
      if (at < candidate.operations.size()) candidate.operations[at].after += lost;
      if (still_fails(candidate)) {
        best = std::move(candidate);
        cut = true;
      } else {
        at = end;
      }
    }
    if (!cut && size == 1) break;
    if (!cut) parts = std::min(parts * 2, best.operations.size());
  }
  return best;
}

}  // namespace hapx::appliance::sim
