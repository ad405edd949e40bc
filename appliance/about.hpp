// SPDX-License-Identifier: Apache-2.0
// What of all that is known bears on one node, or on one service?
//
// Takes the rest out of a status, so that what is left can be shown on one page. It invents
// nothing: the page of a node and that of the cluster can't disagree.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "appliance/journal.hpp"
#include "appliance/status.hpp"
#include "config/ids.hpp"
#include "config/result.hpp"

namespace hapx::appliance {

/// The node alone among the members and among the places of each service; the orders that bear on
/// it, the reasons that name it.
[[nodiscard]] Status about(Status status, const NodeName& node);

/// The service alone; the orders that bear on it. The members stay: they are its places.
[[nodiscard]] Status about(Status status, const ServiceName& service);

/// Of the node that tells the lines: all of them. Of another: those that name it.
[[nodiscard]] std::vector<EventLine> about(std::vector<EventLine> lines, const Status& status,
                                           const NodeName& node);

/// A status, and what led there, as one document: that of the status, with "events".
struct Told {
  Status status;
  std::vector<EventLine> events;

  friend bool operator==(const Told&, const Told&) = default;
};
[[nodiscard]] std::string told_to_json(const Told& told);
/// Total; refuses what is no status or has no events.
[[nodiscard]] Result<Told> told_from_json(std::string_view text);

/// Whether `name` stands in `text` as a whole name: "node1" does not stand in "node10".
[[nodiscard]] bool names(std::string_view text, std::string_view name);

}  // namespace hapx::appliance
