// SPDX-License-Identifier: Apache-2.0
// How is a real cluster drilled?
//
// With an agent on each node that can be reached, which does the faults, and with the eyes of this
// machine: a client and a watcher of the wire run here. If this machine is one of the nodes it
// can't hear its own claims to the address, for no frame of its own comes back to it; a machine
// beside the nodes sees all.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "appliance/drill/io/envoy.hpp"
#include "appliance/drill/io/onlookers.hpp"
#include "appliance/drill/io/place.hpp"
#include "appliance/drill/reach.hpp"

namespace hapx::appliance::drill {

/// The node of the file that this machine is; nothing where it is none.
[[nodiscard]] std::optional<NodeName> self_in(const ClusterConfig& cluster);

/// How this machine is called; empty: it does not say.
[[nodiscard]] std::string own_name();

class ClusterPlace final : public Place {
 public:
  /// REQUIRES one service at least. Sends an envoy to each node that may be reached; if one of them
  /// fails nothing is left of the others.
  [[nodiscard]] static Result<std::unique_ptr<ClusterPlace>> open(const ClusterConfig& cluster,
                                                                  const ClusterOptions& options,
                                                                  Duration beat);

  /// Whether a drill may begin: each node that is reached says that nothing is wrong, and that
  /// another node could take over. Waits up to `patience` for it.
  [[nodiscard]] Result<void> wait_until_ready(Duration patience);

  /// Whether a drill has left all as it was: the same, and a Ctrl-C does not cut it short.
  [[nodiscard]] Result<void> verify(Duration patience);

  /// Has each node that is reached remember what came of the drill. Empty, or who does not.
  [[nodiscard]] std::vector<Error> remember(const PastDrill& drill);

  [[nodiscard]] const PlaceFacts& facts() const override { return facts_; }
  [[nodiscard]] bool is_reached(const std::string& node) const override;
  [[nodiscard]] Result<lab::Outcome> ask(const std::string& node,
                                         const std::vector<std::string>& words) override;
  [[nodiscard]] Result<void> wait_until_well(Duration patience) override;
  [[nodiscard]] Result<Scene> prepare(const PlannedFault& planned) override;
  [[nodiscard]] Result<Break> inject(Fault fault, Duration length, const Scene& scene) override;
  void begin_to_look() override { onlookers_.begin(); }
  [[nodiscard]] std::vector<Elsewhere> seen_elsewhere(Instant from, Instant struck,
                                                      Instant until) override {
    return onlookers_.tell(from, struck, until);
  }

 private:
  ClusterPlace(const ClusterConfig& cluster, const ServiceConfig& service);

  /// A node that may be reached, and how.
  struct Called {
    const NodeConfig* node;
    std::vector<std::string> command;
    std::unique_ptr<Envoy> envoy;
  };

  [[nodiscard]] Envoy* envoy_to(const std::string& node);
  [[nodiscard]] std::string hand_for(Fault fault, const Scene& scene) const;
  /// Sends an envoy, also where there was one that is gone.
  [[nodiscard]] Result<void> call(Called& called);
  [[nodiscard]] Result<void> send_envoys(const ClusterOptions& options,
                                         const std::optional<NodeName>& self);
  [[nodiscard]] Result<void> look_from_here(const std::optional<NodeName>& self);
  [[nodiscard]] Result<std::string> missing();
  [[nodiscard]] Result<std::string> hindrance();

  ClusterConfig cluster_;
  ServiceConfig service_;
  PlaceFacts facts_;
  std::string self_;  ///< the node that this machine is; empty: none
  std::vector<Called> called_;
  Onlookers onlookers_;
};

}  // namespace hapx::appliance::drill
