// SPDX-License-Identifier: Apache-2.0
// Is every answer to `hapx get events` a list of events or refused, and shown without harm?
#include "appliance/journal.hpp"
#include "fuzz.hpp"
#include "shown.hpp"

namespace hapx::fuzz {

using namespace appliance;

void try_input(Bytes input) {
  const auto events = events_from_json(text_of(input));
  if (!events) return must_be_a_sentence(events.error().sentence);
  const std::string written = events_to_json(*events);
  const auto again = events_from_json(written);
  must(again.has_value() && again->size() == events->size(), "what is written is read");
  must(events_to_json(*again) == written, "and written again as it was");
  must_be_shown(events_to_text(*events, {}));
  must_be_shown(events_to_text(*events, {Colour::never, Detail::wide}));
}

}  // namespace hapx::fuzz
