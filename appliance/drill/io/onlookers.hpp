// SPDX-License-Identifier: Apache-2.0
// Who else looks on at a drill, and what do they see?
//
// A client on the machine of the drill sees one way to the address. Whoever is elsewhere (a worker,
// another network) may see another one: a switch that learns late, a router that keeps its
// neighbours. Each is reached by a command, as a node is, and needs hapx and no right.
#pragma once

#include <string>
#include <vector>

#include "appliance/drill/io/envoy.hpp"
#include "appliance/drill/report.hpp"
#include "config/net.hpp"
#include "config/result.hpp"

namespace hapx::appliance::drill {

class Onlookers {
 public:
  Onlookers() = default;

  /// Has each of them look at the address, and waits until it is served there; the Error names the
  /// one of whom that can't be said. Two of one name are told apart by a number.
  [[nodiscard]] static Result<Onlookers> call(const std::vector<std::string>& commands,
                                              const Endpoint& endpoint);

  /// All begin anew.
  void begin();

  /// One entry for each; whoever is gone or has nothing to say is in trouble.
  [[nodiscard]] std::vector<Elsewhere> tell(Instant from, Instant struck, Instant until);

 private:
  struct Onlooker {
    std::string host;
    Envoy envoy;
  };

  Endpoint endpoint_;
  std::vector<Onlooker> onlookers_;
};

}  // namespace hapx::appliance::drill
