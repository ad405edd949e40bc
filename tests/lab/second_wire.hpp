// SPDX-License-Identifier: Apache-2.0
// How is the VIP put on a network of its own, so that it can go while the heartbeats stay?
//
// A second bridge, of which only the client knows at first; nodes are plugged in by and by. Their
// interface there has no address of its own, as the tutorials' VLAN.
#pragma once

#include <string>

#include "ground.hpp"

namespace hapx::appliance::lab {

class SecondWire : public Ground {
 protected:
  void begin() {
    ASSERT_NO_FATAL_FAILURE(build());
    second_ = plan();
    second_.vip = Cidr{ipv4(192, 168, 41, 20), 24};
    second_.watcher_address = ipv4(192, 168, 41, 101);
    const std::string before =
        "{address: " + to_string(plan().vip) + ", interface: " + std::string(inner_interface) + "}";
    const std::string after = "{address: " + to_string(second_.vip) + ", interface: late0}";
    config_ = config_with("late.yaml", before, after);
    in_wire("ip link add wire2 type bridge forward_delay 0 stp_state 0 mcast_snooping 0");
    in_wire("ip link set wire2 up");
    plug_in(plan().client_netns, "client2", "eth1");
    do_in(plan().client_netns, {"ip", "addr", "add", "192.168.41.100/24", "dev", "eth1"});
  }

  void in_wire(const std::string& line) const { do_in(plan().wire_netns, {"sh", "-c", line}); }

  /// A second cable for a machine, up.
  void plug_in(const std::string& netns, const std::string& port, const std::string& card) const {
    in_wire("ip link add " + port + " type veth peer name " + card + " netns " + netns);
    in_wire("ip link set " + port + " master wire2 up");
    do_in(netns, {"ip", "link", "set", card, "up"});
  }

  Plan second_;  ///< of whoever asks for the VIP
  std::string config_;
};

}  // namespace hapx::appliance::lab
