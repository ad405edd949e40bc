// SPDX-License-Identifier: Apache-2.0
// How does the page of a report look?
//
// Its one style sheet: colours for light and for dark, sizes for a telephone and for paper, and the
// classes that the plots use. Nothing in it is fetched from anywhere.
#pragma once

#include <string>

namespace hapx::appliance::drill {

[[nodiscard]] std::string page_style();

}  // namespace hapx::appliance::drill
