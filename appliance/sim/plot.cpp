// SPDX-License-Identifier: Apache-2.0
#include "appliance/sim/plot.hpp"

#include <algorithm>
#include <array>

#include "config/write.hpp"

namespace hapx::appliance::sim {

using namespace std::chrono_literals;

namespace {

constexpr Duration boot_at_rest = 2s;      ///< of a machine that is switched on for a demand
constexpr Duration ending_takes = 1500ms;  ///< an ordered end waits a second for the kernel
constexpr std::array doors{Door::add_address, Door::remove_address, Door::announce,
                           Door::start_haproxy, Door::restart_in_flight};
constexpr std::array<Timing, 4> timings{{{20ms, 120ms}, {50ms, 300ms}, {200ms, 2s}, {40ms, 250ms}}};

constexpr std::array<std::string_view, deeds> words{
    "kill",
    "kill_with_keeper",
    "kill_keeper",
    "freeze",
    "freeze_with_keeper",
    "resume",
    "stop",
    "start",
    "reload",
    "power_off",
    "power_on",
    "pause",
    "unpause",
    "change_clock",
    "tear_memory",
    "cut_off",
    "cut",
    "cut_one_way",
    "heal",
    "heal_all",
    "change_weather",
    "clear_weather",
    "heartbeat_link_down",
    "vip_link_down",
    "links_up",
    "remove_interface",
    "kill_haproxy",
    "freeze_haproxy",
    "kill_haproxy_keeper",
    "uninstall_haproxy",
    "refuse_haproxy_config",
    "repair_haproxy",
    "delete_vip",
    "flush_addresses",
    "flush_filters",
    "fail_next",
    "move",
    "move_there_and_back",
    "heal_and_demand",
};

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
    if (const auto server = world.serving(first_service())) node_ = *server;
  }

  void to_process() {
    switch (operation_.deed) {
      case Deed::kill:
        return world_.kill(node_);
      case Deed::kill_with_keeper:
        return world_.kill_with_keeper(node_);
      case Deed::kill_keeper:
        return world_.kill_keeper(node_);
      case Deed::freeze:
        return world_.freeze(node_);
      case Deed::freeze_with_keeper:
        return world_.freeze_with_keeper(node_);
      case Deed::resume:
        return world_.resume(node_);
      case Deed::stop:
        return world_.stop(node_);
      case Deed::start:
        return world_.start(node_);
      default:
        return reload();
    }
  }

  void to_machine() {
    switch (operation_.deed) {
      case Deed::power_off:
        return world_.power_off(node_);
      case Deed::power_on:
        return world_.power_on(node_, random_.between(Duration(500ms), Duration(6s)));
      case Deed::pause:
        return world_.pause_machine(node_);
      case Deed::unpause:
        return world_.unpause_machine(node_);
      case Deed::change_clock:
        return world_.set_clock_rate(
            node_, static_cast<unsigned>(random_.between(std::uint64_t{900}, 1100)));
      default:
        return world_.tear_memory(node_);
    }
  }

  void to_network() {
    const NodeName& other = name_of(operation_.other, world_.config());
    switch (operation_.deed) {
      case Deed::cut_off:
        return world_.cut_off(node_);
      case Deed::cut:
        return world_.cut(node_, other);
      case Deed::cut_one_way:
        return world_.cut_one_way(node_, other);
      case Deed::heal:
        return world_.heal(node_, other);
      case Deed::heal_all:
        return world_.heal_all();
      case Deed::change_weather:
        return world_.set_weather(weather_from(random_));
      case Deed::clear_weather:
        return world_.set_weather({});
      case Deed::heartbeat_link_down:
        return world_.link_down(node_, world_.heartbeat_interface());
      case Deed::vip_link_down:
        return world_.link_down(node_, vip_interface());
      case Deed::links_up:
        return links_up(node_);
      default:
        return world_.remove_interface(node_, vip_interface());
    }
  }

  void to_haproxy() {
    switch (operation_.deed) {
      case Deed::kill_haproxy:
        return world_.kill_haproxy(node_);
      case Deed::freeze_haproxy:
        return world_.freeze_haproxy(node_);
      case Deed::kill_haproxy_keeper:
        return world_.kill_haproxy_keeper(node_);
      case Deed::uninstall_haproxy:
        return world_.uninstall_haproxy(node_);
      case Deed::refuse_haproxy_config:
        return world_.refuse_haproxy_config(node_, true);
      default:
        return repair_haproxy(node_);
    }
  }

  void to_addresses() {
    switch (operation_.deed) {
      case Deed::delete_vip:
        return world_.delete_vip(node_, draw_vip());
      case Deed::flush_addresses:
        return world_.flush_addresses(node_);
      case Deed::flush_filters:
        return flush_filters();
      default:
        return world_.fail_next(node_, doors[random_.next() % doors.size()],
                                1 + static_cast<unsigned>(random_.next() % 3));
    }
  }

  void to_service() {
    const NodeName& other = name_of(operation_.other, world_.config());
    const auto& services = world_.config().services;
    const ServiceName& service = services[random_.next() % services.size()].name;
    const auto before = world_.serving(service);
    world_.move(node_, service, random_.chance(700) ? std::optional(other) : std::nullopt);
    if (operation_.deed != Deed::move_there_and_back || !before) return;
    // Releasing and wanting back at once is where leases go wrong.
    world_.run_for(random_.between(Duration(100us), Duration(30ms)));
    world_.move(node_, service, before);
  }

  [[nodiscard]] bool heal_and_demand(std::string& complaint) {
    heal();
    const Patience patience;
    if (!world_.run_until([&] { return world_.all_served(); }, boot_at_rest + patience.served)) {
      complaint = "Liveness: healed, and not served in time";
      return false;
    }
    world_.run_for(patience.settled + 3s);
    if (world_.all_served()) return true;
    complaint = "Liveness: served, and then not";
    return false;
  }

 private:
  [[nodiscard]] const ServiceName& first_service() const {
    return world_.config().services.front().name;
  }
  [[nodiscard]] const InterfaceName& vip_interface() const {
    return world_.config().services.front().vips.front().interface;
  }
  [[nodiscard]] IpAddress draw_vip() {
    const auto& services = world_.config().services;
    return services[random_.next() % services.size()].vips.front().address.address;
  }

  /// Limit: a filter that is taken from a dead or frozen hapxd is not put back by anybody, and one
  /// that was all that kept an address silent (its removal had failed) leaves it open until then.
  void flush_filters() {
    const auto& services = world_.config().services;
    const bool silenced = std::any_of(services.begin(), services.end(), [&](const auto& service) {
      const IpAddress& vip = service.vips.front().address.address;
      const auto answering = world_.answering(vip);
      return world_.kernel(node_).holds(vip) &&
             std::find(answering.begin(), answering.end(), node_) == answering.end();
    });
    if (world_.thinks(node_) && !silenced) world_.flush_filters(node_);
    world_.run_for(1ms);
  }

  void reload() {
    ClusterConfig changed = world_.config();
    changed.timing = timings[random_.next() % timings.size()];
    world_.write_file(node_, write_config(changed));
    world_.reload(node_);
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

  void heal() {
    world_.heal_all();
    world_.set_weather({});
    for (const NodeConfig& each : world_.config().nodes) {
      const NodeName& name = each.name;
      world_.unpause_machine(name);
      world_.resume(name);
      repair_haproxy(name);
      for (const Door door : doors) world_.fail_next(name, door, 0);
      links_up(name);
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

  const Operation& operation_;
  World& world_;
  Random random_;
  NodeName node_;
};

}  // namespace

std::string_view to_string(Deed deed) {
  return words[static_cast<std::size_t>(deed)];
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

bool carry_out(const Operation& operation, World& world, std::string& complaint) {
  world.run_for(operation.after);
  Doing doing(operation, world);
  const Deed deed = operation.deed;
  if (deed == Deed::heal_and_demand) return doing.heal_and_demand(complaint);
  if (deed <= Deed::reload) {
    doing.to_process();
  } else if (deed <= Deed::tear_memory) {
    doing.to_machine();
  } else if (deed <= Deed::remove_interface) {
    doing.to_network();
  } else if (deed <= Deed::repair_haproxy) {
    doing.to_haproxy();
  } else if (deed <= Deed::fail_next) {
    doing.to_addresses();
  } else {
    doing.to_service();
  }
  return true;
}

}  // namespace hapx::appliance::sim
