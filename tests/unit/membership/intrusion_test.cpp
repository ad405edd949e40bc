// SPDX-License-Identifier: Apache-2.0
// What is refused, and what a refused datagram must not do: foreign, altered, replayed, cloned.
#include <algorithm>

#include <gtest/gtest.h>

#include "membership/codec.hpp"
#include "world.hpp"

namespace hapx::membership {
namespace {

using namespace std::chrono_literals;
using testing::World;

const LeaseKey vip = LeaseKey::of(ipv4(192, 168, 4, 20));

struct Recorded {
  std::size_t from;
  SendDatagram datagram;
};

struct Intrusion : ::testing::Test {
  World world{3, {50ms, 300ms}, 21};
  std::vector<Recorded> recorded;

  void SetUp() override {
    for (std::size_t i = 0; i < 3; ++i) world.start(i);
    world.claim(0, vip);
    world.run_for(1s);
    ASSERT_TRUE(world.open(0, vip));
  }
  void record() {
    world.on_send = [this](std::size_t from, const SendDatagram& datagram) {
      recorded.push_back({from, datagram});
    };
  }
  void inject(std::size_t to, const IpAddress& from, const std::vector<std::uint8_t>& bytes) {
    world.with(to, [&](Member& member, Instant now) {
      return member.step(DatagramArrived{{from, 7405}, bytes}, now);
    });
  }
  const IpAddress& address(std::size_t node) { return world.machines[node].config.address; }
  std::size_t refusals(std::size_t node, const std::string& reason) {
    const auto all = world.news<DatagramRefused>(node);
    return static_cast<std::size_t>(std::count_if(
        all.begin(), all.end(), [&](const DatagramRefused& r) { return r.reason == reason; }));
  }
  Codec codec(const std::string& cluster, const std::string& node, std::uint8_t key,
              const BootId& boot = {}) {
    Codec::Options options;
    options.boot = boot;
    options.cluster = ClusterName(cluster);
    options.self = NodeName(node);
    options.incarnation = {4711};
    options.keys.first[0] = key;
    return Codec(options);
  }
  Message prepare_of(const std::string& node) {
    Message message;
    message.to = NodeName("node3");
    message.prepares = {{vip, {1000, NodeName(node), {4711}}}};
    message.beat.emplace();
    return message;
  }
};

TEST_F(Intrusion, each_refusal_is_counted_under_its_name_and_changes_nothing) {
  const View before = world.view(2);
  const auto good = codec("world", "node1", 7).seal(prepare_of("node1")).front();
  struct Row {
    std::string reason;
    IpAddress from;
    std::vector<std::uint8_t> bytes;
  };
  Message misdirected = prepare_of("node1");
  misdirected.to = NodeName("node2");
  std::vector<std::uint8_t> altered = good;
  altered[good.size() / 2] ^= 1U;
  const std::vector<Row> table = {
      {"wrong key", address(0), codec("world", "node1", 8).seal(prepare_of("node1")).front()},
      {"wrong key", address(0), altered},
      {"malformed", address(0), {good.begin(), good.begin() + 40}},
      {"another cluster", address(0), codec("other", "node1", 7).seal(prepare_of("node1")).front()},
      {"unknown sender", address(0), codec("world", "node9", 7).seal(prepare_of("node9")).front()},
      {"wrong address", address(1), good},
      {"wrong address", ipv4(9, 9, 9, 9), good},
      {"for another node", address(0), codec("world", "node1", 7).seal(misdirected).front()},
      {"not ours", address(0), {'h', 'e', 'l', 'l', 'o'}},
      {"not ours", address(0), {}},
      {"too long", address(0), std::vector<std::uint8_t>(1401, 'h')},
      {"rival session", address(0), good},
      {"not yet proven fresh", address(0),
       codec("world", "node1", 7, world.machines[0].boot).seal(prepare_of("node1")).front()},
  };
  for (const Row& row : table) {
    const std::size_t count = refusals(2, row.reason);
    inject(2, row.from, row.bytes);
    EXPECT_EQ(refusals(2, row.reason), count + 1) << row.reason;
  }
  EXPECT_EQ(world.view(2), before);
  world.run_for(1s);
  EXPECT_TRUE(world.news<RightLost>(0).empty());
}

TEST_F(Intrusion, everything_replayed_changes_nothing) {
  record();
  world.run_for(2s);
  world.on_send = {};
  ASSERT_GT(recorded.size(), 100U);
  for (const Recorded& one : recorded)
    for (std::size_t to = 0; to < 3; ++to)
      if (address(to) == one.datagram.to.address) inject(to, address(one.from), one.datagram.bytes);
  for (std::size_t node = 0; node < 3; ++node) EXPECT_GT(refusals(node, "replayed"), 30U);
  world.run_for(1s);
  EXPECT_TRUE(world.news<RightLost>(0).empty());
}

TEST_F(Intrusion, what_a_dead_process_said_is_worth_nothing_after_its_restart) {
  record();
  world.run_for(1s);
  world.on_send = {};
  world.kill(0);
  world.start(0);
  world.claim(0, vip);
  world.run_for(1s);
  const auto incarnation = world.view(1).members[0].incarnation;
  for (int times = 0; times < 3; ++times) {
    for (const Recorded& one : recorded)
      if (one.from == 0 && one.datagram.to.address == address(1))
        inject(1, address(0), one.datagram.bytes);
    world.run_for(200ms);
  }
  EXPECT_GT(refusals(1, "superseded process"), 10U);
  EXPECT_EQ(world.view(1).members[0].incarnation, incarnation);
  EXPECT_TRUE(world.open(0, vip));
}

TEST_F(Intrusion, nor_when_the_listener_is_the_one_that_restarted) {
  record();
  world.run_for(1s);
  world.on_send = {};
  world.kill(0);
  world.kill(1);
  world.start(1);
  world.run_for(1s);
  // node1 is silent; node2 knows nothing of it. A recording can't bring it to life.
  for (const Recorded& one : recorded)
    if (one.from == 0 && one.datagram.to.address == address(1))
      inject(1, address(0), one.datagram.bytes);
  EXPECT_GT(refusals(1, "not yet proven fresh"), 10U);
  EXPECT_EQ(world.view(1).members[0].liveness, Liveness::unheard);
}

/// A clone of node1 (same disk, another boot) comes up while node1 runs.
TEST_F(Intrusion, of_two_sessions_of_one_node_the_later_one_never_proposes) {
  MemberOptions options;
  options.config = world.config;
  options.self = NodeName("node1");
  options.boot.bytes.fill(0xCC);
  options.incarnation = {0xC107E};
  options.keys = world.keys;
  Member clone(std::move(options), world.local(0));
  std::vector<News> clone_news;
  bool clone_proposed = false;
  const std::size_t listener = 1;
  std::vector<std::vector<std::uint8_t>> to_clone;
  world.on_send = [&](std::size_t from, const SendDatagram& datagram) {
    if (from == listener && datagram.to.address == address(0)) to_clone.push_back(datagram.bytes);
  };
  Codec reader = codec("world", "node2", 7);
  const auto carry = [&](Outcome outcome) {
    for (News& item : outcome.news) clone_news.push_back(std::move(item));
    for (const Action& action : outcome.actions) {
      const auto* sent = std::get_if<SendDatagram>(&action);
      if (sent == nullptr || sent->to.address != address(listener)) continue;
      const auto opened = reader.open(sent->bytes);
      ASSERT_TRUE(std::holds_alternative<Opened>(opened));
      if (!std::get<Opened>(opened).message.proposals.empty()) clone_proposed = true;
      inject(listener, address(0), sent->bytes);
    }
  };
  for (int i = 0; i < 60; ++i) {
    world.run_for(50ms);
    carry(clone.step(world.local(0)));
    carry(clone.claim(vip, world.local(0)));
    for (const auto& bytes : std::exchange(to_clone, {}))
      carry(clone.step(DatagramArrived{{address(listener), 7405}, bytes}, world.local(0)));
  }
  EXPECT_GT(refusals(listener, "rival session"), 10U);
  EXPECT_FALSE(clone_proposed);
  EXPECT_TRUE(clone.view().rights.empty());
  EXPECT_TRUE(std::any_of(clone_news.begin(), clone_news.end(),
                          [](const News& item) { return std::holds_alternative<Conflict>(item); }));
  EXPECT_TRUE(world.open(0, vip));
  EXPECT_TRUE(world.news<RightLost>(0).empty());
}

TEST_F(Intrusion, a_datagram_under_our_own_name_is_a_conflict) {
  Message message;
  message.to = NodeName("node1");
  message.beat.emplace();
  inject(0, address(0), codec("world", "node1", 7).seal(message).front());
  ASSERT_EQ(world.news<Conflict>(0).size(), 1U);
  EXPECT_EQ(refusals(0, "our name"), 1U);
  // A forger without the key makes no conflict.
  inject(0, address(0), codec("world", "node1", 9).seal(message).front());
  EXPECT_EQ(world.news<Conflict>(0).size(), 1U);
}

TEST_F(Intrusion, our_own_datagram_reflected_is_only_counted) {
  record();
  world.run_for(100ms);
  world.on_send = {};
  for (const Recorded& one : recorded)
    if (one.from == 0) inject(0, address(0), one.datagram.bytes);
  EXPECT_GT(refusals(0, "our own"), 0U);
  EXPECT_TRUE(world.news<Conflict>(0).empty());
}

TEST_F(Intrusion, any_bytes_from_anywhere_leave_a_member_standing) {
  record();
  world.run_for(500ms);
  world.on_send = {};
  Random random(9);
  for (int i = 0; i < 5'000; ++i) {
    const Recorded& one = recorded[random.next() % recorded.size()];
    std::vector<std::uint8_t> bytes = one.datagram.bytes;
    for (std::uint64_t n = random.next() % 5; n > 0; --n)
      bytes[random.next() % bytes.size()] = static_cast<std::uint8_t>(random.next());
    if (random.next() % 4 == 0) bytes.resize(random.next() % 1500);
    inject(random.next() % 3, address(random.next() % 3), bytes);
  }
  world.run_for(1s);
  EXPECT_TRUE(world.open(0, vip));
  EXPECT_TRUE(world.news<RightLost>(0).empty());
  EXPECT_TRUE(world.violations.empty());
}

// ---- rule 21: plans ----

std::vector<Assignment> plan_for(const std::string& node) {
  return {{ServiceName("kube"), NodeName(node), NodeName(node), false, "test"}};
}

TEST_F(Intrusion, rule_21_a_late_plan_of_an_earlier_coordinator_is_not_obeyed) {
  const std::size_t old_one = *world.coordinator();
  const std::size_t listener = (old_one + 1) % 3;
  const std::size_t other = (old_one + 2) % 3;
  world.cut(old_one, listener, true);
  world.cut(old_one, other, true);
  record();
  world.with(old_one, [](Member& m, Instant now) { return m.publish(plan_for("old"), now); });
  world.on_send = {};
  world.kill(old_one);
  world.run_for(1s);
  const auto now_coordinator = world.coordinator();
  ASSERT_TRUE(now_coordinator.has_value());
  world.with(*now_coordinator,
             [](Member& m, Instant now) { return m.publish(plan_for("new"), now); });
  world.run_for(100ms);
  std::size_t late = 0;
  for (const Recorded& one : recorded)
    if (one.datagram.to.address == address(listener)) {
      inject(listener, address(old_one), one.datagram.bytes);
      ++late;
    }
  ASSERT_GT(late, 0U);
  EXPECT_EQ(world.view(listener).plan->assignments, plan_for("new"));
}

/// Who coordinates says its own plan again at once; who did so before has nothing but the rule.
TEST_F(Intrusion, rule_21_nor_by_one_that_has_coordinated_since_and_does_no_more) {
  const std::size_t old_one = world.coordinator().value();
  for (std::size_t node = 0; node < 3; ++node)
    if (node != old_one) world.cut(old_one, node, true);
  record();
  world.with(old_one, [](Member& m, Instant now) { return m.publish(plan_for("old"), now); });
  world.on_send = {};
  world.kill(old_one);
  world.run_for(1s);
  const std::size_t listener = world.coordinator().value();
  world.with(listener, [](Member& m, Instant now) { return m.publish(plan_for("new"), now); });
  world.run_for(100ms);
  world.kill(3 - old_one - listener);
  world.run_for(1s);
  ASSERT_FALSE(world.view(listener).coordinating);
  for (const Recorded& one : recorded)
    if (one.datagram.to.address == address(listener))
      inject(listener, address(old_one), one.datagram.bytes);
  EXPECT_EQ(world.view(listener).plan->assignments, plan_for("new"));
}

TEST_F(Intrusion, rule_21_a_coordinator_goes_above_a_plan_that_somebody_has_seen) {
  // Rounds grow with every change of the coordinator; then two of three forget them all, with new
  // disks.
  for (int i = 0; i < 6; ++i) {
    const std::size_t coordinator = *world.coordinator();
    world.with(coordinator, [](Member& m, Instant now) { return m.publish(plan_for("old"), now); });
    world.run_for(50ms);
    world.kill(coordinator);
    world.run_for(500ms);
    world.start(coordinator);
    world.run_for(500ms);
  }
  const Plan seen = *world.view(2).plan;
  world.cut(2, 0, true);
  world.cut(2, 1, true);
  world.power_off(0);
  world.power_off(1);
  world.machines[0].disk.file.clear();
  world.machines[1].disk.file.clear();
  world.start(0);
  world.start(1);
  world.run_for(6s);
  const auto coordinator = world.coordinator();
  ASSERT_TRUE(coordinator.has_value());
  ASSERT_NE(*coordinator, 2U);
  world.with(*coordinator, [](Member& m, Instant now) { return m.publish(plan_for("new"), now); });
  world.run_for(200ms);
  EXPECT_LT(world.view(*coordinator).plan->ballot, seen.ballot);
  world.cut(2, 0, false);
  world.cut(2, 1, false);
  world.run_for(1s);
  EXPECT_EQ(world.view(2).plan->assignments, plan_for("new"));
  EXPECT_GT(world.view(2).plan->ballot, seen.ballot);
}

// ---- rules 10, 12 and 17: a machine that slept ----

TEST_F(Intrusion, rule_10_a_process_that_was_frozen_finds_its_right_gone_when_it_wakes) {
  world.claim(1, vip);
  world.pause(0);
  world.run_for(1s);
  EXPECT_TRUE(world.open(1, vip));
  world.resume(0);
  world.run_for(1s);
  EXPECT_FALSE(world.open(0, vip));
  ASSERT_EQ(world.news<RightLost>(0).size(), 1U);
  EXPECT_TRUE(world.violations.empty());
  EXPECT_TRUE(world.news<RightLost>(1).empty());
}

TEST_F(Intrusion, rule_17_a_voter_that_is_told_to_abstains_and_remembers_it) {
  world.with(1, [](Member& member, Instant now) { return member.abstain(5s, now); });
  world.with(2, [](Member& member, Instant now) { return member.abstain(5s, now); });
  world.run_for(1s);
  EXPECT_FALSE(world.open(0, vip));
  for (const std::size_t node : {1U, 2U}) {
    world.kill(node);
    world.start(node);
  }
  world.run_for(3900ms);
  EXPECT_FALSE(world.open(0, vip));
  world.run_for(300ms);
  EXPECT_TRUE(world.open(0, vip));
}

}  // namespace
}  // namespace hapx::membership
