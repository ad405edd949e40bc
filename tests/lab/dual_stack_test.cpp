// SPDX-License-Identifier: Apache-2.0
// A service with an IPv4 and an IPv6 address on the same interface: both are of one node, and both
// move when it goes. The nodes themselves speak IPv4, and have no IPv6 address of their own.
#include <iostream>
#include <utility>

#include "appliance/drill/statistics.hpp"
#include "ground.hpp"

namespace hapx::appliance::lab {
namespace {

class DualStack : public Ground {
 protected:
  void SetUp() override {
    Ground::SetUp();
    if (!kernel_has(Family::ipv6)) GTEST_SKIP() << "this kernel has no IPv6";
    if (IsSkipped()) return;
    ASSERT_NO_FATAL_FAILURE(build());
    const auto other = make_plan({.name = name(), .family = Family::ipv6});
    ASSERT_TRUE(other) << other.error().sentence;
    second_ = plan();
    second_.vip = other->vip;
    second_.watcher_address = other->watcher_address;
    // Only the client gets an address of it, so that it reaches the VIP.
    const auto added =
        run_well({"ip", "-batch", "-"},
                 {.netns = plan().client_netns, .input = machine_batch(client_machine(*other))});
    ASSERT_TRUE(added) << added.error().sentence;
    const std::string card(inner_interface);
    config_ = config_with("both.yaml", "interface: " + card + "}]",
                          "interface: " + card + "}, {address: \"" + to_string(second_.vip) +
                              "\", interface: " + card + "}]");
  }

  /// Two tenures, of these two.
  void expect_moved(const Onlooker& onlooker, unsigned from, unsigned to) const {
    const drill::Wire wire = onlooker.wire();
    EXPECT_TRUE(wire.is_one_holder()) << wire.conflict_count << " times two holders";
    ASSERT_EQ(wire.tenures.size(), 2U);
    EXPECT_EQ(to_string(wire.tenures[0].mac), to_string(node(from).mac));
    EXPECT_EQ(to_string(wire.tenures[1].mac), to_string(node(to).mac));
  }

  Plan second_;  ///< of the same lab, as who asks for the IPv6 address sees it
  std::string config_;
};

TEST_F(DualStack, BothAddressesMoveAsOne) {
  start_all({.config_file = config_});
  const unsigned server = settled();
  ASSERT_NE(server, 0U);
  const Onlooker first = look_on();
  const Onlooker second = look_on(second_);
  auto first_client = drill::Prober::start(plan());
  auto second_client = drill::Prober::start(second_);
  ASSERT_TRUE(first_client && second_client);
  ASSERT_TRUE(a_client_is_served(plan()));
  ASSERT_TRUE(a_client_is_served(second_));

  const Instant struck = boot_now();
  ASSERT_TRUE(lab_->power_off(node(server)));
  std::vector<unsigned> others{1, 2, 3};
  std::erase(others, server);
  const unsigned heir = who_comes_to_serve(others);
  ASSERT_NE(heir, 0U);
  EXPECT_TRUE(a_client_is_served(plan()));
  EXPECT_TRUE(a_client_is_served(second_));
  for (const Onlooker* onlooker : {&first, &second}) {
    EXPECT_TRUE(comes("an answer of " + node(heir).name.text(), [&] {
      const auto last = onlooker->watcher.last();
      return last && last->mac == node(heir).mac;
    }));
    expect_moved(*onlooker, server, heir);
  }
  for (const auto& [family, client] :
       {std::pair("ipv4", &*first_client), std::pair("ipv6", &*second_client)}) {
    const Duration outage = drill::judge(client->requests(struck), struck, boot_now()).outage;
    std::cout << family << ": outage " << drill::readable(outage) << "\n";
    RecordProperty(std::string(family) + "_outage_us",
                   std::to_string(outage / std::chrono::microseconds(1)));
  }
}

}  // namespace
}  // namespace hapx::appliance::lab
