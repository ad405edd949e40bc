// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/secrets.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace hapx::appliance::cli {
namespace {

constexpr std::string_view removed = "(removed)";
constexpr std::size_t digits_max = 31;

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// The length of a private key at the front of `text`; 0: there is none. One without an end goes
/// on to the end of the text.
std::size_t pem_length(std::string_view text) {
  constexpr std::string_view begin = "-----BEGIN ";
  constexpr std::string_view end = "-----END ";
  if (!text.starts_with(begin)) return 0;
  const auto line = text.substr(0, text.find('\n'));
  if (line.find("PRIVATE KEY-----") == line.npos) return 0;
  const auto last = text.find(end);
  if (last == text.npos) return text.size();
  return std::min(text.find('\n', last), text.size());
}

/// HAProxy's words before a password (its configuration manual: userlist, stats auth).
constexpr std::array<std::string_view, 3> password_words{"insecure-password ", " password ",
                                                         "stats auth "};

/// The length of such a word at the front of `text`; 0: there is none.
std::size_t password_word_length(std::string_view text) {
  for (const auto word : password_words) {
    if (text.starts_with(word)) return word.size();
  }
  return 0;
}

/// The length of a password at the front of `text`, with the quotes around it, if there are any.
std::size_t password_length(std::string_view text) {
  const auto is_quote = [&](std::size_t at) { return text[at] == '"'; };
  std::size_t at = !text.empty() && is_quote(0) ? 1 : 0;
  while (at < text.size() && text[at] != '\n' && !is_quote(at)) at += text[at] == '\\' ? 2 : 1;
  return std::min(at, text.size());
}

std::size_t hex_length(std::string_view text) {
  const auto first_other = std::ranges::find_if_not(text, is_hex);
  return static_cast<std::size_t>(first_other - text.begin());
}

}  // namespace

std::string without_secrets(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (const auto word = password_word_length(text); word > 0) {
      out += text.substr(0, word);
      out += removed;
      text.remove_prefix(word);
      text.remove_prefix(password_length(text));
      continue;
    }
    const auto digits = hex_length(text);
    const auto pem = digits == 0 ? pem_length(text) : 0;
    if (digits > digits_max || pem > 0) {
      out += removed;
    } else {
      out += text.substr(0, std::max<std::size_t>(digits, 1));
    }
    text.remove_prefix(std::max({digits, pem, std::size_t{1}}));
  }
  return out;
}

}  // namespace hapx::appliance::cli
