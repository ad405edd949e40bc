// SPDX-License-Identifier: Apache-2.0
// Two nodes, each of which may write the record alone, and what remains when they meet again.
#include <gtest/gtest.h>

#include "membership/record_copy.hpp"
#include "membership/record_writer.hpp"

namespace hapx::membership {
namespace {

using namespace std::chrono_literals;

const NodeName a("a"), b("b");

Subject standby(const std::string& node) {
  return Subject::standby(NodeName(node));
}

struct Site {
  Site(const NodeName& node, const std::vector<NodeConfig>& nodes)
      : name(node),
        owner{ClusterName("world"), node},
        copy({}, owner),
        writer(nodes, Electorate(nodes), Timing{}, Differing::merged) {}

  NodeName name;
  RecordOwner owner;
  RecordCopy copy;
  RecordWriter writer;
  std::vector<std::uint8_t> disk;
};

class Split : public testing::Test {
 protected:
  static std::vector<NodeConfig> nodes() {
    std::vector<NodeConfig> all;
    for (const NodeName& name : {a, b}) {
      NodeConfig node;
      node.name = name;
      all.push_back(node);
    }
    return all;
  }

  /// Both have x and z, written by a.
  void SetUp() override {
    begin(a_);
    settle();
    give(a_, "x");
    give(a_, "z");
    settle();
    a_.writer.end();
  }

  void begin(Site& site) {
    site.writer.begin({++round_, site.name, {round_}}, site.copy.durable().record, now_);
  }
  void count_alone(Site& site) {
    site.writer.count_by(Electorate({nodes()[&site == &b_ ? 1 : 0]}));
  }
  void count_both(Site& site) { site.writer.count_by(Electorate(nodes())); }
  /// From now on they don't hear each other, and each goes on alone; `last` under the higher
  /// ballot.
  void cut(const Site& last) {
    is_cut_ = true;
    for (Site* site : {&last == &a_ ? &b_ : &a_, &last == &a_ ? &a_ : &b_}) {
      count_alone(*site);
      begin(*site);
    }
    settle();
  }
  /// They hear each other again, and `site` coordinates.
  void heal(Site& site) {
    is_cut_ = false;
    for (Site* each : {&a_, &b_}) {
      each->writer.end();
      count_both(*each);
    }
    begin(site);
    settle();
  }

  std::uint64_t change(Site& site, const Subject& subject, RecordChange::Verb verb) {
    return site.writer.replace(
        apply({verb, subject, "me", {}}, site.writer.coming(), now()).orders);
  }
  std::uint64_t give(Site& site, const std::string& node) {
    return change(site, standby(node), RecordChange::Verb::give);
  }
  std::uint64_t lift(Site& site, const std::string& node) {
    return change(site, standby(node), RecordChange::Verb::lift);
  }
  [[nodiscard]] Utc now() const { return Utc(now_.time_since_epoch()); }

  void store(Site& site) {
    while (const auto store = site.copy.take_store(now_)) {
      site.disk = store->bytes;
      site.copy.stored({store->ticket});
    }
  }
  void restart(Site& site) {
    site.copy = RecordCopy(decode_record(site.disk, site.owner).kept, site.owner);
    site.writer.end();
    (&site == &a_ ? b_ : a_).writer.began_anew(site.name);
  }
  /// The writer asks, the copy answers. False: there is nothing more to say.
  bool speak(Site& from, Site& to) {
    if (is_cut_ && &from != &to) return false;
    const auto read = from.writer.read_for(to.name, now_);
    const auto write = from.writer.write_for(to.name, now_);
    if (read) to.copy.read(from.name, *read);
    if (write) to.copy.write(from.name, write->record, write->filling);
    store(to);
    for (const RecordCopy::Told& told : to.copy.take_answers()) {
      if (told.with_content && !loses_contents_) from.writer.told(*to.copy.durable().record);
      if (!loses_answers_) from.writer.answered(to.name, told.answer);
    }
    return read || write;
  }
  /// Until nobody has anything to say.
  void settle() {
    for (int rounds = 0; rounds < 20; ++rounds) {
      now_ += RecordWriter::pause_max;
      for (Site* from : {&a_, &b_})
        for (Site* to : {&a_, &b_}) speak(*from, *to);
    }
  }

  static std::string names(const StandingOrders& orders) {
    std::string all;
    for (const StandingOrder& order : orders) all += order.subject.node.text();
    return all;
  }
  static std::string on_disk(const Site& site) { return names(site.copy.durable().record->orders); }

  Instant now_{1s};
  std::uint64_t round_ = 0;
  Site a_{a, nodes()};
  Site b_{b, nodes()};
  bool is_cut_ = false;
  bool loses_contents_ = false;
  bool loses_answers_ = false;
};

TEST_F(Split, together_they_write_as_a_majority_does) {
  for (const Site* site : {&a_, &b_}) {
    EXPECT_EQ(on_disk(*site), "xz");
    EXPECT_FALSE(site->copy.durable().record->floor.has_value());
    EXPECT_FALSE(site->copy.durable().record->orders[0].given.has_value());
  }
}

TEST_F(Split, an_order_given_alone_says_that_it_is_on_this_node_only) {
  begin(a_);
  settle();
  const std::uint64_t together = give(a_, "v");
  settle();
  EXPECT_TRUE(a_.writer.done_without(together).empty());
  is_cut_ = true;
  const std::uint64_t alone = give(a_, "w");
  settle();
  EXPECT_LT(a_.writer.settled_version(), alone) << "nobody said that it may count alone";
  count_alone(a_);
  EXPECT_EQ(a_.writer.settled_version(), alone) << "and now it is on its disk already";
  EXPECT_EQ(names(a_.writer.orders()), "vwxz");
  EXPECT_EQ(a_.writer.done_without(alone), std::vector{b});
  EXPECT_TRUE(a_.writer.done_without(together).empty());
}

TEST_F(Split, whoever_coordinates_when_it_is_healed_has_the_orders_of_both) {
  for (Site* healer : {&a_, &b_}) {
    cut(*healer);
    EXPECT_EQ(a_.writer.state(), RecordState::read);
    EXPECT_EQ(b_.writer.state(), RecordState::read);
    const std::string fresh = healer == &a_ ? "1" : "2";
    give(a_, "p" + fresh);
    give(b_, "q" + fresh);
    if (healer == &a_) lift(b_, "z");
    settle();
    EXPECT_EQ(on_disk(a_), healer == &a_ ? "p1xz" : "p1p2q1x");
    EXPECT_EQ(on_disk(b_), healer == &a_ ? "q1x" : "p1q1q2x");
    heal(*healer);
    EXPECT_EQ(healer->writer.state(), RecordState::read);
    EXPECT_EQ(names(healer->writer.orders()), healer == &a_ ? "p1q1x" : "p1p2q1q2x");
    EXPECT_EQ(a_.copy.durable().record, b_.copy.durable().record);
    EXPECT_FALSE(a_.copy.durable().record->floor.has_value()) << "all is known again";
  }
}

TEST_F(Split, an_order_that_both_lifted_or_gave_is_one) {
  cut(b_);
  for (Site* site : {&a_, &b_}) {
    lift(*site, "z");
    give(*site, "y");
  }
  settle();
  heal(b_);
  EXPECT_EQ(on_disk(a_), "xy");
  EXPECT_EQ(on_disk(b_), "xy");
}

TEST_F(Split, of_a_word_and_its_contrary_the_one_of_the_higher_ballot_counts) {
  cut(b_);
  lift(a_, "x");
  lift(b_, "x");
  settle();
  give(b_, "x");
  give(a_, "z");
  lift(b_, "z");
  settle();
  heal(a_);
  EXPECT_EQ(on_disk(a_), "x");
}

/// The majority of one doesn't wait for it; what it has comes in later.
TEST_F(Split, a_late_copy_goes_into_the_next_version_and_is_not_overwritten_unread) {
  cut(a_);
  give(a_, "p");
  give(b_, "q");
  settle();
  b_.writer.end();
  const std::uint64_t before = a_.writer.settled_version();
  is_cut_ = false;
  now_ += RecordWriter::pause_max;
  ASSERT_TRUE(a_.writer.read_for(b, now_).has_value());
  ASSERT_FALSE(a_.writer.write_for(b, now_).has_value());
  EXPECT_EQ(names(a_.writer.orders()), "pxz") << "in force as before";
  count_both(a_);
  EXPECT_EQ(names(a_.writer.orders()), "pxz");
  EXPECT_EQ(a_.writer.settled_version(), before);
  settle();
  EXPECT_EQ(names(a_.writer.orders()), "pqxz");
  EXPECT_EQ(a_.writer.settled_version(), before + 1);
  EXPECT_EQ(on_disk(b_), "pqxz");
}

TEST_F(Split, a_copy_without_news_begins_no_version) {
  cut(a_);
  b_.writer.end();
  give(a_, "p");
  lift(a_, "z");
  settle();
  const std::uint64_t before = a_.writer.settled_version();
  is_cut_ = false;
  count_both(a_);
  settle();
  EXPECT_EQ(a_.writer.settled_version(), before);
  EXPECT_EQ(on_disk(b_), "px");
  EXPECT_EQ(b_.copy.durable().record->lifted.size(), 1U);
  give(a_, "v");
  settle();
  EXPECT_TRUE(b_.copy.durable().record->lifted.empty()) << "which all know by now";
}

TEST_F(Split, a_content_whose_parts_are_lost_is_waited_for) {
  cut(a_);
  give(b_, "q");
  settle();
  b_.writer.end();
  is_cut_ = false;
  loses_contents_ = true;
  settle();
  EXPECT_EQ(on_disk(b_), "qxz");
  loses_contents_ = false;
  settle();
  EXPECT_EQ(on_disk(a_), "qxz");
}

TEST_F(Split, what_counted_alone_and_is_not_on_disk_yet_waits_for_both) {
  cut(a_);
  b_.writer.end();
  const std::uint64_t version = give(a_, "p");
  count_both(a_);
  speak(a_, a_);
  EXPECT_LT(a_.writer.settled_version(), version);
  is_cut_ = false;
  settle();
  EXPECT_GE(a_.writer.settled_version(), version);
  EXPECT_TRUE(a_.writer.done_without(version).empty());
}

TEST_F(Split, restarts_and_lost_answers_lose_and_revive_nothing) {
  cut(b_);
  give(a_, "p");
  lift(a_, "z");
  give(b_, "q");
  settle();
  for (Site* site : {&a_, &b_}) restart(*site);
  for (Site* site : {&a_, &b_}) begin(*site);
  settle();
  EXPECT_EQ(names(a_.writer.orders()), "px");
  EXPECT_EQ(names(b_.writer.orders()), "qxz");
  lift(b_, "x");
  settle();
  is_cut_ = false;
  loses_answers_ = true;
  count_both(b_);
  a_.writer.end();
  settle();
  loses_answers_ = false;
  restart(a_);
  settle();
  EXPECT_EQ(on_disk(b_), "pq");
  restart(b_);
  heal(a_);
  EXPECT_EQ(on_disk(a_), "pq");
}

/// A disk that was set back (a snapshot) is read like any other, and revives nothing.
TEST_F(Split, an_old_disk_revives_nothing) {
  const std::vector<std::uint8_t> old = b_.disk;
  cut(b_);
  lift(b_, "z");
  give(a_, "p");
  settle();
  heal(a_);
  ASSERT_EQ(on_disk(b_), "px");
  KeptRecord kept = decode_record(old, b_.owner).kept;
  b_.disk = encode_record(kept, b_.owner);
  restart(b_);
  heal(a_);
  EXPECT_EQ(on_disk(a_), "px");
  EXPECT_EQ(on_disk(b_), "px");
}

TEST_F(Split, a_node_that_lost_its_disk_writes_nothing_alone_and_is_filled) {
  b_.disk.clear();
  restart(b_);
  cut(b_);
  EXPECT_FALSE(b_.writer.writable());
  b_.writer.pass_time(now_);
  EXPECT_EQ(b_.writer.state(), RecordState::stale);
  give(a_, "p");
  settle();
  heal(b_);
  EXPECT_EQ(on_disk(a_), "pxz");
  EXPECT_EQ(on_disk(b_), "pxz");
}

TEST_F(Split, alone_there_is_room_for_so_many_entries_and_lifting_needs_none) {
  cut(b_);
  std::size_t given = 0;
  while (a_.writer.has_room()) {
    const std::string node = "n" + std::to_string(1000 + given++);
    give(a_, node);
    settle();
    if (a_.writer.coming().size() < standing_orders_max) continue;
    lift(a_, node);
    settle();
  }
  lift(a_, "x");
  settle();
  EXPECT_TRUE(is_sound(*a_.copy.durable().record));
  const Record& full = *a_.copy.durable().record;
  EXPECT_EQ(full.orders.size() + full.lifted.size(), record_entries_max);
  heal(b_);
  EXPECT_TRUE(b_.writer.has_room());
}

}  // namespace
}  // namespace hapx::membership
