// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/card.hpp"

#include <bit>
#include <cerrno>
#include <cstring>
#include <memory>

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "config/io/descriptor.hpp"

namespace hapx::appliance::drill {
namespace {

/// Where the bytes of an address stand in what the kernel gives; nullptr for other families.
const std::uint8_t* bytes_of(const sockaddr* address) {
  if (address == nullptr) return nullptr;
  if (address->sa_family == AF_INET) {
    return reinterpret_cast<const std::uint8_t*>(
        &reinterpret_cast<const sockaddr_in*>(address)->sin_addr);
  }
  if (address->sa_family == AF_INET6) {
    return reinterpret_cast<const std::uint8_t*>(
        &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr);
  }
  return nullptr;
}

}  // namespace

Result<Card> card_of(const std::string& name) {
  const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  name.copy(static_cast<char*>(request.ifr_name), IFNAMSIZ - 1);
  Card card;
  if (::ioctl(socket.number(), SIOCGIFINDEX, &request) != 0) {
    return system_error(errno, "the card " + name);
  }
  card.index = request.ifr_ifindex;
  if (::ioctl(socket.number(), SIOCGIFHWADDR, &request) != 0) {
    return system_error(errno, "the card " + name);
  }
  std::memcpy(card.mac.bytes.data(), static_cast<char*>(request.ifr_hwaddr.sa_data),
              card.mac.bytes.size());
  return card;
}

Result<std::vector<CardAddress>> card_addresses() {
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return system_error(errno, "this machine's addresses");
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> list(first, ::freeifaddrs);
  std::vector<CardAddress> found;
  for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
    const std::uint8_t* bytes = bytes_of(one->ifa_addr);
    const std::uint8_t* mask = bytes_of(one->ifa_netmask);
    if (bytes == nullptr || mask == nullptr) continue;
    CardAddress entry{one->ifa_name, {}};
    entry.address.address.family =
        one->ifa_addr->sa_family == AF_INET ? Family::ipv4 : Family::ipv6;
    const std::size_t count = byte_count(entry.address.address.family);
    int prefix = 0;
    for (std::size_t i = 0; i < count; ++i) {
      entry.address.address.bytes[i] = bytes[i];
      prefix += std::popcount(mask[i]);
    }
    entry.address.prefix = static_cast<std::uint8_t>(prefix);
    found.push_back(std::move(entry));
  }
  return found;
}

}  // namespace hapx::appliance::drill
