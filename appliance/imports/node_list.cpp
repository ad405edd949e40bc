// SPDX-License-Identifier: Apache-2.0
#include "appliance/imports/node_list.hpp"

#include <algorithm>
#include <utility>

#include "config/net.hpp"
#include "config/wording.hpp"

namespace hapx::appliance::imports {
namespace {

std::string where(const Place& place) {
  return " (" + place.file + ":" + std::to_string(place.line) + ")";
}

/// Of the node that stays what it doesn't say itself.
void merge(SourceNode& into, const SourceNode& from) {
  if (into.name.empty()) into.name = from.name;
  if (into.id.empty()) into.id = from.id;
  if (!into.votes) into.votes = from.votes;
  for (const std::string& address : from.addresses) {
    if (std::ranges::find(into.addresses, address) == into.addresses.end()) {
      into.addresses.push_back(address);
    }
  }
}

}  // namespace

std::size_t NodeList::named(std::string_view name) const {
  const std::string label = as_label(name);
  const auto found = std::ranges::find_if(nodes_, [&](const Known& known) {
    const std::string& other = known.said.name;
    if (other.empty() || name.empty()) return false;
    return other == name || (!label.empty() && as_label(other) == label);
  });
  return static_cast<std::size_t>(found - nodes_.begin());
}

std::size_t NodeList::at(std::string_view address) const {
  const auto found = std::ranges::find_if(nodes_, [&](const Known& known) {
    return std::ranges::find(known.said.addresses, address) != known.said.addresses.end();
  });
  return static_cast<std::size_t>(found - nodes_.begin());
}

std::size_t NodeList::numbered(std::string_view id) const {
  const auto found = std::ranges::find_if(
      nodes_, [&](const Known& known) { return !id.empty() && known.said.id == id; });
  return static_cast<std::size_t>(found - nodes_.begin());
}

void NodeList::add(const SourceNode& said) {
  // A file with more nodes than hapx can have is refused anyway, and need not be read to its end.
  constexpr std::size_t enough = 64;
  std::size_t known = named(said.name);
  if (known == nodes_.size()) known = numbered(said.id);
  for (const std::string& address : said.addresses) {
    if (known == nodes_.size()) known = at(address);
  }
  if (known < nodes_.size()) {
    merge(nodes_[known].said, said);
    nodes_[known].places.push_back(said.place);
  } else if (nodes_.size() < enough) {
    nodes_.push_back({said, Role::full, {said.place}});
  }
}

void NodeList::wish(const std::string& text, Role role) {
  const auto equals = text.find('=');
  const std::string name = text.substr(0, equals);
  const std::string address = equals == std::string::npos ? "" : text.substr(equals + 1);
  if (name.empty() || !parse_ip(address)) {
    wrong_.push_back(shown(text) + " is no node; write it like --node node1=192.168.4.11");
    return;
  }
  std::size_t known = named(name);
  const std::size_t owner = at(address);
  const bool is_known = owner < nodes_.size();
  if (known < nodes_.size() && is_known && known != owner) {
    // Two files knew halves of it.
    merge(nodes_[known].said, nodes_[owner].said);
    auto& places = nodes_[known].places;
    places.insert(places.end(), nodes_[owner].places.begin(), nodes_[owner].places.end());
    nodes_.erase(nodes_.begin() + static_cast<std::ptrdiff_t>(owner));
    if (owner < known) --known;
  } else if (known == nodes_.size()) {
    known = owner;
  }
  if (known == nodes_.size()) {
    nodes_.push_back({{name, "", {address}, {}, {}}, role, {}});
    return;
  }
  Known& node = nodes_[known];
  node.role = role;
  if (node.said.name.empty() || is_known) node.said.name = name;
  auto& addresses = node.said.addresses;
  const auto here = std::ranges::find(addresses, address);
  if (here != addresses.end()) {
    std::rotate(addresses.begin(), here, here + 1);
  } else {
    addresses.assign({address});
  }
}

std::vector<PlannedNode> NodeList::plan(std::vector<Remark>& remarks,
                                        std::vector<std::string>& missing) const {
  missing.insert(missing.end(), wrong_.begin(), wrong_.end());
  if (nodes_.empty()) {
    missing.emplace_back("no node is named in what was read; give each with --node NAME=ADDRESS");
  }
  std::vector<PlannedNode> out;
  for (const Known& node : nodes_) {
    const SourceNode& said = node.said;
    const std::string label = as_label(said.name);
    if (said.name.empty()) {
      const std::string address = said.addresses.empty() ? "ADDRESS" : said.addresses.front();
      missing.push_back("the node at " + address + where(said.place) +
                        " has no name in what was read; give it with --node NAME=" + address);
      continue;
    }
    if (label.empty()) {
      missing.push_back(shown(said.name) +
                        " can't be the name of a node, which has 1 to 63 lower-case letters, "
                        "digits and hyphens; give another one with --node NAME=ADDRESS");
      continue;
    }
    if (said.addresses.empty()) {
      missing.push_back("node " + shown(label) + where(said.place) +
                        " has no address in what was read; give it with --node " + label +
                        "=ADDRESS");
      continue;
    }
    for (const Place& place : node.places) {
      take(remarks, place, said.name + " " + joined(said.addresses, " "),
           "spec.nodes[" + std::to_string(out.size()) + "]" +
               (label == said.name ? "" : ", as " + shown(label)));
    }
    out.push_back({label, said.addresses, node.role, said.votes});
  }
  return out;
}

std::string NodeList::name_of(std::string_view name, std::string_view address) const {
  std::size_t known = at(address);
  if (known == nodes_.size()) known = named(name);
  return known < nodes_.size() ? as_label(nodes_[known].said.name) : "";
}

}  // namespace hapx::appliance::imports
