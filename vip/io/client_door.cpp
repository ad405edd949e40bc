// SPDX-License-Identifier: Apache-2.0
#include "vip/io/client_door.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "config/io/descriptor.hpp"
#include "vip/address_message.hpp"
#include "vip/claim.hpp"
#include "vip/connection_message.hpp"
#include "vip/io/netlink_socket.hpp"
#include "vip/io/packet_socket.hpp"
#include "vip/io/rtnetlink.hpp"
#include "vip/io/tap.hpp"
#include "vip/tickle.hpp"

namespace hapx::vip {
namespace {

/// For so long after the last tickle an answer to it is listened for.
constexpr auto answer_time_max = std::chrono::seconds(3);

/// TCP resets of both families: what the kernel answers where there is no such connection.
const TapFilter resets{
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),  // ethertype
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 7),
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23),  // protocol
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 11),
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 20),  // fragment offset
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1fff, 9, 0),
    BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 14),  // length of the IPv4 header
    BPF_STMT(BPF_LD | BPF_B | BPF_IND, 27),   // flags of TCP
    BPF_STMT(BPF_JMP | BPF_JA, 4),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 5),
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),  // next header
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 3),
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 67),  // flags of TCP
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x04, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, 128),
    BPF_STMT(BPF_RET | BPF_K, 0),
};

const TapFilter nothing{BPF_STMT(BPF_RET | BPF_K, 0)};

/// For whole IP packets; nothing is ever received from it.
Result<Descriptor> open_raw(int family) {
  Descriptor socket(::socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW));
  if (!socket.is_open()) return system_error(errno, "opening a raw socket for tickles");
  return socket;
}

Result<void> send(const Descriptor& socket, std::span<const std::uint8_t> packet,
                  const IpAddress& to) {
  sockaddr_in four{};
  sockaddr_in6 six{};
  const bool is_ipv4 = to.family == Family::ipv4;
  four.sin_family = AF_INET;
  std::memcpy(&four.sin_addr, to.bytes.data(), sizeof four.sin_addr);
  six.sin6_family = AF_INET6;
  std::memcpy(&six.sin6_addr, to.bytes.data(), sizeof six.sin6_addr);
  const auto* address =
      is_ipv4 ? reinterpret_cast<sockaddr*>(&four) : reinterpret_cast<sockaddr*>(&six);
  const socklen_t length = is_ipv4 ? sizeof four : sizeof six;
  ssize_t sent = -1;
  do {
    sent = ::sendto(socket.number(), packet.data(), packet.size(), MSG_DONTWAIT, address, length);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return system_error(errno, "sending a tickle to " + to_string(to));
  return {};
}

/// Somebody of the segment, as the kernel knows him.
struct Neighbour {
  std::uint32_t interface_index = 0;
  IpAddress address;
  MacAddress mac;
};

/// What the first of the messages says that says anything.
template <class Parse>
auto first_of(const std::vector<NetlinkMessage>& messages, Parse parse) {
  decltype(parse(messages.front())) found;
  for (const NetlinkMessage& message : messages)
    if (!found) found = parse(message);
  return found;
}

}  // namespace

struct ClientDoor::State : std::enable_shared_from_this<State> {
  State(boost::asio::io_context& context, Handler told, NetlinkSocket diag, NetlinkSocket route,
        PacketSocket packet)
      : io(context),
        handler(std::move(told)),
        connections(std::move(diag)),
        routes(std::move(route)),
        packets(std::move(packet)),
        end(context) {}

  /// Later, from the loop, after everything that was told before.
  void tell(ClientEvent event) {
    boost::asio::post(io, [weak = weak_from_this(), event = std::move(event)]() mutable {
      const auto self = weak.lock();
      if (self && !self->ended) self->handler(std::move(event));
    });
  }

  void list(const ListClients& action) {
    const Family family = action.address.family;
    const auto messages = connections.dump(
        [&](std::uint32_t sequence) {
          return dump_connections_request(sequence, family, action.port);
        },
        "listing connections to " + to_string(action.address));
    if (!messages) return tell(ClientsNotListed{action.address, messages.error()});
    ClientsListed listed{action.address, {}};
    for (const NetlinkMessage& message : *messages) {
      const auto connection = parse_connection(message);
      if (!connection || connection->here != Endpoint{action.address, action.port}) continue;
      if (listed.clients.size() < clients_max) listed.clients.push_back(connection->there);
    }
    tell(std::move(listed));
  }

  void listen_for(const Endpoint& address) {
    served.insert(address);
    end.expires_after(answer_time_max);
    end.async_wait([weak = weak_from_this()](const auto& error) {
      const auto self = weak.lock();
      if (error || !self) return;
      self->ear->filter(nothing);
      self->served.clear();
    });
    ear->filter(resets);
  }

  void hear(std::span<const std::uint8_t> frame) {
    const auto reset = parse_reset(frame);
    if (!reset) return;
    if (served.contains(reset->from)) tell(ClientWoken{reset->from.address, reset->to});
    if (served.contains(reset->to)) tell(ClientWoken{reset->to.address, reset->from});
  }

  void tickle(const Tickle& action) {
    listen_for(action.served);
    const Descriptor& socket = action.served.address.family == Family::ipv4 ? raw4 : raw6;
    Result<void> all;
    for (const Endpoint& client : action.clients) {
      const auto packet = tickle_packet(action.served, client, action.sequence);
      if (auto sent = send(socket, packet, client.address); !sent) all = sent;
    }
    if (!all) tell(TickleFailed{action.served.address, all.error()});
  }

  void announce(const AnnounceToClients& action) {
    const auto links = dump_links(routes);
    if (!links) return;
    std::set<IpAddress> told;
    for (const IpAddress& client : action.clients) {
      const auto before = find_neighbour(client);
      if (!before || !told.insert(before->address).second) continue;
      const auto link = std::ranges::find(*links, before->interface_index, &LinkSeen::index);
      if (link == links->end()) continue;
      const auto frame = answer_frame(link->mac, action.address, before->address, before->mac);
      (void)packets.send(link->index, frame);
    }
  }

  /// Who takes what is sent to `client`.
  std::optional<Neighbour> find_neighbour(const IpAddress& client) {
    const auto way =
        routes.dump([&](std::uint32_t sequence) { return find_route_request(sequence, client); },
                    "looking up the route to " + to_string(client));
    const auto route = way ? first_of(*way, parse_route) : std::nullopt;
    if (!route) return std::nullopt;
    const IpAddress next = route->router.value_or(client);
    const auto entries = routes.dump(
        [&](std::uint32_t sequence) {
          return find_neighbour_request(sequence, route->interface_index, next);
        },
        "looking up the neighbour " + to_string(next));
    const auto mac = entries ? first_of(*entries, parse_neighbour) : std::nullopt;
    return mac ? std::optional(Neighbour{route->interface_index, next, *mac}) : std::nullopt;
  }

  boost::asio::io_context& io;
  Handler handler;
  NetlinkSocket connections;
  NetlinkSocket routes;
  PacketSocket packets;
  Descriptor raw4;
  Descriptor raw6;  ///< not open where the kernel has no IPv6
  std::unique_ptr<Tap> ear;
  std::set<Endpoint> served;      ///< whose clients may answer
  boost::asio::steady_timer end;  ///< of listening
  bool ended = false;
};

ClientDoor::ClientDoor(std::shared_ptr<State> state) : state_(std::move(state)) {}

ClientDoor::~ClientDoor() {
  state_->ended = true;
  state_->ear.reset();
  state_->end.cancel();
}

Result<std::unique_ptr<ClientDoor>> ClientDoor::open(boost::asio::io_context& io, Handler handler) {
  auto connections = NetlinkSocket::open(NetlinkFamily::sock_diag);
  if (!connections) return connections.error();
  auto routes = NetlinkSocket::open();
  if (!routes) return routes.error();
  auto packets = PacketSocket::open();
  if (!packets) return packets.error();
  auto raw4 = open_raw(AF_INET);
  if (!raw4) return raw4.error();
  auto state = std::make_shared<State>(io, std::move(handler), std::move(*connections),
                                       std::move(*routes), std::move(*packets));
  state->raw4 = std::move(*raw4);
  if (auto raw6 = open_raw(AF_INET6)) state->raw6 = std::move(*raw6);
  State* known = state.get();  // outlives the tap, which is its own
  auto ear = Tap::open(io, nothing, [known](const Tap::Heard& heard) { known->hear(heard.frame); });
  if (!ear) return ear.error();
  state->ear = std::move(*ear);
  return std::unique_ptr<ClientDoor>(new ClientDoor(std::move(state)));
}

void ClientDoor::carry_out(const ListClients& action) {
  state_->list(action);
}

void ClientDoor::carry_out(const Tickle& action) {
  state_->tickle(action);
}

void ClientDoor::carry_out(const AnnounceToClients& action) {
  state_->announce(action);
}

}  // namespace hapx::vip
