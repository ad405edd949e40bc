// SPDX-License-Identifier: Apache-2.0
#include "appliance/cloud-init/network_config.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <string_view>
#include <utility>

#include "config/tree.hpp"
#include "config/validate_address.hpp"
#include "config/wording.hpp"

namespace hapx::appliance::cloud_init {

namespace {

constexpr unsigned vlan_max = 4094;  // IEEE 802.1Q

/// An interface of a node, as both notations need it.
struct Card {
  std::vector<Cidr> addresses;
  std::string parent;  ///< of a VLAN; empty: it is none
  unsigned vlan = 0;
};

using Cards = std::map<std::string, Card>;

Error refused(std::string sentence) {
  return {ErrorKind::refused, std::move(sentence)};
}

/// "eth0.43" is VLAN 43 of eth0; whatever else is no VLAN.
Card card_called(const std::string& name) {
  const auto dot = name.rfind('.');
  if (dot == std::string::npos || dot == 0) return {};
  unsigned vlan = 0;
  const char* end = name.data() + name.size();
  const auto [after, error] = std::from_chars(name.data() + dot + 1, end, vlan);
  if (error != std::errc() || after != end || vlan == 0 || vlan > vlan_max) return {};
  return {.addresses = {}, .parent = name.substr(0, dot), .vlan = vlan};
}

bool has(const Cidr& network, const IpAddress& address) {
  return network.address.family == address.family &&
         network_of({address, network.prefix}) == network_of(network);
}

std::string said(const std::vector<IpAddress>& addresses) {
  std::vector<std::string> texts;
  for (const IpAddress& address : addresses) texts.push_back(to_string(address));
  return joined(texts);
}

/// The n-th address of each node that has so many.
std::vector<IpAddress> addresses_of(const ClusterConfig& config, std::size_t way) {
  std::vector<IpAddress> all;
  for (const NodeConfig& node : config.nodes) {
    const auto ways = node.ways();
    if (way < ways.size()) all.push_back(ways[way]);
  }
  return all;
}

/// The VIP whose network has all of them.
const VipConfig* vip_beside(const ClusterConfig& config, const std::vector<IpAddress>& addresses) {
  for (const ServiceConfig& service : config.services) {
    for (const VipConfig& vip : service.vips) {
      const auto is_near = [&](const IpAddress& one) { return has(vip.address, one); };
      if (!vip.is_routed() && std::ranges::all_of(addresses, is_near)) return &vip;
    }
  }
  return nullptr;
}

Result<Segment> segment_of(const ClusterConfig& config, const NetworkWishes& wishes,
                           std::size_t way) {
  const std::vector<IpAddress> addresses = addresses_of(config, way);
  const VipConfig* vip = vip_beside(config, addresses);
  Segment segment;
  if (way < wishes.interfaces.size()) {
    segment.interface = wishes.interfaces[way];
  } else if (vip != nullptr) {
    segment.interface = vip->interface.text();
  } else {
    return refused("which interface has " + said(addresses) +
                   "? They are in no VIP's network; say --interface NAME");
  }
  if (const auto problem = interface_problem(segment.interface))
    return refused("--interface " + *problem);
  if (way >= wishes.networks.size()) {
    if (vip == nullptr)
      return refused("how large is the network of " + said(addresses) +
                     "? They are in no VIP's network; say --network ADDRESS/PREFIX");
    segment.prefix = vip->address.prefix;
    return segment;
  }
  const auto network = parse_cidr(wishes.networks[way]);
  if (!network) return refused("--network " + network.error().sentence);
  for (const IpAddress& address : addresses) {
    if (!has(*network, address))
      return refused("--network " + to_string(*network) + " does not have " + to_string(address));
  }
  segment.prefix = network->prefix;
  return segment;
}

Cards cards_of(const Layout& layout, const NodeConfig& node) {
  Cards cards;
  const auto card = [&](const std::string& name) -> Card& {
    return cards.try_emplace(name, card_called(name)).first->second;
  };
  const auto ways = node.ways();
  for (std::size_t way = 0; way < ways.size(); ++way) {
    const Segment& segment = layout.segments[way];
    card(segment.interface).addresses.push_back({ways[way], segment.prefix});
  }
  if (node.role == Role::full) {
    for (const std::string& name : layout.vip_interfaces) card(name);
  }
  std::vector<std::string> parents;
  for (const auto& [name, one] : cards) {
    if (!one.parent.empty()) parents.push_back(one.parent);
  }
  for (const std::string& parent : parents) card(parent);
  return cards;
}

/// Gateway and nameservers are reached from the first address's interface.
bool leads_out(const Layout& layout, const std::string& interface) {
  return interface == layout.segments.front().interface;
}

YamlNode texts_of(const std::vector<IpAddress>& addresses) {
  YamlNode list = tree::list();
  for (const IpAddress& address : addresses) list.items.push_back(tree::text(to_string(address)));
  return list;
}

/// What stands below an interface's name in version 2.
YamlNode card_v2(const Layout& layout, const std::string& name, const Card& card) {
  YamlNode out = tree::map();
  if (card.parent.empty()) {
    tree::add(out, "dhcp4", tree::flag(false));
    tree::add(out, "dhcp6", tree::flag(false));
  } else {
    tree::add(out, "id", tree::plain(std::to_string(card.vlan)));
    tree::add(out, "link", tree::plain(card.parent));
  }
  if (!card.addresses.empty()) {
    YamlNode addresses = tree::list();
    for (const Cidr& address : card.addresses)
      addresses.items.push_back(tree::text(to_string(address)));
    tree::add(out, "addresses", std::move(addresses));
  }
  if (!leads_out(layout, name)) return out;
  if (layout.gateway) {
    YamlNode route = tree::map();
    const bool is_v4 = layout.gateway->family == Family::ipv4;
    tree::add(route, "to", tree::text(is_v4 ? "0.0.0.0/0" : "::/0"));
    tree::add(route, "via", tree::text(to_string(*layout.gateway)));
    YamlNode routes = tree::list();
    routes.items.push_back(std::move(route));
    tree::add(out, "routes", std::move(routes));
  }
  if (!layout.nameservers.empty()) {
    YamlNode nameservers = tree::map();
    tree::add(nameservers, "addresses", texts_of(layout.nameservers));
    tree::add(out, "nameservers", std::move(nameservers));
  }
  return out;
}

/// An item of version 1's list.
YamlNode card_v1(const Layout& layout, const std::string& name, const Card& card) {
  YamlNode out = tree::map();
  tree::add(out, "type", tree::plain(card.parent.empty() ? "physical" : "vlan"));
  tree::add(out, "name", tree::plain(name));
  if (!card.parent.empty()) {
    tree::add(out, "vlan_link", tree::plain(card.parent));
    tree::add(out, "vlan_id", tree::plain(std::to_string(card.vlan)));
  }
  YamlNode subnets = tree::list();
  for (const Cidr& address : card.addresses) {
    const bool is_v4 = address.address.family == Family::ipv4;
    YamlNode subnet = tree::map();
    tree::add(subnet, "type", tree::plain(is_v4 ? "static" : "static6"));
    tree::add(subnet, "address", tree::text(to_string(address)));
    if (layout.gateway && leads_out(layout, name) && subnets.items.empty())
      tree::add(subnet, "gateway", tree::text(to_string(*layout.gateway)));
    subnets.items.push_back(std::move(subnet));
  }
  if (card.addresses.empty()) {
    YamlNode manual = tree::map();
    tree::add(manual, "type", tree::plain("manual"));
    subnets.items.push_back(std::move(manual));
  }
  tree::add(out, "subnets", std::move(subnets));
  return out;
}

}  // namespace

Result<Layout> layout_of(const ClusterConfig& config, const NetworkWishes& wishes) {
  Layout layout;
  const std::size_t ways = config.nodes.front().ways().size();
  for (std::size_t way = 0; way < ways; ++way) {
    auto segment = segment_of(config, wishes, way);
    if (!segment) return segment.error();
    layout.segments.push_back(std::move(*segment));
  }
  if (wishes.interfaces.size() > ways || wishes.networks.size() > ways)
    return refused("each node has " + counted(ways, "way") +
                   ", and so many times may --interface and --network be given");
  for (const ServiceConfig& service : config.services) {
    for (const VipConfig& vip : service.vips) {
      const std::string& name = vip.interface.text();
      if (vip.is_routed() || std::ranges::count(layout.vip_interfaces, name) > 0) continue;
      layout.vip_interfaces.push_back(name);
    }
  }
  if (!wishes.gateway.empty()) {
    const auto gateway = parse_ip(wishes.gateway);
    if (!gateway) return refused("--gateway " + gateway.error().sentence);
    layout.gateway = *gateway;
  }
  for (const std::string& text : wishes.nameservers) {
    const auto address = parse_ip(text);
    if (!address) return refused("--nameserver " + address.error().sentence);
    layout.nameservers.push_back(*address);
  }
  return layout;
}

std::string network_config(const Layout& layout, const NodeConfig& node) {
  YamlNode ethernets = tree::map();
  YamlNode vlans = tree::map();
  for (const auto& [name, card] : cards_of(layout, node)) {
    tree::add(card.parent.empty() ? ethernets : vlans, name, card_v2(layout, name, card));
  }
  YamlNode root = tree::map();
  tree::add(root, "version", tree::plain("2"));
  tree::add(root, "ethernets", std::move(ethernets));
  if (!vlans.entries.empty()) tree::add(root, "vlans", std::move(vlans));
  return write_yaml(root);
}

std::string network_config_v1(const Layout& layout, const NodeConfig& node) {
  const Cards cards = cards_of(layout, node);
  YamlNode config = tree::list();
  // A VLAN comes after what it lies on.
  for (const bool is_vlan : {false, true}) {
    for (const auto& [name, card] : cards)
      if (card.parent.empty() != is_vlan) config.items.push_back(card_v1(layout, name, card));
  }
  if (!layout.nameservers.empty()) {
    YamlNode nameserver = tree::map();
    tree::add(nameserver, "type", tree::plain("nameserver"));
    tree::add(nameserver, "address", texts_of(layout.nameservers));
    config.items.push_back(std::move(nameserver));
  }
  YamlNode root = tree::map();
  tree::add(root, "version", tree::plain("1"));
  tree::add(root, "config", std::move(config));
  return write_yaml(root);
}

}  // namespace hapx::appliance::cloud_init
