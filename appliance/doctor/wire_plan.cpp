// SPDX-License-Identifier: Apache-2.0
#include "appliance/doctor/wire_plan.hpp"

#include <algorithm>

#include "config/address_kind.hpp"

namespace hapx::appliance::doctor {
namespace {

constexpr std::size_t drawn_count = 4;
/// A network with fewer hosts than this has no room for strangers.
constexpr unsigned host_bits_min = 4;

Error refusal(std::string sentence) {
  return {ErrorKind::refused, std::move(sentence), 0};
}

const NodeConfig* find_node(const ClusterConfig& config, const NodeName& name) {
  const auto found = std::ranges::find(config.nodes, name, &NodeConfig::name);
  return found == config.nodes.end() ? nullptr : &*found;
}

const NodeConfig* node_at(const ClusterConfig& config, const IpAddress& address) {
  const auto found = std::ranges::find_if(config.nodes, [&](const NodeConfig& node) {
    const auto ways = node.ways();
    return std::ranges::find(ways, address) != ways.end();
  });
  return found == config.nodes.end() ? nullptr : &*found;
}

bool is_known(const ClusterConfig& config, const IpAddress& address) {
  if (node_at(config, address) != nullptr) return true;
  for (const auto& service : config.services) {
    for (const auto& vip : service.vips) {
      if (vip.address.address == address) return true;
    }
  }
  return false;
}

/// splitmix64: well mixed, and the same on both ends.
std::uint64_t next_random(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15U;
  std::uint64_t z = state;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

/// Some host of the network, neither its first nor its last address.
IpAddress host_in(const Cidr& network, std::uint64_t& random) {
  IpAddress address = network_of(network);
  const std::size_t bits = byte_count(network.address.family) * 8;
  const std::size_t host_bits = std::min<std::size_t>(bits - network.prefix, 24);
  const std::uint64_t hosts = (std::uint64_t{1} << host_bits) - 2;
  std::uint64_t host = 1 + next_random(random) % hosts;
  for (std::size_t byte = bits / 8; host > 0; host >>= 8U) {
    address.bytes[--byte] |= static_cast<std::uint8_t>(host & 0xffU);
  }
  return address;
}

std::vector<IpAddress> drawn_for(const Segment& segment, const ClusterConfig& config,
                                 std::uint64_t& random) {
  std::vector<IpAddress> out;
  const Cidr& network = segment.vips.front();
  const std::size_t bits = byte_count(segment.family) * 8;
  if (bits - network.prefix < host_bits_min) return out;
  for (int tries = 0; tries < 64 && out.size() < drawn_count; ++tries) {
    const IpAddress address = host_in(network, random);
    const bool is_new = std::ranges::find(out, address) == out.end();
    if (is_new && !is_known(config, address)) out.push_back(address);
  }
  return out;
}

/// 192.0.2.0/24 (RFC 5737), or 2001:db8:ffff::/48 of RFC 3849.
Cidr documentation(Family family) {
  if (family == Family::ipv4) return {ipv4(192, 0, 2, 0), 24};
  return {{Family::ipv6, {0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff}}, 48};
}

}  // namespace

Result<std::vector<Segment>> segments_of(const ClusterConfig& config, const NodeName& self) {
  const NodeConfig* here = find_node(config, self);
  if (here == nullptr) return refusal("the file has no node " + self.text());
  if (here->role == Role::witness) {
    return refusal(self.text() +
                   " is a witness and holds no address: test the wire between two nodes that do");
  }
  if (std::ranges::count(config.nodes, Role::full, &NodeConfig::role) < 2) {
    return refusal("the file has one node that may hold an address: a wire has two ends");
  }
  std::vector<Segment> segments;
  for (const auto& service : config.services) {
    for (const auto& vip : service.vips) {
      const Family family = vip.address.address.family;
      auto found = std::ranges::find_if(segments, [&](const Segment& one) {
        return one.interface == vip.interface && one.family == family;
      });
      if (found == segments.end()) {
        if (segments.size() == segments_max) continue;
        found = segments.insert(segments.end(), Segment{vip.interface, family});
      }
      found->vips.push_back(vip.address);
    }
  }
  return segments;
}

Result<void> check_given(const ClusterConfig& config, const IpAddress& address) {
  if (const NodeConfig* node = node_at(config, address)) {
    return refusal(to_string(address) + " is an address of " + node->name.text() +
                   ": give one that nobody has");
  }
  const bool is_of_many =
      address.family == Family::ipv4 ? address.bytes[0] >= 224 : address.bytes[0] == 0xff;
  if (is_of_many || is_unspecified(address) || is_loopback(address)) {
    return refusal(to_string(address) + " is no address of one host");
  }
  for (const auto& service : config.services) {
    for (const auto& vip : service.vips) {
      if (vip.address.address.family == address.family) return {};
    }
  }
  return refusal("the file has no VIP of " + to_string(address) + "'s family");
}

IpAddress no_hosts_address(Family family, std::uint64_t seed) {
  return host_in(documentation(family), seed);
}

IpAddress stand_in_address(Family family, bool is_first) {
  const std::uint8_t last = is_first ? 1 : 2;
  if (family == Family::ipv4) return ipv4(198, 51, 100, last);
  IpAddress address{Family::ipv6, {0x20, 0x01, 0x0d, 0xb8, 0xff, 0xfe}};
  address.bytes[15] = last;
  return address;
}

void draw_addresses(Segment& segment, const ClusterConfig& config, std::uint64_t seed,
                    const std::vector<IpAddress>& given) {
  segment.claimed = no_hosts_address(segment.family, seed);
  const auto named = std::ranges::find(given, segment.family, &IpAddress::family);
  segment.is_given = named != given.end();
  if (segment.is_given) segment.claimed = *named;
  segment.drawn = drawn_for(segment, config, seed);
}

}  // namespace hapx::appliance::doctor
