// SPDX-License-Identifier: Apache-2.0
// The metrics' door on a real network: a port that is taken, an address that comes late, and
// whatever a stranger may try.
#include <algorithm>

#include <gmock/gmock.h>
#include <sys/resource.h>

#include "network_rig.hpp"

namespace hapx::appliance {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

TEST_F(NetworkDoorTest, AnswersAScrape) {
  open_at_once();
  const std::string reply = exchange(get_close);
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(reply, EndsWith("\r\n\r\nhapx_quorate 1\n"));
  EXPECT_TRUE(troubles_.empty());
}

TEST_F(NetworkDoorTest, TellsNothingBeforeItsOpenerIsDone) {
  ASSERT_EQ(::listen(rival_.number(), 1), 0);
  open();
  EXPECT_TRUE(troubles_.empty()) << "the first event of a node's life is another";
  EXPECT_TRUE(turn_until([&] { return !troubles_.empty(); }));
}

TEST_F(NetworkDoorTest, SaysOnceThatThePortIsTakenAndOpensWhenItIsFree) {
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

TEST_F(NetworkDoorTest, WaitsForAnAddressThatIsNotHere) {
  open(ipv4(192, 0, 2, 1));  // of the documentation (RFC 5737): no machine has it
  ASSERT_TRUE(turn_until([&] { return !troubles_.empty(); }));
  EXPECT_EQ(troubles_[0],
            "this machine has no address 192.0.2.1; it is waited for, or give "
            "spec.metrics.listen another one");
  door_->close();
  disk_.reset();
  context_.restart();
  context_.run();  // nothing is left to wait for
  EXPECT_EQ(troubles_.size(), 1U);
}

TEST_F(NetworkDoorTest, ListensAtAllAddressesOfBothFamilies) {
  rival_ = Descriptor();
  IpAddress any;
  any.family = Family::ipv6;
  open(any);
  if (!turn_until([&] { return openings_ + static_cast<int>(troubles_.size()) > 0; })) FAIL();
  if (!troubles_.empty()) GTEST_SKIP() << "no IPv6 here: " << troubles_[0];
  EXPECT_THAT(exchange(get_close), StartsWith("HTTP/1.1 200")) << "over IPv4";
}

TEST_F(NetworkDoorTest, OfAnEarlierHapxdLeavesNothingThatIsInTheWay) {
  open_at_once();
  const Descriptor left = connect();
  send(left, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(turn_until([&] { return requests_ == 1; }));
  door_.reset();  // it closes first: the connection stays in TIME_WAIT
  open();
  ASSERT_TRUE(turn_until([&] { return openings_ == 2; }));
  EXPECT_TRUE(troubles_.empty());
}

TEST_F(NetworkDoorTest, ToldOfABodyOnlyItsLengthForAHead) {
  open_at_once();
  const std::string reply =
      exchange("HEAD /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(reply, HasSubstr("Content-Length: " + std::to_string(page_.size()) + "\r\n"));
  EXPECT_THAT(reply, EndsWith("\r\n\r\n"));
}

TEST_F(NetworkDoorTest, RefusesWhatIsTooLargeOrNoRequestInPlainWords) {
  open_at_once();
  const std::string large =
      exchange("GET /metrics HTTP/1.1\r\nX: " + std::string(10'000, 'x') + "\r\n\r\n");
  EXPECT_THAT(large, StartsWith("HTTP/1.1 431"));
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
TEST_F(NetworkDoorTest, ServesOthersBesideOneWhoDoesNotReadAndOneWhoDoesNotSend) {
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

TEST_F(NetworkDoorTest, HasRoomForSoManyAndSendsTheNextAway) {
  open_at_once();
  std::vector<Descriptor> crowd;
  for (int i = 0; i < 64; ++i) crowd.push_back(connect());
  const std::string reply = exchange(get_close);
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(reply, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(reply, EndsWith("too many connections at the time\n"));
  EXPECT_EQ(error_, 0) << "a reset may overtake the answer";
  EXPECT_EQ(requests_, 0);
  crowd.clear();
  EXPECT_TRUE(turn_until([&] { return exchange(get_close).find("200 OK") != std::string::npos; }));
}

TEST_F(NetworkDoorTest, SurvivesAStormOfConnections) {
  open_at_once();
  rlimit limit{};  // of the clients, which are in this process, too
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit before = limit;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 4096);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  std::vector<Descriptor> storm;
  for (int i = 0; i < 1000; ++i) {
    storm.push_back(connect());
    context_.restart();
    context_.poll();
  }
  EXPECT_EQ(requests_, 0);
  storm.clear();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(turn_until([&] { return exchange(get_close).find("200 OK") != std::string::npos; }));
}

TEST_F(NetworkDoorTest, PacesTheRequestsOfOneConnection) {
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
