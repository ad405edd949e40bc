// SPDX-License-Identifier: Apache-2.0
// Is every text a keepalived.conf or refused, and does what it says become a file?
#include "appliance/imports/keepalived_conf.hpp"
#include "imports.hpp"

namespace hapx::fuzz {

void try_input(Bytes input) {
  const std::string_view text = text_of(input);
  const auto source = appliance::imports::parse_keepalived(text, file);
  if (!source) {
    must_point_into(text, source.error());
    return;
  }
  must_be_a_source(text, *source);
}

}  // namespace hapx::fuzz
