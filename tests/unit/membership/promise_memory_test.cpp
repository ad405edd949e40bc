// SPDX-License-Identifier: Apache-2.0
// What a voter remembers, and rule 5: what it does about what it doesn't.
#include "membership/promise_memory.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "config/cluster_config.hpp"
#include "membership/random.hpp"

namespace hapx::membership {
namespace {

using namespace std::chrono_literals;

BootId boot(std::uint8_t number) {
  BootId id;
  id.bytes.fill(number);
  return id;
}

const VoterIdentity self{ClusterName("kube-demo"), NodeName("node1"), boot(1)};

Promise promise_for(const std::string& key, std::uint64_t round) {
  Promise promise;
  promise.key = LeaseKey(key);
  promise.promised = {round, NodeName("node2"), {5}};
  promise.accepted = Accepted{{round, NodeName("node2"), {5}}, boot(9), 7, Instant(100s)};
  promise.retired = {{{round - 1, NodeName("node2"), {4}}, boot(9)}};
  return promise;
}

void write_slot(std::vector<std::uint8_t>& file, const StorePromise& store) {
  ASSERT_EQ(store.bytes.size(), promise_slot_bytes);
  std::copy(store.bytes.begin(), store.bytes.end(),
            file.begin() + static_cast<std::ptrdiff_t>(store.slot * promise_slot_bytes));
}

TEST(PromiseMemory, what_was_stored_slot_by_slot_is_read_back) {
  PromiseMemory memory(self);
  std::vector<std::uint8_t> file = memory.encode();
  ASSERT_EQ(file.size(), promise_file_bytes);
  for (std::uint64_t round = 1; round < 20; ++round) {
    for (const char* key : {"10.0.0.1", "2001:db8::1", "coordinator"})
      write_slot(file, *memory.remember(promise_for(key, round), Instant{}, {}));
    const DecodedMemory decoded = decode_memory(file, self);
    ASSERT_EQ(decoded.finding, MemoryFinding::intact);
    EXPECT_EQ(decoded.memory, memory);
    EXPECT_EQ(decoded.memory.promises().size(), 3U);
    EXPECT_EQ(*decoded.memory.find(LeaseKey("coordinator")), promise_for("coordinator", round));
  }
  EXPECT_EQ(decode_memory(memory.encode(), self).memory, memory);
}

TEST(PromiseMemory, the_longest_names_fit_a_slot) {
  const std::string longest(name_bytes_max, 'n');
  const VoterIdentity wide{ClusterName(longest), NodeName(longest), boot(1)};
  PromiseMemory memory(wide);
  Promise promise;
  promise.key = LeaseKey(std::string(key_bytes_max, 'k'));
  promise.promised = {1, NodeName(longest), {5}};
  promise.accepted = Accepted{promise.promised, boot(1), 1, Instant(1s)};
  for (std::size_t i = 0; i < retired_max; ++i)
    promise.retired.push_back({promise.promised, boot(static_cast<std::uint8_t>(i))});
  std::vector<std::uint8_t> file = memory.encode();
  write_slot(file, *memory.remember(promise, Instant{}, {}));
  EXPECT_EQ(decode_memory(file, wide).memory, memory);
}

TEST(PromiseMemory, rule_5_a_store_that_was_cut_short_leaves_the_one_before) {
  PromiseMemory memory(self);
  std::vector<std::uint8_t> file = memory.encode();
  write_slot(file, *memory.remember(promise_for("k", 1), Instant{}, {}));
  write_slot(file, *memory.remember(promise_for("k", 2), Instant{}, {}));
  const StorePromise third = *memory.remember(promise_for("k", 3), Instant{}, {});
  const auto begin = file.begin() + static_cast<std::ptrdiff_t>(third.slot * promise_slot_bytes);
  for (std::size_t cut = 0; cut <= promise_slot_bytes; ++cut) {
    std::vector<std::uint8_t> torn = file;
    std::copy_n(third.bytes.begin(), cut, torn.begin() + (begin - file.begin()));
    const DecodedMemory decoded = decode_memory(torn, self);
    ASSERT_EQ(decoded.finding, MemoryFinding::intact) << cut;
    const std::uint64_t round = decoded.memory.find(LeaseKey("k"))->promised.round;
    EXPECT_EQ(round, cut == promise_slot_bytes ? 3U : 2U) << cut;
  }
}

TEST(PromiseMemory, rule_5_the_very_first_store_of_a_key_may_be_torn) {
  PromiseMemory memory(self);
  std::vector<std::uint8_t> file = memory.encode();
  const StorePromise first = *memory.remember(promise_for("k", 1), Instant{}, {});
  std::copy_n(first.bytes.begin(), 100,
              file.begin() + static_cast<std::ptrdiff_t>(first.slot * promise_slot_bytes));
  const DecodedMemory decoded = decode_memory(file, self);
  EXPECT_EQ(decoded.finding, MemoryFinding::intact);
  EXPECT_EQ(decoded.memory.find(LeaseKey("k")), nullptr);
}

TEST(PromiseMemory, rule_5_both_slots_torn_is_unreadable) {
  PromiseMemory memory(self);
  std::vector<std::uint8_t> file = memory.encode();
  const StorePromise first = *memory.remember(promise_for("k", 1), Instant{}, {});
  const StorePromise second = *memory.remember(promise_for("k", 2), Instant{}, {});
  write_slot(file, first);
  write_slot(file, second);
  file[first.slot * promise_slot_bytes + 30] ^= 1U;
  EXPECT_EQ(decode_memory(file, self).finding, MemoryFinding::intact);
  file[second.slot * promise_slot_bytes + 30] ^= 1U;
  EXPECT_EQ(decode_memory(file, self).finding, MemoryFinding::unreadable);
}

TEST(PromiseMemory, what_is_found_is_told_apart) {
  const PromiseMemory memory(self);
  const std::vector<std::uint8_t> file = memory.encode();
  EXPECT_EQ(decode_memory({}, self).finding, MemoryFinding::absent);
  EXPECT_EQ(decode_memory(std::vector<std::uint8_t>(promise_file_bytes), self).finding,
            MemoryFinding::absent);
  EXPECT_EQ(decode_memory(file, self).finding, MemoryFinding::intact);
  VoterIdentity other = self;
  other.boot = boot(2);
  EXPECT_EQ(decode_memory(file, other).finding, MemoryFinding::other_boot);
  other = self;
  other.node = NodeName("node2");
  EXPECT_EQ(decode_memory(file, other).finding, MemoryFinding::foreign);
  other = self;
  other.cluster = ClusterName("else");
  EXPECT_EQ(decode_memory(file, other).finding, MemoryFinding::foreign);
  std::vector<std::uint8_t> shorter = file;
  shorter.pop_back();
  EXPECT_EQ(decode_memory(shorter, self).finding, MemoryFinding::unreadable);
  std::vector<std::uint8_t> newer_layout = file;
  newer_layout[8] = 2;
  EXPECT_EQ(decode_memory(newer_layout, self).finding, MemoryFinding::unreadable);
  std::vector<std::uint8_t> bent = file;
  bent[40] ^= 4U;
  EXPECT_EQ(decode_memory(bent, self).finding, MemoryFinding::unreadable);
}

TEST(PromiseMemory, slots_that_another_boot_left_are_not_valid_in_this_one) {
  VoterIdentity before = self;
  before.boot = boot(8);
  PromiseMemory old(before);
  std::vector<std::uint8_t> file = PromiseMemory(self).encode();
  const StorePromise stale = *old.remember(promise_for("k", 1), Instant{}, {});
  write_slot(file, stale);
  EXPECT_EQ(decode_memory(file, self).memory.find(LeaseKey("k")), nullptr);
}

TEST(PromiseMemory, decoding_is_total) {
  PromiseMemory memory(self);
  for (int i = 0; i < 10; ++i)
    static_cast<void>(memory.remember(promise_for("k" + std::to_string(i), 3), Instant{}, {}));
  const std::vector<std::uint8_t> file = memory.encode();
  Random random(1);
  for (int i = 0; i < 3000; ++i) {
    std::vector<std::uint8_t> altered = file;
    for (std::uint64_t n = random.next() % 8; n > 0; --n)
      altered[random.next() % (4 * promise_slot_bytes)] = static_cast<std::uint8_t>(random.next());
    if (random.next() % 4 == 0) altered.resize(random.next() % altered.size());
    static_cast<void>(decode_memory(altered, self));
  }
}

TEST(PromiseMemory, a_wanted_key_is_never_forgotten) {
  PromiseMemory memory(self);
  std::vector<LeaseKey> wanted;
  for (std::size_t i = 0; i < promise_keys_max; ++i) {
    wanted.emplace_back("k" + std::to_string(i));
    ASSERT_TRUE(memory.remember(promise_for(wanted.back().text(), 1), Instant{}, wanted));
  }
  EXPECT_FALSE(memory.remember(promise_for("more", 1), Instant(1000s), wanted).has_value());
  wanted.pop_back();
  EXPECT_FALSE(memory.remember(promise_for("more", 1), Instant(99s), wanted).has_value());
  EXPECT_TRUE(memory.remember(promise_for("more", 1), Instant(100s), wanted).has_value());
}

TEST(Marker, reads_back_and_refuses_everything_else) {
  EXPECT_EQ(decode_marker(encode_marker(self)), self);
  const std::string text = encode_marker(self);
  for (std::size_t length = 0; length + 1 < text.size(); ++length)
    EXPECT_FALSE(decode_marker(text.substr(0, length)).has_value()) << length;
  EXPECT_FALSE(decode_marker("hapx-voter 2" + text.substr(12)).has_value());
}

TEST(BootIdText, reads_what_the_kernel_writes) {
  const auto id = parse_boot_id("0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9\n");
  ASSERT_TRUE(id.has_value());
  EXPECT_EQ(to_string(*id), "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9");
  EXPECT_FALSE(parse_boot_id("0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f").has_value());
  EXPECT_FALSE(parse_boot_id("0a1b2c3d-4e5f-6071-8293_a4b5c6d7e8f9").has_value());
  EXPECT_FALSE(parse_boot_id("0a1b2c3g-4e5f-6071-8293-a4b5c6d7e8f9").has_value());
  EXPECT_FALSE(parse_boot_id("").has_value());
}

// ---- rule 5: what was found -> how long to abstain ----

std::string marker(std::uint8_t boot_number, const std::string& node = "node1") {
  return encode_marker({self.cluster, NodeName(node), boot(boot_number)});
}
std::vector<std::uint8_t> file_of(std::uint8_t boot_number, const std::string& node = "node1") {
  return PromiseMemory({self.cluster, NodeName(node), boot(boot_number)}).encode();
}

struct Finding {
  const char* what;
  std::optional<std::vector<std::uint8_t>> mapped;
  std::optional<std::string> marker;
  std::optional<Duration> abstain_at_1s;
  std::optional<Duration> abstain_at_60s;
};

TEST(Recall, rule_5_as_a_table) {
  const std::vector<std::uint8_t> torn(promise_file_bytes, 0xEE);
  const std::vector<Finding> table = {
      {"nothing at all: first start", {}, {}, {}, {}},
      {"an empty file is nothing", std::vector<std::uint8_t>{}, {}, {}, {}},
      {"all of this boot", file_of(1), marker(1), {}, {}},
      {"rebooted, run directory emptied", {}, marker(2), 4s, {}},
      {"rebooted, run directory kept", file_of(2), marker(2), 4s, {}},
      {"this boot's file is missing", {}, marker(1), 5s, 5s},
      {"this boot's file is torn", torn, marker(1), 5s, 5s},
      {"this boot's file is another boot's", file_of(2), marker(1), 5s, 5s},
      {"this boot's file is another node's", file_of(1, "node9"), marker(1), 5s, 5s},
      {"rebooted, the file was torn by it", torn, marker(2), 4s, {}},
      {"a marker that can't be read", {}, "rubbish", 5s, 5s},
      {"a state directory of another node", {}, marker(1, "node9"), 5s, 5s},
      {"state directory purged, file intact", file_of(1), {}, {}, {}},
      {"state directory purged, file of another boot", file_of(2), {}, 4s, {}},
      {"state directory purged, file torn", torn, {}, 5s, 5s},
  };
  for (const Finding& row : table) {
    EXPECT_EQ(recall({row.mapped, row.marker}, self, Instant(1s)).abstain, row.abstain_at_1s)
        << row.what;
    EXPECT_EQ(recall({row.mapped, row.marker}, self, Instant(60s)).abstain, row.abstain_at_60s)
        << row.what;
  }
}

/// A process that abstains, dies and comes back finds a file of its own making, intact and empty:
/// that is no memory of what was promised before.
TEST(Recall, rule_5_a_restart_does_not_cut_an_abstention_short) {
  const Recollection first = recall({std::nullopt, marker(1)}, self, Instant(60s));
  ASSERT_EQ(first.abstain, 5s);
  ASSERT_TRUE(first.write_file);
  const Recollection second = recall({first.memory.encode(), marker(1)}, self, Instant(62s));
  EXPECT_EQ(second.abstain, 3s);
  const Recollection third = recall({first.memory.encode(), marker(1)}, self, Instant(65s));
  EXPECT_FALSE(third.abstain.has_value());
}

TEST(Recall, rule_5_the_same_holds_for_a_start_right_after_a_reboot) {
  const Recollection first = recall({std::nullopt, marker(2)}, self, Instant(1s));
  ASSERT_TRUE(first.write_file && first.write_marker);
  const Recollection second = recall({first.memory.encode(), marker(1)}, self, Instant(2s));
  EXPECT_EQ(second.abstain, 3s);
}

TEST(Recall, rule_5_what_is_remembered_is_given_back) {
  PromiseMemory memory(self);
  static_cast<void>(memory.remember(promise_for("k", 3), Instant{}, {}));
  const Recollection recollection = recall({memory.encode(), marker(1)}, self, Instant(60s));
  EXPECT_EQ(recollection.memory, memory);
  EXPECT_FALSE(recollection.write_file);
  EXPECT_FALSE(recollection.write_marker);
}

}  // namespace
}  // namespace hapx::membership
