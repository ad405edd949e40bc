// SPDX-License-Identifier: Apache-2.0
#include "vip/io/door.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "vip/claim.hpp"
#include "vip/io/fence_filter.hpp"
#include "vip/io/packet_socket.hpp"
#include "vip/io/rtnetlink.hpp"
#include "vip/io/sentinel.hpp"

namespace hapx::vip {
namespace {

using Operation = AddressRefused::Operation;
using Place = std::pair<InterfaceName, Cidr>;

/// How long the kernel may take to deliver to an IPv6 address that it has acknowledged: some ten
/// microseconds, milliseconds on a busy machine, more while somebody holds its lock. Longer means
/// never (a routing rule of somebody's).
constexpr auto delivery_patience = std::chrono::seconds(3);
/// The kernel's word of the address may come just before it delivers to it, and no other follows.
constexpr auto delivery_look_interval = std::chrono::milliseconds(1);

Error not_there(const InterfaceName& interface) {
  return {ErrorKind::absent, "interface " + interface.text() + " is not there", 0};
}

bool same(const LinkChanged& a, const LinkChanged& b) {
  return a.present == b.present && a.carrier == b.carrier && a.index == b.index && a.mac == b.mac;
}

/// The interface's own stack may answer ARP and NDP: it has Ethernet frames and gets to see them.
bool could_answer(const LinkSeen& link) {
  return link.ethernet && !link.port;
}

}  // namespace

struct Door::State : std::enable_shared_from_this<State> {
  State(boost::asio::io_context& context, Handler told)
      : io(context), handler(std::move(told)), delivery_look(context) {}

  /// Later, from the loop, after everything that was told before.
  void tell(Event event) {
    boost::asio::post(io, [weak = weak_from_this(), event = std::move(event)]() mutable {
      const auto self = weak.lock();
      if (self && !self->ended) self->handler(std::move(event));
    });
  }

  // The world changed.

  void on_link(const LinkSeen& link) {
    if (!link.present) guarded.erase(link.index);
    if (link.present && armed) (void)guard(link);
    if (!armed) try_again();
    tell_links();
  }

  /// Tells those of our interfaces that are no longer as last told.
  void tell_links() {
    for (const VipConfig& vip : vips) {
      LinkChanged now;
      now.interface = vip.interface;
      if (const LinkSeen* link = rtnetlink->find(vip.interface)) {
        now.present = true;
        now.carrier = link->carrier;
        now.index = link->index;
        now.mac = link->mac;
      }
      const auto last = told_links.find(vip.interface);
      if (last != told_links.end() && same(last->second, now)) continue;
      const bool is_new =
          now.present && (last == told_links.end() || last->second.index != now.index);
      told_links.insert_or_assign(vip.interface, now);
      // Else taking our address off could take others' along (vip/address_message). Where the
      // kernel refuses this it refuses our address, too, and says so.
      const bool has_secondaries =
          vip.address.address.family == Family::ipv4 && vip.address.prefix < 32;
      if (is_new && has_secondaries) (void)rtnetlink->promote_secondaries(now.index);
      tell(now);
    }
    listen();
  }

  // The segment.

  void listen() {
    std::set<std::uint32_t> indices;
    for (const VipConfig& vip : vips) {
      const LinkSeen* link = rtnetlink->find(vip.interface);
      if (link != nullptr && !vip.is_routed()) indices.insert(link->index);
    }
    const LinkSeen* asked = tie_breaker ? rtnetlink->find(tie_breaker->interface) : nullptr;
    if (asked != nullptr) indices.insert(asked->index);
    if (indices != listened) sentinel->listen(indices);
    listened = std::move(indices);
  }

  void on_frame(std::uint32_t index, std::span<const std::uint8_t> frame) {
    const LinkSeen* link = rtnetlink->find(index);
    if (link == nullptr) return;
    const auto is_vip = [&](const IpAddress& address) {
      return std::ranges::any_of(vips, [&](const VipConfig& vip) {
        return vip.interface == link->name && vip.address.address == address;
      });
    };
    const auto is_tie_breaker = [&](const IpAddress& address) {
      return tie_breaker && tie_breaker->interface == link->name && tie_breaker->address == address;
    };
    const auto claim = parse_claim(frame);
    const bool concerns = claim && (is_vip(claim->address) || is_tie_breaker(claim->address));
    if (concerns && !is_own(claim->mac))
      tell(AddressClaimed{link->name, *claim, {frame.begin(), frame.end()}});
    const auto inquiry = parse_inquiry(frame);
    if (!inquiry || !is_vip(inquiry->address) || is_own(inquiry->asker_mac)) return;
    const bool to_one = (inquiry->destination.bytes[0] & 1U) == 0;
    if (to_one && !is_own(inquiry->destination)) tell(AskedElsewhere{link->name, *inquiry});
  }

  [[nodiscard]] bool is_own(const MacAddress& mac) const {
    return std::ranges::any_of(rtnetlink->links(),
                               [&](const auto& entry) { return entry.second.mac == mac; });
  }

  void on_address(const AddressSeen& seen) {
    const LinkSeen* link = rtnetlink->find(seen.interface_index);
    if (link == nullptr) return;
    const Place place{link->name, seen.address};
    if (seen.present) return tell_delivered(place);
    for (const VipConfig& vip : vips) {
      if (Place{vip.interface, vip.address} != place) continue;
      // The kernel takes IPv6 addresses off a link that goes down, and tells of the link last: but
      // nobody has taken the address away then.
      rtnetlink->look_at_links();
      forget(place);
      tell(AddressRemoved{vip.interface, vip.address.address});
    }
  }

  // The addresses.

  void add(const Place& place, std::uint32_t lifetime_seconds, const LinkSeen& link) {
    const auto& [interface, address] = place;
    if (auto added = rtnetlink->add(link.index, address, lifetime_seconds); !added) {
      return tell(AddressRefused{interface, address.address, Operation::add, added.error()});
    }
    assigned.insert(place);
    const bool is_looking = !undelivered.empty();
    const auto limit = std::chrono::steady_clock::now() + delivery_patience;
    ++undelivered.try_emplace(place, Undelivered{0, limit}).first->second.times_asked;
    tell_delivered(place);
    if (!is_looking && !undelivered.empty()) look_again_later();
  }

  /// Tells of the adding of an address if packets to it are taken in now.
  void tell_delivered(const Place& place) {
    if (!undelivered.contains(place)) return;
    const IpAddress& address = place.second.address;
    if (address.family == Family::ipv6 && !rtnetlink->delivers(address)) return;
    tell_added(place);
  }

  /// Each asking for an address has one answer, and in order.
  void tell_added(const Place& place) {
    const auto asked = undelivered.extract(place);
    for (unsigned i = 0; !asked.empty() && i < asked.mapped().times_asked; ++i)
      tell(AddressAdded{place.first, place.second.address});
  }

  void look_again_later() {
    delivery_look.expires_after(delivery_look_interval);
    delivery_look.async_wait([weak = weak_from_this()](const auto& error) {
      const auto self = weak.lock();
      if (!error && self && !self->ended) self->look_again();
    });
  }

  void look_again() {
    const auto now = std::chrono::steady_clock::now();
    for (const auto& [place, asked] : std::map(undelivered)) {
      tell_delivered(place);
      if (now >= asked.limit) give_up(place);
    }
    if (!undelivered.empty()) look_again_later();
  }

  void give_up(const Place& place) {
    const auto asked = undelivered.extract(place);
    if (asked.empty()) return;
    assigned.erase(place);
    const auto& [interface, address] = place;
    if (const LinkSeen* link = rtnetlink->find(interface))
      (void)rtnetlink->remove(link->index, address);
    const Error error{ErrorKind::failed,
                      "the kernel has " + to_string(address.address) +
                          " but takes no packet to it as its own (`ip -6 rule`?)",
                      0};
    for (unsigned i = 0; i < asked.mapped().times_asked; ++i)
      tell(AddressRefused{interface, address.address, Operation::add, error});
  }

  void forget(const Place& place) {
    tell_added(place);
    assigned.erase(place);
  }

  /// Somebody touched an interface's filters: are ours still there?
  void on_filters(std::uint32_t index) {
    if (!armed) return try_again();
    const LinkSeen* link = rtnetlink->find(index);
    if (link == nullptr || !guarded.contains(index)) return;
    const auto attached = fence->attached(rtnetlink->socket(), index);
    if (attached && *attached) return;
    if (!attached && attached.error().kind == ErrorKind::absent) return;  // it is going
    guarded.erase(index);
    tell(FenceRemoved{link->name});
    if (guard(LinkSeen(*link))) tell(FenceArmed{});
  }

  void on_missed() {
    const auto indices = guarded;
    for (const std::uint32_t index : indices) on_filters(index);
    auto addresses = rtnetlink->addresses();
    if (!addresses) return;
    const auto expected = assigned;
    for (const auto& [interface, address] : expected) {
      tell_delivered({interface, address});
      const LinkSeen* link = rtnetlink->find(interface);
      const bool present = std::ranges::any_of(*addresses, [&](const AddressSeen& seen) {
        return link != nullptr && seen.interface_index == link->index && seen.address == address;
      });
      if (present) continue;
      forget({interface, address});
      tell(AddressRemoved{interface, address.address});
    }
  }

  // The fence.

  /// Puts the filter on an interface that could answer, takes it off one that can't any more.
  /// False: it could not be put there, and that has been told.
  bool guard(const LinkSeen& link) {
    if (!could_answer(link)) {
      const bool was_guarded = guarded.erase(link.index) > 0;
      if (was_guarded || (link.ethernet && link.port && !port_cleared.contains(link.index))) {
        port_cleared.insert(link.index);
        (void)detach_fence(rtnetlink->socket(), link.index);  // at worst it drops too much there
      }
      return true;
    }
    port_cleared.erase(link.index);
    if (guarded.contains(link.index)) return true;
    const auto attached = fence->attach(rtnetlink->socket(), link);
    if (!attached) {
      if (attached.error().kind == ErrorKind::absent) return true;  // gone meanwhile
      unavailable(attached.error().sentence);
      return false;
    }
    guarded.insert(link.index);
    return true;
  }

  void arm(const std::vector<IpAddress>& addresses) {
    told_reason.clear();
    if (!fence) return unavailable(fence_refusal);
    const auto ready = fence->arm(addresses);
    behind_fence = ready.has_value();
    if (!ready) return unavailable(ready.error().sentence);
    if (!guard_all()) return;
    armed = true;
    swept = true;
    tell(FenceArmed{});
  }

  bool guard_all() {
    const auto links = rtnetlink->links();
    return std::ranges::all_of(links, [&](const auto& entry) { return guard(entry.second); });
  }

  /// An interface refused the filter; something has changed since.
  void try_again() {
    if (!behind_fence || !guard_all()) return;
    armed = true;
    told_reason.clear();
    tell(FenceArmed{});
  }

  /// Address lifetimes rule from here on, until FenceArmed. A filter of an earlier life whose
  /// deadlines nobody can reach would keep an address silent for ever: it goes, after every address
  /// that it guards.
  void unavailable(const std::string& reason) {
    armed = false;
    const bool reachable = fence && (fence->adopted() || !guarded.empty());
    if (!reachable && !swept) (void)sweep();
    swept = true;  // whatever is there from now on is ours
    if (reason != told_reason) tell(FenceUnavailable{reason});
    told_reason = reason;
  }

  boost::asio::io_context& io;
  Handler handler;
  std::vector<VipConfig> vips;
  std::optional<TieBreakerConfig> tie_breaker;
  std::unique_ptr<Rtnetlink> rtnetlink;
  std::optional<PacketSocket> packets;
  std::unique_ptr<Sentinel> sentinel;
  std::set<std::uint32_t> listened;  ///< interfaces of VIPs
  std::optional<FenceFilter> fence;
  std::string fence_refusal;             ///< why there is none
  bool behind_fence = false;             ///< all addresses have slots, and the programs are loaded
  std::string told_reason;               ///< of the last FenceUnavailable, while it is so
  bool armed = false;                    ///< every interface that could answer has our filter
  bool swept = false;                    ///< what an earlier life left was ended, or is ours
  std::set<std::uint32_t> guarded;       ///< interfaces with our filter
  std::set<std::uint32_t> port_cleared;  ///< ports that were looked at for an old filter
  std::map<InterfaceName, LinkChanged> told_links;
  std::set<Place> assigned;  ///< addresses of VIPs that the kernel has
  struct Undelivered {
    unsigned times_asked = 0;
    std::chrono::steady_clock::time_point limit;  ///< then it is refused
  };
  std::map<Place, Undelivered> undelivered;  ///< those of them that it doesn't deliver to yet
  boost::asio::steady_timer delivery_look;
  bool ended = false;
};

Door::Door(std::shared_ptr<State> state) : state_(std::move(state)) {}

Door::~Door() {
  state_->ended = true;
  state_->sentinel.reset();
  state_->rtnetlink.reset();
}

Result<std::unique_ptr<Door>> Door::open(boost::asio::io_context& io, DoorOptions options,
                                         Handler handler) {
  auto state = std::make_shared<State>(io, std::move(handler));
  state->tie_breaker = std::move(options.tie_breaker);
  auto fence = FenceFilter::open(options.inherited_deadlines);
  if (fence) {
    state->fence.emplace(std::move(*fence));
  } else {
    state->fence_refusal = fence.error().sentence;
  }
  auto packets = PacketSocket::open();
  if (!packets) return packets.error();
  state->packets.emplace(std::move(*packets));
  State* known = state.get();  // outlives the watch and the sentinel, which are its own
  auto sentinel =
      Sentinel::open(io, [known](std::uint32_t index, std::span<const std::uint8_t> frame) {
        known->on_frame(index, frame);
      });
  if (!sentinel) return sentinel.error();
  state->sentinel = std::move(*sentinel);
  auto rtnetlink =
      Rtnetlink::open(io, {[known](const LinkSeen& link) { known->on_link(link); },
                           [known](const AddressSeen& address) { known->on_address(address); },
                           [known](std::uint32_t index) { known->on_filters(index); },
                           [known] { known->on_missed(); }});
  if (!rtnetlink) return rtnetlink.error();
  state->rtnetlink = std::move(*rtnetlink);
  auto door = std::unique_ptr<Door>(new Door(std::move(state)));
  door->watch(std::move(options.vips));
  return door;
}

void Door::watch(std::vector<VipConfig> vips) {
  state_->vips = std::move(vips);
  state_->tell_links();
  auto addresses = state_->rtnetlink->addresses();
  if (!addresses) return;
  for (const AddressSeen& seen : *addresses) {
    const LinkSeen* link = state_->rtnetlink->find(seen.interface_index);
    const auto& watched = state_->vips;
    const bool is_vip = link != nullptr && std::ranges::any_of(watched, [&](const VipConfig& vip) {
                          return vip.interface == link->name && vip.address == seen.address;
                        });
    if (is_vip) state_->assigned.insert({link->name, seen.address});
  }
}

void Door::arm_fence(const ArmFence& action) {
  state_->arm(action.addresses);
}

void Door::extend_deadline(const ExtendDeadline& action) {
  if (state_->fence) state_->fence->extend(action.address, action.until);
}

void Door::close_fence(const CloseFence& action) {
  if (state_->fence) state_->fence->close(action.address);
}

void Door::add_address(const AddAddress& action) {
  const IpAddress& address = action.address.address;
  const auto refuse = [&](Error error) {
    state_->tell(AddressRefused{action.interface, address, Operation::add, std::move(error)});
  };
  const LinkSeen* link = state_->rtnetlink->find(action.interface);
  if (link == nullptr) return refuse(not_there(action.interface));
  if (state_->armed && !state_->fence->knows(address)) {
    return refuse({ErrorKind::failed, to_string(address) + " is not behind the fence", 0});
  }
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(action.lifetime).count();
  state_->add({action.interface, action.address},
              static_cast<std::uint32_t>(std::max<long>(seconds, 1)), *link);
}

void Door::remove_address(const RemoveAddress& action) {
  const IpAddress& address = action.address.address;
  const LinkSeen* link = state_->rtnetlink->find(action.interface);
  state_->tell_added({action.interface, action.address});
  if (link != nullptr) {
    auto removed = state_->rtnetlink->remove(link->index, action.address);
    if (!removed && removed.error().kind != ErrorKind::absent) {
      state_->tell(AddressRefused{action.interface, address, Operation::remove, removed.error()});
      return;
    }
  }
  state_->forget({action.interface, action.address});
  state_->tell(AddressRemoved{action.interface, address});
}

void Door::probe(const Probe& action) {
  const LinkSeen* link = state_->rtnetlink->find(action.interface);
  const auto sent = link != nullptr
                        ? state_->packets->send(link->index, probe_frame(link->mac, action.address))
                        : Result<void>(not_there(action.interface));
  if (sent) return state_->tell(ProbeSent{action.interface, action.address});
  state_->tell(ProbeFailed{action.interface, action.address, sent.error()});
}

void Door::announce(const Announce& action) {
  const LinkSeen* link = state_->rtnetlink->find(action.interface);
  if (link == nullptr) {
    state_->tell(AnnouncementFailed{action.interface, action.address, not_there(action.interface)});
    return;
  }
  for (const WireFrame& frame : announcement_frames(link->mac, action.address)) {
    if (auto sent = state_->packets->send(link->index, frame); !sent) {
      state_->tell(AnnouncementFailed{action.interface, action.address, sent.error()});
      return;
    }
  }
  state_->tell(AnnouncementSent{action.interface, action.address});
}

void Door::announce_to(const AnnounceTo& action) {
  const LinkSeen* link = state_->rtnetlink->find(action.interface);
  if (link == nullptr) return;  // and who asked is not to be answered there
  const auto frame = answer_frame(link->mac, action.address, action.asker, action.asker_mac);
  if (auto sent = state_->packets->send(link->index, frame); !sent)
    state_->tell(AnnouncementFailed{action.interface, action.address, sent.error()});
}

std::optional<int> Door::deadlines_descriptor() const {
  if (!state_->fence) return std::nullopt;
  return state_->fence->descriptor();
}

bool Door::adopted() const {
  return state_->fence && state_->fence->adopted();
}

std::map<IpAddress, Instant> Door::deadlines() const {
  if (!state_->fence) return {};
  return state_->fence->deadlines();
}

Result<std::vector<LeftOver>> Door::left_overs() {
  auto addresses = state_->rtnetlink->addresses();
  if (!addresses) return addresses.error();
  std::vector<LeftOver> all;
  for (const AddressSeen& seen : *addresses) {
    const LinkSeen* link = state_->rtnetlink->find(seen.interface_index);
    if (seen.ours && link != nullptr) all.push_back({link->name, seen.address});
  }
  return all;
}

}  // namespace hapx::vip
