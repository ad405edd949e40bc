// SPDX-License-Identifier: Apache-2.0
// Clients of an address on a real segment, in both families: who they are, and how one wakes whose
// connection is gone here without a word.
#include "vip/io/client_door.hpp"

#include <algorithm>
#include <cerrno>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "config/io/descriptor.hpp"
#include "segment.hpp"

namespace hapx::vip {
namespace {

using std::chrono::milliseconds;
using namespace test;

constexpr std::uint16_t port = 6443;

struct SocketAddress {
  sockaddr_storage bytes{};
  socklen_t length = 0;

  explicit SocketAddress(const Endpoint& endpoint) {
    if (endpoint.address.family == Family::ipv4) {
      auto& four = reinterpret_cast<sockaddr_in&>(bytes);
      four.sin_family = AF_INET;
      four.sin_port = htons(endpoint.port);
      std::copy_n(endpoint.address.bytes.begin(), 4,
                  reinterpret_cast<std::uint8_t*>(&four.sin_addr));
      length = sizeof four;
    } else {
      auto& six = reinterpret_cast<sockaddr_in6&>(bytes);
      six.sin6_family = AF_INET6;
      six.sin6_port = htons(endpoint.port);
      std::copy_n(endpoint.address.bytes.begin(), 16,
                  reinterpret_cast<std::uint8_t*>(&six.sin6_addr));
      length = sizeof six;
    }
  }
  [[nodiscard]] const sockaddr* pointer() const {
    return reinterpret_cast<const sockaddr*>(&bytes);
  }
};

/// Our node with v0 and the VIP, somebody with v1.
class ClientDoorTest : public testing::TestWithParam<Family> {
 protected:
  void SetUp() override {
    HAPX_NEEDS_NETWORK_NAMESPACES();
    ours_.emplace();
    others_.emplace();
    const bool is_ipv4 = GetParam() == Family::ipv4;
    vip_ = is_ipv4 ? ipv4(10, 77, 0, 20) : *parse_ip("2001:db8:77::20");
    client_address_ = is_ipv4 ? ipv4(10, 77, 0, 2) : *parse_ip("2001:db8:77::2");
    must(*ours_,
         {"ip link add v0 type veth peer name v1 netns " + others_->path(), "ip link set v0 up"});
    must(*others_, {"ip link set v1 up", add_address(client_address_, "v1")});
    must(*ours_, {add_address(vip_, "v0")});
    ours_->within([&] {
      auto opened = ClientDoor::open(io_, [&](ClientEvent event) {
        std::visit([&](auto& one) { events_.emplace_back(std::move(one)); }, event);
      });
      ASSERT_TRUE(opened.has_value()) << opened.error().sentence;
      door_ = std::move(*opened);
      listener_ = Descriptor(::socket(domain(), SOCK_STREAM | SOCK_CLOEXEC, 0));
      const SocketAddress address({vip_, port});
      ASSERT_EQ(::bind(listener_.number(), address.pointer(), address.length), 0);
      ASSERT_EQ(::listen(listener_.number(), 8), 0);
    });
  }

  static std::string add_address(const IpAddress& address, const std::string& interface) {
    const bool is_ipv4 = address.family == Family::ipv4;
    return "ip addr add " + to_string(address) + (is_ipv4 ? "/24" : "/64 nodad") + " dev " +
           interface;
  }
  [[nodiscard]] static int domain() { return GetParam() == Family::ipv4 ? AF_INET : AF_INET6; }

  /// A connection from outside; `here_` is our end of it.
  void connect() {
    others_->within([&] {
      there_ = Descriptor(::socket(domain(), SOCK_STREAM | SOCK_CLOEXEC, 0));
      const SocketAddress address({vip_, port});
      ASSERT_EQ(::connect(there_.number(), address.pointer(), address.length), 0);
    });
    here_ = Descriptor(::accept4(listener_.number(), nullptr, nullptr, SOCK_CLOEXEC));
    ASSERT_TRUE(here_.is_open());
    sockaddr_storage own{};
    socklen_t length = sizeof own;
    ::getsockname(there_.number(), reinterpret_cast<sockaddr*>(&own), &length);
    const auto own_port = GetParam() == Family::ipv4
                              ? reinterpret_cast<sockaddr_in&>(own).sin_port
                              : reinterpret_cast<sockaddr_in6&>(own).sin6_port;
    client_ = {client_address_, ntohs(own_port)};
  }

  /// Our end is gone, and the other one was not told: the cable was out.
  void forget_connection() {
    must(*ours_, {"ip link set v0 down"});
    const linger at_once{1, 0};
    ::setsockopt(here_.number(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    here_ = Descriptor();
    must(*ours_, {"ip link set v0 up"});
    if (GetParam() == Family::ipv6) must(*ours_, {add_address(vip_, "v0")});
    ASSERT_EQ(state_of_client(), EAGAIN) << "it has heard nothing";
  }

  /// What a client hears that only listens: 1, a byte; EAGAIN, nothing yet; ECONNRESET, that it is
  /// over.
  [[nodiscard]] int state_of_client() const {
    char byte = 0;
    const ssize_t got = ::recv(there_.number(), &byte, 1, MSG_DONTWAIT);
    return got < 0 ? errno : static_cast<int>(got);
  }

  /// The next event of this kind; others are passed over.
  template <class Kind>
  Kind wait_for(const std::string& what) {
    std::optional<Kind> found;
    run_until(
        io_,
        [&] {
          while (!found && !events_.empty()) {
            if (const auto* one = std::get_if<Kind>(&events_.front())) found = *one;
            events_.pop_front();
          }
          return found.has_value();
        },
        what);
    return found.value_or(Kind{});
  }

  [[nodiscard]] std::string neighbour_of_client() const {
    return others_->output("ip neigh show " + to_string(vip_) + " dev v1");
  }

  /// The hardware address that it believes in from now on.
  std::string mislead_client() {
    const std::string wrong = "02:00:00:00:00:99";
    must(*others_,
         {"sysctl -qw net.ipv4.neigh.v1.locktime=0",  // or it takes no other word for a second
          "ip neigh replace " + to_string(vip_) + " lladdr " + wrong + " dev v1 nud reachable"});
    run_for(io_, milliseconds(50));  // nor in the tick of the kernel in which it was told the last
    EXPECT_NE(neighbour_of_client().find(wrong), std::string::npos) << neighbour_of_client();
    return wrong;
  }

  [[nodiscard]] Tickle tickle(std::uint32_t sequence = 0) const {
    return {{vip_, port}, {client_}, sequence};
  }

  std::optional<Namespace> ours_;
  std::optional<Namespace> others_;
  IpAddress vip_;
  IpAddress client_address_;
  Endpoint client_;
  boost::asio::io_context io_;
  std::deque<ClientEvent> events_;
  std::unique_ptr<ClientDoor> door_;
  Descriptor listener_;
  Descriptor here_;
  Descriptor there_;
};

TEST_P(ClientDoorTest, lists_who_is_connected_to_the_address_at_the_port) {
  door_->carry_out(ListClients{vip_, port});
  EXPECT_TRUE(wait_for<ClientsListed>("nobody yet").clients.empty());
  connect();
  door_->carry_out(ListClients{vip_, port});
  const auto listed = wait_for<ClientsListed>("the client");
  EXPECT_EQ(listed.address, vip_);
  EXPECT_EQ(listed.clients, std::vector{client_});
  door_->carry_out(ListClients{vip_, port + 1});
  EXPECT_TRUE(wait_for<ClientsListed>("another port").clients.empty());
  door_->carry_out(ListClients{client_address_, port});
  EXPECT_TRUE(wait_for<ClientsListed>("another address").clients.empty());
}

TEST_P(ClientDoorTest, wakes_a_client_whose_connection_is_gone_and_sees_that_it_woke) {
  connect();
  forget_connection();
  door_->carry_out(tickle());
  const auto woken = wait_for<ClientWoken>("its answer");
  EXPECT_EQ(woken.address, vip_);
  EXPECT_EQ(woken.client, client_);
  EXPECT_EQ(state_of_client(), ECONNRESET);
}

/// One of four numbers may be what the client expects; the others aren't.
TEST_P(ClientDoorTest, any_two_of_four_numbers_wake_it) {
  for (std::uint32_t quarter = 0; quarter < 4; ++quarter) {
    connect();
    forget_connection();
    door_->carry_out(tickle(quarter << 30U));
    door_->carry_out(tickle((quarter + 1) << 30U));
    // The second finds nothing there any more, and is answered, too, maybe in the next round.
    while (wait_for<ClientWoken>("its answer").client != client_ && !HasFailure()) {
    }
    EXPECT_EQ(state_of_client(), ECONNRESET);
  }
}

TEST_P(ClientDoorTest, a_connection_that_is_whole_goes_on) {
  connect();
  for (std::uint32_t quarter = 0; quarter < 4; ++quarter) door_->carry_out(tickle(quarter << 30U));
  run_for(io_, milliseconds(200));
  EXPECT_TRUE(events_.empty());
  EXPECT_EQ(state_of_client(), EAGAIN);
  ASSERT_EQ(::send(here_.number(), "!", 1, MSG_NOSIGNAL), 1);
  run_until(
      io_, [&] { return state_of_client() == 1; }, "a byte through it");
}

/// Its host resets by itself, and that is an answer, too.
TEST_P(ClientDoorTest, a_client_that_is_gone_is_seen_to_be_reached) {
  connect();
  there_ = Descriptor();
  run_for(io_, milliseconds(20));
  here_ = Descriptor();
  client_.port = 9;  // nobody is there
  door_->carry_out(tickle());
  EXPECT_EQ(wait_for<ClientWoken>("its host's answer").client, client_);
}

TEST_P(ClientDoorTest, what_cannot_be_sent_is_told_once_and_the_others_are_woken) {
  connect();
  forget_connection();
  Tickle action = tickle();
  const auto nowhere = GetParam() == Family::ipv4 ? ipv4(203, 0, 113, 9) : *parse_ip("2001:db9::9");
  action.clients.insert(action.clients.begin(), {{nowhere, 1}, {nowhere, 2}});
  door_->carry_out(action);
  const auto failed = wait_for<TickleFailed>("the failure");
  EXPECT_NE(failed.error.sentence.find(to_string(nowhere)), std::string::npos)
      << failed.error.sentence;
  run_until(
      io_, [&] { return state_of_client() != EAGAIN; }, "the reset");
}

/// What it believed is wrong, and nothing makes it doubt; one frame to it alone mends that.
TEST_P(ClientDoorTest, who_looks_elsewhere_is_told_alone) {
  connect();
  const std::string wrong = mislead_client();
  const auto nowhere = GetParam() == Family::ipv4 ? ipv4(203, 0, 113, 9) : *parse_ip("2001:db9::9");
  const auto unknown =
      GetParam() == Family::ipv4 ? ipv4(10, 77, 0, 9) : *parse_ip("2001:db8:77::9");
  door_->carry_out(AnnounceToClients{vip_, {nowhere, unknown, client_address_}});
  run_until(
      io_, [&] { return neighbour_of_client().find(wrong) == std::string::npos; }, "the word");
  EXPECT_NE(neighbour_of_client().find("lladdr"), std::string::npos) << neighbour_of_client();
}

/// A client behind a router: it is the router that has to know.
TEST_P(ClientDoorTest, before_a_client_that_is_far_away_its_router_is_told) {
  connect();
  const bool is_ipv4 = GetParam() == Family::ipv4;
  const auto far = is_ipv4 ? ipv4(203, 0, 113, 9) : *parse_ip("2001:db9::9");
  must(*ours_, {"ip route add " + to_string(far) + " via " + to_string(client_address_)});
  const std::string wrong = mislead_client();
  door_->carry_out(AnnounceToClients{vip_, {far}});
  run_until(
      io_, [&] { return neighbour_of_client().find(wrong) == std::string::npos; }, "the word");
}

TEST_P(ClientDoorTest, without_the_right_to_raw_sockets_it_does_not_open) {
  const int told = in_child_of(*ours_, [] {
    if (!drop_capabilities({CAP_NET_RAW})) return 2;
    boost::asio::io_context io;
    const auto opened = ClientDoor::open(io, [](const ClientEvent&) {});
    return !opened && opened.error().kind == ErrorKind::forbidden ? 0 : 1;
  });
  EXPECT_EQ(told, 0);
}

INSTANTIATE_TEST_SUITE_P(Families, ClientDoorTest, testing::Values(Family::ipv4, Family::ipv6),
                         [](const auto& of) { return of.param == Family::ipv4 ? "IPv4" : "IPv6"; });

}  // namespace
}  // namespace hapx::vip
