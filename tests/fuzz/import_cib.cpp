// SPDX-License-Identifier: Apache-2.0
// Is every text a CIB in XML or refused, and does what it says become a file?
#include "appliance/imports/cib_xml.hpp"
#include "imports.hpp"

namespace hapx::fuzz {

void try_input(Bytes input) {
  const std::string_view text = text_of(input);
  const auto cib = appliance::imports::parse_cib(text, file);
  if (!cib) {
    must_point_into(text, cib.error());
    return;
  }
  must_be_a_source(text, appliance::imports::source_of(*cib, file));
}

}  // namespace hapx::fuzz
