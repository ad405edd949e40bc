// SPDX-License-Identifier: Apache-2.0
// The pure lease under random walks: voters and holders alone, no members, no bytes.
//
// Two sessions want one key of three voters (and sometimes give it up, or their process dies and a
// new one goes on). Every message may be lost, doubled, and arrive at any later time; every clock
// has a speed of its own; voters restart, with their memory or without. Cheaper than whole members
// by far, so it visits the corners of the rules: late releases, late answers, reused rounds.
// Safety: no instant at which the kernels of two machines are open for the key.
#include <cstdlib>
#include <optional>
#include <variant>

#include <gtest/gtest.h>

#include "membership/lease.hpp"
#include "membership/voter.hpp"

namespace hapx::membership {
namespace {

using namespace std::chrono_literals;

const LeaseKey key("10.0.0.100");

struct Mail {
  std::size_t from = 0;  ///< machine
  std::size_t to = 0;
  std::variant<Prepare, PrepareAnswer, Proposal, ProposalAnswer, Release> what;
};

/// A machine votes; the first two also want the key.
struct Machine {
  NodeName name;
  BootId boot;
  std::int64_t rate_permille = 1000;
  Duration booted{0};
  std::uint64_t incarnation = 1;
  Duration T{0};
  std::optional<Voter> voter;
  std::optional<Lease> lease;
  Duration open_until{0};  ///< the kernel's deadline, in the world's time
};

struct Walk {
  explicit Walk(std::uint64_t seed) : random(seed) {
    for (std::size_t i = 0; i < 3; ++i) {
      Machine& machine = machines[i];
      machine.name = NodeName(std::string(1, static_cast<char>('a' + i)));
      machine.boot.bytes[0] = static_cast<std::uint8_t>(i + 1);
      machine.rate_permille = 900 + static_cast<std::int64_t>(random.next() % 201);
      machine.T = random.next() % 3 == 0 ? 40ms : 100ms;
      machine.voter.emplace(PromiseMemory({ClusterName("w"), machine.name, machine.boot}),
                            std::vector{key}, Instant{});
      NodeConfig node;
      node.name = machine.name;
      nodes.push_back(node);
    }
    for (std::size_t i = 0; i < 2; ++i) new_process(i);
  }

  Instant local(const Machine& machine) const {
    return Instant((now - machine.booted) * machine.rate_permille / 1000);
  }
  Duration world_time(const Machine& machine, Instant at) const {
    return machine.booted + at.time_since_epoch() * 1000 / machine.rate_permille;
  }
  Session session(const Machine& machine) const { return {machine.name, machine.boot}; }

  void new_process(std::size_t i) {
    Machine& machine = machines[i];
    machine.incarnation = random.next();
    const Promise* known = machine.voter->memory().find(key);
    machine.lease.emplace(key, session(machine), Incarnation{machine.incarnation},
                          Electorate(nodes), Timing{10ms, machine.T},
                          known == nullptr ? 0 : known->promised.round, random.next());
  }

  void post(std::size_t from, std::size_t to, decltype(Mail::what) what) {
    if (mail.size() < 200) mail.push_back({from, to, std::move(what)});
  }

  /// Says to all voters what the lease wants to say now; our own hears it without the network.
  void say(std::size_t i) {
    for (std::size_t to = 0; to < 3; ++to) {
      Machine& machine = machines[i];
      Mail one{i, to, Prepare{}};
      if (auto prepare = machine.lease->prepare_for(machines[to].name))
        one.what = *prepare;
      else if (auto proposal = machine.lease->proposal_for(machines[to].name, local(machine)))
        one.what = *proposal;
      else
        continue;
      if (to == i)
        deliver(one);
      else
        post(i, to, one.what);
    }
    look(i);
  }

  /// The kernel's deadline follows the right.
  void look(std::size_t i) {
    Machine& machine = machines[i];
    const auto& right = machine.lease->right();
    if (!right) {
      if (had_right[i]) machine.open_until = 0ns;
      had_right[i] = false;
      return;
    }
    had_right[i] = true;
    machine.open_until = std::max(machine.open_until, world_time(machine, right->until));
    if (machine.open_until <= now) return;
    ++acted;
    const Machine& other = machines[1 - i];
    if (other.open_until > now) violated = true;
  }

  void deliver(const Mail& one) {
    Machine& to = machines[one.to];
    const Machine& from = machines[one.from];
    const Instant at = local(to);
    if (const auto* prepare = std::get_if<Prepare>(&one.what)) {
      const auto said = to.voter->prepare(*prepare, session(from), at);
      if (said.answer) answer(one, *said.answer);
    } else if (const auto* proposal = std::get_if<Proposal>(&one.what)) {
      const auto said = to.voter->propose(*proposal, session(from), at);
      if (said.answer) answer(one, *said.answer);
      if (proposal->held && to.lease && one.to != one.from) {
        to.lease->heard_holder(proposal->ballot, proposal->lease, at);
        look(one.to);
      }
    } else if (const auto* release = std::get_if<Release>(&one.what)) {
      static_cast<void>(to.voter->release(*release, session(from), at));
      if (to.lease && one.to != one.from) to.lease->heard_news(at);
    } else if (const auto* prepared = std::get_if<PrepareAnswer>(&one.what)) {
      if (prepared->ballot.incarnation.value != to.incarnation) return;
      to.lease->answered(from.name, *prepared, at);
      look(one.to);
    } else if (const auto* proposed = std::get_if<ProposalAnswer>(&one.what)) {
      if (proposed->ballot.incarnation.value != to.incarnation) return;
      to.lease->answered(from.name, *proposed, at);
      look(one.to);
    }
  }

  template <class Answer>
  void answer(const Mail& question, const Answer& what) {
    if (question.from == question.to)
      deliver({question.to, question.from, what});
    else
      post(question.to, question.from, what);
  }

  void give_up(std::size_t i) {
    Machine& machine = machines[i];
    machine.open_until = 0ns;  // the fence first (rules 8 and 9)
    had_right[i] = false;
    for (const Release& release : machine.lease->release()) {
      static_cast<void>(machine.voter->release(release, session(machine), local(machine)));
      for (std::size_t to = 0; to < 3; ++to)
        if (to != i) post(i, to, release);
    }
  }

  /// Rule 5, as recall() has it: with the memory, or silent for M.
  void restart_voter(std::size_t i) {
    Machine& machine = machines[i];
    if (random.next() % 4 != 0) {
      const auto file = machine.voter->memory().encode();
      const VoterIdentity self{ClusterName("w"), machine.name, machine.boot};
      PromiseMemory memory = decode_memory(file, self).memory;
      const Instant until = memory.abstain_until();
      machine.voter.emplace(std::move(memory), std::vector{key}, until);
    } else {
      PromiseMemory memory({ClusterName("w"), machine.name, machine.boot});
      const Instant until = local(machine) + lease_max;
      static_cast<void>(memory.abstain(until));
      machine.voter.emplace(std::move(memory), std::vector{key}, until);
    }
  }

  void take_mail() {
    if (mail.empty()) return;
    const std::size_t at = random.next() % 3 == 0 ? random.next() % mail.size() : mail.size() - 1;
    const Mail one = mail[at];
    if (random.next() % 4 != 0) {  // else it comes again
      mail.erase(mail.begin() + static_cast<std::ptrdiff_t>(at));
    }
    if (random.next() % 8 != 0) deliver(one);
  }

  void step() {
    for (std::size_t i = 0; i < 2; ++i) {
      machines[i].lease->pass_time(local(machines[i]));
      look(i);
    }
    const std::size_t i = random.next() % 2;
    switch (random.next() % 32) {
      case 0:
        machines[i].lease->claim(local(machines[i]));
        break;
      case 1:
        give_up(i);
        break;
      case 2:
        give_up(i);
        machines[i].lease->claim(local(machines[i]));
        say(i);
        break;
      case 3:
        if (random.next() % 4 == 0) restart_voter(random.next() % 3);
        break;
      case 4:
        if (random.next() % 4 != 0) break;
        new_process(i);
        had_right[i] = false;
        machines[i].lease->claim(local(machines[i]));
        break;
      case 5:
      case 6:
        now += random.up_to(random.next() % 4 == 0 ? 120ms : 15ms);
        break;
      case 7:
        machines[i].T = random.next() % 2 == 0 ? 40ms : 100ms;  // another file
        if (random.next() % 8 == 0) now += 6s;
        break;
      case 8:
      case 9:
      case 10:
      case 11:
        say(i);
        break;
      default:
        now += random.up_to(1ms);
        take_mail();
        if (machines[i].lease->take_urgency()) say(i);
        break;
    }
  }

  Random random;
  Duration now{1s};
  std::array<Machine, 3> machines;
  std::vector<NodeConfig> nodes;
  std::vector<Mail> mail;
  std::array<bool, 2> had_right{};
  std::uint64_t acted = 0;
  bool violated = false;
};

TEST(Walk, two_sessions_never_act_on_one_key_at_an_instant) {
  const char* wish = std::getenv("HAPX_WALKS");
  const std::uint64_t walks = wish != nullptr ? std::strtoull(wish, nullptr, 10) : 1'000;
  std::uint64_t acted = 0;
  for (std::uint64_t seed = 1; seed <= walks; ++seed) {
    Walk walk(seed);
    for (int i = 0; i < 400 && !walk.violated; ++i) walk.step();
    ASSERT_FALSE(walk.violated) << "seed " << seed;
    acted += walk.acted;
  }
  EXPECT_GT(acted, walks);  // otherwise nothing was tested
}

}  // namespace
}  // namespace hapx::membership
