// SPDX-License-Identifier: Apache-2.0
#include "config/wording.hpp"

#include <algorithm>
#include <array>

#include "config/utf8.hpp"

namespace hapx {
namespace {

constexpr std::size_t bytes_max = 64;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::string shown(std::string_view text) {
  std::size_t end = std::min(text.size(), bytes_max);
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) {
    --end;
  }
  std::string out = '`' + printable(text.substr(0, end));
  if (end < text.size()) out += "...";
  return out + '`';
}

std::string listed(std::span<const std::string_view> words, std::string_view conjunction) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0 && i + 1 == words.size()) {
      out += ' ' + std::string(conjunction) + ' ';
    } else if (i > 0) {
      out += ", ";
    }
    out += words[i];
  }
  return out;
}

std::string joined(std::span<const std::string> words, std::string_view separator) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : std::string(separator)) + word;
  return out;
}

std::string counted(std::size_t count, std::string_view what) {
  return std::to_string(count) + ' ' + std::string(what) + (count == 1 ? "" : "s");
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  if (a.size() > bytes_max || b.size() > bytes_max) return bytes_max;
  // Three rows of the table of distances between the beginnings of a and b: two letters of `a`
  // ago, one letter ago, now.
  using Row = std::array<std::size_t, bytes_max + 1>;
  Row two_ago{};
  Row one_ago{};
  Row now{};
  for (std::size_t j = 0; j <= b.size(); ++j) one_ago[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      now[j] = std::min({one_ago[j] + 1, now[j - 1] + 1, one_ago[j - 1] + (same ? 0U : 1U)});
      const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                           lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) now[j] = std::min(now[j], two_ago[j - 2] + 1);
    }
    two_ago = one_ago;
    one_ago = now;
  }
  return one_ago[b.size()];
}

std::optional<std::string_view> nearest(std::string_view text,
                                        std::span<const std::string_view> words) {
  std::optional<std::string_view> best;
  std::size_t best_distance = bytes_max;
  for (const auto word : words) {
    const auto distance = edit_distance(text, word);
    const auto allowed = std::max<std::size_t>(1, word.size() / 3);
    if (distance > allowed || distance >= best_distance) continue;
    best = word;
    best_distance = distance;
  }
  return best;
}

std::string suggestion(std::string_view text, std::span<const std::string_view> words,
                       const std::string& otherwise) {
  if (const auto word = nearest(text, words)) return "; did you mean " + shown(*word) + '?';
  return "; " + otherwise;
}

}  // namespace hapx
