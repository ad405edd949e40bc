// SPDX-License-Identifier: Apache-2.0
// What etcd does with the questions of hapxd's door: a real one, of one member.
#include "appliance/io/etcd_door.hpp"

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include <gtest/gtest.h>
#include <sched.h>

#include "etcd_bench.hpp"
#include "etcd_cluster.hpp"

namespace hapx::appliance {
namespace {

namespace fs = std::filesystem;
using namespace test;
using hapx::test::Certificate;
using hapx::test::EtcdCluster;
using hapx::test::EtcdMember;
using hapx::test::write_whole;

class EtcdDoorTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!hapx::test::has_etcd()) GTEST_SKIP() << "needs etcd (etcd-server)";
    etcd_.emplace(std::vector<EtcdMember>{{ipv4(127, 0, 79, 1)}});
    ASSERT_EQ(etcd_->obstacle(), "");
  }

  std::optional<EtcdCluster> etcd_;
};

TEST_F(EtcdDoorTest, an_empty_store_is_looked_at) {
  Asker node(etcd_->client());
  const auto answer = node.ask();
  RecordProperty("microseconds_of_the_first_look", static_cast<int>(node.microseconds()));
  EXPECT_TRUE(answer.swapped);
  EXPECT_NE(answer.store, 0U);
  EXPECT_GE(answer.revision, 1);
  EXPECT_TRUE(answer.entries.empty());
  EXPECT_EQ(node.ask().store, answer.store);
  RecordProperty("microseconds_of_another_look", static_cast<int>(node.microseconds()));
}

TEST_F(EtcdDoorTest, what_is_swapped_is_told_and_found_by_others) {
  Asker node(etcd_->client());
  const auto answer = node.ask({{"a", 0, bytes("hi")}});
  RecordProperty("microseconds_of_the_first_swap", static_cast<int>(node.microseconds()));
  EXPECT_TRUE(answer.swapped);
  EXPECT_EQ(answer.entries, (std::vector<ArbiterEntry>{{"a", answer.revision, bytes("hi")}}));
  Asker other(etcd_->client());
  EXPECT_EQ(other.ask().entries, answer.entries);
  const auto again = node.ask({{"a", answer.revision, bytes(std::string("\0\xff", 2))}});
  RecordProperty("microseconds_of_another_swap", static_cast<int>(node.microseconds()));
  EXPECT_TRUE(again.swapped);
  EXPECT_GT(again.revision, answer.revision);
  EXPECT_EQ(other.ask().entries, (std::vector<ArbiterEntry>{{"a", again.revision, {0x00, 0xff}}}));
}

TEST_F(EtcdDoorTest, another_cluster_has_entries_of_its_own) {
  Asker node(etcd_->client(), "one");
  Asker other(etcd_->client(), "one-more");
  EXPECT_TRUE(node.ask({{"a", 0, bytes("1")}}).swapped);
  EXPECT_TRUE(other.ask().entries.empty());
  EXPECT_TRUE(other.ask({{"a", 0, bytes("2")}}).swapped);
  EXPECT_EQ(node.ask().entries.at(0).value, bytes("1"));
}

TEST_F(EtcdDoorTest, a_stale_swap_writes_nothing_and_tells_what_is_there) {
  Asker node(etcd_->client());
  const auto first = node.ask({{"a", 0, bytes("1")}});
  const auto second = node.ask({{"a", first.revision, bytes("2")}});
  for (const std::int64_t stale : {std::int64_t{0}, first.revision, second.revision + 1}) {
    const auto answer = node.ask({{"a", stale, bytes("3")}});
    EXPECT_FALSE(answer.swapped);
    EXPECT_EQ(answer.entries, second.entries);
    EXPECT_EQ(answer.revision, second.revision);
  }
}

TEST_F(EtcdDoorTest, several_swaps_are_made_all_or_none) {
  Asker node(etcd_->client());
  const auto first = node.ask({{"a", 0, bytes("1")}});
  EXPECT_FALSE(node.ask({{"a", first.revision, bytes("2")}, {"b", 7, bytes("2")}}).swapped);
  EXPECT_EQ(node.ask().entries, first.entries);
  const auto both = node.ask({{"a", first.revision, bytes("2")}, {"b", 0, bytes("2")}});
  EXPECT_TRUE(both.swapped);
  EXPECT_EQ(both.entries, (std::vector<ArbiterEntry>{{"a", both.revision, bytes("2")},
                                                     {"b", both.revision, bytes("2")}}));
}

TEST_F(EtcdDoorTest, of_two_nodes_that_want_the_same_exactly_one_gets_it) {
  Asker one(etcd_->client());
  Asker two(etcd_->client());
  std::int64_t revision = 0;
  int won_by_one = 0;
  for (int round = 0; round < 100; ++round) {
    if (round % 2 == 0) one.begin({{"a", revision, bytes("one")}});
    two.begin({{"a", revision, bytes("two")}});
    if (round % 2 == 1) one.begin({{"a", revision, bytes("one")}});
    const auto first = std::get<ArbiterAnswered>(one.wait());
    const auto second = std::get<ArbiterAnswered>(two.wait());
    ASSERT_NE(first.swapped, second.swapped) << "round " << round;
    EXPECT_EQ(first.entries, second.entries) << "the loser is told what the winner wrote";
    EXPECT_EQ(first.entries.at(0).value, bytes(first.swapped ? "one" : "two"));
    revision = first.entries.at(0).revision;
    if (first.swapped) ++won_by_one;
  }
  RecordProperty("won_by_the_first_of_100", won_by_one);
}

TEST_F(EtcdDoorTest, a_second_question_is_refused_while_one_is_under_way) {
  Asker node(etcd_->client());
  const auto first = node.begin();
  const auto second = node.begin();
  const auto busy = node.wait();
  ASSERT_TRUE(std::holds_alternative<ArbiterFailed>(busy));
  EXPECT_EQ(std::get<ArbiterFailed>(busy).ticket, second);
  EXPECT_TRUE(has(std::get<ArbiterFailed>(busy).error.sentence, "still under way"));
  const auto answer = node.wait();
  ASSERT_TRUE(std::holds_alternative<ArbiterAnswered>(answer));
  EXPECT_EQ(std::get<ArbiterAnswered>(answer).ticket, first);
  EXPECT_TRUE(node.ask().swapped);
}

TEST_F(EtcdDoorTest, what_cannot_be_read_back_is_not_asked) {
  Asker node(etcd_->client());
  node.begin({{"a", 0, std::vector<std::uint8_t>(1025)}});
  const auto outcome = node.wait();
  ASSERT_TRUE(std::holds_alternative<ArbiterFailed>(outcome));
  EXPECT_TRUE(has(std::get<ArbiterFailed>(outcome).error.sentence, "longer than can be read"));
  EXPECT_TRUE(node.ask().entries.empty());
}

TEST_F(EtcdDoorTest, without_patience_there_is_no_answer) {
  Asker node(etcd_->client());
  EXPECT_NE(node.ask_in_vain(Duration(0)), "");
  EXPECT_TRUE(node.ask().swapped);
  EXPECT_EQ(node.left(), 0U);
}

TEST_F(EtcdDoorTest, a_member_that_was_restarted_costs_no_question) {
  Asker node(etcd_->client());
  const auto before = node.ask({{"a", 0, bytes("1")}});
  etcd_->restart(0);
  ASSERT_EQ(etcd_->obstacle(), "");
  const auto after = node.ask();
  EXPECT_EQ(after.entries, before.entries);
  EXPECT_EQ(after.store, before.store);
  RecordProperty("microseconds_after_the_restart", static_cast<int>(node.microseconds()));
}

TEST_F(EtcdDoorTest, a_member_that_was_killed_refuses_connections) {
  Asker node(etcd_->client());
  EXPECT_TRUE(node.ask().swapped);
  etcd_->kill(0);
  EXPECT_EQ(node.ask_in_vain(), "etcd gives no answer: 127.0.79.1:12379: connection refused");
  etcd_->restart(0);
  EXPECT_TRUE(node.insist(patient).swapped);
}

TEST_F(EtcdDoorTest, a_member_that_is_frozen_does_not_answer_in_time) {
  Asker node(etcd_->client());
  EXPECT_TRUE(node.ask().swapped);
  etcd_->freeze(0);
  const auto patience = std::chrono::seconds(1);
  const auto sentence = node.ask_in_vain(patience);
  EXPECT_TRUE(has(sentence, "127.0.79.1:12379: no answer within ")) << sentence;
  RecordProperty("microseconds_beyond_its_patience",
                 static_cast<int>(node.microseconds() - 1'000'000));
  // What is asked now needs a handshake: what was asked before may still be answered.
  const auto next = node.ask_in_vain(patience);
  EXPECT_TRUE(has(next, "no TLS handshake within ")) << next;
  etcd_->thaw(0);
  EXPECT_TRUE(node.insist(patience).swapped);
  node.run_for(std::chrono::milliseconds(100));
  EXPECT_EQ(node.left(), 0U) << "what comes late is dropped";
}

/// The threads of this process with the door's name.
std::vector<pid_t> door_threads() {
  std::vector<pid_t> threads;
  for (const auto& task : fs::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(task.path() / "comm"), name);
    if (name == "etcd-door") threads.push_back(std::stoi(task.path().filename()));
  }
  return threads;
}

TEST_F(EtcdDoorTest, its_thread_gives_way_to_the_loop) {
  const sched_param urgent{.sched_priority = 1};
  if (::sched_setscheduler(0, SCHED_RR, &urgent) != 0) GTEST_SKIP() << "needs the right to it";
  {
    Asker node(etcd_->client());
    EXPECT_TRUE(node.ask().swapped);
    const auto threads = door_threads();
    ASSERT_EQ(threads.size(), 1U);
    EXPECT_EQ(::sched_getscheduler(threads[0]), SCHED_OTHER);
    EXPECT_EQ(::sched_getscheduler(0), SCHED_RR);
  }
  EXPECT_TRUE(door_threads().empty()) << "it ends with the door";
  const sched_param normal{};
  ::sched_setscheduler(0, SCHED_OTHER, &normal);
}

TEST_F(EtcdDoorTest, the_door_closes_while_a_question_hangs) {
  Asker node(etcd_->client());
  EXPECT_TRUE(node.ask().swapped);
  etcd_->freeze(0);
  node.begin();
  node.run_for(std::chrono::milliseconds(50));
  const Instant before = boot_now();
  node.close();
  const Duration took = boot_now() - before;
  RecordProperty("microseconds_to_close", static_cast<int>(took / std::chrono::microseconds(1)));
  EXPECT_LT(took, std::chrono::seconds(5));
  EXPECT_TRUE(door_threads().empty());
  node.run_for(std::chrono::milliseconds(10));
  EXPECT_EQ(node.left(), 0U) << "a closed door tells nothing";
  etcd_->thaw(0);
}

TEST_F(EtcdDoorTest, a_door_that_was_never_asked_closes_too) {
  Asker node(etcd_->client());
  node.close();
  EXPECT_TRUE(door_threads().empty());
}

TEST(EtcdDoorOverIpv6, a_member_is_asked) {
  if (!hapx::test::has_etcd()) GTEST_SKIP() << "needs etcd (etcd-server)";
  const auto loopback = parse_ip("::1");
  EtcdCluster etcd({{*loopback}});
  if (has(etcd.obstacle(), "cannot assign requested address")) GTEST_SKIP() << "needs IPv6";
  ASSERT_EQ(etcd.obstacle(), "");
  EXPECT_TRUE(Asker(etcd.client()).ask({{"a", 0, bytes("1")}}).swapped);
}

}  // namespace
}  // namespace hapx::appliance
