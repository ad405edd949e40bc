// SPDX-License-Identifier: Apache-2.0
// What is done alike in every place: who is who, and who is to be struck.
#include "appliance/drill/io/place.hpp"

#include <algorithm>

#include "appliance/lab/io/interrupt.hpp"
#include "config/io/clock.hpp"

namespace hapx::appliance::drill {
namespace {

constexpr Duration order_patience = std::chrono::seconds(10);

Result<void> order_move(Place& place, const std::string& from, const std::string& to) {
  // Whom the order strikes may be out of reach; any other node passes it on.
  const auto& nodes = place.facts().nodes;
  const auto other =
      std::ranges::find_if(nodes, [&](const auto& node) { return place.is_reached(node); });
  const std::string& asked = place.is_reached(from) || other == nodes.end() ? from : *other;
  const auto answer = place.ask(asked, {"move", place.facts().service.text(), to});
  if (!answer) return answer.error();
  if (answer->code == 0) return {};
  return Error{ErrorKind::failed, "`hapx move` was refused: " + answer->errors, 0};
}

/// A node that may hold the address, and is neither of these; empty: there is none.
std::string other_holder(const Place& place, const std::string& one, const std::string& another) {
  const auto& all = place.facts().holders;
  const auto found = std::ranges::find_if(
      all, [&](const std::string& node) { return node != one && node != another; });
  return found == all.end() ? std::string() : *found;
}

/// Hands the service over by order, and waits until it is there.
Result<Scene> bring(Place& place, const Scene& scene, const std::string& heir) {
  if (scene.holder == heir) return scene;
  if (auto done = order_move(place, scene.holder, heir); !done) return done.error();
  const Instant deadline = boot_now() + order_patience;
  while (boot_now() < deadline && lab::pause(std::chrono::milliseconds(50))) {
    const auto now = scene_of(place);
    if (now && now->holder == heir) return now;
  }
  return Error{ErrorKind::unavailable, "the service did not move to " + heir, 0};
}

/// The coordinator stays when the service moves, so moving it parts the two roles.
Result<Scene> part_roles(Place& place, const Scene& scene) {
  if (scene.coordinator.empty()) return without("coordinator");
  if (scene.holder != scene.coordinator) return scene;
  const std::string heir = other_holder(place, scene.holder, scene.coordinator);
  if (heir.empty()) return without("other node");
  auto parted = bring(place, scene, heir);
  if (parted && parted->holder == parted->coordinator) {
    return Error{ErrorKind::unavailable, "the coordinator moved with the service", 0};
  }
  return parted;
}

/// A node that could take over: the one that is wanted, else one that does not coordinate, either.
Result<Scene> choose_peer(const Place& place, Scene scene, const std::string& wanted) {
  scene.peer = wanted == scene.holder ? std::string() : wanted;
  if (scene.peer.empty()) scene.peer = other_holder(place, scene.holder, scene.coordinator);
  if (scene.peer.empty()) scene.peer = other_holder(place, scene.holder, "");
  if (scene.peer.empty()) return without("node that could take over");
  return scene;
}

}  // namespace

Error without(const std::string& whom) {
  return {ErrorKind::absent, "nobody to strike: there is no " + whom, 0};
}

Result<lab::Observation> observe(Place& place, const std::string& node) {
  const auto outcome = place.ask(node, {"-o", "json", "status"});
  if (!outcome) return outcome.error();
  // A node that has nothing to say still prints a sentence, to stderr.
  auto seen = lab::parse_observation(outcome->output);
  if (!seen) return Error{ErrorKind::unavailable, node + " does not answer", 0};
  return seen;
}

Result<Scene> scene_of(Place& place) {
  Error last{ErrorKind::unavailable, "no node has power", 0};
  for (const std::string& node : place.facts().nodes) {
    if (!place.is_reached(node)) continue;
    const auto seen = observe(place, node);
    if (!seen) {
      last = seen.error();
      continue;
    }
    const auto known = [&](const std::optional<std::string>& name) {
      const bool is_known = name && std::ranges::count(place.facts().nodes, *name) > 0;
      return is_known ? *name : std::string();
    };
    Scene scene;
    scene.coordinator = known(seen->coordinator);
    const auto service = std::ranges::find(seen->services, place.facts().service.text(),
                                           &lab::ObservedService::name);
    if (service != seen->services.end()) scene.holder = known(service->holder);
    return scene;
  }
  return last;
}

Result<Scene> cast(const PlannedFault& planned, Place& place) {
  auto seen = scene_of(place);
  if (!seen) return seen.error();
  if (seen->holder.empty()) return without("holder");
  Scene scene = std::move(*seen);
  const Victim victim = words_of(planned.fault).victim;
  const std::string wanted = planned.node ? planned.node->text() : std::string();
  if (victim == Victim::coordinator) return part_roles(place, scene);
  if (!wanted.empty() && victim == Victim::holder) return bring(place, scene, wanted);
  if (victim != Victim::peer) return scene;
  if (!wanted.empty() && wanted == scene.holder) {
    const std::string heir = other_holder(place, wanted, "");
    if (heir.empty()) return without("other node");
    auto moved = bring(place, scene, heir);
    if (!moved) return moved;
    scene = std::move(*moved);
  }
  return choose_peer(place, std::move(scene), wanted);
}

std::string struck_by(Fault fault, const Scene& scene) {
  switch (words_of(fault).victim) {
    case Victim::holder:
      return scene.holder;
    case Victim::peer:
      return scene.peer;
    case Victim::coordinator:
      return scene.coordinator;
    case Victim::apiserver:
    case Victim::segment:
    case Victim::cluster:
      break;
  }
  return "";
}

Result<Break> hand_over(Place& place, const Scene& scene) {
  const std::string heir = other_holder(place, scene.holder, "");
  if (heir.empty()) return without("other node");
  const Instant at = boot_now();
  if (auto done = order_move(place, scene.holder, heir); !done) return done.error();
  return Break{scene.holder, at, []() -> Result<Instant> { return boot_now(); }};
}

}  // namespace hapx::appliance::drill
