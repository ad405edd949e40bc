// SPDX-License-Identifier: Apache-2.0
// Heartbeats through the real kernel, each test in a network namespace of its own.
#include "membership/io/udp_link.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include "config/io/clock.hpp"
#include "membership/codec.hpp"
#include "membership/member.hpp"

namespace hapx::membership {
namespace {

using namespace std::chrono_literals;

bool run(const std::string& command) {
  return std::system(command.c_str()) == 0;
}

struct UdpLinkTest : ::testing::Test {
  boost::asio::io_context context;
  int home = -1;  ///< the namespace to go back to

  void SetUp() override {
    home = ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (::unshare(CLONE_NEWNET) != 0)
      GTEST_SKIP() << "no network namespace of our own: " << std::strerror(errno);
    ASSERT_TRUE(run("ip link set lo up"));
  }
  void TearDown() override {
    if (home < 0) return;
    ::setns(home, CLONE_NEWNET);
    ::close(home);
  }
  template <class Done>
  void run_until(Done done) {
    const auto limit = std::chrono::steady_clock::now() + 20s;
    while (!done()) {
      ASSERT_LT(std::chrono::steady_clock::now(), limit) << "it did not happen";
      context.restart();
      context.run_for(5ms);
    }
  }
  static Endpoint own(std::uint8_t last) { return {ipv4(127, 0, 0, last), 7405}; }
};

TEST_F(UdpLinkTest, what_one_sends_the_other_gets_with_its_address) {
  std::vector<DatagramArrived> arrived;
  auto a = UdpLink::open(context, own(1), [](DatagramArrived) {});
  auto b = UdpLink::open(context, own(2),
                         [&](DatagramArrived datagram) { arrived.push_back(std::move(datagram)); });
  ASSERT_TRUE(a.has_value() && b.has_value());
  EXPECT_TRUE((*a)->bound());
  (*a)->send({own(2), {1, 2, 3}});
  (*a)->send({own(2), {}});
  run_until([&] { return arrived.size() == 2; });
  EXPECT_EQ(arrived[0].from, own(1));
  EXPECT_EQ(arrived[0].bytes, (std::vector<std::uint8_t>{1, 2, 3}));
  EXPECT_TRUE(arrived[1].bytes.empty());
  EXPECT_EQ((*a)->counters().sent, 2U);
  EXPECT_EQ((*b)->counters().received, 2U);
}

TEST_F(UdpLinkTest, ipv6_as_well) {
  if (::access("/proc/net/if_inet6", F_OK) != 0) GTEST_SKIP() << "no IPv6 in this kernel";
  const Endpoint loopback{*parse_ip("::1"), 7405};
  std::vector<DatagramArrived> arrived;
  auto link = UdpLink::open(
      context, loopback, [&](DatagramArrived datagram) { arrived.push_back(std::move(datagram)); });
  ASSERT_TRUE(link.has_value());
  if (!(*link)->bound()) GTEST_SKIP() << "::1 is not on lo here";
  (*link)->send({loopback, {9}});
  run_until([&] { return arrived.size() == 1; });
  EXPECT_EQ(arrived[0].from, loopback);
}

TEST_F(UdpLinkTest, a_datagram_that_is_too_long_is_seen_as_such) {
  std::size_t length = 0;
  auto a = UdpLink::open(context, own(1), [](DatagramArrived) {});
  auto b = UdpLink::open(context, own(2),
                         [&](const DatagramArrived& datagram) { length = datagram.bytes.size(); });
  ASSERT_TRUE(a.has_value() && b.has_value());
  (*a)->send({own(2), std::vector<std::uint8_t>(9000, 'x')});
  run_until([&] { return length != 0; });
  EXPECT_EQ(length, datagram_bytes_max + 1);
}

TEST_F(UdpLinkTest, a_port_that_is_taken_is_an_error) {
  auto a = UdpLink::open(context, own(1), [](DatagramArrived) {});
  ASSERT_TRUE(a.has_value());
  const auto second = UdpLink::open(context, own(1), [](DatagramArrived) {});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().kind, ErrorKind::exists);
  EXPECT_NE(second.error().sentence.find("127.0.0.1:7405"), std::string::npos);
}

TEST_F(UdpLinkTest, an_address_that_comes_late_is_waited_for_and_one_that_goes_is_survived) {
  const Endpoint late{ipv4(10, 77, 0, 1), 7405};
  std::vector<std::string> remarks;
  std::size_t arrived = 0;
  auto link = UdpLink::open(
      context, late, [&](const DatagramArrived&) { ++arrived; },
      [&](std::string sentence) { remarks.push_back(std::move(sentence)); });
  ASSERT_TRUE(link.has_value());
  EXPECT_FALSE((*link)->bound());
  ASSERT_EQ(remarks.size(), 1U);
  EXPECT_EQ(remarks[0], "heartbeats wait: no interface has the address of 10.77.0.1:7405 yet");
  (*link)->send({late, {1}});
  EXPECT_EQ((*link)->counters().send_failures, 1U);

  ASSERT_TRUE(run("ip addr add 10.77.0.1/24 dev lo"));
  run_until([&] { return (*link)->bound(); });
  EXPECT_EQ(remarks.back(), "heartbeats: 10.77.0.1:7405 is there now");
  (*link)->send({late, {1}});
  run_until([&] { return arrived == 1; });

  ASSERT_TRUE(run("ip addr del 10.77.0.1/24 dev lo"));
  const auto failures = (*link)->counters().send_failures;
  (*link)->send({late, {1}});
  (*link)->send({late, {1}});
  EXPECT_EQ((*link)->counters().send_failures, failures + 2);
  const std::size_t told = remarks.size();
  EXPECT_NE(remarks.back().find("cannot send heartbeats to 10.77.0.1:7405"), std::string::npos);

  ASSERT_TRUE(run("ip addr add 10.77.0.1/24 dev lo"));
  (*link)->send({late, {1}});
  run_until([&] { return arrived == 2; });
  EXPECT_EQ(remarks.size(), told + 1);
  EXPECT_EQ(remarks.back(), "heartbeats to 10.77.0.1:7405 leave again");
}

TEST_F(UdpLinkTest, a_flood_leaves_the_loop_room_for_other_work) {
  std::size_t arrived = 0;
  std::size_t arrived_when_posted_ran = 0;
  auto a = UdpLink::open(context, own(1), [](DatagramArrived) {});
  auto b = UdpLink::open(context, own(2), [&](const DatagramArrived&) {
    if (++arrived == 1) boost::asio::post(context, [&] { arrived_when_posted_ran = arrived; });
  });
  ASSERT_TRUE(a.has_value() && b.has_value());
  for (int i = 0; i < 300; ++i) (*a)->send({own(2), std::vector<std::uint8_t>(200)});
  run_until([&] { return arrived == 300; });
  EXPECT_GT(arrived_when_posted_ran, 0U);
  EXPECT_LT(arrived_when_posted_ran, 300U);
}

TEST_F(UdpLinkTest, may_be_closed_by_its_own_handler) {
  std::size_t arrived = 0;
  std::unique_ptr<UdpLink> b;
  auto a = UdpLink::open(context, own(1), [](DatagramArrived) {});
  auto opened = UdpLink::open(context, own(2), [&](const DatagramArrived&) {
    ++arrived;
    b.reset();
  });
  ASSERT_TRUE(a.has_value() && opened.has_value());
  b = std::move(*opened);
  (*a)->send({own(2), {1}});
  (*a)->send({own(2), {2}});
  run_until([&] { return arrived == 1; });
  context.restart();
  context.run_for(20ms);
  EXPECT_EQ(arrived, 1U);
}

// ---- whole members on the real kernel ----

/// A daemon in miniature: a link, a member, a timer.
class SmallNode {
 public:
  SmallNode(boost::asio::io_context& context, const ClusterConfig& config, std::size_t index)
      : timer_(context) {
    MemberOptions options;
    options.config = config;
    options.self = config.nodes[index].name;
    options.boot.bytes.fill(static_cast<std::uint8_t>(index + 1));
    options.incarnation = {1000 + index};
    options.keys.first.fill(3);
    options.seed = index;
    member_.emplace(std::move(options), boot_now());
    auto link = UdpLink::open(context, {config.nodes[index].address, config.port},
                              [this](const DatagramArrived& datagram) {
                                const Instant now = boot_now();  // after it was received
                                carry_out(member_->step(datagram, now));
                              });
    EXPECT_TRUE(link.has_value());
    link_ = std::move(*link);
    carry_out(member_->step(boot_now()));
  }
  void claim(const LeaseKey& key) { carry_out(member_->claim(key, boot_now())); }
  [[nodiscard]] const View& view() const { return member_->view(); }

 private:
  void carry_out(const Outcome& outcome) {
    for (const Action& action : outcome.actions)
      if (const auto* send = std::get_if<SendDatagram>(&action)) link_->send(*send);
    const auto deadline = member_->next_deadline();
    if (!deadline) return;
    const Duration wait = std::max(Duration{0}, *deadline - boot_now());
    timer_.expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(wait));
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) carry_out(member_->step(boot_now()));
    });
  }

  boost::asio::steady_timer timer_;
  std::unique_ptr<UdpLink> link_;
  std::optional<Member> member_;
};

TEST_F(UdpLinkTest, three_members_elect_and_replace_a_coordinator) {
  ClusterConfig config;
  config.name = ClusterName("doors");
  for (std::uint8_t i = 1; i <= 3; ++i) {
    NodeConfig node;
    node.name = NodeName("node" + std::to_string(i));
    node.address = ipv4(127, 0, 0, i);
    config.nodes.push_back(node);
  }
  const LeaseKey vip("10.0.0.100");
  std::vector<std::unique_ptr<SmallNode>> nodes;
  for (std::size_t i = 0; i < 3; ++i)
    nodes.push_back(std::make_unique<SmallNode>(context, config, i));
  const auto coordinator = [&]() -> SmallNode* {
    for (const auto& node : nodes)
      if (node && node->view().coordinating) return node.get();
    return nullptr;
  };
  run_until([&] { return coordinator() != nullptr; });
  SmallNode* first = coordinator();
  first->claim(vip);
  run_until([&] { return first->view().rights.contains(vip); });
  for (auto& node : nodes)
    if (node.get() == first) node.reset();
  run_until([&] { return coordinator() != nullptr; });
  coordinator()->claim(vip);
  run_until([&] { return coordinator() != nullptr && coordinator()->view().rights.contains(vip); });
}

}  // namespace
}  // namespace hapx::membership
