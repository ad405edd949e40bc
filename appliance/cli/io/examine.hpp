// SPDX-License-Identifier: Apache-2.0
// The verb that looks at the machine it is on.
#pragma once

#include "appliance/cli/hapx_words.hpp"
#include "appliance/cli/io/verbs.hpp"
#include "appliance/doctor/finding.hpp"

namespace hapx::appliance::cli {

/// Looks at everything that doctor knows of, and says on `err` what it is doing when that takes
/// more than two seconds.
[[nodiscard]] doctor::Findings examine(const GlobalOptions& global, const Doctor& verb,
                                       const Surroundings& around);

/// In the form that is asked for; exits with doctor::Verdict.
int show_findings(const doctor::Findings& findings, const GlobalOptions& global,
                  const Surroundings& around);
int show_doctor(const GlobalOptions& global, const Doctor& verb, const Surroundings& around);

}  // namespace hapx::appliance::cli
