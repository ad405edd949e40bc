// SPDX-License-Identifier: Apache-2.0
#include "config/validate_address.hpp"

#include <cstdint>

#include "config/address_kind.hpp"
#include "config/validate.hpp"
#include "config/wording.hpp"

namespace hapx {
namespace {

/// Why no machine can have this IPv6 address, or none that the file could name; nothing if one can.
std::optional<std::string> ipv6_address_problem(const IpAddress& address) {
  const auto text = to_string(address);
  if (is_unspecified(address)) return text + " means \"no address\"; choose one of the network";
  if (address.bytes[0] == 0xff) return text + " is a multicast address; choose one of the network";
  if (is_link_local(address)) {
    return text +
           " is a link-local address, which means another machine on each link; use a global one "
           "or one of fd00::/8";
  }
  // RFC 4291, 2.5.5.2.
  const IpAddress mapped{Family::ipv6, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}};
  if (network_of({address, 96}) == mapped) {
    return text + " is an IPv4 address; write it as " +
           to_string(
               ipv4(address.bytes[12], address.bytes[13], address.bytes[14], address.bytes[15]));
  }
  return std::nullopt;
}

/// Why this can't be the prefix of a VIP's network; nothing if it can.
std::optional<std::string> prefix_problem(const Cidr& vip) {
  const auto too_short = [&](const std::string& claim, const std::string& range) {
    return "the prefix of " + to_string(vip) + " is too short: it would claim " + claim +
           "; write the prefix of the VIP's network, " + range;
  };
  if (vip.address.family == Family::ipv6) {
    if (vip.prefix >= 32) return std::nullopt;
    return too_short("more than a provider's whole network", "mostly 64");
  }
  if (vip.prefix >= 8) return std::nullopt;
  return too_short("more than 16 million addresses", "8 to 32");
}

std::uint32_t to_number(const IpAddress& address) {
  return std::uint32_t{address.bytes[0]} << 24 | std::uint32_t{address.bytes[1]} << 16 |
         std::uint32_t{address.bytes[2]} << 8 | std::uint32_t{address.bytes[3]};
}

}  // namespace

std::optional<std::string> address_problem(const IpAddress& address) {
  if (address.family == Family::ipv6) return ipv6_address_problem(address);
  const auto first = address.bytes[0];
  const auto text = to_string(address);
  if (first == 0) return text + " means \"no address\" (0.0.0.0/8); choose one of the network";
  if (first >= 224 && first < 240)
    return text + " is a multicast address; choose one of the network";
  if (first >= 240) return text + " is a reserved or broadcast address; choose one of the network";
  return std::nullopt;
}

std::optional<std::string> vip_problem(const Cidr& vip) {
  if (const auto problem = address_problem(vip.address)) return problem;
  const auto text = to_string(vip);
  if (is_loopback(vip.address)) {
    return text + " is a loopback address, which no client can reach; choose one of the network";
  }
  if (const auto problem = prefix_problem(vip)) return problem;
  // Two addresses are a network without one of its own (RFC 3021, RFC 6164).
  if (vip.prefix + 1U >= 8 * byte_count(vip.address.family)) return std::nullopt;
  if (network_of(vip) == vip.address) {
    return text + (vip.address.family == Family::ipv6
                       ? " is the address of the network's routers (RFC 4291, 2.6.1); use another "
                         "one within it"
                       : " is the address of the network itself; use one within it");
  }
  if (vip.address.family == Family::ipv6) return std::nullopt;
  const std::uint32_t host_mask = 0xffffffffU >> vip.prefix;
  if ((to_number(vip.address) & host_mask) == host_mask)
    return text + " is the network's broadcast address; use one below it";
  return std::nullopt;
}

std::optional<std::string> interface_problem(std::string_view name) {
  const auto problem = [&](const std::string& why) {
    return "no interface can be called " + shown(name) + ": " + why +
           "; `ip link` lists the names there are";
  };
  if (name.empty()) return problem("the name is empty");
  if (name.size() > interface_bytes_max) {
    return problem("it has " + std::to_string(name.size()) + " bytes and Linux allows 15");
  }
  if (name == "." || name == "..") return problem("it is the name of a directory");
  for (const char c : name) {
    if (c == '/' || c == ':') return problem(std::string("it contains ") + shown({&c, 1}));
    if (c == ' ' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return problem("it contains a space or a control character");
    }
  }
  return std::nullopt;
}

}  // namespace hapx
