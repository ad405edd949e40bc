// SPDX-License-Identifier: Apache-2.0
// Is every text recognised as one system's or refused, by what is in it alone?
#include "appliance/imports/recognise.hpp"
#include "imports.hpp"

namespace hapx::fuzz {

void try_input(Bytes input) {
  const std::string_view text = text_of(input);
  const auto source = appliance::imports::read_source(text, file);
  if (!source) {
    must_point_into(text, source.error());
    return;
  }
  must(appliance::imports::recognise(text).has_value(), "what is read was recognised");
  must(!source->kind.empty(), "and is called something");
  must_be_a_source(text, *source);
}

}  // namespace hapx::fuzz
