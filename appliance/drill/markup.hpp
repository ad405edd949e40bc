// SPDX-License-Identifier: Apache-2.0
// How does foreign text stand in a page or in XML without becoming a part of it?
//
// Every name, sentence and file that a report shows passes here, whoever wrote it. What comes out
// may stand between tags and between double quotes, in HTML and in XML 1.0. Knows no document.
#pragma once

#include <string>
#include <string_view>

namespace hapx::appliance::drill {

/// `text` with &, <, >, " and ' as entities; what XML 1.0 can't hold (section 2.2: control
/// characters but the line feed, U+FFFE, U+FFFF, what is no UTF-8) as '?'.
[[nodiscard]] std::string escaped(std::string_view text);

/// A number with so many digits behind the point, and none that say nothing: "12.5", "300".
[[nodiscard]] std::string number(double value, int digits);

}  // namespace hapx::appliance::drill
