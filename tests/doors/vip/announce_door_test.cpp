// SPDX-License-Identifier: Apache-2.0
// Announcements on a real segment.
#include <memory>

#include <gtest/gtest.h>

#include "config/io/clock.hpp"
#include "segment.hpp"
#include "vip/io/door.hpp"

namespace hapx::vip {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using namespace test;

const InterfaceName interface { "v0" };
const VipConfig vip_config{{ipv4(10, 77, 0, 20), 24}, interface};
const IpAddress& vip_address = vip_config.address.address;

class AnnounceDoor : public testing::Test {
 protected:
  void SetUp() override {
    HAPX_NEEDS_NETWORK_NAMESPACES();
    ours_.emplace();
    others_.emplace();
    must(*ours_,
         {"ip link add v0 type veth peer name v1 netns " + others_->path(), "ip link set v0 up"});
    must(*others_, {"ip link set v1 up", "ip addr add 10.77.0.2/24 dev v1"});
    ours_->within([&] {
      auto opened = Door::open(io_, {{vip_config}, std::nullopt},
                               [&](Event event) { told_.events.push_back(std::move(event)); });
      ASSERT_TRUE(opened.has_value()) << opened.error().sentence;
      door_ = std::move(*opened);
    });
    bystander_.emplace(*others_, "v1");
    run_until(
        io_, [&] { return told_.count<LinkChanged>() > 0; }, "the first LinkChanged");
  }

  /// The announcements that arrive within `wait`.
  std::vector<ArpPacket> heard(Duration wait) {
    std::vector<ArpPacket> all;
    const Instant end = boot_now() + wait;
    while (const auto frame = bystander_->receive(std::max(Duration(0), end - boot_now()))) {
      const auto packet = parse_arp(*frame);
      if (packet && packet->sender_ip == vip_address) all.push_back(*packet);
      if (all.size() == 2) break;
    }
    return all;
  }

  [[nodiscard]] std::string neighbour() const {
    return others_->output("ip neigh show 10.77.0.20 dev v1");
  }

  std::optional<Namespace> ours_;
  std::optional<Namespace> others_;
  std::optional<Bystander> bystander_;
  boost::asio::io_context io_;
  Told told_;
  std::unique_ptr<Door> door_;
};

TEST_F(AnnounceDoor, both_forms_arrive_as_built) {
  bystander_->drain();
  door_->announce({interface, vip_address});
  const auto packets = heard(patience);
  ASSERT_EQ(packets.size(), 2U);
  const MacAddress mac = told_.all<LinkChanged>().back().mac;
  EXPECT_EQ(packets[0], announcement_request(mac, vip_address));
  EXPECT_EQ(packets[1], announcement_reply(mac, vip_address));
  run_until(
      io_, [&] { return told_.count<AnnouncementSent>() == 1; }, "that it was sent");
  EXPECT_EQ(told_.count<AnnouncementFailed>(), 0U);
}

TEST_F(AnnounceDoor, a_neighbour_that_believes_in_the_old_holder_converges) {
  const std::string mac = to_string(told_.all<LinkChanged>().back().mac);
  must(*others_, {"ip neigh replace 10.77.0.20 lladdr 02:00:00:00:00:99 dev v1 nud stale"});
  door_->announce({interface, vip_address});
  run_until(
      io_, [&] { return neighbour().find(mac) != std::string::npos; }, "the new neighbour");
}

/// The entry has just changed; within `locktime` (1 s) an ordinary reply would be ignored.
TEST_F(AnnounceDoor, a_neighbour_whose_entry_changed_a_moment_ago_converges_too) {
  const std::string mac = to_string(told_.all<LinkChanged>().back().mac);
  bystander_->drain();
  must(*others_, {"ip neigh replace 10.77.0.20 lladdr 02:00:00:00:00:99 dev v1 nud reachable"});
  // A rival announced a moment ago: the entry is as fresh as can be.
  Bystander rival(*ours_, "v0");
  rival.send(to_frame(announcement_reply(rival.mac(), vip_address)));
  door_->announce({interface, vip_address});
  run_until(
      io_, [&] { return neighbour().find(mac) != std::string::npos; }, "the new neighbour");
}

TEST_F(AnnounceDoor, a_fenced_node_can_not_announce) {
  door_->arm_fence({{vip_address}});
  run_until(
      io_, [&] { return told_.count<FenceArmed>() + told_.count<FenceUnavailable>() > 0; },
      "the fence");
  if (told_.count<FenceUnavailable>() > 0) {
    GTEST_SKIP() << "no BPF here: " << told_.all<FenceUnavailable>()[0].reason;
  }
  bystander_->drain();
  for (int i = 0; i < 5; ++i) door_->announce({interface, vip_address});
  EXPECT_TRUE(heard(milliseconds(200)).empty());
  door_->extend_deadline({vip_address, boot_now() + seconds(2)});
  door_->announce({interface, vip_address});
  EXPECT_EQ(heard(patience).size(), 2U);
  door_->close_fence({vip_address});
  for (int i = 0; i < 5; ++i) door_->announce({interface, vip_address});
  EXPECT_TRUE(heard(milliseconds(200)).empty());
}

TEST_F(AnnounceDoor, a_failure_is_told_once_for_each_announcement) {
  must(*ours_, {"ip link set v0 down"});
  for (int i = 0; i < 3; ++i) door_->announce({interface, vip_address});
  run_until(
      io_, [&] { return told_.count<AnnouncementFailed>() == 3; }, "three failures");
  EXPECT_EQ(told_.count<AnnouncementSent>(), 0U);
}

}  // namespace
}  // namespace hapx::vip
