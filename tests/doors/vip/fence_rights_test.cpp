// SPDX-License-Identifier: Apache-2.0
// The fence where the kernel refuses it: no right, another clock, a place that is taken.
#include <fstream>
#include <memory>

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sched.h>

#include "config/io/clock.hpp"
#include "segment.hpp"
#include "vip/io/bpf.hpp"
#include "vip/io/door.hpp"

namespace hapx::vip {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using namespace test;

const InterfaceName interface { "v0" };
const VipConfig vip_config{{ipv4(10, 77, 0, 20), 24}, interface};
const IpAddress& vip_address = vip_config.address.address;

class FenceRights : public testing::Test {
 protected:
  void SetUp() override {
    HAPX_NEEDS_NETWORK_NAMESPACES();
    if (const auto map = create_word_array(1); !map) {
      GTEST_SKIP() << "no BPF here: " << map.error().sentence;
    }
    ours_.emplace();
    others_.emplace();
    must(*ours_,
         {"ip link add v0 type veth peer name v1 netns " + others_->path(), "ip link set v0 up"});
    must(*others_, {"ip link set v1 up"});
  }

  /// Opens a door where the caller is, and arms it.
  void arm(std::optional<int> inherited = std::nullopt) {
    told_.events.clear();
    auto opened = Door::open(io_, {{vip_config}, inherited},
                             [&](Event event) { told_.events.push_back(std::move(event)); });
    ASSERT_TRUE(opened.has_value()) << opened.error().sentence;
    door_ = std::move(*opened);
    door_->arm_fence({{vip_address}});
    run_until(
        io_, [&] { return told_.count<FenceArmed>() + told_.count<FenceUnavailable>() > 0; },
        "an answer to ArmFence");
  }
  [[nodiscard]] std::string refusal() const {
    const auto all = told_.all<FenceUnavailable>();
    return all.size() == 1 && told_.count<FenceArmed>() == 0 ? all[0].reason : "";
  }
  [[nodiscard]] bool refused_with(const std::string& words) const {
    if (refusal().find(words) != std::string::npos) return true;
    std::fprintf(stderr, "told: '%s'\n", refusal().c_str());
    return false;
  }

  std::optional<Namespace> ours_;
  std::optional<Namespace> others_;
  boost::asio::io_context io_;
  Told told_;
  std::unique_ptr<Door> door_;
};

TEST_F(FenceRights, without_the_right_to_use_bpf_lifetimes_rule) {
  const auto work = [&] {
    if (!drop_capabilities({CAP_BPF, CAP_SYS_ADMIN})) return 1;
    arm();
    if (!refused_with("Operation not permitted")) return 2;
    if (door_->deadlines_descriptor() || !door_->deadlines().empty()) return 3;
    door_->extend_deadline({vip_address, boot_now() + seconds(1)});  // without effect
    door_->close_fence({vip_address});
    door_->add_address({interface, vip_config.address, seconds(1)});
    run_until(
        io_, [&] { return told_.count<AddressAdded>() == 1; }, "AddressAdded");
    return told_.count<AddressAdded>() == 1 ? 0 : 4;
  };
  EXPECT_EQ(in_child_of(*ours_, work), 0);
}

TEST_F(FenceRights, an_inherited_page_serves_without_the_right_to_make_one) {
  ours_->within([&] { arm(); });
  ASSERT_EQ(told_.count<FenceArmed>(), 1U);
  door_->extend_deadline({vip_address, boot_now() + seconds(4)});
  Bystander bystander(*others_, "v1");
  door_->add_address({interface, vip_config.address, seconds(60)});
  ASSERT_TRUE(bystander.hears(vip_address));
  const auto work = [&] {
    const int inherited = ::dup(door_->deadlines_descriptor().value());
    if (!drop_capabilities({CAP_BPF, CAP_SYS_ADMIN})) return 1;
    arm(inherited);
    if (!refused_with("Operation not permitted")) return 2;
    if (!door_->adopted() || door_->deadlines().size() != 1) return 3;
    door_->close_fence({vip_address});  // the old filter obeys the page that we share
    return 0;
  };
  EXPECT_EQ(in_child_of(*ours_, work), 0);
  EXPECT_TRUE(bystander.ask(vip_address).empty());
}

/// Else the address would stay silent for ever, behind a filter whose deadlines nobody can write.
TEST_F(FenceRights, a_filter_that_nobody_can_reach_goes_after_its_addresses) {
  ours_->within([&] { arm(); });
  ASSERT_EQ(told_.count<FenceArmed>(), 1U);
  door_->add_address({interface, vip_config.address, seconds(60)});
  door_.reset();
  const auto work = [&] {
    if (!drop_capabilities({CAP_BPF, CAP_SYS_ADMIN})) return 1;
    arm();
    if (!refused_with("Operation not permitted")) return 2;
    return door_->left_overs().value().empty() ? 0 : 3;
  };
  EXPECT_EQ(in_child_of(*ours_, work), 0);
  EXPECT_EQ(ours_->output("tc filter show dev v0 ingress"), "");
  EXPECT_EQ(ours_->output("ip -4 addr show dev v0"), "");
  must(*ours_, {"ip addr add 10.77.0.20/24 dev v0"});
  Bystander bystander(*others_, "v1");
  EXPECT_TRUE(bystander.hears(vip_address));
}

TEST_F(FenceRights, another_clock_is_refused) {
  const auto work = [&] {
    if (::unshare(CLONE_NEWTIME) != 0) return 77;
    std::ofstream("/proc/self/timens_offsets") << "boottime 1000 0\n";
    return in_child([&] {  // only children live in the new time
      arm();
      return refused_with("another clock") ? 0 : 1;
    });
  };
  const int status = in_child_of(*ours_, work);
  if (status == 77) GTEST_SKIP() << "no time namespaces here";
  EXPECT_EQ(status, 0);
}

TEST_F(FenceRights, hooks_that_are_taken_by_an_ingress_qdisc_are_refused_by_name) {
  must(*ours_, {"tc qdisc add dev v0 ingress"});
  ours_->within([&] { arm(); });
  EXPECT_TRUE(refused_with("v0"));
  must(*ours_, {"tc qdisc del dev v0 ingress"});  // and when the place is free again, it is taken
  run_until(
      io_, [&] { return told_.count<FenceArmed>() == 1; }, "FenceArmed");
  EXPECT_NE(ours_->output("tc filter show dev v0 egress").find("hapx_fence"), std::string::npos);
  EXPECT_EQ(told_.count<FenceUnavailable>(), 1U);
}

TEST_F(FenceRights, more_addresses_than_slots_are_refused) {
  ours_->within([&] {
    auto opened = Door::open(io_, {{vip_config}, std::nullopt},
                             [&](Event event) { told_.events.push_back(std::move(event)); });
    door_ = std::move(*opened);
  });
  ArmFence action;
  for (std::uint8_t i = 0; i < 65; ++i) action.addresses.push_back(ipv4(10, 1, 0, i));
  door_->arm_fence(action);
  run_until(
      io_, [&] { return told_.count<FenceUnavailable>() == 1; }, "FenceUnavailable");
  EXPECT_TRUE(refused_with("64"));
}

}  // namespace
}  // namespace hapx::vip
