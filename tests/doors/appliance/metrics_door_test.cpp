// SPDX-License-Identifier: Apache-2.0
// The metrics' door on a real network: a port that is taken, an address that comes late, and
// whatever a stranger may try.
#include "appliance/io/metrics_door.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/io/descriptor.hpp"

namespace hapx::appliance {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* get_close = "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

class MetricsDoorTest : public testing::Test {
 protected:
  /// A port of the loopback address that nobody has, kept free by never being listened at.
  void SetUp() override {
    rival_ = Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = loopback(0);
    ASSERT_EQ(::bind(rival_.number(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    socklen_t length = sizeof address;
    ::getsockname(rival_.number(), reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
  }

  void open(const IpAddress& address = ipv4(127, 0, 0, 1)) {
    door_.emplace(context_, MetricsDoorOptions{{address, port_}, std::chrono::milliseconds(20)},
                  [this](MetricsDoor::News news) {
                    if (const auto* request = std::get_if<RequestArrived>(&news)) {
                      EXPECT_EQ(request->window, Window::metrics);
                      ++requests_;
                      door_->respond({request->id, 200, "text/plain", page_, Window::metrics});
                    } else if (const auto* trouble = std::get_if<MetricsUnavailable>(&news)) {
                      troubles_.push_back(trouble->reason);
                    } else {
                      ++openings_;
                    }
                  });
  }

  void open_at_once() {
    rival_ = Descriptor();
    open();
    ASSERT_TRUE(turn_until([&] { return openings_ == 1; }));
  }

  /// Turns the loop until `done`, or for 20 s, which is a failure.
  template <class Done>
  [[nodiscard]] bool turn_until(Done done) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      context_.restart();
      context_.run_for(std::chrono::milliseconds(2));
    }
    return true;
  }

  /// On its way: the loop that accepts is turned by this thread.
  [[nodiscard]] Descriptor connect() const {
    Descriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const sockaddr_in address = loopback(port_);
    const int done =
        ::connect(client.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    EXPECT_TRUE(done == 0 || errno == EINPROGRESS);
    return client;
  }

  void send(const Descriptor& client, const std::string& text) {
    EXPECT_TRUE(turn_until([&] {
      return ::send(client.number(), text.data(), text.size(), MSG_NOSIGNAL) ==
             static_cast<ssize_t>(text.size());
    }));
  }

  /// All that comes until the server closes; nothing when it doesn't.
  std::optional<std::string> read_all(const Descriptor& client) {
    std::string out;
    const bool closed = turn_until([&] {
      char block[4096];
      for (;;) {
        const ssize_t got = ::recv(client.number(), block, sizeof(block), MSG_DONTWAIT);
        if (got > 0) out.append(block, static_cast<std::size_t>(got));
        if (got == 0 || (got < 0 && errno != EAGAIN)) return true;
        if (got < 0) return false;
      }
    });
    return closed ? std::optional(out) : std::nullopt;
  }

  std::string exchange(const std::string& text) {
    const Descriptor client = connect();
    send(client, text);
    std::string reply = read_all(client).value_or("never closed");
    socklen_t length = sizeof error_;
    ::getsockopt(client.number(), SOL_SOCKET, SO_ERROR, &error_, &length);
    return reply;
  }

  boost::asio::io_context context_;
  Descriptor rival_;
  std::uint16_t port_ = 0;
  std::string page_ = "hapx_quorate 1\n";
  int openings_ = 0;
  int requests_ = 0;
  int error_ = 0;  ///< the last exchange's connection ended with it
  std::vector<std::string> troubles_;
  std::optional<MetricsDoor> door_;
};

TEST_F(MetricsDoorTest, AnswersAScrape) {
  open_at_once();
  const std::string reply = exchange(get_close);
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(reply, EndsWith("\r\n\r\nhapx_quorate 1\n"));
  EXPECT_TRUE(troubles_.empty());
}

TEST_F(MetricsDoorTest, TellsNothingBeforeItsOpenerIsDone) {
  ASSERT_EQ(::listen(rival_.number(), 1), 0);
  open();
  EXPECT_TRUE(troubles_.empty()) << "the first event of a node's life is another";
  EXPECT_TRUE(turn_until([&] { return !troubles_.empty(); }));
}

TEST_F(MetricsDoorTest, SaysOnceThatThePortIsTakenAndOpensWhenItIsFree) {
  ASSERT_EQ(::listen(rival_.number(), 1), 0);
  open();
  ASSERT_TRUE(turn_until([&] { return !troubles_.empty(); }));
  EXPECT_EQ(troubles_[0], "127.0.0.1:" + std::to_string(port_) +
                              " is taken by another program; end that, or give "
                              "spec.metrics.listen another port");
  for (int i = 0; i < 50; ++i) {  // several attempts
    context_.restart();
    context_.run_for(std::chrono::milliseconds(5));
  }
  EXPECT_EQ(troubles_.size(), 1U) << "the same trouble is no news";
  EXPECT_EQ(openings_, 0);
  rival_ = Descriptor();
  ASSERT_TRUE(turn_until([&] { return openings_ == 1; }));
  EXPECT_THAT(exchange(get_close), StartsWith("HTTP/1.1 200"));
}

TEST_F(MetricsDoorTest, WaitsForAnAddressThatIsNotHere) {
  open(ipv4(192, 0, 2, 1));  // of the documentation (RFC 5737): no machine has it
  ASSERT_TRUE(turn_until([&] { return !troubles_.empty(); }));
  EXPECT_EQ(troubles_[0],
            "this machine has no address 192.0.2.1; it is waited for, or give "
            "spec.metrics.listen another one");
  door_->close();
  context_.restart();
  context_.run();  // nothing is left to wait for
  EXPECT_EQ(troubles_.size(), 1U);
}

TEST_F(MetricsDoorTest, ListensAtAllAddressesOfBothFamilies) {
  rival_ = Descriptor();
  IpAddress any;
  any.family = Family::ipv6;
  open(any);
  if (!turn_until([&] { return openings_ + static_cast<int>(troubles_.size()) > 0; })) FAIL();
  if (!troubles_.empty()) GTEST_SKIP() << "no IPv6 here: " << troubles_[0];
  EXPECT_THAT(exchange(get_close), StartsWith("HTTP/1.1 200")) << "over IPv4";
}

TEST_F(MetricsDoorTest, OfAnEarlierHapxdLeavesNothingThatIsInTheWay) {
  open_at_once();
  const Descriptor left = connect();
  send(left, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(turn_until([&] { return requests_ == 1; }));
  door_.reset();  // it closes first: the connection stays in TIME_WAIT
  open();
  ASSERT_TRUE(turn_until([&] { return openings_ == 2; }));
  EXPECT_TRUE(troubles_.empty());
}

TEST_F(MetricsDoorTest, ToldOfABodyOnlyItsLengthForAHead) {
  open_at_once();
  const std::string reply =
      exchange("HEAD /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(reply, HasSubstr("Content-Length: " + std::to_string(page_.size()) + "\r\n"));
  EXPECT_THAT(reply, EndsWith("\r\n\r\n"));
}

TEST_F(MetricsDoorTest, RefusesWhatIsTooLargeOrNoRequestInPlainWords) {
  open_at_once();
  const std::string large =
      exchange("GET /metrics HTTP/1.1\r\nX: " + std::string(10'000, 'x') + "\r\n\r\n");
  EXPECT_THAT(large, StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(large, HasSubstr("Content-Type: text/plain"));
  EXPECT_EQ(error_, 0) << "a reset may overtake the answer";
  EXPECT_THAT(exchange("\x16\x03\x01 hello\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  const std::string body =
      exchange("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx");
  EXPECT_THAT(body, StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(body, EndsWith("no body is taken here\n"));
  EXPECT_EQ(requests_, 0);
}

/// One who neither sends nor reads costs a connection for 5 s, and nothing else: others are served.
TEST_F(MetricsDoorTest, ServesOthersBesideOneWhoDoesNotReadAndOneWhoDoesNotSend) {
  page_ = std::string(64 * 1024 * 1024, 'x');  // more than any socket's buffers take
  open_at_once();
  const Descriptor silent = connect();
  const Descriptor deaf = connect();
  send(deaf, get_close);
  ASSERT_TRUE(turn_until([&] { return requests_ == 1; }));
  page_ = "small\n";
  EXPECT_THAT(exchange(get_close), EndsWith("small\n"));
  // Both are cut off in the end.
  EXPECT_EQ(read_all(silent), "");
  EXPECT_TRUE(read_all(deaf).has_value());
}

TEST_F(MetricsDoorTest, HasRoomForEightAndSendsTheNextAway) {
  open_at_once();
  std::vector<Descriptor> crowd;
  for (int i = 0; i < 8; ++i) crowd.push_back(connect());
  const Descriptor ninth = connect();
  const auto reply = read_all(ninth);
  ASSERT_TRUE(reply);
  EXPECT_THAT(*reply, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(*reply, EndsWith("too many connections at the time\n"));
  crowd.clear();
  EXPECT_TRUE(turn_until([&] { return exchange(get_close).find("200 OK") != std::string::npos; }));
}

TEST_F(MetricsDoorTest, SurvivesAStormOfConnections) {
  open_at_once();
  std::vector<Descriptor> storm;
  for (int i = 0; i < 300; ++i) {
    storm.push_back(connect());
    context_.restart();
    context_.poll();
  }
  storm.clear();
  EXPECT_TRUE(turn_until([&] { return exchange(get_close).find("200 OK") != std::string::npos; }));
}

TEST_F(MetricsDoorTest, PacesTheRequestsOfOneConnection) {
  open_at_once();
  const Descriptor client = connect();
  std::string many;
  for (int i = 0; i < 20; ++i) many += "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
  send(client, many + get_close);
  const auto began = std::chrono::steady_clock::now();
  ASSERT_TRUE(read_all(client));
  EXPECT_EQ(requests_, 21);
  EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(20 * 10))
      << "who asks faster than 100 times a second waits";
}

}  // namespace
}  // namespace hapx::appliance
