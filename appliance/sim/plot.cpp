// SPDX-License-Identifier: Apache-2.0
#include "appliance/sim/plot.hpp"

#include <algorithm>
#include <array>
#include <functional>

#include "config/write.hpp"

namespace hapx::appliance::sim {

using namespace std::chrono_literals;

namespace {

constexpr Duration boot_at_rest = 2s;      ///< of a machine that is switched on for a demand
constexpr Duration ending_takes = 1500ms;  ///< an ordered end waits a second for the kernel
constexpr Duration lifting_takes = 30s;    ///< all orders, once everything is healed
constexpr Duration settling_takes = 60s;   ///< one list of voters, likewise
constexpr std::array doors{Door::add_address, Door::remove_address, Door::announce,
                           Door::start_haproxy, Door::restart_in_flight};
constexpr std::array ailments{DiskHealth::slow, DiskHealth::failing, DiskHealth::hanging};
constexpr std::array<Timing, 4> timings{{{20ms, 120ms}, {50ms, 300ms}, {200ms, 2s}, {40ms, 250ms}}};

const NodeName& name_of(unsigned node, const ClusterConfig& config) {
  return config.nodes[node % config.nodes.size()].name;
}

/// Mostly a bad day, now and then one on which datagrams take seconds.
Weather weather_from(Random random) {
  Weather weather;
  weather.loss_permille = static_cast<unsigned>(random.between(std::uint64_t{0}, 300));
  weather.duplicate_permille = static_cast<unsigned>(random.between(std::uint64_t{0}, 200));
  weather.delay_max = random.chance(150) ? random.between(Duration(100ms), Duration(3s))
                                         : random.between(Duration(100us), Duration(40ms));
  return weather;
}

/// One operation in progress, with everything that the deeds ask for.
class Doing {
 public:
  Doing(const Operation& operation, World& world)
      : operation_(operation), world_(world), random_(operation.amount) {
    node_ = name_of(operation.node, world.config());
    if (!operation.to_server) return;
    if (const auto server = world.serving(first_service())) node_ = world.node_of(*server);
  }

  [[nodiscard]] World& world() { return world_; }
  [[nodiscard]] const NodeName& node() const { return node_; }
  [[nodiscard]] const NodeName& other() const { return name_of(operation_.other, world_.config()); }
  [[nodiscard]] Random& random() { return random_; }
  [[nodiscard]] const InterfaceName& vip_interface() const {
    return world_.config().services.front().vips.front().interface;
  }
  [[nodiscard]] IpAddress draw_vip() {
    const auto& services = world_.config().services;
    const auto& vips = services[random_.next() % services.size()].vips;
    const std::size_t which = vips.size() > 1 ? random_.next() % vips.size() : 0;
    return vips[which].address.address;
  }

  void reload() {
    ClusterConfig changed = world_.config();
    changed.timing = timings[random_.next() % timings.size()];
    world_.write_file(node_, write_config(changed));
    world_.reload(node_);
  }

  /// One vote more for somebody than he had at first, or none.
  void change_votes() {
    if (may_go_alone()) return;  // two votes are two, and three are three
    ClusterConfig changed = world_.config();
    unsigned& votes = changed.nodes[operation_.other % changed.nodes.size()].votes;
    if (random_.chance(500)) ++votes;
    const bool to_all = random_.chance(700);
    world_.let_votes_vary();
    for (const NodeConfig& each : world_.config().nodes) {
      if (!to_all && each.name != node_) continue;
      world_.write_file(each.name, write_config(changed));
      world_.reload(each.name);
      world_.run_for(random_.between(Duration(0), 200ms));
    }
  }

  void fail_next() {
    const auto calls = 1 + static_cast<unsigned>(random_.next() % 3);
    world_.fail_next(node_, doors[random_.next() % doors.size()], calls);
  }

  /// Limit: a filter that is taken from a dead or frozen hapxd is not put back by anybody, and one
  /// that was all that kept an address silent (its removal had failed) leaves it open until then.
  void flush_filters() {
    const auto& services = world_.config().services;
    const auto is_silenced = [&](const VipConfig& each) {
      const IpAddress& vip = each.address.address;
      const auto answering = world_.answering(vip);
      return world_.kernel(node_).holds(vip) &&
             std::find(answering.begin(), answering.end(), node_) == answering.end();
    };
    const bool silenced = std::any_of(services.begin(), services.end(), [&](const auto& service) {
      return std::any_of(service.vips.begin(), service.vips.end(), is_silenced);
    });
    if (world_.thinks(node_) && !silenced) world_.flush_filters(node_);
    world_.run_for(1ms);
  }

  void cut_way() {
    const std::size_t ways = world_.config().nodes.front().ways().size();
    world_.cut_way(node_, other(), ways > 1 ? random_.next() % ways : 0);
  }

  void break_clock() {
    const bool slow = random_.chance(500);
    const auto rate =
        slow ? random_.between(std::uint64_t{clock_rate_broken_min}, clock_rate_min - 1)
             : random_.between(std::uint64_t{clock_rate_max + 1}, clock_rate_broken_max);
    world_.set_clock_rate(node_, static_cast<unsigned>(rate));
  }

  void repair_clocks() {
    for (const NodeConfig& each : world_.config().nodes) world_.repair_clock(each.name);
  }

  void end_clones() {
    for (const NodeConfig& each : world_.config().nodes) world_.end_clone(each.name);
  }

  void slow_arbiter() {
    world_.slow_arbiter(random_.chance(700) ? random_.between(Duration(5ms), Duration(300ms))
                                            : random_.between(Duration(300ms), Duration(3s)));
  }

  void vex_arbiter() {
    if (!world_.config().arbiter) return;
    for (auto left = random_.between(std::uint64_t{1}, 4); left > 0; --left) {
      switch (random_.between(std::uint64_t{0}, 3)) {
        case 0:
          world_.end_arbiter();
          break;
        case 1:
          slow_arbiter();
          break;
        case 2:
          world_.cut_arbiter(random_.chance(500) ? node_ : other());
          break;
        default:
          world_.replace_arbiter();
      }
      world_.run_for(random_.between(Duration(0), Duration(4s)));
    }
    heal_arbiter();
    world_.run_for(1s);
  }

  void foreign_goes() {
    for (const ServiceConfig& each : world_.config().services) {
      for (const VipConfig& vip : each.vips) world_.foreign_goes(vip.address.address);
    }
  }

  void links_up(const NodeName& node) {
    for (const auto& interface : {world_.heartbeat_interface(), vip_interface()}) {
      world_.create_interface(node, interface);
      world_.link_up(node, interface);
    }
  }

  void repair_haproxy(const NodeName& node) {
    world_.install_haproxy(node);
    world_.refuse_haproxy_config(node, false);
  }

  void move(bool and_back) {
    const auto& services = world_.config().services;
    const ServiceName& service = services[random_.next() % services.size()].name;
    const auto before = world_.serving(service);
    world_.move(node_, service, random_.chance(700) ? std::optional(other()) : std::nullopt);
    if (!and_back || !before) return;
    // Releasing and wanting back at once is where leases go wrong.
    world_.run_for(random_.between(Duration(100us), Duration(30ms)));
    world_.move(node_, service, world_.node_of(*before));
  }

  /// Limit: not while somebody has a clone, who may keep a record in another's name (LEASE.md,
  /// rule 17). Nor of two that may each go on alone: what the other one doesn't know yet binds it
  /// not (scenarios and tests/unit/membership/record_split_walk_test have that).
  void order(const membership::Subject& subject) {
    if (world_.has_clones() || is_witness(subject.node)) return;
    if (may_go_alone()) return;
    const bool for_a_time = random_.chance(300);
    world_.order(node_, subject,
                 for_a_time ? std::optional(random_.between(1s, Duration(20s))) : std::nullopt);
  }

  [[nodiscard]] membership::Subject draw_ban() {
    const auto& services = world_.config().services;
    return membership::Subject::ban(services[random_.next() % services.size()].name, other());
  }

  /// Orders survive the loss of any minority of copies, and of no more.
  void tear_record() {
    const auto& nodes = world_.config().nodes;
    const auto lost = std::count_if(nodes.begin(), nodes.end(), [&](const NodeConfig& each) {
      return each.name == node_ || !world_.record_on_disk(each.name);
    });
    const bool minority = !world_.votes_vary() && 2 * static_cast<std::size_t>(lost) < nodes.size();
    if (minority || world_.orders_given().empty()) world_.tear_record(node_);
  }

  /// Asks once for the end of each, here.
  void lift_orders() {
    if (world_.has_clones()) return;
    for (const membership::Subject& subject : world_.orders_given()) world_.lift(node_, subject);
  }

  void heal_and_demand() {
    heal();
    const Patience patience;
    const auto settle = [&] {
      for (const NodeConfig& each : world_.config().nodes) world_.reload(each.name);
    };
    if (!insist([&] { return world_.end_varying_votes(); }, settle, settling_takes)) {
      complaint_ = "Liveness: healed and given one file, and nodes count by different lists";
      return;
    }
    const auto lift = [&] { lift_orders(); };
    if (!insist([&] { return world_.orders_given().empty(); }, lift, lifting_takes)) {
      complaint_ = "Liveness: healed, and an order is not lifted in time";
      return;
    }
    if (!world_.run_until([&] { return world_.all_served(); }, boot_at_rest + patience.served)) {
      complaint_ = "Liveness: healed, and not served in time";
      return;
    }
    world_.run_for(patience.settled + 3s);
    if (!world_.all_served()) complaint_ = "Liveness: served, and then not";
  }

  [[nodiscard]] const std::string& complaint() const { return complaint_; }

 private:
  /// Either of two nodes, without the other one.
  [[nodiscard]] bool may_go_alone() const {
    const ClusterConfig& config = world_.config();
    return config.no_quorum_policy == NoQuorumPolicy::ignore || config.arbiter;
  }
  void heal_arbiter() {
    world_.begin_arbiter();
    for (const NodeConfig& each : world_.config().nodes) world_.heal_arbiter(each.name);
  }
  [[nodiscard]] bool is_witness(const NodeName& node) const {
    const auto& nodes = world_.config().nodes;
    return std::any_of(nodes.begin(), nodes.end(), [&](const NodeConfig& each) {
      return each.name == node && each.role == Role::witness;
    });
  }
  [[nodiscard]] const ServiceName& first_service() const {
    return world_.config().services.front().name;
  }
  void heal() {
    world_.heal_all();
    if (world_.config().tie_breaker) world_.begin_tie_breaker();
    heal_arbiter();
    world_.set_weather({});
    repair_clocks();
    end_clones();
    foreign_goes();
    for (const NodeConfig& each : world_.config().nodes) {
      const NodeName& name = each.name;
      world_.unpause_machine(name);
      world_.resume(name);
      world_.free_disk(name);
      repair_haproxy(name);
      for (const Door door : doors) world_.fail_next(name, door, 0);
      world_.set_disk(name, DiskHealth::well);
      links_up(name);
      world_.start_bird(name);
      world_.regain_sessions(name);
    }
    world_.run_for(ending_takes);  // who was asked to end, and could not, ends now
    for (const NodeConfig& each : world_.config().nodes) {
      const NodeName& name = each.name;
      world_.power_on(name, boot_at_rest);
      world_.start(name);
      world_.write_file(name, "");
      world_.reload(name);
    }
  }

  /// An operator who is told "refused", "unknown" or "waits" asks again. False: in vain.
  bool insist(const std::function<bool()>& is_done, const std::function<void()>& ask,
              Duration patience) {
    const Moment until = world_.now() + boot_at_rest + patience;
    while (!is_done()) {
      if (world_.now() > until) return false;
      ask();
      world_.run_for(boot_at_rest);
    }
    return true;
  }

  const Operation& operation_;
  World& world_;
  Random random_;
  NodeName node_;
  std::string complaint_;
};

struct DeedRow {
  Deed deed;
  std::string_view word;
  void (*carry_out)(Doing& doing);
};

/// In the order of the enumeration, which is checked.
constexpr std::array<DeedRow, deeds> table{{
    {Deed::kill, "kill", [](Doing& it) { it.world().kill(it.node()); }},
    {Deed::kill_with_keeper, "kill_with_keeper",
     [](Doing& it) { it.world().kill_with_keeper(it.node()); }},
    {Deed::kill_keeper, "kill_keeper", [](Doing& it) { it.world().kill_keeper(it.node()); }},
    {Deed::freeze, "freeze", [](Doing& it) { it.world().freeze(it.node()); }},
    {Deed::freeze_with_keeper, "freeze_with_keeper",
     [](Doing& it) { it.world().freeze_with_keeper(it.node()); }},
    {Deed::resume, "resume", [](Doing& it) { it.world().resume(it.node()); }},
    {Deed::stop, "stop", [](Doing& it) { it.world().stop(it.node()); }},
    {Deed::start, "start", [](Doing& it) { it.world().start(it.node()); }},
    {Deed::reload, "reload", [](Doing& it) { it.reload(); }},
    {Deed::power_off, "power_off", [](Doing& it) { it.world().power_off(it.node()); }},
    {Deed::power_on, "power_on",
     [](Doing& it) {
       it.world().power_on(it.node(), it.random().between(Duration(500ms), Duration(6s)));
     }},
    {Deed::pause, "pause", [](Doing& it) { it.world().pause_machine(it.node()); }},
    {Deed::unpause, "unpause", [](Doing& it) { it.world().unpause_machine(it.node()); }},
    {Deed::change_clock, "change_clock",
     [](Doing& it) {
       const auto rate = it.random().between(std::uint64_t{clock_rate_min}, clock_rate_max);
       it.world().set_clock_rate(it.node(), static_cast<unsigned>(rate));
     }},
    {Deed::break_clock, "break_clock", [](Doing& it) { it.break_clock(); }},
    {Deed::repair_clocks, "repair_clocks", [](Doing& it) { it.repair_clocks(); }},
    {Deed::clone, "clone",
     [](Doing& it) {
       it.world().clone(it.node(), it.random().between(Duration(500ms), Duration(6s)));
     }},
    {Deed::end_clones, "end_clones", [](Doing& it) { it.end_clones(); }},
    {Deed::tear_memory, "tear_memory", [](Doing& it) { it.world().tear_memory(it.node()); }},
    {Deed::revert_memory, "revert_memory", [](Doing& it) { it.world().revert_memory(it.node()); }},
    {Deed::cut_off, "cut_off", [](Doing& it) { it.world().cut_off(it.node()); }},
    {Deed::cut, "cut", [](Doing& it) { it.world().cut(it.node(), it.other()); }},
    {Deed::cut_one_way, "cut_one_way",
     [](Doing& it) { it.world().cut_one_way(it.node(), it.other()); }},
    {Deed::heal, "heal", [](Doing& it) { it.world().heal(it.node(), it.other()); }},
    {Deed::heal_all, "heal_all", [](Doing& it) { it.world().heal_all(); }},
    {Deed::change_weather, "change_weather",
     [](Doing& it) { it.world().set_weather(weather_from(it.random())); }},
    {Deed::clear_weather, "clear_weather", [](Doing& it) { it.world().set_weather({}); }},
    {Deed::heartbeat_link_down, "heartbeat_link_down",
     [](Doing& it) { it.world().link_down(it.node(), it.world().heartbeat_interface()); }},
    {Deed::vip_link_down, "vip_link_down",
     [](Doing& it) { it.world().link_down(it.node(), it.vip_interface()); }},
    {Deed::links_up, "links_up", [](Doing& it) { it.links_up(it.node()); }},
    {Deed::remove_interface, "remove_interface",
     [](Doing& it) { it.world().remove_interface(it.node(), it.vip_interface()); }},
    {Deed::kill_haproxy, "kill_haproxy", [](Doing& it) { it.world().kill_haproxy(it.node()); }},
    {Deed::freeze_haproxy, "freeze_haproxy",
     [](Doing& it) { it.world().freeze_haproxy(it.node()); }},
    {Deed::kill_haproxy_keeper, "kill_haproxy_keeper",
     [](Doing& it) { it.world().kill_haproxy_keeper(it.node()); }},
    {Deed::uninstall_haproxy, "uninstall_haproxy",
     [](Doing& it) { it.world().uninstall_haproxy(it.node()); }},
    {Deed::refuse_haproxy_config, "refuse_haproxy_config",
     [](Doing& it) { it.world().refuse_haproxy_config(it.node(), true); }},
    {Deed::repair_haproxy, "repair_haproxy", [](Doing& it) { it.repair_haproxy(it.node()); }},
    {Deed::delete_vip, "delete_vip",
     [](Doing& it) { it.world().delete_vip(it.node(), it.draw_vip()); }},
    {Deed::flush_addresses, "flush_addresses",
     [](Doing& it) { it.world().flush_addresses(it.node()); }},
    {Deed::flush_filters, "flush_filters", [](Doing& it) { it.flush_filters(); }},
    {Deed::fail_next, "fail_next", [](Doing& it) { it.fail_next(); }},
    {Deed::fill_disk, "fill_disk", [](Doing& it) { it.world().fill_disk(it.node()); }},
    {Deed::free_disk, "free_disk", [](Doing& it) { it.world().free_disk(it.node()); }},
    {Deed::replay, "replay", [](Doing& it) { it.world().replay(it.random().next()); }},
    {Deed::foreign_claims, "foreign_claims",
     [](Doing& it) { it.world().foreign_claims(it.draw_vip()); }},
    {Deed::foreign_goes, "foreign_goes", [](Doing& it) { it.foreign_goes(); }},
    {Deed::move, "move", [](Doing& it) { it.move(false); }},
    {Deed::move_there_and_back, "move_there_and_back", [](Doing& it) { it.move(true); }},
    {Deed::heal_and_demand, "heal_and_demand", [](Doing& it) { it.heal_and_demand(); }},
    {Deed::ail_disk, "ail_disk",
     [](Doing& it) {
       const auto ailment = it.random().between(std::uint64_t{0}, ailments.size() - 1);
       it.world().set_disk(it.node(), ailments[ailment]);
     }},
    {Deed::tear_record, "tear_record", [](Doing& it) { it.tear_record(); }},
    {Deed::order_standby, "order_standby",
     [](Doing& it) { it.order(membership::Subject::standby(it.other())); }},
    {Deed::order_ban, "order_ban", [](Doing& it) { it.order(it.draw_ban()); }},
    {Deed::order_maintenance, "order_maintenance",
     [](Doing& it) { it.order(membership::Subject::maintenance()); }},
    {Deed::lift_orders, "lift_orders", [](Doing& it) { it.lift_orders(); }},
    {Deed::change_votes, "change_votes", [](Doing& it) { it.change_votes(); }},
    {Deed::cut_way, "cut_way", [](Doing& it) { it.cut_way(); }},
    {Deed::isolate, "isolate", [](Doing& it) { it.world().isolate(it.node()); }},
    {Deed::cut_segment, "cut_segment",
     [](Doing& it) { it.world().cut_segment(it.node(), it.other()); }},
    {Deed::end_tie_breaker, "end_tie_breaker", [](Doing& it) { it.world().end_tie_breaker(); }},
    {Deed::begin_tie_breaker, "begin_tie_breaker",
     [](Doing& it) { it.world().begin_tie_breaker(); }},
    {Deed::go_alone, "go_alone",
     [](Doing& it) {
       static_cast<void>(it.world().request(it.node(), "POST", "/v1/go-alone", ""));
     }},
    {Deed::stop_bird, "stop_bird", [](Doing& it) { it.world().stop_bird(it.node()); }},
    {Deed::start_bird, "start_bird", [](Doing& it) { it.world().start_bird(it.node()); }},
    {Deed::lose_sessions, "lose_sessions", [](Doing& it) { it.world().lose_sessions(it.node()); }},
    {Deed::regain_sessions, "regain_sessions",
     [](Doing& it) { it.world().regain_sessions(it.node()); }},
    {Deed::end_arbiter, "end_arbiter", [](Doing& it) { it.world().end_arbiter(); }},
    {Deed::begin_arbiter, "begin_arbiter", [](Doing& it) { it.world().begin_arbiter(); }},
    {Deed::slow_arbiter, "slow_arbiter", [](Doing& it) { it.slow_arbiter(); }},
    {Deed::cut_arbiter, "cut_arbiter", [](Doing& it) { it.world().cut_arbiter(it.node()); }},
    {Deed::heal_arbiter, "heal_arbiter", [](Doing& it) { it.world().heal_arbiter(it.node()); }},
    {Deed::replace_arbiter, "replace_arbiter", [](Doing& it) { it.world().replace_arbiter(); }},
    {Deed::vex_arbiter, "vex_arbiter", [](Doing& it) { it.vex_arbiter(); }},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (table[i].deed != static_cast<Deed>(i)) return false;
  }
  return true;
}
static_assert(in_order());

const DeedRow& row_of(Deed deed) {
  return table[static_cast<std::size_t>(deed)];
}

}  // namespace

std::string_view to_string(Deed deed) {
  return row_of(deed).word;
}

std::string describe(const Operation& operation, const ClusterConfig& config) {
  std::string text = "after " + hapx::to_string(operation.after) + ": ";
  text += to_string(operation.deed);
  if (operation.deed == Deed::heal_and_demand) return text;
  text += operation.to_server ? " who serves (or " + name_of(operation.node, config).text() + ")"
                              : " " + name_of(operation.node, config).text();
  return text + ", " + name_of(operation.other, config).text() + " #" +
         std::to_string(operation.amount);
}

std::string carry_out(const Operation& operation, World& world) {
  world.run_for(operation.after);
  Doing doing(operation, world);
  row_of(operation.deed).carry_out(doing);
  return doing.complaint();
}

}  // namespace hapx::appliance::sim
