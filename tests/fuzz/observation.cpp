// SPDX-License-Identifier: Apache-2.0
// Does a lab judge whatever a node says of itself?
#include "appliance/lab/observation.hpp"

#include "fuzz.hpp"

namespace hapx::fuzz {

using namespace appliance::lab;

void try_input(Bytes input) {
  const auto seen = parse_observation(text_of(input));
  if (!seen) return must_be_a_sentence(seen.error().sentence);
  const std::string missing = missing_in(*seen, 3);
  if (!missing.empty()) return;
  must(seen->quorate && seen->coordinator, "a whole cluster has quorum and a coordinator");
  must(!seen->services.empty(), "and something to serve");
  for (const ObservedService& service : seen->services) {
    must(service.holder.has_value() && service.vip == "started", "which is served");
  }
}

}  // namespace hapx::fuzz
