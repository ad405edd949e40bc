// SPDX-License-Identifier: Apache-2.0
// Equipment that hears only a part of what is said: a host that takes no ARP request (as switches
// and routers that learn from replies alone), and one that has just learnt where the address is, so
// that for a second it believes no broadcast that says otherwise (Linux' locktime). Both find the
// new place without asking. Times are printed and recorded, never judged.
#include "ground.hpp"

namespace hapx::appliance::lab {
namespace {

class Neighbours : public Ground {
 protected:
  void begin() {
    ASSERT_NO_FATAL_FAILURE(build());
    start_all();
    before_ = settled();
    ASSERT_NE(before_, 0U);
    after_ = before_ == 1 ? 2 : 1;
  }

  [[nodiscard]] std::string in_client(const std::vector<std::string>& command) const {
    return output_in(plan().client_netns, command);
  }
  /// Where the client believes the address to be.
  [[nodiscard]] std::string believed() const {
    return in_client({"ip", "neigh", "show", to_string(plan().vip.address)});
  }
  /// The client learns where the address is, by asking.
  void learn() const {
    do_in(plan().client_netns, {"ip", "neigh", "flush", "all"});
    EXPECT_TRUE(a_client_is_served(plan()));
    EXPECT_NE(believed().find(to_string(node(before_).mac)), std::string::npos) << believed();
  }
  void silence_questions_of_the_client() const {
    do_in(plan().client_netns,
          {"sh", "-c",
           "nft add table arp mute && nft 'add chain arp mute out { type filter hook output "
           "priority 0; }' && nft add rule arp mute out arp operation request drop"});
  }
  void move_and_look(const std::string& who) const {
    const Instant struck = boot_now();
    const auto moved =
        lab_->ask(node(before_), {"move", plan().service.text(), node(after_).name.text()});
    ASSERT_TRUE(moved);
    EXPECT_EQ(moved->code, 0) << moved->errors;
    EXPECT_TRUE(comes("the client believes the new holder", [&] {
      return believed().find(to_string(node(after_).mac)) != std::string::npos;
    })) << believed();
    const Duration took = boot_now() - struck;
    std::cout << who << ": knows the new place "
              << std::chrono::duration_cast<std::chrono::milliseconds>(took).count()
              << " ms after the order\n";
    // The new holder has to find the client, too.
    do_in(plan().client_netns, {"nft", "flush", "ruleset"});
    EXPECT_TRUE(a_client_is_served(plan()));
  }

  unsigned before_ = 0;
  unsigned after_ = 0;
};

TEST_F(Neighbours, ThatHearRepliesAloneFindTheNewHolder) {
  begin();
  if (HasFatalFailure()) return;
  learn();
  do_in(plan().client_netns,
        {"sh", "-c",
         "nft add table arp deaf && nft 'add chain arp deaf in { type filter hook input priority "
         "0; }' && nft add rule arp deaf in arp operation request drop"});
  silence_questions_of_the_client();
  move_and_look("a neighbour that hears replies alone");
}

TEST_F(Neighbours, ThatBelieveNoBroadcastForASecondFindTheNewHolder) {
  begin();
  if (HasFatalFailure()) return;
  do_in(plan().client_netns,
        {"sh", "-c",
         "echo 100 > /proc/sys/net/ipv4/neigh/" + std::string(inner_interface) + "/locktime"});
  learn();
  silence_questions_of_the_client();
  move_and_look("a neighbour that has just learnt the old place");
}

}  // namespace
}  // namespace hapx::appliance::lab
