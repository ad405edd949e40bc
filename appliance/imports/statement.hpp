// SPDX-License-Identifier: Apache-2.0
// What are the statements of a text that is made of words, lines and braces?
//
// corosync.conf and keepalived.conf differ in what they say, hardly in how: a statement is the
// words of a line, and may have a block of statements in braces. Here such a text becomes a tree
// whose every part knows its line. What a word means is nobody's concern here.
//
// Limit: a text of 1 MiB, 16 blocks within each other, 20,000 statements of 200 words; a text with
// more is refused.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "config/result.hpp"

namespace hapx::appliance::imports {

inline constexpr std::size_t source_bytes_max = 1024 * 1024;
inline constexpr std::size_t source_depth_max = 16;
inline constexpr std::size_t source_statements_max = 20'000;
inline constexpr std::size_t source_words_max = 200;

struct Statement {
  std::vector<std::string> words;  ///< at least one; without quotes
  std::vector<Statement> block;
  bool has_block = false;
  std::size_t line = 1;

  /// The n-th word, or an empty one.
  [[nodiscard]] std::string_view word(std::size_t n) const {
    return n < words.size() ? std::string_view(words[n]) : std::string_view();
  }
  /// All words from the n-th on.
  [[nodiscard]] std::string text(std::size_t from = 0) const;
};

/// How such a text is written.
enum class Notation {
  corosync,    ///< "key: value"; # begins a comment at the front of a line
  keepalived,  ///< "key value"; # and ! begin a comment anywhere
};

[[nodiscard]] Result<std::vector<Statement>> read_statements(std::string_view text,
                                                             std::string_view file,
                                                             Notation notation);

/// The first line of the text, without its end; what is left of the text are the others.
[[nodiscard]] std::string_view take_line(std::string_view& text);

/// The words of one line, quotes taken off; `comments` begin one. `line` is what is left of the
/// line without it.
[[nodiscard]] std::vector<std::string> words_of(std::string_view& line, std::string_view comments);

/// Why this can't be anybody's configuration, with its place: it is too large, is not UTF-8, or has
/// control characters. Nothing is wrong: success.
[[nodiscard]] Result<void> check_source(std::string_view text, std::string_view file);

}  // namespace hapx::appliance::imports
