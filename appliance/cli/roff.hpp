// SPDX-License-Identifier: Apache-2.0
// How is text written so that roff shows it as it is?
#pragma once

#include <string>
#include <string_view>

namespace hapx::appliance::cli {

/// Text within a line: backslashes and hyphens are themselves.
[[nodiscard]] std::string roff(std::string_view text);
/// Whole lines: one that begins with a dot or a quote is no request either. Ends with a newline.
[[nodiscard]] std::string roff_lines(std::string_view text);
/// Lines that are shown as they stand.
[[nodiscard]] std::string roff_example(std::string_view text);
/// A paragraph with a tag before it.
[[nodiscard]] std::string roff_tagged(std::string_view tag, std::string_view text);
/// `title` and `section`: "HAPX", "8".
[[nodiscard]] std::string roff_title(std::string_view title, std::string_view section,
                                     std::string_view version);

}  // namespace hapx::appliance::cli
