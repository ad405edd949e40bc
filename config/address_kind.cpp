// SPDX-License-Identifier: Apache-2.0
#include "config/address_kind.hpp"

#include <algorithm>

namespace hapx {

bool is_unspecified(const IpAddress& address) {
  return std::ranges::all_of(address.bytes, [](std::uint8_t byte) { return byte == 0; });
}

bool is_loopback(const IpAddress& address) {
  if (address.family == Family::ipv4) return address.bytes[0] == 127;
  return is_unspecified(network_of({address, 127})) && address.bytes[15] == 1;
}

bool is_link_local(const IpAddress& address) {
  return address.family == Family::ipv6 && address.bytes[0] == 0xfe &&
         (address.bytes[1] & 0xc0U) == 0x80;
}

}  // namespace hapx
