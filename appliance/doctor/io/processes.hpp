// SPDX-License-Identifier: Apache-2.0
// Which programs run in this network namespace, and which sockets are whose?
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "appliance/doctor/facts.hpp"

namespace hapx::appliance::doctor {

struct Programs {
  std::set<std::string> names;                     ///< /proc/PID/comm, of 15 bytes at most
  std::map<std::uint64_t, std::string> by_socket;  ///< a socket's inode, and whose it is
};

/// Without root's rights only the names are complete, and of all namespaces.
[[nodiscard]] Programs programs_here();

[[nodiscard]] std::vector<BoundSocket> bound_sockets(const Programs& programs);

}  // namespace hapx::appliance::doctor
