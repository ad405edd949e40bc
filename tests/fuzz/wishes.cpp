// SPDX-License-Identifier: Apache-2.0
// Is a lab's description, a text in its folder, read back or refused?
#include "appliance/lab/plan.hpp"
#include "fuzz.hpp"

namespace hapx::fuzz {

using namespace appliance::lab;

void try_input(Bytes input) {
  const auto wishes = parse_wishes(text_of(input));
  if (!wishes) return must_be_a_sentence(wishes.error().sentence);
  const auto again = parse_wishes(render_wishes(*wishes));
  must(again.has_value(), "what is written is read");
  must(render_wishes(*again) == render_wishes(*wishes), "and written again as it was");
}

}  // namespace hapx::fuzz
