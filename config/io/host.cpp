// SPDX-License-Identifier: Apache-2.0
#include "config/io/host.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include <ifaddrs.h>
#include <limits.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace hapx {
namespace {

std::optional<IpAddress> address_of(const sockaddr* from) {
  if (from == nullptr) return std::nullopt;
  IpAddress address;
  if (from->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, from, sizeof v4);
    std::memcpy(address.bytes.data(), &v4.sin_addr, 4);
    return address;
  }
  if (from->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, from, sizeof v6);
    address.family = Family::ipv6;
    std::memcpy(address.bytes.data(), &v6.sin6_addr, 16);
    return address;
  }
  return std::nullopt;
}

}  // namespace

Result<std::string> host_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  if (::gethostname(name.data(), name.size()) != 0) {
    return system_error(errno, "cannot read the host name");
  }
  name.back() = '\0';
  return std::string(name.data());
}

Result<std::vector<IpAddress>> local_addresses() {
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return system_error(errno, "cannot list this host's addresses");
  std::vector<IpAddress> out;
  for (const auto* each = first; each != nullptr; each = each->ifa_next) {
    if (const auto address = address_of(each->ifa_addr)) out.push_back(*address);
  }
  ::freeifaddrs(first);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace hapx
