// SPDX-License-Identifier: Apache-2.0
// Conversations between members, as text that a person can read.
//
// Each .txt beside this file is a story: lines that begin with "> " say what happens, the lines
// below say what was sent and what became known, with the time since the story began. The network
// takes 0.1 ms for every datagram and loses none, so a story is always told the same way. Run with
// HAPX_REWRITE=1 to write the files anew, and read the difference before you believe it.
//
//   > start NODE...        processes begin
//   > run DURATION         time passes, everything is told
//   > skip DURATION        time passes, only news are told
//   > claim NODE KEY   > release NODE KEY   > kill NODE   > power-off NODE   > cut NODE NODE
//   > heal NODE NODE   > plan NODE WORD   > leave NODE   > standby AT NODE   > online AT NODE
//   > empty-disk NODE
#include <cstdio>
#include <sstream>

#include <gtest/gtest.h>

#include "membership/codec.hpp"
#include "stories.hpp"
#include "world.hpp"

namespace hapx::membership {
namespace {

using testing::World;

std::string words(const Ballot& ballot) {
  if (ballot.round == 0) return "nothing";
  return std::to_string(ballot.round) + "/" + ballot.node.text();
}

std::string milliseconds(Duration duration) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1fms",
                std::chrono::duration<double, std::milli>(duration).count());
  return text;
}

std::string words(const Beat& beat) {
  std::string out = "beat";
  if (beat.challenge != 0) out += "+challenge";
  if (beat.response != 0) out += "+response";
  if (beat.leaving) out += "+leaving";
  if (beat.coordinator) out += "(coordinator " + beat.coordinator->ballot.node.text() + ")";
  return out;
}

std::string words(const RecordId& id) {
  return words(id.ballot) + " v" + std::to_string(id.version);
}

std::string words(const std::optional<StandingOrder>& order) {
  if (!order) return " (no orders)";
  const char* kinds[] = {"standby", "maintenance", "ban"};
  return std::string(" (") + kinds[static_cast<std::size_t>(order->subject.kind)] + " " +
         order->subject.node.text() + ")";
}

template <class Answer>
std::string verdict(const Answer& answer) {
  std::string out = answer.key.text() + " " + words(answer.ballot);
  if (answer.vote == Vote::yes) return "yes to " + out;
  if (answer.vote == Vote::abstains)
    return "abstains on " + out + " for " + milliseconds(answer.abstention);
  out = "no to " + out + ", promised " + words(answer.promised);
  if (answer.lease)
    out += ", " + answer.lease->ballot.node.text() + " has it for " +
           milliseconds(answer.lease->remaining);
  return out;
}

std::string words(const Message& message) {
  std::vector<std::string> parts;
  if (message.beat) parts.push_back(words(*message.beat));
  for (const Release& r : message.releases)
    parts.push_back("release " + r.key.text() + " " + words(r.ballot));
  for (const Prepare& p : message.prepares)
    parts.push_back("prepare " + p.key.text() + " " + words(p.ballot));
  for (const Proposal& p : message.proposals)
    parts.push_back("propose " + p.key.text() + " " + words(p.ballot) + " #" +
                    std::to_string(p.sequence) + (p.held ? " held" : ""));
  for (const PrepareAnswer& a : message.prepare_answers) parts.push_back("prepare: " + verdict(a));
  for (const ProposalAnswer& a : message.proposal_answers)
    parts.push_back("propose #" + std::to_string(a.sequence) + ": " + verdict(a));
  for (const RecordRead& r : message.record_reads)
    parts.push_back("read the record " + words(r.ballot));
  for (const RecordAnswer& a : message.record_answers)
    parts.push_back("record " + words(a.ballot) + ": " +
                    (a.promised > a.ballot ? "promised " + words(a.promised) + ", " : "") +
                    (a.has ? "has " + words(*a.has) : "blank"));
  for (const RecordPart& p : message.record_told)
    parts.push_back("tells record " + words(p.id) + words(p.order));
  for (const RecordPart& p : message.record_written)
    parts.push_back("writes record " + words(p.id) + words(p.order));
  for (const Order& o : message.orders)
    if (std::holds_alternative<RecordChange>(o.what)) parts.push_back("asks for a standing order");
  for (const OrderAnswer& a : message.order_answers) parts.push_back("answers: " + a.sentence);
  for (const PlanPart& p : message.plan_parts)
    parts.push_back("plan " + words(p.plan.ballot) + " #" + std::to_string(p.plan.number));
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : "; ") + part;
  return out;
}

/// Tells one story.
class Teller {
 public:
  Teller() : world_(3, Timing{}, 1), reader_(reader_options(world_)) {
    world_.weather.delay_min = world_.weather.delay_max = std::chrono::microseconds(100);
    world_.on_send = [this](std::size_t from, const SendDatagram& sent) { tell(from, sent); };
  }

  std::string obey(const std::string& line) {
    out_.clear();
    std::istringstream in(line);
    std::string verb;
    in >> verb;
    std::vector<std::string> rest;
    for (std::string word; in >> word;) rest.push_back(word);
    if (!carry_out(verb, rest)) out_ += "  what is \"" + line + "\"?\n";
    tell_news();
    return out_;
  }

 private:
  static Codec::Options reader_options(const World& world) {
    return {world.config.name, NodeName("reader"), {}, {1}, world.keys};
  }
  static std::size_t index(const std::string& node) {
    return static_cast<std::size_t>(node.back() - '1') % 3;
  }

  bool carry_out(const std::string& verb, const std::vector<std::string>& rest) {
    if (verb == "start")
      for (const std::string& node : rest) world_.start(index(node));
    else if ((verb == "run" || verb == "skip") && rest.size() == 1)
      run(*parse_duration(rest[0]), verb == "run");
    else if (verb == "claim" && rest.size() == 2)
      world_.claim(index(rest[0]), LeaseKey(rest[1]));
    else if (verb == "release" && rest.size() == 2)
      world_.release(index(rest[0]), LeaseKey(rest[1]));
    else if (verb == "kill" && rest.size() == 1)
      world_.kill(index(rest[0]));
    else if (verb == "power-off" && rest.size() == 1)
      world_.power_off(index(rest[0]));
    else if ((verb == "cut" || verb == "heal") && rest.size() == 2)
      world_.cut(index(rest[0]), index(rest[1]), verb == "cut");
    else if (verb == "plan" && rest.size() == 2)
      world_.with(index(rest[0]), [&](Member& member, Instant now) {
        return member.publish(
            {{ServiceName("kube"), NodeName(rest[1]), NodeName(rest[1]), false, ""}}, now);
      });
    else if ((verb == "standby" || verb == "online") && rest.size() == 2)
      world_.ask(index(rest[0]),
                 {verb == "standby" ? RecordChange::Verb::give : RecordChange::Verb::lift,
                  Subject::standby(NodeName(rest[1])),
                  "root@" + rest[0],
                  {}});
    else if (verb == "empty-disk" && rest.size() == 1)
      world_.machines[index(rest[0])].disk.file.clear();
    else if (verb == "leave" && rest.size() == 1)
      world_.with(index(rest[0]), [](Member& member, Instant now) { return member.leave(now); });
    else
      return false;
    return true;
  }

  /// In small steps, so that news stand among the datagrams where they belong.
  void run(Duration duration, bool loud) {
    loud_ = loud;
    const Duration step = std::chrono::microseconds(50);
    for (Duration done{0}; done < duration; done += step) {
      world_.run_for(step);
      tell_news();
    }
    loud_ = true;
  }

  void say(std::size_t node, const std::string& sentence) {
    char stamp[32];
    std::snprintf(stamp, sizeof stamp, "%9.1f ",
                  std::chrono::duration<double, std::milli>(world_.now()).count());
    out_ += stamp + world_.machines[node].config.name.text() + " " + sentence + "\n";
  }

  void tell(std::size_t from, const SendDatagram& sent) {
    if (!loud_) return;
    const auto opened = reader_.open(sent.bytes);
    if (const auto* good = std::get_if<Opened>(&opened))
      say(from, "-> " + good->message.to.text() + ": " + words(good->message));
  }

  void tell_news() {
    for (std::size_t i = 0; i < world_.machines.size(); ++i) {
      World::Machine& machine = world_.machines[i];
      if (!machine.member) continue;
      for (const News& item : machine.news) tell_one(i, item);
      machine.news.clear();
      machine.obeyed = 0;
      const View& view = machine.member->view();
      std::string state = view.quorate ? "is quorate" : "is not quorate";
      state += view.coordinator ? ", coordinator " + view.coordinator->text() : ", no coordinator";
      if (view.record.state == RecordState::stale) state += ", orders may be stale";
      for (const StandingOrder& order : view.record.orders) state += ", " + to_sentence(order);
      for (const MemberView& member : view.members)
        if (member.liveness == Liveness::dead) state += ", " + member.name.text() + " is dead";
      if (std::exchange(states_[i], state) != state) say(i, state);
    }
  }

  void tell_one(std::size_t i, const News& item) {
    if (const auto* gained = std::get_if<RightGained>(&item))
      say(i,
          "GAINS " + gained->key.text() + " for " + milliseconds(gained->until - world_.local(i)));
    if (const auto* lost = std::get_if<RightLost>(&item))
      say(i, "LOSES " + lost->key.text() + ": " + lost->reason);
    if (const auto* denied = std::get_if<RightDenied>(&item))
      say(i, "is denied " + denied->key.text() + ": " + denied->reason);
    if (std::holds_alternative<PlanArrived>(item)) {
      const Plan& plan = *world_.view(i).plan;
      say(i, "has plan " + words(plan.ballot) + " #" + std::to_string(plan.number) + ": " +
                 plan.assignments.front().vip->text());
    }
    if (const auto* answered = std::get_if<OrderAnswered>(&item))
      say(i, "IS ANSWERED " + answered->answer.sentence);
    if (const auto* conflict = std::get_if<Conflict>(&item))
      say(i, "CONFLICT " + conflict->sentence);
  }

  World world_;
  Codec reader_;
  std::string out_;
  bool loud_ = true;
  std::map<std::size_t, std::string> states_;
};

TEST(Transcript, members_speak_as_their_stories_say) {
  transcripts::expect_stories_told_as_written<Teller>("membership");
}

}  // namespace
}  // namespace hapx::membership
