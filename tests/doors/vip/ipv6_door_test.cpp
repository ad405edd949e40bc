// SPDX-License-Identifier: Apache-2.0
// What is different with an IPv6 address: how the kernel takes it, tells of it and is silent.
#include <algorithm>
#include <iterator>
#include <memory>

#include <gtest/gtest.h>

#include "config/io/clock.hpp"
#include "segment.hpp"
#include "vip/io/door.hpp"
#include "vip/ndp.hpp"

namespace hapx::vip {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using namespace test;

const InterfaceName interface { "v0" };
const VipConfig vip_config{*parse_cidr("2001:db8:77::20/64"), interface};
const IpAddress& vip_address = vip_config.address.address;
const IpAddress own_address = *parse_ip("2001:db8:77::1");

/// Our node with v0, a bystander with v1 (2001:db8:77::2). Link-local addresses without detection
/// of duplicates, so that nothing has to be waited for.
class Ipv6Door : public testing::Test {
 protected:
  void SetUp() override {
    HAPX_NEEDS_NETWORK_NAMESPACES();
    ours_.emplace();
    others_.emplace();
    const std::string at_once = "sysctl -qw net.ipv6.conf.default.accept_dad=0";
    if (!ours_->runs(at_once)) GTEST_SKIP() << "no IPv6 in this kernel";
    must(*others_, {at_once});
    must(*ours_,
         {"ip link add v0 type veth peer name v1 netns " + others_->path(), "ip link set v0 up"});
    must(*others_, {"ip link set v1 up", "ip addr add 2001:db8:77::2/64 dev v1 nodad"});
    bystander_.emplace(*others_, "v1");
    ours_->within([&] {
      auto opened = Door::open(io_, {{vip_config}, std::nullopt},
                               [&](Event event) { told_.events.push_back(std::move(event)); });
      ASSERT_TRUE(opened.has_value()) << opened.error().sentence;
      door_ = std::move(*opened);
    });
    run_until(
        io_, [&] { return told_.count<LinkChanged>() > 0; }, "the first LinkChanged");
  }

  void give_own_address() { must(*ours_, {"ip addr add 2001:db8:77::1/64 dev v0 nodad"}); }

  void add(Duration lifetime) {
    const auto before = told_.count<AddressAdded>();
    door_->add_address({interface, vip_config.address, lifetime});
    run_until(
        io_, [&] { return told_.count<AddressAdded>() > before; }, "AddressAdded");
  }

  void arm() {
    door_->arm_fence({{vip_address}});
    run_until(
        io_, [&] { return told_.count<FenceArmed>() + told_.count<FenceUnavailable>() > 0; },
        "the fence");
    if (told_.count<FenceUnavailable>() > 0) {
      GTEST_SKIP() << "no BPF here: " << told_.all<FenceUnavailable>()[0].reason;
    }
  }

  /// Somebody at the address refuses a connection, which is an answer.
  [[nodiscard]] bool answers(const std::string& address) const {
    return others_->runs("timeout 2 bash -c '</dev/tcp/" + address + "/9' 2>&1 | grep -q refused");
  }

  [[nodiscard]] std::string addresses() const { return ours_->output("ip -6 addr show dev v0"); }
  [[nodiscard]] std::string routes() const { return ours_->output("ip -6 route show dev v0"); }
  [[nodiscard]] std::string neighbour() const {
    return others_->output("ip neigh show 2001:db8:77::20 dev v1");
  }
  [[nodiscard]] std::string our_mac() const {
    return to_string(told_.all<LinkChanged>().back().mac);
  }

  std::optional<Namespace> ours_;
  std::optional<Namespace> others_;
  std::optional<Bystander> bystander_;
  boost::asio::io_context io_;
  Told told_;
  std::unique_ptr<Door> door_;
};

TEST_F(Ipv6Door, adds_with_a_finite_lifetime_our_mark_and_no_preference) {
  const std::string shown = seen_within_a_second([&] {
    add(milliseconds(1300));
    return addresses();
  });
  EXPECT_NE(shown.find("2001:db8:77::20/64"), std::string::npos) << shown;
  EXPECT_NE(shown.find("valid_lft 2sec preferred_lft 0sec"), std::string::npos) << shown;
  EXPECT_NE(shown.find("nodad"), std::string::npos) << shown;
  EXPECT_EQ(shown.find("tentative"), std::string::npos) << shown;
  EXPECT_EQ(door_->left_overs().value(), (std::vector<LeftOver>{{interface, vip_config.address}}));
}

/// The kernel acknowledges such an address before it takes packets to it; an announcement in
/// between would cost each client a second. No sleep and no second look: the question follows the
/// acknowledgement.
TEST_F(Ipv6Door, is_told_when_packets_to_it_are_taken_in) {
  for (int round = 0; round < 50; ++round) {
    add(seconds(5));
    ASSERT_NE(ours_->output("ip -6 route get 2001:db8:77::20").find("local"), std::string::npos);
    door_->remove_address({interface, vip_config.address});
    run_until(
        io_, [&] { return told_.count<AddressRemoved>() == static_cast<std::size_t>(round) + 1; },
        "AddressRemoved");
  }
  EXPECT_EQ(told_.count<AddressRefused>(), 0U);
}

TEST_F(Ipv6Door, several_askings_have_as_many_answers_and_a_removal_comes_last) {
  for (int i = 0; i < 3; ++i) door_->add_address({interface, vip_config.address, seconds(5)});
  door_->remove_address({interface, vip_config.address});
  run_until(
      io_, [&] { return told_.count<AddressRemoved>() == 1; }, "AddressRemoved");
  EXPECT_EQ(told_.count<AddressAdded>(), 3U);
  EXPECT_TRUE(std::holds_alternative<AddressRemoved>(told_.events.back()));
  run_for(io_, milliseconds(100));
  EXPECT_EQ(told_.count<AddressRemoved>(), 1U);
}

/// The kernel does not say who was the cause of what became of an IPv6 address.
TEST_F(Ipv6Door, our_own_removal_is_told_once_and_somebodys_too) {
  for (std::size_t round = 1; round <= 3; ++round) {
    add(seconds(5));
    door_->remove_address({interface, vip_config.address});
    add(seconds(5));  // what the kernel says of the removal is still on its way
    run_for(io_, milliseconds(50));
    EXPECT_EQ(told_.count<AddressRemoved>(), 2 * round - 1);
    must(*ours_, {"ip addr del 2001:db8:77::20/64 dev v0"});
    run_until(
        io_, [&] { return told_.count<AddressRemoved>() == 2 * round; }, "AddressRemoved");
  }
}

TEST_F(Ipv6Door, the_kernel_ends_an_address_that_nobody_prolongs_and_says_so) {
  const Instant start = boot_now();
  add(seconds(1));
  run_until(
      io_, [&] { return told_.count<AddressRemoved>() == 1; }, "AddressRemoved");
  EXPECT_GE(boot_now() - start, milliseconds(900));
  EXPECT_EQ(addresses().find("2001:db8:77::20"), std::string::npos);
}

TEST_F(Ipv6Door, prolongs_without_the_address_ever_going) {
  for (int i = 0; i < 6; ++i) {
    add(seconds(1));
    run_for(io_, milliseconds(300));
    EXPECT_TRUE(answers("2001:db8:77::20"));
  }
  EXPECT_EQ(told_.count<AddressRemoved>(), 0U);
}

TEST_F(Ipv6Door, an_interface_without_an_own_address_gets_the_networks_route) {
  add(seconds(2));
  EXPECT_NE(routes().find("2001:db8:77::/64"), std::string::npos) << routes();
  EXPECT_TRUE(answers("2001:db8:77::20"));
}

/// Else the network's route would end with the VIP, and with it all that the node does there.
TEST_F(Ipv6Door, the_route_of_an_own_address_outlives_ours) {
  // As router advertisements make it: with a lifetime of its own.
  must(*ours_, {"ip addr add 2001:db8:77::1/64 dev v0 nodad valid_lft 600 preferred_lft 600"});
  add(seconds(1));
  add(seconds(1));
  run_until(
      io_, [&] { return told_.count<AddressRemoved>() == 1; }, "AddressRemoved");
  run_for(io_, milliseconds(1500));
  EXPECT_NE(routes().find("2001:db8:77::/64"), std::string::npos) << routes();
  EXPECT_TRUE(answers("2001:db8:77::1"));
}

TEST_F(Ipv6Door, is_never_the_source_of_what_the_node_says_itself) {
  give_own_address();
  add(seconds(5));
  const std::string way = ours_->output("ip -6 route get 2001:db8:77::2");
  EXPECT_NE(way.find("src 2001:db8:77::1 "), std::string::npos) << way;
}

/// Nobody has taken the address away then, which would count as a failure.
TEST_F(Ipv6Door, an_address_that_goes_with_its_link_is_told_after_the_links_loss) {
  add(seconds(60));
  must(*ours_, {"ip link set v0 down"});
  run_until(
      io_, [&] { return told_.count<AddressRemoved>() == 1; }, "AddressRemoved");
  const auto& events = told_.events;
  const auto at = std::ranges::find_if(
      events, [](const Event& event) { return std::holds_alternative<AddressRemoved>(event); });
  const auto before =
      std::find_if(std::reverse_iterator(at), events.rend(),
                   [](const Event& event) { return std::holds_alternative<LinkChanged>(event); });
  ASSERT_NE(before, events.rend());
  EXPECT_FALSE(std::get<LinkChanged>(*before).carrier);
}

TEST_F(Ipv6Door, where_ipv6_is_off_the_kernels_refusal_is_told) {
  must(*ours_, {"sysctl -qw net.ipv6.conf.v0.disable_ipv6=1"});
  door_->add_address({interface, vip_config.address, seconds(2)});
  run_until(
      io_, [&] { return told_.count<AddressRefused>() == 1; }, "AddressRefused");
  const Error error = told_.all<AddressRefused>()[0].error;
  EXPECT_NE(error.sentence.find("adding address 2001:db8:77::20/64"), std::string::npos)
      << error.sentence;
  EXPECT_EQ(told_.count<AddressAdded>(), 0U);
}

/// A rule in front of the table "local" is the only way to have the kernel never deliver.
TEST_F(Ipv6Door, an_address_that_the_kernel_never_delivers_to_is_refused_and_taken_off) {
  must(*ours_, {"ip -6 rule add pref 0 to 2001:db8:77::20 unreachable",
                "ip -6 rule del pref 0 lookup local", "ip -6 rule add pref 1 lookup local"});
  door_->add_address({interface, vip_config.address, seconds(5)});
  run_until(
      io_, [&] { return told_.count<AddressRefused>() == 1; }, "AddressRefused");
  EXPECT_EQ(told_.count<AddressAdded>(), 0U);
  EXPECT_EQ(addresses().find("2001:db8:77::20"), std::string::npos) << addresses();
  run_for(io_, milliseconds(50));
  EXPECT_EQ(told_.count<AddressRemoved>(), 0U);
}

TEST_F(Ipv6Door, an_announcement_arrives_as_built) {
  bystander_->drain();
  door_->announce({interface, vip_address});
  const Instant end = boot_now() + patience;
  std::optional<NdpPacket> heard;
  while (!heard && boot_now() < end) {
    const auto frame = bystander_->receive(milliseconds(100));
    heard = frame ? parse_ndp(*frame) : std::nullopt;
    if (heard && heard->target != vip_address) heard.reset();
  }
  EXPECT_EQ(heard, unsolicited_advertisement(told_.all<LinkChanged>().back().mac, vip_address));
}

TEST_F(Ipv6Door, a_neighbour_that_believes_in_the_old_holder_converges) {
  for (const std::string state : {"stale", "reachable", "delay", "probe"}) {
    must(*others_,
         {"ip neigh replace 2001:db8:77::20 lladdr 02:00:00:00:00:99 dev v1 nud " + state});
    door_->announce({interface, vip_address});
    run_until(
        io_, [&] { return neighbour().find(our_mac()) != std::string::npos; }, "after " + state);
  }
}

TEST_F(Ipv6Door, a_closed_fence_is_silence_and_the_nodes_own_address_is_not_touched) {
  give_own_address();
  arm();
  if (IsSkipped()) return;
  add(seconds(60));
  EXPECT_TRUE(bystander_->ask(vip_address).empty());
  EXPECT_TRUE(bystander_->hears(own_address));
  door_->extend_deadline({vip_address, boot_now() + seconds(5)});
  EXPECT_TRUE(bystander_->hears(vip_address));
  EXPECT_TRUE(answers("2001:db8:77::20"));
  door_->close_fence({vip_address});
  EXPECT_TRUE(bystander_->ask(vip_address).empty());
  // The neighbour still knows where we are, and its packets come: none is answered.
  EXPECT_FALSE(answers("2001:db8:77::20"));
  EXPECT_TRUE(answers("2001:db8:77::1"));
  bystander_->drain();
  for (int i = 0; i < 5; ++i) door_->announce({interface, vip_address});
  EXPECT_TRUE(bystander_->ask(vip_address).empty());
}

TEST_F(Ipv6Door, the_fence_closes_by_itself_at_its_deadline) {
  arm();
  if (IsSkipped()) return;
  add(seconds(60));
  const Instant deadline = boot_now() + milliseconds(300);
  door_->extend_deadline({vip_address, deadline});
  Instant last{};
  while (boot_now() < deadline + milliseconds(200)) {
    const Instant asked = boot_now();
    if (!bystander_->ask(vip_address, milliseconds(2)).empty()) last = asked;
  }
  RecordProperty("silent_before_deadline_us", static_cast<int>((deadline - last).count() / 1000));
  EXPECT_GT(last, Instant{});
  EXPECT_LT(last, deadline);
}

}  // namespace
}  // namespace hapx::vip
