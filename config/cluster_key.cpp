// SPDX-License-Identifier: Apache-2.0
#include "config/cluster_key.hpp"

#include <algorithm>
#include <optional>

#include <openssl/evp.h>

#include "config/archive.hpp"
#include "config/assert.hpp"

namespace hapx {
namespace {

constexpr std::string_view prefix = "hapx-key-v1:";
constexpr std::string_view stand_in_mark = "stand-in";
constexpr std::string_view space = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(space), text.size()));
  return text.substr(0, text.find_last_not_of(space) + 1);
}

Error refused(const std::string& sentence) {
  return {ErrorKind::refused, sentence + "; make one with `hapx keygen`"};
}

std::optional<unsigned> digit_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return std::nullopt;
}

bool is_no_secret(const ClusterKey& key) {
  const auto step = static_cast<std::uint8_t>(key[1] - key[0]);
  if (step > 1) return false;
  for (std::size_t i = 1; i < key.size(); ++i) {
    if (static_cast<std::uint8_t>(key[i] - key[i - 1]) != step) return false;
  }
  return true;
}

}  // namespace

std::string write_key(const ClusterKey& key) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out(prefix);
  out.reserve(prefix.size() + 2 * key.size() + 1);
  for (const auto byte : key) {
    out += digits[byte >> 4];
    out += digits[byte & 0xf];
  }
  return out + '\n';
}

Result<ClusterKey> parse_key(std::string_view text) {
  text = trimmed(text);
  if (text.empty()) return refused("the key is empty");
  if (!text.starts_with(prefix)) {
    return refused("this is no key: it does not begin with hapx-key-v1:");
  }
  text.remove_prefix(prefix.size());
  const auto is_digit = [](char c) { return digit_value(c).has_value(); };
  if (!std::all_of(text.begin(), text.end(), is_digit)) {
    return refused("the key has characters that are no hexadecimal digits");
  }
  if (text.size() != 2 * key_bytes) {
    return refused("the key has " + std::to_string(text.size()) +
                   " hexadecimal digits instead of 64");
  }
  ClusterKey key{};
  for (std::size_t i = 0; i < key.size(); ++i) {
    const auto high = digit_value(text[2 * i]).value_or(0);
    const auto low = digit_value(text[2 * i + 1]).value_or(0);
    key[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  if (is_no_secret(key)) return refused("the key is no secret: it is one of tests and examples");
  return key;
}

Result<ClusterKeys> parse_keys(std::string_view text) {
  text = trimmed(text);
  const std::size_t end = std::min(text.find('\n'), text.size());
  const auto first = parse_key(text.substr(0, end));
  if (!first) return first.error();
  const std::string_view rest = trimmed(text.substr(end));
  if (rest.empty()) return ClusterKeys{*first};
  if (rest.find('\n') != std::string_view::npos) {
    return Error{
        ErrorKind::refused,
        "there are more than two keys; keep the one in use, and the one before or after it"};
  }
  const auto second = parse_key(rest);
  if (!second) return Error{second.error().kind, "the second line: " + second.error().sentence};
  if (*second == *first) {
    return Error{ErrorKind::refused, "both lines are the same key; remove one of them"};
  }
  return ClusterKeys{*first, *second};
}

ClusterKey stand_in_of(const ClusterKey& key) {
  if (std::equal(stand_in_mark.begin(), stand_in_mark.end(), key.begin())) return key;
  std::string text(stand_in_mark);
  text.append(key.begin(), key.end());
  ClusterKey digest{};  // as long as SHA-256's
  HAPX_ASSERT(EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr) ==
              1);
  ClusterKey stand_in{};
  const auto rest = std::copy(stand_in_mark.begin(), stand_in_mark.end(), stand_in.begin());
  std::copy_n(digest.begin(), stand_in.end() - rest, rest);
  return stand_in;
}

void ClusterKeys::archive(ArchiveWriter& kept) const {
  kept(stand_in_of(first), second ? std::optional(stand_in_of(*second)) : std::nullopt);
}

void ClusterKeys::archive(ArchiveReader& kept) {
  kept(first, second);
}

}  // namespace hapx
