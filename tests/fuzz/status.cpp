// SPDX-License-Identifier: Apache-2.0
// Is every answer to `hapx status` a status or refused, and shown without harm?
//
// The other end may be a hapxd of another version. What is read is written and read back alike, and
// no screen shows a control character of it.
#include <algorithm>

#include "appliance/about.hpp"
#include "fuzz.hpp"
#include "shown.hpp"

namespace hapx::fuzz {

using namespace appliance;

void try_input(Bytes input) {
  const auto status = status_from_json(text_of(input));
  if (!status) return must_be_a_sentence(status.error().sentence);
  const std::string written = to_json(*status);
  const auto again = status_from_json(written);
  must(again.has_value(), "what is written is read");
  must(to_json(*again) == written, "and written again as it was");
  must(status_from_json(to_json(*again)) == again, "and read back as it was");
  must(health(*status) == health(*again), "it is as healthy as it was");
  for (const auto& show : {to_text, members_to_text, links_to_text, services_to_text,
                           backends_to_text, orders_to_text, fail_counts_to_text}) {
    must_be_shown(show(*status, {}));
    must_be_shown(show(*status, {Colour::never, Detail::wide}));
  }
  for (const auto& write : {members_to_json, links_to_json, services_to_json, backends_to_json,
                            orders_to_json, fail_counts_to_json}) {
    must_be_json(write(*status));
  }
  const auto told = told_from_json(text_of(input));
  if (!told) return must_be_a_sentence(told.error().sentence);
  const auto retold = told_from_json(told_to_json(*told));
  must(retold.has_value(), "what led there is read, too");
  must(told_from_json(told_to_json(*retold)) == retold, "and read back as it was");
}

}  // namespace hapx::fuzz
