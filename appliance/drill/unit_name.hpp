// SPDX-License-Identifier: Apache-2.0
// Which unit of systemd does a process belong to?
#pragma once

#include <string>

namespace hapx::appliance::drill {

/// The service in what /proc/PID/cgroup says, "hapxd.service"; empty where it names none. systemd
/// calls the last part of the path by the unit, in each hierarchy that it keeps (cgroups(7)).
[[nodiscard]] std::string unit_in(const std::string& cgroup);

}  // namespace hapx::appliance::drill
