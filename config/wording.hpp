// SPDX-License-Identifier: Apache-2.0
// How do we show an operator what was written, and guess what was meant?
//
// Small words for refusals: the foreign text in backquotes, a list of the words that would have
// been right, and the one of them that is nearest by edit distance. Knows nothing of files.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace hapx {

/// `text` in backquotes, printable; at most 64 bytes of it, cut between characters.
[[nodiscard]] std::string shown(std::string_view text);

/// "a", "a or b", "a, b or c" with the conjunction asked for.
[[nodiscard]] std::string listed(std::span<const std::string_view> words,
                                 std::string_view conjunction);

/// "a, b, c".
[[nodiscard]] std::string joined(std::span<const std::string> words,
                                 std::string_view separator = ", ");

/// "1 node", "2 nodes".
[[nodiscard]] std::string counted(std::size_t count, std::string_view what);

/// How many letters must be inserted, removed, replaced or swapped with their neighbour to make
/// `b` of `a`; letters that differ only in case are equal. Limit: texts above 64 bytes are 64
/// apart.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// The nearest of `words` if it is near enough to be what was meant (a third of its length, at
/// least one letter); of equally near ones the first.
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view text,
                                                      std::span<const std::string_view> words);

/// "; did you mean `vips`?", or "; <otherwise>" if nothing is near.
[[nodiscard]] std::string suggestion(std::string_view text, std::span<const std::string_view> words,
                                     const std::string& otherwise);

}  // namespace hapx
