// SPDX-License-Identifier: Apache-2.0
// Which routes does a machine lose with its card, that nobody gives back?
//
// The kernel forgets the routes over a card that is taken down. Its own ones, and those that a
// router tells, come back by themselves; those that an operator or a network manager has set do
// not. This reads what `ip -o route show table all` prints, as lines that `ip route add` takes.
#pragma once

#include <string>
#include <vector>

namespace hapx::appliance::drill {

/// Those that have to be put back, in the order in which they are printed. What only says how a
/// route fares now (linkdown, expires 17sec) is left out.
[[nodiscard]] std::vector<std::string> lasting_routes(const std::string& printed);

/// Of `before` what is not in `now`.
[[nodiscard]] std::vector<std::string> lost_routes(const std::vector<std::string>& before,
                                                   const std::vector<std::string>& now);

}  // namespace hapx::appliance::drill
