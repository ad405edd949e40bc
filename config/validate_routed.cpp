// SPDX-License-Identifier: Apache-2.0
#include "config/validate_routed.hpp"

#include "config/schema.hpp"
#include "config/wording.hpp"

namespace hapx {

std::vector<RoutedProblem> routed_problems(const VipConfig& vip) {
  if (!vip.is_routed()) return {};
  std::vector<RoutedProblem> problems;
  const auto bits = 8 * byte_count(vip.address.address.family);
  if (vip.address.prefix != bits) {
    problems.push_back(
        {".address", "with `announce: bgp` " + to_string(vip.address) +
                         " is a host of its own, for which routers are told a way; write " +
                         to_string(Cidr{vip.address.address, static_cast<std::uint8_t>(bits)})});
  }
  if (vip.interface.text() != schema::loopback_interface) {
    problems.push_back({".interface", "with `announce: bgp` an address is added to lo and not to " +
                                          shown(vip.interface.text()) +
                                          ", which has a segment of its own; remove the key"});
  }
  if (vip.on_conflict != OnConflict{}) {
    problems.push_back({".onConflict",
                        "with `announce: bgp` there is no segment on which another host could be "
                        "heard; remove the key"});
  }
  return problems;
}

}  // namespace hapx
