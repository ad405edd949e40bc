// SPDX-License-Identifier: Apache-2.0
// Is the house tidy?
//
// Its rules, each a function from one source file to what it breaks: who may include whom, which
// third-party headers stay behind which files, what only `io/` and the mains may touch, sizes and
// marks. The tables in rules.cpp are the rules; CONTRIBUTING.md says them in prose. A rule reads
// text, not C++: where it can't tell, it is silent.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "source.hpp"

namespace hapx::tidy {

struct Finding {
  std::string path;
  std::size_t line = 0;  ///< 1-based; 0: the file as a whole
  std::string sentence;

  friend bool operator==(const Finding&, const Finding&) = default;
};

using Findings = std::vector<Finding>;

/// Rooms include downwards only; includes are written from the root.
void check_rooms(const Source& source, Findings& findings);

/// Third-party headers stay behind few files.
void check_third_party(const Source& source, Findings& findings);

/// Clocks, sockets, threads, files, environment, output and randomness: io/ and the mains only.
void check_purity(const Source& source, Findings& findings);

/// Licence line, opening paragraph, include guard.
void check_opening(const Source& source, Findings& findings);

/// Columns, lines, length of functions, tabs, blanks at the end.
void check_sizes(const Source& source, Findings& findings);

/// No notes to self, no paths of one machine, and marked sentences that are sentences.
void check_words(const Source& source, Findings& findings);

/// All of the above, which look at one file.
[[nodiscard]] Findings check(const Source& source);

/// Whatever is called parse_, decode or _from_json in a header of the rooms is fuzzed: a source in
/// tests/fuzz says its name.
void check_parsers(const std::vector<Source>& house, Findings& findings);

/// "vip/holder.cpp:12: ..."
[[nodiscard]] std::string to_string(const Finding& finding);

}  // namespace hapx::tidy
