// SPDX-License-Identifier: Apache-2.0
#include "appliance/imports/haproxy_section.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "appliance/imports/source.hpp"
#include "appliance/imports/statement.hpp"
#include "config/net.hpp"
#include "config/wording.hpp"
#include "config/yaml.hpp"

namespace hapx::appliance::imports {
namespace {

using namespace std::string_view_literals;

constexpr std::array section_words{
    "global"sv,  "defaults"sv,  "frontend"sv,    "backend"sv,     "listen"sv,    "peers"sv,
    "mailers"sv, "resolvers"sv, "userlist"sv,    "cache"sv,       "program"sv,   "ring"sv,
    "traces"sv,  "fcgi-app"sv,  "http-errors"sv, "log-forward"sv, "crt-store"sv, "log-profile"sv};

constexpr std::size_t addresses_max = 64;  ///< of one word

bool is_host(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  });
}

std::optional<HaproxyAddress> address_of(std::string_view text) {
  for (const auto family : {"ipv4@"sv, "ipv6@"sv, "tcp@"sv, "tcp4@"sv, "tcp6@"sv}) {
    if (text.starts_with(family)) text.remove_prefix(family.size());
  }
  HaproxyAddress out;
  const auto colon = text.rfind(':');
  std::string_view host = text;
  if (colon != text.npos) {
    const auto port = as_number(text.substr(colon + 1), 65535);
    if (!port) return std::nullopt;
    out.port = static_cast<std::uint16_t>(*port);
    host = text.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']') && host.size() > 2) {
    host = host.substr(1, host.size() - 2);
  }
  const auto address = parse_ip(host);
  const bool all = host.empty() || host == "*" || host == "0.0.0.0" || host == "::";
  if (!all && !address && !is_host(host)) return std::nullopt;
  if (!all) out.host = host;
  return out;
}

/// One blank for many, unless quotes make a difference of them.
std::string plain_text(std::string_view text) {
  const bool quoted = text.find_first_of("\"'\\") != text.npos;
  std::string out;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\t' || c == '\r';
    if (!blank) {
      out += c;
    } else if (quoted || !out.ends_with(' ')) {
      out += ' ';
    }
  }
  return out;
}

}  // namespace

bool is_section_word(std::string_view word) {
  return std::ranges::find(section_words, word) != section_words.end();
}

std::vector<HaproxyAddress> addresses_of(std::string_view word) {
  std::vector<HaproxyAddress> out;
  while (!word.empty() && out.size() < addresses_max) {
    const auto comma = word.find(',');
    if (auto address = address_of(word.substr(0, comma))) out.push_back(*std::move(address));
    word.remove_prefix(comma == word.npos ? word.size() : comma + 1);
  }
  return out;
}

Result<std::vector<HaproxySection>> read_sections(std::string_view text, std::string_view file) {
  if (const auto good = check_source(text, file); !good) return good.error();
  std::vector<HaproxySection> sections;
  std::size_t number = 0;
  std::size_t count = 0;
  while (!text.empty()) {
    ++number;
    std::string_view line = take_line(text);
    HaproxyLine read;
    read.line = number;
    read.words = words_of(line, "#");
    if (read.words.empty()) continue;
    read.text = plain_text(line);
    if (read.words.size() > source_words_max) {
      return refusal(file, {number, 1}, "a line has too many words");
    }
    if (++count > source_statements_max) {
      return refusal(file, {number, 1}, "there are more lines than any configuration has");
    }
    if (is_section_word(read.words[0])) {
      sections.push_back({std::move(read), {}});
    } else if (sections.empty()) {
      return refusal(file, {number, 1},
                     shown(read.words[0]) + " stands before any section, like global or defaults");
    } else {
      sections.back().lines.push_back(std::move(read));
    }
  }
  return sections;
}

}  // namespace hapx::appliance::imports
