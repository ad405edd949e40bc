// SPDX-License-Identifier: Apache-2.0
// Where is a drill done?
//
// A lab and a real cluster have this in common: nodes that can be asked, a service that one of them
// holds, faults that can be done and undone, and somebody from outside who looks on. That much the
// runner knows, and nothing else; who does what with which means is for the two that are such a
// place (drill/io/lab_place, drill/io/cluster_place).
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "appliance/drill/io/view.hpp"
#include "appliance/drill/plan.hpp"
#include "appliance/drill/report.hpp"
#include "appliance/lab/io/process.hpp"
#include "appliance/lab/observation.hpp"
#include "config/cluster_config.hpp"
#include "config/result.hpp"

namespace hapx::appliance::drill {

/// Who is who before the fault, by name; empty where nobody is.
struct Scene {
  std::string holder;
  std::string coordinator;
  std::string peer;  ///< the one to strike where that is no holder
};

/// A fault that is done.
struct Break {
  std::string struck;  ///< the node; empty when all
  Instant at;          ///< just before it was done
  /// Ends the fault, so that all can become well again, and says when its end began; once.
  std::function<Result<Instant>()> undo;
};

/// What does not change while a drill lasts.
struct PlaceFacts {
  Timing timing;
  ServiceName service;
  std::vector<std::string> nodes;           ///< all, in the file's order
  std::vector<std::string> holders;         ///< those that may hold the address
  View view;                                ///< of the client
  std::map<MacAddress, std::string> names;  ///< of nodes, by their hardware addresses
  /// The node whose claims the client can't hear, for they are on one machine; empty: none.
  std::string unheard;
  Duration boot_patience{};  ///< within which a machine that was ended is back
};

class Place {
 public:
  Place() = default;
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  virtual ~Place() = default;

  [[nodiscard]] virtual const PlaceFacts& facts() const = 0;

  /// Whether `ask` may find somebody there.
  [[nodiscard]] virtual bool is_reached(const std::string& node) const = 0;

  /// What `hapx WORDS...` says on that node.
  [[nodiscard]] virtual Result<lab::Outcome> ask(const std::string& node,
                                                 const std::vector<std::string>& words) = 0;

  /// Until all nodes are online and the service is served; the Error says what still was missing.
  [[nodiscard]] virtual Result<void> wait_until_well(Duration patience) = 0;

  /// Brings the place into the state in which this fault means something, and says who is who then.
  [[nodiscard]] virtual Result<Scene> prepare(const PlannedFault& planned) = 0;

  /// REQUIRES a scene from prepare; the place outlives the Break.
  /// Safety: a fault that lasts is undone by somebody else when its runner is gone, however that
  /// comes; and when it says nothing, a while after `length`.
  [[nodiscard]] virtual Result<Break> inject(Fault fault, Duration length, const Scene& scene) = 0;

  /// From now on other machines look on, too, where some were asked to.
  virtual void begin_to_look() {}

  /// What they have seen in that time, once it is over.
  [[nodiscard]] virtual std::vector<Elsewhere> seen_elsewhere(Instant /*from*/, Instant /*struck*/,
                                                              Instant /*until*/) {
    return {};
  }
};

/// As the node sees it.
[[nodiscard]] Result<lab::Observation> observe(Place& place, const std::string& node);

/// As the first node sees it that can be asked, and answers.
[[nodiscard]] Result<Scene> scene_of(Place& place);

/// Sees to it that the fault strikes whom it is meant for: brings the service to the node that the
/// plan names, parts the coordinator from the holder, chooses a peer.
[[nodiscard]] Result<Scene> cast(const PlannedFault& planned, Place& place);

/// Moves the service by order to a node that has it not.
[[nodiscard]] Result<Break> hand_over(Place& place, const Scene& scene);

/// The node that this fault strikes; empty where it strikes none.
[[nodiscard]] std::string struck_by(Fault fault, const Scene& scene);

[[nodiscard]] Error without(const std::string& whom);

}  // namespace hapx::appliance::drill
