// SPDX-License-Identifier: Apache-2.0
// What do the kernel's and other programs' texts say?
//
// Small readers for what a machine tells of itself: /proc/net, /proc/PID/status, `haproxy -v`,
// systemd's and NetworkManager's files. All of them take any text; what isn't understood is left
// out.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/cluster_config.hpp"
#include "config/ids.hpp"
#include "config/net.hpp"

namespace hapx::appliance::doctor {

/// One socket of /proc/net/tcp, udp, tcp6, udp6 that is bound and waits for others.
struct BoundLine {
  Endpoint at;
  std::uint64_t inode = 0;
};
enum class Protocol : std::uint8_t { tcp, udp };
/// Of the little-endian machines that hapx runs on.
[[nodiscard]] std::vector<BoundLine> bound_sockets_in(std::string_view text, Protocol protocol);

/// The interface of the default route in /proc/net/route; empty: there is none.
[[nodiscard]] InterfaceName default_interface_in(std::string_view text);

/// The mask behind "CapBnd:" of /proc/PID/status.
[[nodiscard]] std::optional<std::uint64_t> bounding_set_in(std::string_view text);

/// "2.6.12-1+deb12u4" of what `haproxy -v` prints; empty: it is no HAProxy.
[[nodiscard]] std::string haproxy_version_in(std::string_view text);
[[nodiscard]] bool is_at_least(std::string_view version, unsigned major, unsigned minor);

/// The last value of `key` in a text of "key=value" lines, sections aside; absent: there is none.
[[nodiscard]] std::optional<std::string> value_in(std::string_view text, std::string_view key);

}  // namespace hapx::appliance::doctor
