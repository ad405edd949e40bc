// SPDX-License-Identifier: Apache-2.0
// How does a build server read what came of a drill?
//
// As JUnit's XML, in the form that Jenkins and GitLab read: each run is a test case, of the class
// of its fault. A run that was not completed is an error; one that missed its objective, did not
// come back, or saw two holders is a failure. The time of a case is its outage, so that whoever
// plots the times of tests plots outages.
#pragma once

#include <string>

#include "appliance/drill/report.hpp"

namespace hapx::appliance::drill {

[[nodiscard]] std::string render_junit(const Report& report);

}  // namespace hapx::appliance::drill
