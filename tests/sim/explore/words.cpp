// SPDX-License-Identifier: Apache-2.0
// One event of a story, as a line that a person can read.
#include <algorithm>
#include <cstdio>

#include "model.hpp"

namespace hapx::membership::explore {

namespace {

const std::array<std::string, contenders> names = {"a", "b"};

std::string ticks(Duration world) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f",
                std::chrono::duration<double>(world) / std::chrono::duration<double>(tick_length));
  return text;
}

}  // namespace

std::string Model::words(const Successor& successor, const State& before) const {
  const Event& event = successor.event;
  const std::string who = names[event.contender];
  const std::string voter = "v" + std::to_string(event.voter + 1);
  const auto note = [&] { return notes_[event.note].note; };
  const auto other = [&] { return names[1 - event.contender]; };
  std::string text;
  switch (event.kind) {
    case Kind::time_passes:
      text = "a tick passes";
      break;
    case Kind::claims:
      text = who + " claims the key";
      break;
    case Kind::beats:
      text = who + " beats";
      break;
    case Kind::releases:
      text = who + " closes its fence and releases";
      break;
    case Kind::restarts:
      text = who + "'s process is another one now";
      break;
    case Kind::loses_power:
      text = who + "'s machine boots again";
      break;
    case Kind::hears_answer:
      text = who + " hears from " + voter + ": " + note().words();
      break;
    case Kind::hears_holder:
      text = who + " hears that " + other() + " holds: " + note().words();
      break;
    case Kind::hears_news:
      text = who + " hears that the key may be free";
      break;
    case Kind::sees_ballot:
      text = who + " sees " + other() + "'s ballot: " + note().words();
      break;
    case Kind::voter_hears:
      text = voter + " hears from " + names[note().contender] + ": " + note().words();
      break;
    case Kind::voter_tells:
      text = voter + " hears from " + who + ": " + note().words() + "; " + who +
             " hears at once: " + notes_[event.answer].note.words();
      break;
    case Kind::voter_restarts:
      text = voter + " restarts with its memory";
      break;
    case Kind::voter_loses_file:
      text = voter + " restarts without its memory";
      break;
    case Kind::voter_loses_power:
      text = voter + "'s machine boots again";
      break;
  }
  for (std::size_t v = 0; v < scope_.voters; ++v) {
    for (const Id said : mails_[successor.state.mail[v]]) {
      const auto& old = mails_[before.mail[v]];
      if (std::find(old.begin(), old.end(), said) != old.end()) continue;
      const KnownNote& known = notes_[said];
      text += known.is_request ? "; tells v" + std::to_string(v + 1) + " " : "; says ";
      text += known.note.words();
    }
  }
  for (std::size_t i = 0; i < contenders; ++i) {
    const Duration was = contenders_[before.contender[i]].open_for;
    const Duration is = contenders_[successor.state.contender[i]].open_for;
    if (was == is) continue;
    text += "; " + names[i] + (is > Duration{0} ? " may act for " + ticks(is) : " is silent");
  }
  return text;
}

}  // namespace hapx::membership::explore
