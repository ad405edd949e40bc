// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/vendor.hpp"

#include <array>
#include <utility>

namespace hapx::appliance::cli {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t prefix_bytes = 8;  ///< of "52:54:00"

constexpr std::array known{std::pair{"52:54:00"sv, "QEMU or KVM"sv},
                           std::pair{"08:00:27"sv, "VirtualBox"sv},
                           std::pair{"00:50:56"sv, "VMware"sv},
                           std::pair{"00:0c:29"sv, "VMware"sv},
                           std::pair{"00:15:5d"sv, "Hyper-V"sv},
                           std::pair{"00:16:3e"sv, "Xen"sv},
                           std::pair{"bc:24:11"sv, "Proxmox"sv},
                           std::pair{"00:00:5e"sv, "VRRP or another protocol of the IETF"sv}};

}  // namespace

std::string virtual_vendor(std::string_view mac) {
  const std::string_view prefix = mac.substr(0, prefix_bytes);
  for (const auto& [one, vendor] : known) {
    if (one == prefix) return std::string(vendor);
  }
  return {};
}

std::string vendor_in(std::string_view list, std::string_view mac) {
  if (mac.size() < prefix_bytes) return {};
  std::string key = "OUI:";
  for (const char c : mac.substr(0, prefix_bytes)) {
    if (c == ':') continue;
    key += c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  key += "*\n";
  const auto at = list.find(key);
  if (at == std::string_view::npos) return {};
  list.remove_prefix(at + key.size());
  constexpr std::string_view property = " ID_OUI_FROM_DATABASE=";
  if (!list.starts_with(property)) return {};
  list.remove_prefix(property.size());
  return std::string(list.substr(0, list.find('\n')));
}

}  // namespace hapx::appliance::cli
