// SPDX-License-Identifier: Apache-2.0
// Is every answer to `hapx status` a status or refused, and shown without harm?
//
// The other end may be a hapxd of another version. What is read is written and read back alike, and
// no screen shows a control character of it.
#include "appliance/status.hpp"

#include <algorithm>

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
  for (const auto& show : {to_text, members_to_text, services_to_text, backends_to_text}) {
    must_be_shown(show(*status, {}));
  }
  for (const auto& write : {members_to_json, services_to_json, backends_to_json}) {
    must_be_json(write(*status));
  }
}

}  // namespace hapx::fuzz
