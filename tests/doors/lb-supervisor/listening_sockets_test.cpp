// SPDX-License-Identifier: Apache-2.0
// What becomes of a connection when its address goes.
#include "lb-supervisor/io/listening_sockets.hpp"

#include <cstdlib>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "rig.hpp"

namespace hapx::lb_supervisor {
namespace {

using std::chrono::milliseconds;

const Endpoint vip{ipv4(192, 0, 2, 30), 6443};

class Listening : public InFreshNetwork {
 protected:
  static sockaddr_in place(const char* address, std::uint16_t port) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    ::inet_pton(AF_INET, address, &in.sin_addr);
    return in;
  }
  /// A client that has an address of its own, and keeps it.
  static Descriptor connect_client() {
    Descriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in from = place("127.0.0.1", 0);
    const sockaddr_in to = place("192.0.2.30", 6443);
    EXPECT_EQ(::bind(client.number(), reinterpret_cast<const sockaddr*>(&from), sizeof from), 0);
    EXPECT_EQ(::connect(client.number(), reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
    return client;
  }
  static bool readable(int socket, Duration within) {
    pollfd waiting{socket, POLLIN, 0};
    const auto time = std::chrono::duration_cast<milliseconds>(within);
    return ::poll(&waiting, 1, static_cast<int>(time.count())) == 1;
  }
};

/// What is lost there is repeated after 200 ms and sooner, so half a second would show it.
TEST_F(Listening, nothing_is_sent_any_more_from_an_address_that_is_gone) {
  ListeningSockets sockets;
  ASSERT_TRUE(sockets.open({{"HAPX_LISTEN_0", vip}}).has_value()) << "before it is here";
  add_address("192.0.2.30/32");
  const Descriptor client = connect_client();
  ASSERT_TRUE(readable(sockets.number_of(vip), patience));
  const Descriptor server(::accept4(sockets.number_of(vip), nullptr, nullptr, SOCK_CLOEXEC));
  ASSERT_TRUE(server.is_open());
  ASSERT_EQ(::send(server.number(), "a", 1, MSG_NOSIGNAL), 1);
  ASSERT_TRUE(readable(client.number(), patience));
  char byte = 0;
  ASSERT_EQ(::recv(client.number(), &byte, 1, 0), 1);

  ASSERT_EQ(std::system("ip addr del 192.0.2.30/32 dev lo"), 0);
  static_cast<void>(::send(server.number(), "b", 1, MSG_NOSIGNAL));
  EXPECT_FALSE(readable(client.number(), milliseconds(500)));
}

}  // namespace
}  // namespace hapx::lb_supervisor
