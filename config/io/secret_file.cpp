// SPDX-License-Identifier: Apache-2.0
#include "config/io/secret_file.hpp"

#include <algorithm>

#include "config/io/regular_file.hpp"

namespace hapx {

Result<std::string> read_secret_file(const std::string& path, const std::string& what) {
  auto text = read_regular_file(path, what, secret_bytes_max,
                                not_for_everybody(path, "what it has is no secret"));
  if (!text) return text.error();
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  const bool is_one_word =
      !text->empty() && std::ranges::all_of(*text, [](char c) { return c > ' ' && c < 0x7f; });
  if (is_one_word) return text;
  return Error{ErrorKind::refused,
               path + ": " + what + " must stand there alone: one line, without blanks"};
}

}  // namespace hapx
