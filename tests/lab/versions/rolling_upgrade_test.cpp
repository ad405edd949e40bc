// SPDX-License-Identifier: Apache-2.0
// A cluster is brought from an earlier hapx to today's and back, node by node, as docs/install.md
// says, while a client asks all the time. Times are printed, never judged.
#include "two_versions.hpp"

namespace hapx::appliance::lab {
namespace {

constexpr Version earlier = Version::earlier;
constexpr Version today = Version::today;

class RollingUpgrade : public TwoVersions {
 protected:
  void begin() {
    ASSERT_NO_FATAL_FAILURE(TwoVersions::begin({earlier, earlier, earlier}));
    server_ = settled();
    ASSERT_NE(server_, 0U);
  }
  /// The service stays where it is, and no request fails.
  void roll_in_flight(const std::vector<unsigned>& numbers, Version to) {
    std::string who;
    for (const unsigned number : numbers) {
      who += node(number).name.text() + (number == server_ ? ", the holder, " : " ");
    }
    const Audience audience = this->audience();
    ASSERT_NO_FATAL_FAILURE(replace_in_flight(numbers, to));
    ASSERT_TRUE(comes_to_be_well());
    const Impression seen = expect_served(who + "in flight to " + name_of(to) + " hapxd", audience);
    EXPECT_EQ(seen.service.failed, 0U);
    EXPECT_EQ(seen.wire.tenures.size(), 1U) << "nothing moves";
    EXPECT_TRUE(serves(status(server_)));
  }
  /// The node is emptied first, so that HAProxy's keeper can be replaced, too.
  void roll_in_standby(unsigned number, Version to) {
    const std::string name = node(number).name.text();
    const unsigned by = number == 1 ? 2 : 1;
    const unsigned server = settled();
    ASSERT_NE(server, 0U);
    const Audience audience = this->audience();
    order(by, {"standby", name, "--wait"});
    ASSERT_NO_FATAL_FAILURE(replace_in_flight({number}, to));
    ASSERT_NO_FATAL_FAILURE(restart_haproxy_keeper(number));
    comes(name + " is still in standby",
          [&] { return is_in_state(number, number, MemberState::standby); });
    order(number, {"online", name, "--wait"});
    ASSERT_TRUE(comes_to_be_well());
    const Impression seen = expect_served(name + (number == server ? ", the holder," : "") +
                                              " in standby to " + name_of(to) + " hapxd",
                                          audience);
    EXPECT_EQ(seen.wire.tenures.size(), number == server ? 2U : 1U) << "what was ordered, no more";
  }

  unsigned server_ = 0;
};

TEST_F(RollingUpgrade, InFlightFailsNoRequestAndMovesNothing) {
  ASSERT_NO_FATAL_FAILURE(begin());
  for (const unsigned number : all) ASSERT_NO_FATAL_FAILURE(roll_in_flight({number}, today));
  // Operators go back, too: first where it is served, then elsewhere.
  ASSERT_NO_FATAL_FAILURE(roll_in_flight({server_}, earlier));
  ASSERT_NO_FATAL_FAILURE(roll_in_flight({server_ == 1 ? 2U : 1U}, earlier));
  ASSERT_NO_FATAL_FAILURE(roll_in_flight({server_}, today));
  expect_no_drift_was_told();
}

TEST_F(RollingUpgrade, InFlightWithAWitnessFailsNoRequest) {
  const Wishes wishes{.witness = true};
  ASSERT_NO_FATAL_FAILURE(TwoVersions::begin({earlier, earlier, earlier}, wishes));
  server_ = settled({1, 2});
  ASSERT_NE(server_, 0U);
  for (const unsigned number : {3U, 1U, 2U}) {
    ASSERT_NO_FATAL_FAILURE(roll_in_flight({number}, today));
  }
  ASSERT_NO_FATAL_FAILURE(roll_in_flight({3}, earlier));
}

/// Nobody should, and somebody will.
TEST_F(RollingUpgrade, InFlightOnAllNodesAtOnceFailsNoRequest) {
  ASSERT_NO_FATAL_FAILURE(begin());
  for (const Version to : {today, earlier, today}) {
    ASSERT_NO_FATAL_FAILURE(roll_in_flight({1, 2, 3}, to));
  }
}

TEST_F(RollingUpgrade, InStandbyMovesTheServiceOnceForEachHolder) {
  ASSERT_NO_FATAL_FAILURE(begin());
  for (const unsigned number : all) ASSERT_NO_FATAL_FAILURE(roll_in_standby(number, today));
  const unsigned server = settled();
  ASSERT_NE(server, 0U);
  ASSERT_NO_FATAL_FAILURE(roll_in_standby(server, earlier));
  expect_no_drift_was_told();
}

/// An upgrade in flight leaves HAProxy's keeper as it is, so it is told what to do by another
/// version, until it is restarted.
TEST_F(RollingUpgrade, GoesOnWithHaproxysKeeperOfTheOtherVersion) {
  ASSERT_NO_FATAL_FAILURE(begin());
  const std::string file = read_file(plan().config_file).value();
  for (const Version to : {today, earlier}) {
    ASSERT_NO_FATAL_FAILURE(replace_in_flight({1, 2, 3}, to));
    ASSERT_TRUE(comes_to_be_well());
    const Audience audience = this->audience();
    const std::string interval = to == today ? "200ms" : "300ms";
    ASSERT_TRUE(
        write_file(plan().config_file, file + "      healthCheck: {interval: " + interval + "}\n"));
    for (const unsigned number : all) {
      const auto before = processes(number, {haproxy_name});
      ASSERT_EQ(before.size(), 1U);
      signal_all(number, {keeper_name}, SIGHUP);
      comes("another HAProxy alone on " + node(number).name.text(), [&] {
        const auto now = processes_in(node(number).netns, haproxy_name);
        return now.size() == 1 && now[0].pid != before[0].pid && status(number).haproxy.fit;
      });
    }
    ASSERT_TRUE(comes_to_be_well());
    const Impression seen =
        expect_served("a changed file, told by " + name_of(to) + " hapxd", audience);
    EXPECT_EQ(seen.service.failed, 0U);
    EXPECT_EQ(seen.wire.tenures.size(), 1U) << "nothing moves";
    for (const unsigned number : all) restart_haproxy_keeper(number);
    ASSERT_TRUE(comes_to_be_well());
  }
}

/// It runs another file than the others, and now it tells nobody any more.
TEST_F(RollingUpgrade, BackwardsEndsWhatWasToldOfAnotherConfiguration) {
  ASSERT_NO_FATAL_FAILURE(TwoVersions::begin({today, today, today}));
  const std::string file = read_file(plan().config_file).value();
  ASSERT_TRUE(write_file(plan().config_file, file + "      healthCheck: {interval: 200ms}\n"));
  order(2, {"reload"});
  ASSERT_TRUE(write_file(plan().config_file, file));
  const std::string drift = node(2).name.text() + " runs another configuration";
  for (const unsigned number : {1U, 3U}) ASSERT_TRUE(comes_to_say(number, drift));
  ASSERT_NO_FATAL_FAILURE(replace_in_flight({2}, earlier));
  ASSERT_TRUE(comes_to_be_well());
  ASSERT_NO_FATAL_FAILURE(replace_in_flight({2}, today));
  for (const unsigned number : {1U, 3U}) ASSERT_TRUE(comes_to_say(number, drift));
}

}  // namespace
}  // namespace hapx::appliance::lab
