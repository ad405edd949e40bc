// SPDX-License-Identifier: Apache-2.0
// What an earlier life left behind.
#include <memory>

#include <gtest/gtest.h>
#include <linux/capability.h>

#include "segment.hpp"
#include "vip/io/door.hpp"
#include "vip/io/sweep.hpp"

namespace hapx::vip {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using namespace test;

const InterfaceName interface { "v0" };
const VipConfig vip_config{{ipv4(10, 77, 0, 20), 24}, interface};

class Sweep : public testing::Test {
 protected:
  void SetUp() override {
    HAPX_NEEDS_NETWORK_NAMESPACES();
    ours_.emplace();
    must(*ours_, {"ip link add v0 type veth peer name v1", "ip link set v0 up", "ip link set v1 up",
                  "ip addr add 10.77.0.1/24 dev v0"});
    ours_->within([&] {
      auto door = Door::open(io_, {{vip_config}, std::nullopt},
                             [&](Event event) { told_.events.push_back(std::move(event)); });
      ASSERT_TRUE(door.has_value()) << door.error().sentence;
      (*door)->arm_fence({{vip_config.address.address}});
      (*door)->add_address({interface, vip_config.address, seconds(60)});
      run_until(
          io_, [&] { return told_.count<AddressAdded>() == 1; }, "AddressAdded");
      ASSERT_EQ((*door)->left_overs().value(), left_overs_);
    });  // and the door's process is gone
    fenced_ = told_.count<FenceArmed>() == 1;
  }

  std::optional<Namespace> ours_;
  boost::asio::io_context io_;
  Told told_;
  bool fenced_ = false;
  const std::vector<LeftOver> left_overs_ = {{interface, vip_config.address}};
};

TEST_F(Sweep, finds_what_bears_our_mark) {
  ours_->within([&] { EXPECT_EQ(find_left_overs().value(), left_overs_); });
}

TEST_F(Sweep, ends_addresses_and_filters_and_nothing_else) {
  ours_->within([&] {
    const auto swept = sweep();
    ASSERT_TRUE(swept.has_value()) << swept.error().sentence;
    EXPECT_EQ(swept->addresses, left_overs_);
    EXPECT_EQ(swept->interfaces.size(), fenced_ ? 2U : 0U);
    EXPECT_TRUE(find_left_overs().value().empty());
  });
  EXPECT_NE(ours_->output("ip -4 addr show dev v0").find("10.77.0.1/24"), std::string::npos);
  EXPECT_EQ(ours_->output("tc filter show dev v0 egress"), "");
  EXPECT_EQ(ours_->output("tc qdisc show dev v0").find("clsact"), std::string::npos);
  ours_->within([&] { EXPECT_TRUE(sweep().value().addresses.empty()); });
}

TEST_F(Sweep, leaves_the_filters_of_others_and_their_hooks) {
  if (!fenced_) GTEST_SKIP() << "no BPF here";
  must(*ours_, {"tc filter add dev v0 egress pref 9 protocol all bpf bytecode '1,6 0 0 0,'"});
  ours_->within([&] { ASSERT_TRUE(sweep().has_value()); });
  const std::string filters = ours_->output("tc filter show dev v0 egress");
  EXPECT_NE(filters.find("bytecode"), std::string::npos) << filters;
  EXPECT_EQ(filters.find("hapx"), std::string::npos) << filters;
}

/// Safety: an address that could not be removed stays fenced.
TEST_F(Sweep, leaves_the_fence_where_an_address_can_not_be_removed) {
  const auto work = [&] {
    if (!drop_capabilities({CAP_NET_ADMIN})) return 1;
    const auto swept = sweep();
    return !swept && swept.error().kind == ErrorKind::forbidden ? 0 : 2;
  };
  EXPECT_EQ(in_child_of(*ours_, work), 0);
  ours_->within([&] { EXPECT_EQ(find_left_overs().value(), left_overs_); });
  if (fenced_) {
    EXPECT_NE(ours_->output("tc filter show dev v0 egress").find("hapx"), std::string::npos);
  }
}

}  // namespace
}  // namespace hapx::vip
