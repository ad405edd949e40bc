// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/cluster_place.hpp"

#include <algorithm>
#include <functional>
#include <thread>
#include <variant>

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "appliance/drill/io/card.hpp"
#include "appliance/drill/io/stranger.hpp"
#include "appliance/drill/readiness.hpp"
#include "appliance/lab/io/interrupt.hpp"
#include "appliance/lab/io/lab.hpp"
#include "appliance/status.hpp"
#include "config/io/clock.hpp"
#include "config/io/descriptor.hpp"
#include "config/io/host.hpp"
#include "config/self.hpp"
#include "config/wording.hpp"

namespace hapx::appliance::drill {
namespace {

/// One that no host may have (RFC 5737): for a machine whose card has no address of its own.
constexpr std::string_view nobodys_address = "192.0.2.1";

constexpr Duration look = std::chrono::milliseconds(100);
/// After a machine was to end: until it has.
constexpr Duration last_moment = std::chrono::milliseconds(300);
/// A server with much memory may count it for minutes before it boots.
constexpr Duration boot_patience = std::chrono::minutes(10);

/// Asks again and again until nothing hinders; an Error of the question itself ends it at once.
/// `rest`: false where nobody wants to wait any more.
Result<void> wait_until_nothing(const std::function<Result<std::string>()>& hinders,
                                Duration patience, const std::function<bool()>& rest) {
  const Instant deadline = boot_now() + patience;
  for (;;) {
    const auto reason = hinders();
    if (!reason) return reason.error();
    if (reason->empty()) return {};
    if (boot_now() > deadline) return Error{ErrorKind::unavailable, *reason, 0};
    if (!rest()) return Error{ErrorKind::unavailable, "interrupted", 0};
  }
}

bool pause_a_little() {
  return lab::pause(look);
}

bool sleep_a_little() {
  std::this_thread::sleep_for(look);
  return true;
}

bool is_root() {
  return ::geteuid() == 0;
}

/// Whether this process may hear what others claim.
bool may_watch() {
  return Descriptor(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)).is_open();
}

bool is_within(const IpAddress& address, const Cidr& network) {
  return address.family == network.address.family &&
         network_of({address, network.prefix}) == network_of(network);
}

}  // namespace

std::string own_name() {
  const auto name = host_name();
  return name ? *name : std::string();
}

std::optional<NodeName> self_in(const ClusterConfig& cluster) {
  const auto addresses = local_addresses();
  if (!addresses) return std::nullopt;
  const auto found = find_self(cluster, std::nullopt, own_name(), *addresses);
  return found ? std::optional(*found) : std::nullopt;
}

ClusterPlace::ClusterPlace(const ClusterConfig& cluster, const ServiceConfig& service)
    : cluster_(cluster), service_(service) {
  facts_.timing = cluster.timing;
  facts_.boot_patience = boot_patience;
  facts_.service = service.name;
  for (const NodeConfig& node : cluster.nodes) {
    facts_.nodes.push_back(node.name.text());
    if (node.role == Role::full) facts_.holders.push_back(node.name.text());
  }
}

Result<std::unique_ptr<ClusterPlace>> ClusterPlace::open(const ClusterConfig& cluster,
                                                         const ClusterOptions& options,
                                                         Duration beat) {
  if (!is_root() && (options.reach.empty() || !may_watch())) {
    return Error{ErrorKind::forbidden,
                 "a drill needs root: it watches the wire, and strikes what runs; or CAP_NET_RAW, "
                 "and --reach as a way to every node, this one too",
                 0};
  }
  const auto service =
      options.service.empty()
          ? cluster.services.begin()
          : std::ranges::find(cluster.services, ServiceName(options.service), &ServiceConfig::name);
  if (service == cluster.services.end()) {
    return Error{ErrorKind::refused, "the cluster has no service " + shown(options.service), 0};
  }
  if (service->vips.front().is_routed()) {
    return Error{
        ErrorKind::refused,
        "routers are told where " + service->name.text() +
            " is (BGP); hapx drills addresses of a segment, where it can hear who has them",
        0};
  }
  ::signal(SIGPIPE, SIG_IGN);
  std::unique_ptr<ClusterPlace> place(new ClusterPlace(cluster, *service));
  const auto self = self_in(cluster);
  if (self) place->self_ = self->text();
  place->facts_.view.beat = beat;
  if (auto found = place->look_from_here(self); !found) return found.error();
  if (auto sent = place->send_envoys(options, self); !sent) return sent.error();
  auto onlookers = Onlookers::call(options.from, place->facts_.view.endpoint);
  if (!onlookers) return onlookers.error();
  place->onlookers_ = std::move(*onlookers);
  return place;
}

Result<void> ClusterPlace::send_envoys(const ClusterOptions& options,
                                       const std::optional<NodeName>& self) {
  for (const NodeConfig& node : cluster_.nodes) {
    std::vector<std::string> command;
    if (node.name == self && is_root()) {
      command = {lab::own_programs() + "/hapx", "--socket", options.socket, "drill", "agent"};
    } else if (!options.reach.empty()) {
      auto words = command_for(options.reach, node);
      if (!words) return words.error();
      command = std::move(*words);
    } else {
      continue;
    }
    called_.push_back({&node, std::move(command), nullptr});
    if (auto done = call(called_.back()); !done) return done;
  }
  return {};
}

Result<void> ClusterPlace::call(Called& called) {
  const std::string& name = called.node->name.text();
  auto envoy =
      Envoy::send(name, called.command, Greet{agent_language, service_.vips.front().interface});
  if (!envoy) return envoy.error();
  const auto* greeted = std::get_if<Greeting>(&envoy->first_answer());
  if (greeted == nullptr) return Error{ErrorKind::refused, name + " does not greet", 0};
  const Greeting& greeting = *greeted;
  if (greeting.node != called.node->name) {
    return Error{
        ErrorKind::refused,
        "who was to be " + name + " is " + shown(greeting.node.text()) + "; look at --reach", 0};
  }
  if (!greeting.may_strike) {
    return Error{ErrorKind::forbidden, name + ": a drill needs root there", 0};
  }
  if (greeting.mac) facts_.names[*greeting.mac] = name;
  called.envoy = std::make_unique<Envoy>(std::move(*envoy));
  return {};
}

/// Where the client and the watcher stand. A witness is a machine beside the nodes that hold.
Result<void> ClusterPlace::look_from_here(const std::optional<NodeName>& self) {
  const VipConfig& vip = service_.vips.front();
  const IpAddress& address = vip.address.address;
  facts_.view.endpoint = {address, service_.port};
  facts_.view.is_nobody = false;
  const bool may_hold = self && std::ranges::count(facts_.holders, self->text()) > 0;
  if (may_hold) {
    facts_.view.card = vip.interface.text();
    facts_.unheard = self->text();
  }
  const auto is_vip = [&](const IpAddress& one) {
    return std::ranges::any_of(cluster_.services, [&](const ServiceConfig& service) {
      return std::ranges::any_of(
          service.vips, [&](const VipConfig& each) { return each.address.address == one; });
    });
  };
  const auto all = card_addresses();
  if (!all) return all.error();
  std::optional<IpAddress> asker;
  for (const CardAddress& one : *all) {
    if (one.address.address.family != address.family || is_vip(one.address.address)) continue;
    const bool is_on_segment =
        may_hold ? one.card == facts_.view.card : is_within(address, one.address);
    if (!is_on_segment || asker) continue;
    asker = one.address.address;
    facts_.view.card = one.card;
  }
  if (!asker && may_hold && address.family == Family::ipv4) {
    asker = parse_ip(nobodys_address).value();
  }
  if (!asker) {
    return Error{ErrorKind::refused,
                 "this machine is not on the segment of " + to_string(vip.address) +
                     ", so it could not hear who has the address; drill from a node, or from a "
                     "machine beside them",
                 0};
  }
  facts_.view.asker = *asker;
  return {};
}

Envoy* ClusterPlace::envoy_to(const std::string& node) {
  const auto found = std::ranges::find_if(
      called_, [&](const Called& called) { return called.node->name.text() == node; });
  return found == called_.end() ? nullptr : found->envoy.get();
}

bool ClusterPlace::is_reached(const std::string& node) const {
  return std::ranges::any_of(called_, [&](const Called& called) {
    return called.node->name.text() == node && called.envoy && called.envoy->is_there();
  });
}

Result<lab::Outcome> ClusterPlace::ask(const std::string& node,
                                       const std::vector<std::string>& words) {
  Envoy* envoy = envoy_to(node);
  if (envoy == nullptr) return Error{ErrorKind::unavailable, node + " is not reached", 0};
  auto answer = envoy->ask(AskHapx{words});
  if (!answer) return answer.error();
  auto* said = std::get_if<HapxSaid>(&*answer);
  if (said == nullptr) return Error{ErrorKind::failed, node + " answers something else", 0};
  return lab::Outcome{said->code, std::move(said->output), std::move(said->errors)};
}

/// Where nothing is missing it is empty. Who has gone away is called again.
Result<std::string> ClusterPlace::missing() {
  for (Called& called : called_) {
    if (!called.envoy->is_there()) {
      if (auto done = call(called); !done) return done.error().sentence;
    }
    const auto seen = observe(*this, called.node->name.text());
    if (!seen) return seen.error().sentence;
    std::string reason = lab::missing_in(*seen, cluster_.nodes.size());
    if (!reason.empty()) return reason;
  }
  return std::string();
}

Result<std::string> ClusterPlace::hindrance() {
  for (const Called& called : called_) {
    const std::string& name = called.node->name.text();
    const auto said = ask(name, {"-o", "json", "status"});
    if (!said) return said.error();
    const auto status = status_from_json(said->output);
    std::string reason = status ? hindrance_in(*status, service_.name) : name + " does not answer";
    if (!reason.empty()) return reason;
  }
  return std::string();
}

Result<void> ClusterPlace::wait_until_well(Duration patience) {
  auto well = wait_until_nothing([this] { return missing(); }, patience, pause_a_little);
  if (well) return well;
  return Error{well.error().kind, "not well in time: " + well.error().sentence, 0};
}

Result<void> ClusterPlace::wait_until_ready(Duration patience) {
  return wait_until_nothing([this] { return hindrance(); }, patience, pause_a_little);
}

Result<void> ClusterPlace::verify(Duration patience) {
  return wait_until_nothing([this] { return hindrance(); }, patience, sleep_a_little);
}

std::vector<Error> ClusterPlace::remember(const PastDrill& drill) {
  std::vector<Error> failures;
  for (const Called& called : called_) {
    const auto answer = called.envoy->ask(Remember{drill});
    if (!answer) failures.push_back(answer.error());
  }
  return failures;
}

Result<Scene> ClusterPlace::prepare(const PlannedFault& planned) {
  return cast(planned, *this);
}

/// Who does the fault. A stranger claims from the card of a node that has not the address and is
/// not this machine, which does not hear itself.
std::string ClusterPlace::hand_for(Fault fault, const Scene& scene) const {
  if (words_of(fault).victim != Victim::segment) return struck_by(fault, scene);
  const auto found = std::ranges::find_if(called_, [&](const Called& called) {
    const std::string& name = called.node->name.text();
    return name != scene.holder && name != self_ && called.envoy && called.envoy->is_there();
  });
  return found == called_.end() ? "another node" : found->node->name.text();
}

Result<Break> ClusterPlace::inject(Fault fault, Duration length, const Scene& scene) {
  if (fault == Fault::hand_over) return hand_over(*this, scene);
  const std::string node = hand_for(fault, scene);
  Envoy* envoy = envoy_to(node);
  if (envoy == nullptr) {
    return Error{ErrorKind::unavailable, node + " is to be struck, and is not reached from here",
                 0};
  }
  if (node == self_ && (ends_machine(fault) || fault == Fault::link_down)) {
    return Error{ErrorKind::refused,
                 "this drill runs on " + node +
                     " and would end with it, or see nothing; drill from another machine, or name "
                     "another node in a plan",
                 0};
  }
  const VipConfig& vip = service_.vips.front();
  const Instant asked = boot_now();
  const auto answer = envoy->ask(Strike{fault, length, vip.address, vip.interface, cluster_.port});
  const Instant now = boot_now();
  if (!answer) return answer.error();
  const auto* struck = std::get_if<Struck>(&*answer);
  if (struck == nullptr) return Error{ErrorKind::failed, node + " did something else", 0};
  if (ends_machine(fault)) {
    const Instant at = now - struck->ago;
    // Not a moment too early: an agent whose line is cut does not do what it has announced.
    static_cast<void>(lab::pause(std::max(at - now, Duration::zero()) + last_moment));
    envoy->give_up();
    // It comes back by itself, and its end begins when it does.
    return Break{node, at, []() -> Result<Instant> { return boot_now(); }};
  }
  const bool is_stranger = words_of(fault).victim == Victim::segment;
  std::string whom = is_stranger ? to_string(stranger_mac) : node;
  return Break{std::move(whom), std::max(asked, now - struck->ago),
               [this, node]() -> Result<Instant> {
                 const auto ended = envoy_to(node)->ask(Undo{});
                 if (!ended) return ended.error();
                 const auto* undone = std::get_if<Undone>(&*ended);
                 return boot_now() - (undone == nullptr ? Duration::zero() : undone->ago);
               }};
}

}  // namespace hapx::appliance::drill
