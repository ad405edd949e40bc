// SPDX-License-Identifier: Apache-2.0
// Is every text a configuration or refused, each refusal with its place?
//
// What is accepted is approved by validate, and its canonical form means the same; what is refused
// is blamed on places within the text, in the text's order.
#include "config/parse.hpp"
#include "config/reading.hpp"
#include "config/validate.hpp"
#include "config/write.hpp"
#include "fuzz.hpp"

namespace hapx::fuzz {

void try_input(Bytes input) {
  const std::string_view text = text_of(input);
  const CheckedConfig checked = check_config(text, file);
  must(checked.config.has_value() == checked.refusals.empty(), "accepted, or refused for a reason");
  must_stand_in_order(text, checked.refusals, refusals_max);
  const auto parsed = parse_config(text, file);
  must(parsed.has_value() == checked.config.has_value(), "both ways to ask agree");
  if (!checked.config)
    return must(parsed.error() == checked.refusals.front(), "on the reason, too");
  must(*parsed == *checked.config, "and on the value");
  must(validate(*checked.config).empty(), "what is accepted is approved");
  const std::string written = write_config(*checked.config);
  const CheckedConfig again = check_config(written, file);
  must(again.config == checked.config, "the canonical form means the same");
  must(write_config(*again.config) == written, "the canonical form is one");
}

}  // namespace hapx::fuzz
