// SPDX-License-Identifier: Apache-2.0
// Is every line between a drill and its agents understood or refused, in both directions?
//
// What is understood is written again as a line of its own, and read back the same; nothing that is
// shown of it moves a cursor.
#include <variant>

#include "appliance/drill/agent_words.hpp"
#include "appliance/drill/plan.hpp"
#include "config/utf8.hpp"
#include "fuzz.hpp"

namespace hapx::fuzz {

using namespace appliance;

void try_input(Bytes input) {
  const auto request = drill::parse_agent_request(text_of(input));
  const auto answer = drill::parse_agent_answer(text_of(input));
  must(!request || !answer, "no line means something in both directions");
  if (request) {
    const std::string line = drill::to_line(*request);
    must(line.find('\n') == std::string::npos, "a request is one line");
    const auto again = drill::parse_agent_request(line);
    must(again && *again == *request, "a request is read back as it was");
    if (const auto* strike = std::get_if<drill::Strike>(&*request)) {
      must(strike->length <= drill::length_max, "a fault has an end");
    }
  }
  if (answer) {
    const std::string line = drill::to_line(*answer);
    must(line.find('\n') == std::string::npos, "an answer is one line");
    const auto again = drill::parse_agent_answer(line);
    must(again && *again == *answer, "an answer is read back as it was");
    if (const auto* refused = std::get_if<drill::NotDone>(&*answer)) {
      must_be_a_sentence(refused->sentence);
    }
  }
  if (!request) must_be_a_sentence(request.error().sentence);
  if (!answer) must_be_a_sentence(answer.error().sentence);
}

}  // namespace hapx::fuzz
