// SPDX-License-Identifier: Apache-2.0
// Which secret stands in this file, alone on its only line?
#pragma once

#include <cstddef>
#include <string>

#include "config/result.hpp"

namespace hapx {

inline constexpr std::size_t secret_bytes_max = 4096;

/// Printable ASCII without blanks: a token, a URL. Refuses a file that is absent, open to others
/// than its owner and group, or has anything else in it; the sentence has nothing of what it has.
/// `what`: "the token".
[[nodiscard]] Result<std::string> read_secret_file(const std::string& path,
                                                   const std::string& what);

}  // namespace hapx
