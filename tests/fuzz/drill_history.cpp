// SPDX-License-Identifier: Apache-2.0
// Is every file a kept report or refused, and can each that is taken be listed?
//
// The lines that are shown hold no control character, whatever the file said.
#include "appliance/drill/history.hpp"
#include "config/utf8.hpp"
#include "fuzz.hpp"

namespace hapx::fuzz {

using namespace appliance;

void try_input(Bytes input) {
  const auto past = past_drill_from_json(text_of(input));
  if (!past) return must_be_a_sentence(past.error().sentence);
  std::string shown = drill::history_as_text({*past});
  must(shown.ends_with('\n'), "a list is lines");
  std::erase(shown, '\n');
  must(printable(shown) == shown, "and harmless to a terminal");
}

}  // namespace hapx::fuzz
