// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/watcher.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include "appliance/drill/io/card.hpp"
#include "config/io/clock.hpp"
#include "config/io/descriptor.hpp"
#include "vip/claim.hpp"
#include "vip/ndp.hpp"

namespace hapx::appliance::drill {
namespace {

constexpr std::size_t sightings_max = 80'000;
/// More than any claim has.
constexpr std::size_t frame_bytes_max = 128;
/// The first bytes of the hardware addresses under which questions are asked: locally
/// administered (RFC 7042, 2.1), and of no machine of a lab.
constexpr std::uint8_t tag_high = 0x0e;
constexpr std::uint8_t tag_low = 0xa5;
/// Where the hardware address of the sender stands in an Ethernet frame.
constexpr std::size_t source_at = 6;

using Log = SharedLog<Sighting>;

MacAddress tag_of(std::uint32_t round) {
  return {{tag_high, tag_low, static_cast<std::uint8_t>(round >> 24),
           static_cast<std::uint8_t>(round >> 16), static_cast<std::uint8_t>(round >> 8),
           static_cast<std::uint8_t>(round)}};
}

std::optional<std::uint32_t> round_of(const MacAddress& tag) {
  if (tag.bytes[0] != tag_high || tag.bytes[1] != tag_low) return std::nullopt;
  std::uint32_t round = 0;
  for (std::size_t i = 2; i < 6; ++i) round = round << 8 | tag.bytes[i];
  return round;
}

/// ARP, and of IPv6 solicitations and advertisements alone: all that the client says and hears may
/// be IPv6, too.
bool hear_only_claims(int socket) {
  constexpr std::uint32_t ethertype_at = 12;
  constexpr std::uint32_t next_header_at = 20;
  constexpr std::uint32_t icmp_type_at = 54;
  std::array<sock_filter, 9> filter{{
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, ethertype_at),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_ARP, 6, 0),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, next_header_at),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMPV6, 0, 3),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, icmp_type_at),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(vip::NdpKind::solicitation), 2,
               0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(vip::NdpKind::advertisement),
               1, 0),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, frame_bytes_max),
  }};
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  return ::setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

/// Bound to the card and promiscuous: answers may go to hardware addresses that no card has.
Result<Card> open_card(int socket, const View& view) {
  const Family family = view.endpoint.address.family;
  auto card = card_of(view.card);
  if (!card) return card.error();
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(family == Family::ipv4 ? ETH_P_ARP : ETH_P_IPV6);
  address.sll_ifindex = card->index;
  packet_mreq membership{};
  membership.mr_ifindex = card->index;
  membership.mr_type = PACKET_MR_PROMISC;
  if (!hear_only_claims(socket) ||
      ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::setsockopt(socket, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof membership) !=
          0) {
    return system_error(errno, "the client's card");
  }
  return card;
}

/// Broadcast, too.
bool is_multicast(const MacAddress& mac) {
  return (mac.bytes[0] & 1U) != 0;
}

/// Whether this frame claims the address, and how. `own`: of the card that asks.
std::optional<Sighting> claim_in(std::span<const std::uint8_t> frame, const View& view,
                                 const MacAddress& own, std::uint32_t last_round, Instant now) {
  const auto claim = vip::parse_claim(frame);
  // Who probes does not have it yet.
  if (!claim || claim->address != view.endpoint.address || claim->kind == vip::ClaimKind::probe) {
    return std::nullopt;
  }
  if (const auto round = round_of(claim->destination)) {
    return Sighting{now, *round, claim->mac, Claim::answer};
  }
  if (!view.is_nobody && claim->destination == own) {
    return Sighting{now, last_round, claim->mac, Claim::answer};
  }
  // An answer to somebody else says nothing about its moment that our own questions don't.
  if (!is_multicast(claim->destination)) return std::nullopt;
  return Sighting{now, last_round, claim->mac, Claim::announcement};
}

void hear_all(int socket, const View& view, const MacAddress& own, std::uint32_t last_round,
              const Log& log) {
  for (;;) {
    std::array<std::uint8_t, frame_bytes_max> frame{};
    sockaddr_ll from{};
    socklen_t length = sizeof from;
    const ssize_t count = ::recvfrom(socket, frame.data(), frame.size(), MSG_DONTWAIT,
                                     reinterpret_cast<sockaddr*>(&from), &length);
    if (count < 0) return;
    const Instant now = boot_now();
    if (from.sll_pkttype == PACKET_OUTGOING) continue;
    const auto claim =
        claim_in({frame.data(), static_cast<std::size_t>(count)}, view, own, last_round, now);
    Sighting* entry = claim ? log.next() : nullptr;
    if (entry == nullptr) continue;
    *entry = *claim;
    log.publish();
  }
}

void wait(int socket, Instant until) {
  const Duration left = std::clamp(until - boot_now(), Duration::zero(), usual_beat);
  const timespec timeout{0, static_cast<long>(left.count())};
  pollfd waiting{socket, POLLIN, 0};
  ::ppoll(&waiting, 1, &timeout, nullptr);
}

int watch(int socket, const Card& card, const View& view, const Log& log) {
  std::uint32_t round = 0;
  for (Instant next = boot_now();;) {
    wait(socket, next);
    hear_all(socket, view, card.mac, round, log);
    if (boot_now() < next) continue;
    next = next_beat(next, boot_now(), usual_beat);
    ++round;
    vip::WireFrame frame = vip::question_frame(view.is_nobody ? tag_of(round) : card.mac,
                                               view.asker, view.endpoint.address);
    // The bridge is not to learn a hardware address for each question.
    std::ranges::copy(card.mac.bytes, frame.begin() + source_at);
    // A send that fails (the wire is gone) is a round that nobody answers.
    static_cast<void>(::send(socket, frame.data(), frame.size(), MSG_DONTWAIT));
  }
}

}  // namespace

Result<Watcher> Watcher::start(const View& view) {
  auto log = Log::open(sightings_max);
  if (!log) return log.error();
  auto instrument =
      Instrument::start(view.netns, "lab-watcher", [&](const std::function<void()>& ready) {
        const Descriptor socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
        const auto card = open_card(socket.number(), view);
        if (!card) return 1;
        ready();
        return watch(socket.number(), *card, view, *log);
      });
  if (!instrument) return instrument.error();
  return Watcher(std::move(*log), std::move(*instrument));
}

std::vector<Sighting> Watcher::sightings(Instant from) const {
  std::vector<Sighting> found;
  for (std::size_t i = log_.size(); i-- > 0;) {
    if (log_[i].at < from) break;
    found.push_back(log_[i]);
  }
  std::ranges::reverse(found);
  return found;
}

std::optional<Sighting> Watcher::last() const {
  const std::size_t size = log_.size();
  if (size == 0) return std::nullopt;
  return log_[size - 1];
}

}  // namespace hapx::appliance::drill
