// SPDX-License-Identifier: Apache-2.0
// What does a source file look like to someone who only checks its manners?
//
// Lines, the includes, and the code with its comments and string literals blanked out, so that a
// word in a sentence is not taken for a call. It knows C++ only as far as that needs.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hapx::tidy {

struct Include {
  std::size_t line = 0;  ///< 1-based
  std::string header;    ///< between the brackets or quotes
  bool quoted = false;
};

struct Source {
  std::string path;                ///< from the root: "vip/holder.hpp"
  std::vector<std::string> lines;  ///< as they stand, without the newline
  std::vector<std::string> code;   ///< the same lines, comments and literals blanked
  std::vector<Include> includes;
  bool ends_with_newline = true;
};

[[nodiscard]] Source read_source(std::string path, std::string_view text);

/// "// text" and "/// text" give the text; any other line gives nothing.
[[nodiscard]] std::string_view comment_text(std::string_view line);

/// Whether `word` stands in `line` as a word of its own.
[[nodiscard]] bool has_word(std::string_view line, std::string_view word);

}  // namespace hapx::tidy
