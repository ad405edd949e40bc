// SPDX-License-Identifier: Apache-2.0
// What does the report look like that is kept for the file?
//
// One page of HTML with everything in it: the verdict, the table, the plots, the machine, the
// configuration. It asks nobody for anything, runs no script, follows the reader's choice of light
// or dark, and can be read on a telephone, on paper and by a screen reader. Whatever did not come
// from here is escaped.
#pragma once

#include <string>

#include "appliance/drill/report.hpp"

namespace hapx::appliance::drill {

[[nodiscard]] std::string render_html(const Report& report);

}  // namespace hapx::appliance::drill
