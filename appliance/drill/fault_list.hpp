// SPDX-License-Identifier: Apache-2.0
// What does `hapx drill list` say?
//
// Each fault explained: what is done, how it ends, whom it strikes, what a client sees, what may be
// lost, and where it may be done. What may be done somewhere and isn't yet is told as such: a list
// that promises more than `drill run` does would be found out at the worst time.
#pragma once

#include <string>

#include "appliance/drill/fault.hpp"

namespace hapx::appliance::drill {

[[nodiscard]] std::string faults_as_text();
/// An array of objects, one a fault; "today" names where `drill run` does it now: lab, cluster.
[[nodiscard]] std::string faults_as_json();

/// Why `drill run --lab` can't do it; empty: it can.
[[nodiscard]] std::string refused_in_lab(Fault fault);

/// Why it is not done to a real cluster by whoever has consented to so much; empty: it is.
[[nodiscard]] std::string refused_on_cluster(Fault fault, Consent consent);

}  // namespace hapx::appliance::drill
