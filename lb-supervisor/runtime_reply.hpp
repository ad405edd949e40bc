// SPDX-License-Identifier: Apache-2.0
// Which kube-apiservers does HAProxy find healthy?
//
// HAProxy answers `show stat` with a table in CSV, whose columns it names in the first line and
// adds to with each version. Only seven columns are read, found by their names. Total on any bytes.
#pragma once

#include <string_view>

#include "config/result.hpp"
#include "lb-supervisor/event.hpp"

namespace hapx::lb_supervisor {

/// Asks for the rows of servers only (type 4 of all proxies).
inline constexpr std::string_view ask_servers = "show stat -1 4 -1\n";
inline constexpr std::size_t reply_bytes_max = std::size_t{1} << 20U;

/// HAProxy's word for a server whose first check has not ended: neither up nor down is known.
inline constexpr std::string_view not_checked_yet = "INI";
/// Our word for a host name that had no address when HAProxy began; it is down until the next one.
inline constexpr std::string_view not_resolved = "unresolved";

/// HAProxy's word for a server that answers, but not that it is ready: it drains.
inline constexpr std::string_view not_ready = "L7OKC";

/// What a check with this outcome has shown: "readyz" (200), "http" (401 or 403: it lives, and
/// tells strangers nothing), "tls" (a handshake), "tcp" (a connection); empty: nothing good.
[[nodiscard]] std::string_view check_level(std::string_view check, std::string_view code);

/// Backends in the order of the table. Refuses what is no such table; rows of other kinds (a
/// frontend, a sum) and rows cut short are passed over.
[[nodiscard]] Result<BackendsReported> parse_servers(std::string_view reply);

}  // namespace hapx::lb_supervisor
