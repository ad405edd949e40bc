// SPDX-License-Identifier: Apache-2.0
// Where does a character end, and may a screen have it?
//
// Foreign text ends up in refusals, in answers and on terminals: from files, from HAProxy, from the
// kernel, from other nodes. It is made harmless byte by byte, and this is the one place that knows
// how. What is shown of a text, and how much, is others' matter.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hapx {

/// The length of the UTF-8 sequence at the front of `text` (RFC 3629), 1 to 4; 0: there is none.
[[nodiscard]] std::size_t utf8_length(std::string_view text);

[[nodiscard]] bool is_utf8(std::string_view text);

/// `text` with every control character (C0, DEL, and C1, which some terminals obey as well) and
/// every byte that isn't UTF-8 replaced by '?'.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace hapx
