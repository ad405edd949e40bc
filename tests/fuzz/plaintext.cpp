// SPDX-License-Identifier: Apache-2.0
// What may a member say that has the key, but is of another version, or has lost its mind?
//
// The plaintext behind the seal. Every input is a message within its limits or nothing; and what is
// understood, said again, is understood alike. A text of the input's own also goes into a report,
// an order's answer and a plan: whatever words HAProxy or the kernel gave us, peers understand the
// datagram that carries them.
#include "membership/plaintext.hpp"

#include <algorithm>

#include "fuzz.hpp"
#include "genuine.hpp"
#include "membership/promise_memory.hpp"

namespace hapx::fuzz {
namespace {

using namespace membership;

const NodeName sender("node1");

void must_be_a_name(const NodeName& name) {
  must(!name.empty() && name.text().size() <= name_bytes_max, "a name is bounded");
}

void must_be_a_key(const LeaseKey& key) {
  must(!key.text().empty() && key.text().size() <= key_bytes_max, "a key is bounded");
}

template <class Answers>
void must_be_answers(const Answers& answers, const NodeName& to) {
  for (const auto& answer : answers) {
    must_be_a_key(answer.key);
    must(answer.ballot.node == to, "an answer is for whom it is sent to");
    must(answer.abstention >= Duration{0}, "an abstention is no debt");
    must(!answer.lease || answer.lease->remaining >= Duration{0}, "a lease told is no debt");
  }
}

void must_be_within_limits(const Message& message) {
  must_be_a_name(message.to);
  must_be_answers(message.prepare_answers, message.to);
  must_be_answers(message.proposal_answers, message.to);
  const Ballot own{0, sender, {sender_incarnation}};
  const auto is_own = [&](const Ballot& ballot) {
    return ballot.node == own.node && ballot.incarnation == own.incarnation;
  };
  for (const Prepare& prepare : message.prepares) {
    must_be_a_key(prepare.key);
    must(is_own(prepare.ballot), "nobody asks in another's name");
  }
  for (const Proposal& proposal : message.proposals) {
    must_be_a_key(proposal.key);
    must(is_own(proposal.ballot), "nobody proposes in another's name");
    must(proposal.lease >= Duration{0}, "a lease is no debt");
  }
  for (const Release& release : message.releases) {
    must(is_own(release.ballot), "nobody releases in another's name");
  }
  for (const ReportPart& part : message.report_parts) {
    must(part.count <= entries_max && part.service.has_value() == (part.index < part.count),
         "a part is one of its count");
    must(!part.service || part.service->obstacle.size() <= obstacle_bytes_max, "texts are bounded");
  }
  for (const PlanPart& part : message.plan_parts) {
    must(part.count <= entries_max && part.assignment.has_value() == (part.index < part.count),
         "a part is one of its count");
    must(!part.assignment || part.assignment->reason.size() <= reason_bytes_max,
         "texts are bounded");
  }
  for (const RecordPart& part : message.record_written) {
    must(is_own(part.id.ballot), "nobody writes in another's name");
  }
  for (const auto* parts : {&message.record_told, &message.record_written}) {
    for (const RecordPart& part : *parts) {
      must(part.count <= record_entries_max && part.order.has_value() == (part.index < part.count),
           "a part is one of its count");
      must(!part.lifted || (!part.order && part.index - part.count < part.lifted_count &&
                            part.lifted_count <= record_entries_max),
           "so is one that was lifted");
      must(!part.lifted || is_whole(part.lifted->subject), "it was about something");
      must(!part.order || (is_whole(part.order->subject) && part.order->by.size() <= by_bytes_max),
           "an order is about something, and bounded");
    }
  }
  for (const RecordAnswer& answer : message.record_answers) {
    must(answer.ballot.node == message.to, "an answer is for whom it is sent to");
  }
  for (const OrderAnswer& answer : message.order_answers) {
    must(answer.sentence.size() <= sentence_bytes_max, "texts are bounded");
  }
}

Message understood(Bytes plaintext) {
  auto message = decode(plaintext, sender, {sender_incarnation});
  must(message.has_value(), "what is said is understood");
  return std::move(*message);
}

/// Whole datagrams may hold no more; a message may take several.
void say_again(const Message& message) {
  if (message.empty()) return;             // then nothing is said at all
  constexpr std::size_t room = 64 * 1024;  // understood in one piece, so said in one
  const auto said = encode(message, room);
  must(said.size() == 1 && said[0].size() <= room, "what came in one piece goes in one");
  must(understood(said[0]) == message, "said again, it is understood alike");
}

void say_in(const std::string& text) {
  Message message = rich_message();
  message.report_parts[0].service->obstacle = text;
  message.plan_parts[0].assignment->reason = text;
  message.order_answers[0].sentence = text;
  for (const auto& datagram : encode(message, plaintext_bytes_min)) {
    must(datagram.size() <= plaintext_bytes_min, "a datagram is bounded");
    const Message heard = understood(datagram);
    for (const ReportPart& part : heard.report_parts) {
      must(text.starts_with(part.service->obstacle), "a text is cut, nothing else");
    }
  }
}

}  // namespace

void try_input(Bytes input) {
  if (const auto message = decode(input, sender, {sender_incarnation})) {
    must_be_within_limits(*message);
    say_again(*message);
  }
  say_in(std::string(text_of(input)));
}

}  // namespace hapx::fuzz
