// SPDX-License-Identifier: Apache-2.0
// Is every text a CIB of crm's or refused, and does what it says become a file?
#include "appliance/imports/crm_text.hpp"
#include "imports.hpp"

namespace hapx::fuzz {

void try_input(Bytes input) {
  const std::string_view text = text_of(input);
  const auto cib = appliance::imports::parse_crm(text, file);
  if (!cib) {
    must_point_into(text, cib.error());
    return;
  }
  must_be_a_source(text, appliance::imports::source_of(*cib, file));
}

}  // namespace hapx::fuzz
