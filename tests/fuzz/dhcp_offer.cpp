// SPDX-License-Identifier: Apache-2.0
// Is every frame an offer of a DHCP server, or nothing?
#include "appliance/doctor/dhcp.hpp"
#include "fuzz.hpp"

namespace hapx::fuzz {

using namespace appliance::doctor;

void try_input(Bytes input) {
  const auto offer = parse_offer(input);
  if (!offer) return;
  must(offer->offered.family == Family::ipv4 && offer->offered != IpAddress{}, "of an address");
  must(offer->server.family == Family::ipv4, "by a server");
  must(!parse_offer(discover_frame({}, offer->offered, offer->transaction, 1)),
       "a newcomer offers nothing");
}

}  // namespace hapx::fuzz
