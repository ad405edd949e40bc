// SPDX-License-Identifier: Apache-2.0
// An event has happened when it is taken, not when the one before it was.
#include "appliance/io/event_queue.hpp"

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include "membership/io/udp_link.hpp"

namespace hapx::appliance {
namespace {

using namespace std::chrono_literals;
using membership::DatagramArrived;
using membership::UdpLink;

/// What a store to a slow disk, a netlink call or a busy machine may take.
void be_slow() {
  std::this_thread::sleep_for(5ms);
}

TEST(EventQueue, rule_12_of_two_events_that_wait_the_second_has_an_instant_of_its_own) {
  EventQueue<std::string> queue;
  queue.push("first");
  queue.push("second");
  Instant first_ended{};
  std::vector<std::string> order;
  queue.drain([&](const std::string& event, Instant at) {
    order.push_back(event);
    if (event == "second") {
      EXPECT_GE(at, first_ended);
    } else {
      be_slow();
      first_ended = boot_now();
    }
  });
  EXPECT_EQ(order, (std::vector<std::string>{"first", "second"}));
}

TEST(EventQueue, rule_12_what_an_event_brings_at_once_waits_for_its_turn_and_happens_then) {
  EventQueue<std::string> queue;
  Instant brought{};
  std::vector<std::string> order;
  const auto deliver = [&](const std::string& event, const auto& again) -> bool {
    queue.push(event);
    return queue.drain([&](const std::string& next, Instant at) {
      order.push_back(next);
      if (next != "question") {
        EXPECT_TRUE(next != "answer" || at >= brought);
        return;
      }
      be_slow();
      brought = boot_now();
      EXPECT_FALSE(again("answer", again)) << "a call from within";
      order.emplace_back("question is done");
    });
  };
  EXPECT_TRUE(deliver("question", deliver));
  EXPECT_TRUE(deliver("later", deliver));
  EXPECT_EQ(order, (std::vector<std::string>{"question", "question is done", "answer", "later"}));
}

/// As in the daemon: a proposal that is sent while an earlier datagram is handled, and is read in
/// the same turn of the loop, arrives after it was sent. A promise counts from there.
TEST(EventQueue, rule_12_a_datagram_arrives_after_it_was_sent_however_busy_we_were) {
  const int home = ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  if (::unshare(CLONE_NEWNET) != 0)
    GTEST_SKIP() << "no network namespace of our own: " << std::strerror(errno);
  ASSERT_EQ(std::system("ip link set lo up"), 0);
  const Endpoint peer_place{ipv4(127, 0, 0, 1), 7405};
  const Endpoint own_place{ipv4(127, 0, 0, 2), 7405};
  boost::asio::io_context context;
  EventQueue<DatagramArrived> queue;
  std::vector<Instant> sent;
  std::vector<Instant> arrived;
  auto peer = UdpLink::open(context, peer_place, [](const DatagramArrived&) {});
  ASSERT_TRUE(peer.has_value());
  const auto send = [&] {
    sent.push_back(boot_now());
    (*peer)->send({own_place, {1}});
  };
  auto own = UdpLink::open(context, own_place, [&](DatagramArrived datagram) {
    queue.push(std::move(datagram));
    queue.drain([&](const DatagramArrived&, Instant at) {
      arrived.push_back(at);
      be_slow();
      if (sent.size() < 4) send();
    });
  });
  ASSERT_TRUE(own.has_value());
  send();
  send();
  const auto limit = std::chrono::steady_clock::now() + 20s;
  while (arrived.size() < 4 && std::chrono::steady_clock::now() < limit) context.run_for(5ms);
  ASSERT_EQ(arrived.size(), sent.size());
  for (std::size_t i = 0; i < sent.size(); ++i) EXPECT_GE(arrived[i], sent[i]) << "datagram " << i;
  ::setns(home, CLONE_NEWNET);
  ::close(home);
}

}  // namespace
}  // namespace hapx::appliance
