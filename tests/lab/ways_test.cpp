// SPDX-License-Identifier: Apache-2.0
// Nodes that hear each other by two networks lose one of them, and no client notices; and when the
// holder's other card goes, the others hear of it by the way that is left. Times are printed and
// recorded, never judged.
#include "appliance/drill/statistics.hpp"
#include "ground.hpp"

namespace hapx::appliance::lab {
namespace {

class Ways : public Ground {
 protected:
  void begin() {
    ASSERT_NO_FATAL_FAILURE(build({.links = 1}));
    start_all();
    server_ = settled();
    ASSERT_NE(server_, 0U);
    // The first datagram of a way may wait a second for its peer's hardware address.
    for (unsigned number = 1; number <= 3; ++number) {
      comes("all ways of node" + std::to_string(number),
            [&] { return status(number).degraded.empty(); });
    }
  }

  /// What the node says on this card to its peers is lost.
  void cut(unsigned number, const std::string& card) const {
    do_in(node(number).netns,
          {"sh", "-c",
           "nft add table inet cut && nft 'add chain inet cut out { type filter hook output "
           "priority 0; }' && nft add rule inet cut out oifname " +
               card + " udp dport 7405 drop"});
  }

  unsigned server_ = 0;
};

TEST_F(Ways, OneOfTwoIsLostAndNobodyNotices) {
  begin();
  if (HasFatalFailure()) return;
  const Onlooker onlooker = look_on();
  auto client = drill::Prober::start(plan());
  ASSERT_TRUE(client);
  ASSERT_TRUE(a_client_is_served(plan()));
  const Instant struck = boot_now();
  for (unsigned number = 1; number <= 3; ++number) cut(number, std::string(inner_interface));
  const unsigned other = server_ == 1 ? 2 : 1;
  EXPECT_TRUE(comes_to_say(
      other, node(server_).name.text() + " is not heard at " + to_string(node(server_).address)));
  static_cast<void>(pause(std::chrono::seconds(2)));
  const auto requests = client->requests(struck);
  const auto outage = drill::judge(requests, struck, boot_now());
  EXPECT_EQ(outage.failed, 0U);
  std::cout << "one way of two lost: outage " << drill::readable(outage.outage) << ", "
            << requests.size() << " requests, none failed\n";
  expect_undisturbed(onlooker, server_);
}

TEST_F(Ways, TheHoldersCableIsPulledAndTheOthersHearOfItAtOnce) {
  begin();
  if (HasFatalFailure()) return;
  const Onlooker onlooker = look_on();
  auto client = drill::Prober::start(plan());
  ASSERT_TRUE(client);
  ASSERT_TRUE(a_client_is_served(plan()));
  const Instant struck = boot_now();
  do_in(plan().wire_netns, {"ip", "link", "set", node(server_).bridge_port, "down"});
  std::vector<unsigned> others{1, 2, 3};
  std::erase(others, server_);
  ASSERT_NE(who_comes_to_serve(others), 0U);
  EXPECT_TRUE(a_client_is_served(plan()));
  const auto outage = drill::judge(client->requests(struck), struck, boot_now());
  std::cout << "cable of the address pulled, heartbeats by another: outage "
            << drill::readable(outage.outage) << "\n";
  RecordProperty("outage_us", std::to_string(outage.outage / std::chrono::microseconds(1)));
  EXPECT_TRUE(onlooker.wire().is_one_holder());
}

}  // namespace
}  // namespace hapx::appliance::lab
