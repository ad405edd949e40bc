// SPDX-License-Identifier: Apache-2.0
// From where does a client look, and at what?
//
// All that the instruments have to know of a place: in which network namespace they run, which
// address is asked for, by which card, and who is to have asked. They know no lab and no cluster.
#pragma once

#include <optional>
#include <string>

#include "appliance/drill/outage.hpp"
#include "appliance/lab/plan.hpp"
#include "config/net.hpp"

namespace hapx::appliance::drill {

struct View {
  std::string netns;  ///< empty: where we are
  Endpoint endpoint;  ///< the address, and the port at which it is served
  std::string card;   ///< at which the address is asked for
  IpAddress asker;    ///< who asks for it, of the same family
  /// The asker is an address that nobody has, so that each question may have a hardware address of
  /// its own. Else it is this machine's, and so is the hardware address of each question.
  bool is_nobody = true;
  Duration beat = usual_beat;  ///< between the starts of two requests of the client
};

/// The client of a lab.
[[nodiscard]] inline View view_of(const lab::Plan& plan) {
  return {plan.client_netns,
          {plan.vip.address, plan.port},
          std::string(lab::inner_interface),
          plan.watcher_address};
}

}  // namespace hapx::appliance::drill
