// SPDX-License-Identifier: Apache-2.0
#include "config/stats_credentials.hpp"

#include <algorithm>
#include <utility>

namespace hapx {
namespace {

constexpr std::size_t name_bytes_max = 64;
constexpr std::size_t secret_bytes_max = 256;

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= name_bytes_max && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

bool is_secret(std::string_view secret) {
  return !secret.empty() && secret.size() <= secret_bytes_max &&
         std::ranges::all_of(secret, [](char c) { return c > 0x20 && c < 0x7f; });
}

Error refusal_of(std::size_t line, const char* sentence) {
  return {ErrorKind::refused, "line " + std::to_string(line) + ": " + sentence, 0};
}

}  // namespace

Result<std::vector<StatsUser>> parse_credentials(std::string_view text) {
  if (text.size() > credentials_bytes_max) {
    return Error{ErrorKind::refused, "the file is longer than 16 KiB", 0};
  }
  std::vector<StatsUser> users;
  for (std::size_t number = 1; !text.empty(); ++number) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) {
      return refusal_of(number, "there is no colon; write name:password");
    }
    const auto name = line.substr(0, colon);
    const auto secret = line.substr(colon + 1);
    if (!is_name(name)) {
      return refusal_of(number,
                        "a name has 1 to 64 letters, digits, hyphens, underscores and dots");
    }
    if (!is_secret(secret)) {
      return refusal_of(number,
                        "a password has 1 to 256 printable characters of ASCII without spaces");
    }
    const bool known =
        std::ranges::any_of(users, [&](const auto& user) { return user.name == name; });
    if (known) return refusal_of(number, "this name stands in an earlier line, too");
    users.push_back({std::string(name), std::string(secret), secret.starts_with('$')});
  }
  if (users.empty()) {
    return Error{ErrorKind::refused, "there is no line name:password, so nobody could see the page",
                 0};
  }
  return users;
}

}  // namespace hapx
