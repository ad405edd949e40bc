// SPDX-License-Identifier: Apache-2.0
// What has an earlier life left behind, and how is it ended?
//
// For whoever has no running hapxd to ask: `hapx release-all`, the unit's last words after hapxd
// stopped, a start after everything died. What is ours is known by its mark: addresses by
// IFA_PROTO, filters by handle and name. Nothing else is touched.
#pragma once

#include <vector>

#include "config/ids.hpp"
#include "config/net.hpp"
#include "config/result.hpp"

namespace hapx::vip {

/// An address that bears our mark.
struct LeftOver {
  InterfaceName interface;
  Cidr address;

  friend bool operator==(const LeftOver&, const LeftOver&) = default;
};

/// Of this namespace, in the kernel's order.
[[nodiscard]] Result<std::vector<LeftOver>> find_left_overs();

struct Swept {
  std::vector<LeftOver> addresses;        ///< removed
  std::vector<InterfaceName> interfaces;  ///< that had our filter
};

/// Removes every marked address, and then the filters. Goes on past a failure and tells the first.
/// Safety: filters go last, and stay where an address could not be removed.
[[nodiscard]] Result<Swept> sweep();

}  // namespace hapx::vip
