// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/stranger.hpp"

#include <cerrno>

#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <time.h>

#include "config/io/descriptor.hpp"
#include "vip/claim.hpp"

namespace hapx::appliance::drill {
namespace {

/// All of them fall into the time of the fault, and none on its end. Who claimed for ever would be
/// answered ever more seldom, and the fault would have no end that a client sees.
constexpr int claims_max = 3;
constexpr timespec claim_interval{1, 250'000'000};

Result<Descriptor> open_card(const std::string& card) {
  Descriptor socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_ifindex = static_cast<int>(::if_nametoindex(card.c_str()));
  // The number of no card would mean all of them.
  if (address.sll_ifindex == 0) return system_error(errno, card);
  if (!socket.is_open() ||
      ::bind(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return system_error(errno, "the stranger's card");
  }
  // On a node's card past the fence, which lets nobody claim what this node does not hold: a
  // stranger has none.
  const int past = 1;
  if (::setsockopt(socket.number(), SOL_PACKET, PACKET_QDISC_BYPASS, &past, sizeof past) != 0) {
    return system_error(errno, "a way past the fence");
  }
  return socket;
}

void claim(int socket, const IpAddress& address) {
  for (const vip::WireFrame& frame : vip::announcement_frames(stranger_mac, address)) {
    // A claim that can't be sent is one that nobody hears; the next one comes.
    static_cast<void>(::send(socket, frame.data(), frame.size(), 0));
  }
}

}  // namespace

Result<Instrument> start_stranger(const std::string& netns, const std::string& card,
                                  const IpAddress& address) {
  return Instrument::start(netns, "drill-stranger", [&](const auto& ready) {
    const auto socket = open_card(card);
    if (!socket) return 1;
    claim(socket->number(), address);
    ready();
    for (int said = 1; said < claims_max; ++said) {
      ::nanosleep(&claim_interval, nullptr);
      claim(socket->number(), address);
    }
    return 0;
  });
}

}  // namespace hapx::appliance::drill
