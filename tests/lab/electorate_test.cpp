// SPDX-License-Identifier: Apache-2.0
// A node comes and a node goes while clients are served: each has a file of its own, and takes it
// when all have the same.
#include "clients.hpp"
#include "ground.hpp"

namespace hapx::appliance::lab {
namespace {

class WhoVotes : public Ground {
 protected:
  void begin() {
    ASSERT_NO_FATAL_FAILURE(build());
    three_ = read_file(plan().config_file).value();
    two_ = three_;
    const std::size_t line = two_.find("    - {name: node3,");
    ASSERT_NE(line, std::string::npos) << two_;
    two_.erase(line, two_.find('\n', line) + 1 - line);
    for (const unsigned number : {1U, 2U, 3U}) bring(number, two_);
    bring(3, three_);
    start(1, {.config_file = own_file(1)});
    start(2, {.config_file = own_file(2)});
  }

  [[nodiscard]] std::string own_file(unsigned number) const {
    return file("node" + std::to_string(number) + ".yaml");
  }
  void bring(unsigned number, const std::string& text) const {
    ASSERT_TRUE(write_file(own_file(number), text));
  }

  /// The operator brings a file and has it taken; what he is told.
  std::string give(unsigned number, const std::string& text) const {
    bring(number, text);
    const auto outcome = lab_->ask(node(number), {"reload"});
    EXPECT_TRUE(outcome) << outcome.error().sentence;
    if (!outcome) return {};
    EXPECT_EQ(outcome->code, 0) << outcome->errors;
    return outcome->output;
  }

  void comes_to_be_settled(const std::vector<unsigned>& numbers, std::uint64_t generation) const {
    const ElectorateStatus wanted{generation, true, false, {}};
    for (const unsigned number : numbers) {
      comes(node(number).name.text() + " counts by list " + std::to_string(generation), [&] {
        const Status now = status(number);
        return now.electorate == wanted && now.quorate && now.degraded.empty();
      });
    }
  }

  std::string three_;  ///< the lab's file
  std::string two_;    ///< without node3
};

TEST_F(WhoVotes, ANodeComesAndGoesWhileClientsAreServed) {
  ASSERT_NO_FATAL_FAILURE(begin());
  const unsigned server = settled({1, 2});
  ASSERT_NE(server, 0U);
  const Onlooker onlooker = look_on();
  Requests requests(plan(), 100);

  start(3, {.config_file = own_file(3)});
  const std::string first = give(1, three_);
  EXPECT_NE(first.find("node2 to be given the same file"), first.npos) << first;
  comes_to_say(1, "a changed file waits, for it changes who votes");
  give(2, three_);
  comes_to_be_settled({1, 2, 3}, 2);
  EXPECT_EQ(lab_->ask(node(3), {"standby", "node3"})->code, 0) << "it has a say";
  EXPECT_EQ(lab_->ask(node(1), {"online", "node3"})->code, 0);

  for (const Process& process : processes_in(node(3).netns, "hapx-keeper")) {
    send_signal(process, SIGTERM);
  }
  comes("node3 is gone", [&] { return processes_in(node(3).netns, "hapxd").empty(); });
  for (const unsigned number : {1U, 2U}) give(number, two_);
  comes_to_be_settled({1, 2}, 3);
  EXPECT_TRUE(serves(status(server)));
  expect_undisturbed(onlooker, server);
  const Tally tally = requests.stop();
  EXPECT_EQ(tally.failures, 0U) << tally.sample;
  EXPECT_GT(tally.attempts, 0U);
  std::cout << tally.attempts << " requests, " << tally.failures << " failed\n";
}

TEST_F(WhoVotes, AThirdVoteLetsTheFirstNodeDie) {
  ASSERT_NO_FATAL_FAILURE(begin());
  ASSERT_NE(settled({1, 2}), 0U);
  start(3, {.config_file = own_file(3)});
  for (const unsigned number : {1U, 2U}) give(number, three_);
  comes_to_be_settled({1, 2, 3}, 2);
  const unsigned server = settled();
  ASSERT_NE(server, 0U);
  ASSERT_TRUE(lab_->power_off(node(server)));
  std::vector<unsigned> others{1, 2, 3};
  std::erase(others, server);
  EXPECT_NE(who_comes_to_serve(others), 0U);
}

/// All lose their power in the middle: each finds on its disk by which list it counted.
TEST_F(WhoVotes, AllKnowTheirListAfterALossOfPower) {
  ASSERT_NO_FATAL_FAILURE(begin());
  ASSERT_NE(settled({1, 2}), 0U);
  start(3, {.config_file = own_file(3)});
  for (const unsigned number : {1U, 2U}) give(number, three_);
  comes_to_be_settled({1, 2, 3}, 2);
  for (const NodePlan& each : plan().nodes) ASSERT_TRUE(lab_->power_off(each));
  for (const NodePlan& each : plan().nodes) ASSERT_TRUE(lab_->power_on(each));
  for (const unsigned number : {1U, 2U, 3U}) start(number, {.config_file = own_file(number)});
  comes_to_be_settled({1, 2, 3}, 2);
}

}  // namespace
}  // namespace hapx::appliance::lab
