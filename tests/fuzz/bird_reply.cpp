// SPDX-License-Identifier: Apache-2.0
// Is whatever comes out of BIRD's socket a list of answers or refused?
//
// An answer is the same in one piece and in many, no longer than what came, and what is read of it
// can be asked of BIRD in one line.
#include "vip/bird_reply.hpp"

#include <algorithm>
#include <vector>

#include "fuzz.hpp"
#include "vip/advertising.hpp"

namespace hapx::fuzz {
namespace {

using namespace vip;

/// The answers until the first refusal, and whether there was one.
struct Heard {
  std::vector<BirdAnswer> answers;
  bool refused = false;
};

Heard hear(std::string_view text, std::size_t piece) {
  Heard heard;
  BirdAnswers reader;
  for (std::size_t at = 0; at < text.size() && !heard.refused; at += piece) {
    const auto taken = reader.take(text.substr(at, piece));
    heard.refused = !taken.has_value();
    if (!taken) {
      must_be_a_sentence(taken.error().sentence);
    } else {
      heard.answers.insert(heard.answers.end(), taken->begin(), taken->end());
    }
  }
  return heard;
}

bool is_one_line(std::string_view command) {
  return std::ranges::all_of(command, [](char c) { return c >= ' ' && c <= '~'; });
}

/// Whatever BIRD answers, the next question is one.
void converse(const std::vector<BirdAnswer>& answers) {
  Advertising advertising;
  const IpAddress address = ipv4(10, 9, 0, 1);
  advertising.watch({address});
  advertising.connected();
  advertising.carry_out(Advertise{InterfaceName("lo"), address});
  for (const BirdAnswer& answer : answers) {
    advertising.hear(answer);
    advertising.look();
    if (const auto command = advertising.next_command())
      must(!command->empty() && is_one_line(*command), "a command is one line");
  }
  advertising.lost("it ends");
  must(!advertising.hurries(), "an end answers everything");
  for (const Event& event : advertising.take_events()) {
    if (const auto* failed = std::get_if<AnnouncementFailed>(&event))
      must_be_a_sentence(failed->error.sentence);
    if (const auto* changed = std::get_if<RoutingChanged>(&event);
        changed && !changed->obstacle.empty())
      must_be_a_sentence(changed->obstacle);
  }
}

}  // namespace

void try_input(Bytes input) {
  const std::string_view text = text_of(input);
  const Heard whole = hear(text, std::max<std::size_t>(text.size(), 1));
  const Heard bytes = hear(text, 1);
  must(whole.refused == bytes.refused, "it is refused in one piece and in many");
  // Of a piece that is refused nothing is taken.
  if (!whole.refused) {
    must(whole.answers.size() == bytes.answers.size(), "as many answers in many pieces");
    for (std::size_t i = 0; i < whole.answers.size(); ++i)
      must(whole.answers[i].lines == bytes.answers[i].lines, "an answer is the same in pieces");
  }
  for (const BirdAnswer& answer : bytes.answers) {
    must(!answer.lines.empty(), "an answer has a line");
    must(protocols_of(answer).size() <= answer.lines.size(), "a protocol has a line");
    for (const BirdProtocol& protocol : protocols_of(answer))
      must(is_one_line(show_exported(ipv4(10, 9, 0, 1), protocol.name)), "a question is one line");
  }
  converse(bytes.answers);
}

}  // namespace hapx::fuzz
