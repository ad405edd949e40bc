// SPDX-License-Identifier: Apache-2.0
// Is every file a kept report or refused, and can each that is taken be listed?
//
// The lines that are shown hold no control character, whatever the file said. What a node remembers
// is read again as it was written, and can be shown to whoever watches it.
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
  const auto remembered = remembered_drill_from_json(text_of(input));
  if (!remembered) return must_be_a_sentence(remembered.error().sentence);
  must(beginning_of(*remembered).has_value(), "it says when it began");
  must(by_fault(*remembered).size() <= remembered_faults_max, "and of how many faults it was");
  const auto again = remembered_drill_from_json(to_json(*remembered));
  must(again && again->faults.size() == remembered->faults.size(), "it can be kept");
}

}  // namespace hapx::fuzz
