// SPDX-License-Identifier: Apache-2.0
// Is the text of a key file read totally, and does no refusal give the key away?
#include "config/cluster_key.hpp"

#include <algorithm>

#include "fuzz.hpp"

namespace hapx::fuzz {
namespace {

bool is_hexadecimal(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// The longest row of digits in `sentence`. Words like "hexadecimal" have four in a row.
std::size_t digits_shown(std::string_view sentence) {
  std::size_t longest = 0;
  std::size_t row = 0;
  for (const char c : sentence) {
    row = is_hexadecimal(c) ? row + 1 : 0;
    longest = std::max(longest, row);
  }
  return longest;
}

}  // namespace

void try_input(Bytes input) {
  const auto keys = parse_keys(text_of(input));
  if (!keys) {
    must_be_a_sentence(keys.error().sentence);
    must(digits_shown(keys.error().sentence) < 8, "a refusal shows nothing of the keys");
  } else {
    std::string both = write_key(keys->first);
    if (keys->second) both += write_key(*keys->second);
    const auto again = parse_keys(both);
    must(again.has_value() && *again == *keys, "what is written is read back");
  }
  const auto key = parse_key(text_of(input));
  if (!key) {
    must_be_a_sentence(key.error().sentence);
    return must(digits_shown(key.error().sentence) < 8, "a refusal shows nothing of the key");
  }
  const std::string written = write_key(*key);
  const auto again = parse_key(written);
  must(again.has_value() && *again == *key, "what is written is read back");
  must(written.size() <= input.size() + 1, "nothing shorter is a key");
}

}  // namespace hapx::fuzz
