// SPDX-License-Identifier: Apache-2.0
// Is an acknowledged order ever lost, whatever becomes of messages, processes and one disk?
//
// Random walks over three copies and three writers, without the lease that usually lets only one of
// them write: any number of coordinators overlap here, each under a ballot of its own. Messages are
// lost, doubled and late beyond all bounds, processes die with a store under way, and one node,
// always the same, may lose its disk again and again. What a writer acknowledged must be in
// everything that a writer of a higher ballot ever reads.
#include <cstdlib>
#include <iostream>
#include <map>
#include <variant>

#include <gtest/gtest.h>

#include "membership/random.hpp"
#include "membership/record_copy.hpp"
#include "membership/record_writer.hpp"
#include "record_walks.hpp"

namespace hapx::membership {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t nodes = 3;
constexpr std::size_t messages_max = 60;

class Walk {
 public:
  Walk(std::uint64_t seed, bool loses_disk) : random_(seed), loses_disk_(loses_disk) {
    for (std::size_t i = 0; i < nodes; ++i) {
      NodeConfig node;
      node.name = name(i);
      configs_.push_back(node);
    }
    for (std::size_t i = 0; i < nodes; ++i) {
      sites_.push_back(Site{RecordCopy({}, owner(i)),
                            RecordWriter(configs_, Electorate(configs_), Timing{}),
                            {},
                            {},
                            1,
                            std::vector<std::uint64_t>(nodes, 1),
                            {},
                            false});
    }
  }

  void go(int steps) {
    for (int i = 0; i < steps && complaint.empty(); ++i) step();
  }

  std::string complaint;
  std::size_t acknowledged = 0;
  std::size_t readings = 0;

 private:
  struct Site {
    RecordCopy copy;
    RecordWriter writer;
    std::vector<std::uint8_t> disk;
    std::optional<StoreRecord> store;  ///< under way
    std::uint64_t life = 1;
    std::vector<std::uint64_t> knows;  ///< the lives of the others that its writer speaks with
    std::map<std::uint64_t, Subject> asked;  ///< by version
    bool has_read = false;
  };

  static NodeName name(std::size_t i) {
    return NodeName(std::string(1, static_cast<char>('a' + i)));
  }
  static RecordOwner owner(std::size_t i) { return {ClusterName("walk"), name(i)}; }
  static std::size_t index(const NodeName& node) {
    return static_cast<std::size_t>(node.text()[0] - 'a');
  }
  std::size_t any(std::size_t count) { return random_.next() % count; }
  bool chance(unsigned permille) { return random_.next() % 1000 < permille; }

  void step() {
    now_ += 2s;  // every pause is over
    const std::size_t at = any(nodes);
    const std::size_t drawn = any(100);
    if (drawn < 1) return begin(at);
    if (drawn < 2) return crash(at, false);
    if (drawn < 3) return loses_disk_ ? crash(0, true) : deliver();
    if (drawn < 8) return ask(at);
    if (drawn < 14) return promote(at, any(nodes));
    if (drawn < 20) return speak(at);
    if (drawn < 50) return finish_store(at);
    deliver();
  }

  void begin(std::size_t at) {
    if (sites_[at].writer.ballot() && !chance(300)) return;  // mostly they are let be
    Site& site = sites_[at];
    const std::uint64_t round = std::max(round_ - any(3), std::uint64_t{1});
    const Ballot ballot{round, name(at), {++incarnations_}};
    site.asked.clear();
    site.has_read = false;
    site.writer.begin(ballot, site.copy.durable().record, now_);
    ++round_;
    judge(at);
  }

  void crash(std::size_t at, bool disk_too) {
    if (!chance(400)) return;
    Site& site = sites_[at];
    if (site.store && chance(500)) site.disk = site.store->bytes;
    if (disk_too) site.disk.clear();
    site.store.reset();
    ++site.life;
    site.copy = RecordCopy(decode_record(site.disk, owner(at)).kept, owner(at));
    site.writer.end();
  }

  /// A writer learns that a node has another process; what the former one said counts no more.
  void promote(std::size_t at, std::size_t other) {
    Site& site = sites_[at];
    if (site.knows[other] == sites_[other].life) return;
    site.knows[other] = sites_[other].life;
    site.writer.began_anew(name(other));
  }

  void ask(std::size_t at) {
    Site& site = sites_[at];
    if (!site.writer.writable() || site.writer.is_full() || subjects_ >= standing_orders_max)
      return;
    const Subject subject = Subject::standby(NodeName("n" + std::to_string(++subjects_)));
    const RecordChange change{RecordChange::Verb::give, subject, "walk", {}};
    site.asked[site.writer.replace(apply(change, site.writer.coming(), Utc{}).orders)] = subject;
  }

  void speak(std::size_t at) {
    Site& site = sites_[at];
    for (std::size_t to = 0; to < nodes; ++to) {
      if (const auto read = site.writer.read_for(name(to), now_)) send({at, to, Read{*read}});
      if (const auto write = site.writer.write_for(name(to), now_))
        send({at, to, Written{write->record, write->filling}});
    }
  }

  void finish_store(std::size_t at) {
    turn_disk(sites_[at], now_, [this](unsigned permille) { return chance(permille); });
    answer(at);
  }

  void answer(std::size_t at) {
    Site& site = sites_[at];
    for (const RecordCopy::Told& told : site.copy.take_answers()) {
      Answered said{told.answer, {}, site.life};
      if (told.with_content) said.content = site.copy.durable().record;
      send({at, index(told.to), said});
    }
  }

  void send(Sent sent) {
    if (sent_.size() >= messages_max) sent_.erase(sent_.begin());
    sent_.push_back(std::move(sent));
  }

  void deliver() {
    if (sent_.empty()) return;
    // Mostly in order, now and then whatever there is.
    const std::size_t which = chance(700) ? 0 : any(sent_.size());
    const Sent sent = sent_[which];
    if (!chance(150)) sent_.erase(sent_.begin() + static_cast<std::ptrdiff_t>(which));
    if (chance(100)) return;  // lost
    Site& to = sites_[sent.to];
    if (const auto* read = std::get_if<Read>(&sent.what)) {
      to.copy.read(name(sent.from), read->read);
      answer(sent.to);
    } else if (const auto* written = std::get_if<Written>(&sent.what)) {
      to.copy.write(name(sent.from), written->record, written->filling);
      answer(sent.to);
    } else {
      const auto& said = std::get<Answered>(sent.what);
      if (said.life != to.knows[sent.from] && sent.from != sent.to) return;
      if (said.content) to.writer.told(*said.content);
      to.writer.answered(name(sent.from), said.answer);
      judge(sent.to);
    }
  }

  /// What this writer now knows, against all that was ever acknowledged and read.
  void judge(std::size_t at) {
    Site& site = sites_[at];
    if (!site.writer.writable()) return;
    const Ballot& ballot = *site.writer.ballot();
    if (!std::exchange(site.has_read, true)) {
      ++readings;
      reads_.emplace_back(ballot, site.writer.coming());
      for (const auto& [subject, by] : acknowledged_)
        if (by < ballot) demand(subject, site.writer.coming());
    }
    while (!site.asked.empty() && site.asked.begin()->first <= site.writer.settled_version()) {
      const Subject subject = site.asked.begin()->second;
      site.asked.erase(site.asked.begin());
      ++acknowledged;
      acknowledged_[subject] = ballot;
      for (const auto& [reader, orders] : reads_)
        if (ballot < reader) demand(subject, orders);
    }
  }

  void demand(const Subject& subject, const StandingOrders& orders) {
    if (find_order(orders, subject) == nullptr) complaint = "lost: the " + describe(subject);
  }

  Random random_;
  bool loses_disk_;
  std::vector<NodeConfig> configs_;
  std::vector<Site> sites_;
  std::vector<Sent> sent_;
  Instant now_{1s};
  std::uint64_t round_ = 3;
  std::uint64_t incarnations_ = 0;
  std::uint64_t subjects_ = 0;
  std::map<Subject, Ballot> acknowledged_;
  std::vector<std::pair<Ballot, StandingOrders>> reads_;
};

void walk(bool loses_disk) {
  std::size_t acknowledged = 0;
  std::size_t readings = 0;
  // HAPX_WALKS: more than usual.
  const char* wanted = std::getenv("HAPX_WALKS");
  const std::uint64_t walks = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 300;
  for (std::uint64_t seed = 1; seed <= walks; ++seed) {
    Walk one(seed, loses_disk);
    one.go(6000);
    ASSERT_EQ(one.complaint, "") << "seed " << seed;
    acknowledged += one.acknowledged;
    readings += one.readings;
  }
  std::cout << acknowledged << " orders acknowledged, " << readings << " readings\n";
  EXPECT_GT(acknowledged, 1000U);
  EXPECT_GT(readings, 1000U);
}

TEST(RecordWalk, no_acknowledged_order_is_lost) {
  walk(false);
}

TEST(RecordWalk, not_even_when_one_node_loses_its_disk_again_and_again) {
  walk(true);
}

}  // namespace
}  // namespace hapx::membership
