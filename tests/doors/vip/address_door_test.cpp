// SPDX-License-Identifier: Apache-2.0
// Addresses and links, against the real kernel.
#include <algorithm>
#include <memory>

#include <gtest/gtest.h>
#include <linux/capability.h>

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

/// Two namespaces and a cable: ours with v0, the others' with v1.
class AddressDoor : public testing::Test {
 protected:
  void SetUp() override {
    HAPX_NEEDS_NETWORK_NAMESPACES();
    ours_.emplace();
    others_.emplace();
    make_cable();
  }

  void make_cable() {
    must(*ours_,
         {"ip link add v0 type veth peer name v1 netns " + others_->path(), "ip link set v0 up"});
    must(*others_, {"ip link set v1 up"});
  }

  void open() {
    ours_->within([&] { open_here(); });
  }
  void open_here() {
    auto opened = Door::open(io_, {{vip_config}, std::nullopt},
                             [&](Event event) { told_.events.push_back(std::move(event)); });
    ASSERT_TRUE(opened.has_value()) << opened.error().sentence;
    door_ = std::move(*opened);
    run_until(
        io_, [&] { return told_.count<LinkChanged>() > 0; }, "the first LinkChanged");
  }

  void add(Duration lifetime) {
    const auto before = told_.count<AddressAdded>();
    door_->add_address({interface, vip_config.address, lifetime});
    run_until(
        io_, [&] { return told_.count<AddressAdded>() > before; }, "AddressAdded");
  }

  [[nodiscard]] std::string addresses() const { return ours_->output("ip -4 addr show dev v0"); }
  [[nodiscard]] bool present() const {
    return addresses().find("10.77.0.20/24") != std::string::npos;
  }

  std::optional<Namespace> ours_;
  std::optional<Namespace> others_;
  boost::asio::io_context io_;
  Told told_;
  std::unique_ptr<Door> door_;
};

TEST_F(AddressDoor, adds_with_a_finite_lifetime_and_our_mark) {
  open();
  const std::string shown = seen_within_a_second([&] {
    add(milliseconds(1300));
    return addresses();
  });
  EXPECT_NE(shown.find("10.77.0.20/24"), std::string::npos) << shown;
  EXPECT_EQ(door_->left_overs().value(), (std::vector<LeftOver>{{interface, vip_config.address}}));
  EXPECT_NE(shown.find("valid_lft 2sec preferred_lft 2sec"), std::string::npos) << shown;
}

TEST_F(AddressDoor, an_interface_without_an_own_address_gets_the_networks_route) {
  open();
  add(seconds(2));
  EXPECT_NE(ours_->output("ip route").find("10.77.0.0/24 dev v0"), std::string::npos);
}

TEST_F(AddressDoor, prolongs_without_the_address_ever_going) {
  open();
  for (int i = 0; i < 6; ++i) {
    add(seconds(1));
    run_for(io_, milliseconds(300));
    EXPECT_TRUE(present());
  }
  EXPECT_EQ(told_.count<AddressRemoved>(), 0U);
}

TEST_F(AddressDoor, the_kernel_ends_an_address_that_nobody_prolongs_and_says_so) {
  open();
  const Instant start = boot_now();
  add(seconds(1));
  run_until(
      io_, [&] { return told_.count<AddressRemoved>() == 1; }, "AddressRemoved");
  const auto took = std::chrono::duration_cast<milliseconds>(boot_now() - start);
  RecordProperty("removed_after_ms", static_cast<int>(took.count()));
  EXPECT_GE(took, milliseconds(900));
  EXPECT_FALSE(present());
}

TEST_F(AddressDoor, our_own_removal_is_told_once) {
  open();
  add(seconds(5));
  door_->remove_address({interface, vip_config.address});
  run_for(io_, milliseconds(100));
  EXPECT_EQ(told_.count<AddressRemoved>(), 1U);
  EXPECT_FALSE(present());
  door_->remove_address({interface, vip_config.address});  // what was wanted is so
  run_for(io_, milliseconds(20));
  EXPECT_EQ(told_.count<AddressRemoved>(), 2U);
  EXPECT_EQ(told_.count<AddressRefused>(), 0U);
}

TEST_F(AddressDoor, a_deletion_by_somebody_is_told_and_can_be_undone_at_once) {
  open();
  add(seconds(5));
  must(*ours_, {"ip addr del 10.77.0.20/24 dev v0"});
  run_until(
      io_, [&] { return told_.count<AddressRemoved>() == 1; }, "AddressRemoved");
  add(seconds(5));
  EXPECT_TRUE(present());
}

TEST_F(AddressDoor, another_address_that_goes_is_nobodys_business) {
  must(*ours_, {"ip addr add 10.77.0.20/32 dev v0", "ip addr add 10.77.0.21/24 dev v0"});
  open();
  add(seconds(5));
  must(*ours_, {"ip addr del 10.77.0.20/32 dev v0", "ip addr del 10.77.0.21/24 dev v0"});
  run_for(io_, milliseconds(100));
  EXPECT_EQ(told_.count<AddressRemoved>(), 0U);
  EXPECT_TRUE(present());
}

/// Without promote_secondaries the kernel removes the node's own address with ours.
TEST_F(AddressDoor, a_vip_that_came_first_does_not_take_the_nodes_own_address_along) {
  open();
  add(seconds(5));
  must(*ours_, {"ip addr add 10.77.0.1/24 dev v0"});
  ASSERT_NE(addresses().find("10.77.0.1/24 scope global secondary"), std::string::npos);
  door_->remove_address({interface, vip_config.address});
  run_for(io_, milliseconds(20));
  EXPECT_FALSE(present());
  EXPECT_NE(addresses().find("10.77.0.1/24"), std::string::npos) << addresses();
}

TEST_F(AddressDoor, an_interface_that_is_not_there_is_told_refused_and_waited_for) {
  must(*ours_, {"ip link del v0"});
  open();
  EXPECT_FALSE(told_.all<LinkChanged>().front().present);
  door_->add_address({interface, vip_config.address, seconds(2)});
  door_->announce({interface, vip_address});
  door_->remove_address({interface, vip_config.address});
  run_until(
      io_, [&] { return told_.count<AddressRemoved>() == 1; }, "AddressRemoved");
  ASSERT_EQ(told_.count<AddressRefused>(), 1U);
  EXPECT_EQ(told_.all<AddressRefused>()[0].error.kind, ErrorKind::absent);
  EXPECT_EQ(told_.all<AddressRefused>()[0].error.sentence, "interface v0 is not there");
  EXPECT_EQ(told_.count<AnnouncementFailed>(), 1U);
  make_cable();
  run_until(
      io_, [&] { return told_.all<LinkChanged>().back().carrier; }, "the carrier");
  add(seconds(2));
  EXPECT_TRUE(present());
}

TEST_F(AddressDoor, carrier_and_removal_of_the_link_are_told) {
  open();
  run_until(
      io_, [&] { return told_.all<LinkChanged>().back().carrier; }, "the carrier");
  add(seconds(5));
  must(*others_, {"ip link set v1 down"});
  run_until(
      io_, [&] { return !told_.all<LinkChanged>().back().carrier; }, "no carrier");
  EXPECT_TRUE(told_.all<LinkChanged>().back().present);
  must(*others_, {"ip link set v1 up"});
  run_until(
      io_, [&] { return told_.all<LinkChanged>().back().carrier; }, "the carrier again");
  const auto index = told_.all<LinkChanged>().back().index;
  must(*others_, {"ip link del v1"});
  run_until(
      io_, [&] { return !told_.all<LinkChanged>().back().present; }, "the link's removal");
  run_until(
      io_, [&] { return told_.count<AddressRemoved>() > 0; }, "AddressRemoved");
  make_cable();
  run_until(
      io_, [&] { return told_.all<LinkChanged>().back().carrier; }, "the new link");
  EXPECT_NE(told_.all<LinkChanged>().back().index, index);
  add(seconds(5));
}

/// More notifications than the socket's buffer holds, and those that matter among them.
TEST_F(AddressDoor, survives_the_loss_of_notifications) {
  open();
  add(seconds(60));
  const std::string storm =
      "for i in $(seq 1 4000); do echo addr add 10.99.0.1/32 dev lo; "
      "echo addr del 10.99.0.1/32 dev lo; done | ip -batch -";
  must(*ours_, {storm, "ip addr del 10.77.0.20/24 dev v0", "ip link set v0 down"});
  run_until(
      io_, [&] { return told_.count<AddressRemoved>() > 0; }, "AddressRemoved");
  run_until(
      io_, [&] { return !told_.all<LinkChanged>().back().carrier; }, "no carrier");
}

/// The child enters the namespace before it gives up the right to leave it.
TEST_F(AddressDoor, without_the_right_to_change_the_network_each_request_is_refused) {
  const auto work = [&] {
    if (!drop_capabilities({CAP_NET_ADMIN, CAP_SYS_ADMIN, CAP_BPF})) return 1;
    open_here();
    door_->add_address({interface, vip_config.address, seconds(2)});
    door_->add_address({interface, vip_config.address, seconds(2)});
    door_->remove_address({interface, vip_config.address});
    run_until(
        io_, [&] { return told_.count<AddressRefused>() == 3; }, "three refusals");
    using Operation = AddressRefused::Operation;
    const auto refusals = told_.all<AddressRefused>();
    if (refusals.size() != 3 || refusals[2].operation != Operation::remove) return 2;
    const bool forbidden = std::ranges::all_of(
        refusals, [](const auto& one) { return one.error.kind == ErrorKind::forbidden; });
    return forbidden ? 0 : 3;
  };
  EXPECT_EQ(in_child_of(*ours_, work), 0);
}

TEST_F(AddressDoor, without_the_right_to_send_frames_it_does_not_open) {
  const auto work = [&] {
    if (!drop_capabilities({CAP_NET_RAW})) return 1;
    const auto opened = Door::open(io_, {{vip_config}, std::nullopt}, [](const Event&) {});
    if (opened.has_value()) return 2;
    return opened.error().kind == ErrorKind::forbidden ? 0 : 3;
  };
  EXPECT_EQ(in_child_of(*ours_, work), 0);
}

}  // namespace
}  // namespace hapx::vip
