// SPDX-License-Identifier: Apache-2.0
// Which node gets the service?
//
// The fourth step. The VIP chooses, HAProxy follows. What decided between equals is part of the
// answer, so that it can be explained. Load is the number of resources that a node *will* have,
// counted over the services placed before.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "appliance/scheduler_facts.hpp"
#include "appliance/scheduler_present.hpp"
#include "appliance/scheduler_score.hpp"

namespace hapx::appliance {

/// What settled the VIP's place.
enum class DecidedBy : std::uint8_t {
  unmanaged,  ///< nobody: it stays where it is
  must_stop,  ///< nobody: it may be nowhere
  no_candidate,
  sole_candidate,
  api_servers,  ///< it alone sees that many healthy apiservers
  score,
  current_node,  ///< best score, and the service is there already
  load,
  name,
};

struct Choice {
  std::optional<NodeName> vip;
  std::optional<NodeName> haproxy;
  DecidedBy decided_by = DecidedBy::no_candidate;
};

/// Whether `node` sees too few healthy apiservers beside one that sees `most` of them. A node to
/// which an operator moved the service stays, unless it sees none where others see some: the order
/// outweighs a difference in degree, not the service itself.
[[nodiscard]] bool is_outseen(const ServiceFacts& service, const NodeName& node,
                              std::uint32_t most);

/// Resources per node; a node left out has none.
using Load = std::map<NodeName, unsigned>;

[[nodiscard]] unsigned load_of(const Load& load, const NodeName& node);

/// REQUIRES: `load` counts what was chosen for the services before this one.
[[nodiscard]] Choice choose(const ServiceFacts& service, const PresentService& running,
                            const ServiceScores& scores, const Load& load);

/// Adds what was chosen.
void add_load(const Choice& choice, Load& load);

}  // namespace hapx::appliance
