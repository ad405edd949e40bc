// SPDX-License-Identifier: Apache-2.0
// What does a machine's BIRD advertise, whatever becomes of hapxd?
//
// A daemon of its own: it outlives hapxd, and hapxd outlives it. It has a switch for each routed
// address, off when it begins, and a route needs three things: the switch, the address in the
// kernel, and a session. Whether the kernel has the address is told by who asks. Sessions end at
// once where the machine or BIRD ends (BFD is quicker than a lease).
#pragma once

#include <set>
#include <string>

#include "config/net.hpp"

namespace hapx::appliance::sim {

class RoutingDaemon {
 public:
  void begin();  ///< all switches off
  void end();
  void set_session(bool up) { session_ = up; }

  void set_switch(const IpAddress& address, bool on);
  [[nodiscard]] bool switched_on(const IpAddress& address) const { return on_.contains(address); }

  /// Why it could advertise nothing; empty: it could.
  [[nodiscard]] std::string obstacle() const;
  /// A router has a route to it here, if the kernel has it.
  [[nodiscard]] bool advertises(const IpAddress& address) const {
    return obstacle().empty() && switched_on(address);
  }

 private:
  bool runs_ = true;
  bool session_ = true;
  std::set<IpAddress> on_;
};

}  // namespace hapx::appliance::sim
