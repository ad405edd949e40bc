// SPDX-License-Identifier: Apache-2.0
// Who are the nodes?
//
// One file knows a node by its name, another by its number or its address, and an operator gives
// what none of them says. What has one of these in common is one node.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "appliance/imports/source.hpp"
#include "config/cluster_config.hpp"

namespace hapx::appliance::imports {

struct PlannedNode {
  std::string name;
  std::vector<std::string> addresses;  ///< the first is where it is heard, then its links
  Role role = Role::full;
  std::optional<unsigned> votes;
};

class NodeList {
 public:
  void add(const SourceNode& said);
  /// "NAME=ADDRESS": names a node, gives its address, or adds one. What isn't that is missing.
  void wish(const std::string& text, Role role);

  /// In the order in which they were first read. Says of each what became of it, and what is
  /// missing in one sentence each.
  [[nodiscard]] std::vector<PlannedNode> plan(std::vector<Remark>& remarks,
                                              std::vector<std::string>& missing) const;

  [[nodiscard]] std::size_t size() const { return nodes_.size(); }

  /// The name of a node that is known by this one, or has that address; empty: there is none.
  [[nodiscard]] std::string name_of(std::string_view name, std::string_view address) const;

 private:
  struct Known {
    SourceNode said;
    Role role = Role::full;
    std::vector<Place> places{};  ///< where it was read; none: an operator alone has named it
  };

  /// Which one it is; as many as there are: none.
  [[nodiscard]] std::size_t named(std::string_view name) const;
  [[nodiscard]] std::size_t at(std::string_view address) const;
  [[nodiscard]] std::size_t numbered(std::string_view id) const;

  std::vector<Known> nodes_;
  std::vector<std::string> wrong_;  ///< wishes that are none
};

}  // namespace hapx::appliance::imports
