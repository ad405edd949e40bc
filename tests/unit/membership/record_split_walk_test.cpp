// SPDX-License-Identifier: Apache-2.0
// Two nodes that may write the record alone: is an acknowledged order ever lost, or one that was
// lifted ever back?
//
// Random walks over two copies and two writers, as in record_walk_test: without the lease, so that
// any number of coordinators overlap, with messages lost, doubled and late, processes that die with
// a store under way, and in some walks a node that loses its disk. Besides, each writer counts its
// own vote alone whenever it likes, right or wrong. What was acknowledged must be in every content
// of a higher name by a writer that has heard both; and in every one by the same node. Each subject
// is given once and lifted once, so that nobody has to guess which of two words is the later one.
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

constexpr std::size_t nodes = 2;
constexpr std::size_t messages_max = 60;

class Walk {
 public:
  Walk(std::uint64_t seed, bool loses_disk) : random_(seed), loses_disk_(loses_disk) {
    for (std::size_t i = 0; i < nodes; ++i) {
      NodeConfig node;
      node.name = name(i);
      configs_.push_back(node);
    }
    for (std::size_t i = 0; i < nodes; ++i)
      sites_.push_back({RecordCopy({}, owner(i)),
                        RecordWriter(configs_, Electorate(configs_), Timing{}, Differing::merged)});
  }

  void go(int steps) {
    for (int i = 0; i < steps && complaint.empty(); ++i) step();
    heal();
  }

  std::string complaint;
  std::size_t alone = 0;
  std::size_t together = 0;
  std::size_t lifted = 0;
  std::size_t merges = 0;

 private:
  struct Asked {
    Subject subject;
    bool lifts = false;
  };
  struct Site {
    RecordCopy copy;
    RecordWriter writer;
    std::vector<std::uint8_t> disk{};
    std::optional<StoreRecord> store{};  ///< under way
    std::uint64_t life = 1;
    std::uint64_t knows = 1;                 ///< the life of the other that its writer speaks with
    std::map<std::uint64_t, Asked> asked{};  ///< by version
  };
  struct Acknowledged {
    RecordId id;
    std::optional<std::size_t> at;  ///< the one node whose disk has it; absent: both
  };
  struct Content {
    Record record;
    std::size_t by = 0;
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
    const std::size_t drawn = any(200);
    if (drawn < 2) return begin(at);
    if (drawn < 4) return count(at, chance(600));
    if (drawn < 6) return crash(at, false);
    if (drawn < 7) return loses_disk_ ? crash(0, true) : deliver();
    if (drawn < 20) return ask(at);
    if (drawn < 30) return promote(at);
    if (drawn < 50) return speak(at);
    if (drawn < 110) return finish_store(at);
    deliver();
  }

  void begin(std::size_t at) {
    if (sites_[at].writer.ballot() && !chance(300)) return;  // mostly they are let be
    Site& site = sites_[at];
    const std::uint64_t round = std::max(round_ - any(3), std::uint64_t{1});
    site.asked.clear();
    site.writer.begin({round, name(at), {++incarnations_}}, site.copy.durable().record, now_);
    ++round_;
    judge(at);
  }

  void count(std::size_t at, bool by_itself) {
    sites_[at].writer.count_by(by_itself ? Electorate({configs_[at]}) : Electorate(configs_));
    judge(at);
  }

  void crash(std::size_t at, bool disk_too) {
    if (!chance(400)) return;
    Site& site = sites_[at];
    if (site.store && chance(500)) site.disk = site.store->bytes;
    if (disk_too) {
      site.disk.clear();
      forget(at);
    }
    site.store.reset();
    ++site.life;
    site.copy = RecordCopy(decode_record(site.disk, owner(at)).kept, owner(at));
    site.writer.end();
    std::erase_if(sent_, [&](const Sent& sent) { return sent.from == at && sent.to == at; });
  }

  /// What was on this disk only, nobody can know any more, nor what it shut out.
  void forget(std::size_t at) {
    for (auto* acknowledged : {&given_, &lifted_})
      std::erase_if(*acknowledged, [&](const auto& each) { return each.second.at == at; });
    std::erase_if(contents_,
                  [&](const Content& content) { return content.by == at && content.record.floor; });
  }

  /// A writer learns that the other node has another process.
  void promote(std::size_t at) {
    Site& site = sites_[at];
    const std::size_t other = 1 - at;
    if (site.knows == sites_[other].life) return;
    site.knows = sites_[other].life;
    site.writer.began_anew(name(other));
  }

  void ask(std::size_t at) {
    Site& site = sites_[at];
    if (!site.writer.writable() || site.writer.is_full()) return;
    const StandingOrders& coming = site.writer.coming();
    const bool lifts = !coming.empty() && chance(coming.size() < 20 ? 300 : 800);
    if (!lifts && !site.writer.has_room()) return;
    const Subject subject = lifts ? coming[any(coming.size())].subject
                                  : Subject::standby(NodeName("n" + std::to_string(++subjects_)));
    const auto verb = lifts ? RecordChange::Verb::lift : RecordChange::Verb::give;
    StandingOrders changed = apply({verb, subject, "walk", {}}, coming, Utc{}).orders;
    if (lifts) being_lifted_.insert(subject);
    site.asked[site.writer.replace(std::move(changed))] = {subject, lifts};
  }

  void speak(std::size_t at) {
    Site& site = sites_[at];
    for (std::size_t to = 0; to < nodes; ++to) {
      if (const auto read = site.writer.read_for(name(to), now_)) send({at, to, Read{*read}});
      if (const auto write = site.writer.write_for(name(to), now_)) {
        note({write->record, at});
        send({at, to, Written{write->record, write->filling}});
      }
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
    if (is_healed_ || !chance(150)) sent_.erase(sent_.begin() + static_cast<std::ptrdiff_t>(which));
    if (!is_healed_ && chance(sent.from == sent.to ? 100 : 300)) return;  // lost
    Site& to = sites_[sent.to];
    if (const auto* read = std::get_if<Read>(&sent.what)) {
      to.copy.read(name(sent.from), read->read);
      answer(sent.to);
    } else if (const auto* written = std::get_if<Written>(&sent.what)) {
      to.copy.write(name(sent.from), written->record, written->filling);
      answer(sent.to);
    } else {
      const auto& said = std::get<Answered>(sent.what);
      if (said.life != to.knows && sent.from != sent.to) return;
      if (said.content) to.writer.told(*said.content);
      to.writer.answered(name(sent.from), said.answer);
      judge(sent.to);
    }
  }

  /// Nothing is lost any more, and one of them coordinates.
  void heal() {
    is_healed_ = true;
    for (std::size_t at = 0; at < nodes; ++at) {
      sites_[at].writer.end();
      sites_[at].writer.count_by(Electorate(configs_));
    }
    round_ += 3;
    const std::size_t who = any(nodes);
    begin(who);
    for (int i = 0; i < 200 && complaint.empty(); ++i) {
      now_ += 2s;
      promote(who);
      speak(who);
      for (std::size_t at = 0; at < nodes; ++at) finish_store(at);
      for (std::size_t count = sent_.size(); count > 0; --count) deliver();
    }
    if (!complaint.empty()) return;
    const auto& first = sites_[0].copy.durable().record;
    if (!first || first != sites_[1].copy.durable().record || first->floor)
      complaint = "they don't agree when all is well";
  }

  void note(const Content& content) {
    const auto same = [&](const Content& other) { return other.record.id == content.record.id; };
    if (const auto at = std::ranges::find_if(contents_, same); at != contents_.end()) {
      if (at->record != content.record) complaint = "a version has a second content";
      return;
    }
    if (!is_sound(content.record)) complaint = "a content that isn't sound";
    if (!content.record.floor) ++merges;
    for (const auto& [subject, by] : given_) demand(subject, by, content);
    for (const auto& [subject, by] : lifted_) forbid(subject, by, content);
    contents_.push_back(content);
  }

  /// What this writer has acknowledged, against all contents that there were.
  void judge(std::size_t at) {
    Site& site = sites_[at];
    if (!site.writer.ballot()) return;
    while (!site.asked.empty() && site.asked.begin()->first <= site.writer.settled_version()) {
      const auto [version, asked] = *site.asked.begin();
      site.asked.erase(site.asked.begin());
      Acknowledged by{{*site.writer.ballot(), version}, {}};
      if (!site.writer.done_without(version).empty()) by.at = at;
      ++(by.at ? alone : together);
      if (asked.lifts) ++lifted;
      (asked.lifts ? lifted_ : given_)[asked.subject] = by;
      for (const Content& content : contents_)
        asked.lifts ? forbid(asked.subject, by, content) : demand(asked.subject, by, content);
    }
  }

  static bool knows(const Content& content, const Acknowledged& by) {
    if (content.record.id < by.id) return false;
    return !content.record.floor || !by.at || *by.at == content.by;
  }
  void demand(const Subject& subject, const Acknowledged& by, const Content& content) {
    if (being_lifted_.contains(subject) || !knows(content, by)) return;
    if (find_order(content.record.orders, subject) == nullptr)
      complaint = "lost: the " + describe(subject);
  }
  void forbid(const Subject& subject, const Acknowledged& by, const Content& content) {
    if (!knows(content, by)) return;
    if (find_order(content.record.orders, subject) != nullptr)
      complaint = "back again: the " + describe(subject);
  }

  Random random_;
  bool loses_disk_;
  bool is_healed_ = false;
  std::vector<NodeConfig> configs_;
  std::vector<Site> sites_;
  std::vector<Sent> sent_;
  Instant now_{1s};
  std::uint64_t round_ = 3;
  std::uint64_t incarnations_ = 0;
  std::uint64_t subjects_ = 0;
  std::map<Subject, Acknowledged> given_;
  std::map<Subject, Acknowledged> lifted_;
  std::set<Subject> being_lifted_;  ///< somebody asked for it, and it may happen
  std::vector<Content> contents_;   ///< that were sent
};

void walk(bool loses_disk) {
  std::size_t alone = 0;
  std::size_t together = 0;
  std::size_t lifted = 0;
  std::size_t merges = 0;
  // HAPX_WALKS: more than usual.
  const char* wanted = std::getenv("HAPX_WALKS");
  const std::uint64_t walks = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 100;
  for (std::uint64_t seed = 1; seed <= walks; ++seed) {
    Walk one(seed, loses_disk);
    one.go(6000);
    ASSERT_EQ(one.complaint, "") << "seed " << seed;
    alone += one.alone;
    together += one.together;
    lifted += one.lifted;
    merges += one.merges;
  }
  std::cout << alone << " orders acknowledged alone, " << together << " by both, " << lifted
            << " of all lifted, " << merges << " contents by one who has heard both\n";
  EXPECT_GT(alone, 1000U);
  EXPECT_GT(together, 1000U);
  EXPECT_GT(lifted, 1000U);
  EXPECT_GT(merges, 1000U);
}

TEST(RecordSplitWalk, no_acknowledged_order_is_lost_and_none_that_was_lifted_comes_back) {
  walk(false);
}

TEST(RecordSplitWalk, not_even_when_one_node_loses_its_disk_again_and_again) {
  walk(true);
}

}  // namespace
}  // namespace hapx::membership
