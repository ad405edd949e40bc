// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/unit_name.hpp"

#include <sstream>

namespace hapx::appliance::drill {

std::string unit_in(const std::string& cgroup) {
  std::istringstream lines(cgroup);
  for (std::string line; std::getline(lines, line);) {
    const std::string last = line.substr(line.rfind('/') + 1);
    if (last.ends_with(".service")) return last;
  }
  return "";
}

}  // namespace hapx::appliance::drill
