// SPDX-License-Identifier: Apache-2.0
#include "vip/bird_reply.hpp"

#include <algorithm>
#include <utility>

namespace hapx::vip {
namespace {

constexpr std::size_t code_digits = 4;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// The words of a line; a table of BIRD has no empty cells before the last one.
std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    const auto begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    const auto end = std::min(line.find_first_of(" \t"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

/// What may stand between apostrophes (conf/cf-lex.l).
bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
           c == '-' || c == '.' || c == ':';
  });
}

Error no_answer(const std::string& why) {
  return {ErrorKind::failed, "what answers at BIRD's socket is not BIRD 2: " + why, 0};
}

}  // namespace

Result<std::vector<BirdAnswer>> BirdAnswers::take(std::string_view bytes) {
  std::vector<BirdAnswer> complete;
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const auto part = bytes.substr(0, end);
    bytes_ += part.size() + 1;
    if (bytes_ > bird_answer_bytes_max) return no_answer("an answer has no end");
    rest_ += part;
    if (end == std::string_view::npos) break;
    bytes.remove_prefix(end + 1);
    if (auto taken = take_line(std::exchange(rest_, {}), complete); !taken) return taken.error();
  }
  return complete;
}

Result<void> BirdAnswers::take_line(std::string_view line, std::vector<BirdAnswer>& complete) {
  if (line.starts_with('+')) {
    if (answer_.lines.empty()) bytes_ = 0;
    return {};
  }
  if (line.starts_with(' ')) {
    if (answer_.lines.empty()) return no_answer("it goes on with an answer that has not begun");
    answer_.lines.push_back({answer_.lines.back().code, std::string(line.substr(1))});
    return {};
  }
  if (line.size() <= code_digits ||
      !std::all_of(line.begin(), line.begin() + code_digits, is_digit))
    return no_answer("a line without a code");
  unsigned code = 0;
  for (const char digit : line.substr(0, code_digits))
    code = code * 10 + static_cast<unsigned>(digit - '0');
  const char next = line[code_digits];
  if (next != '-' && next != ' ') return no_answer("a code without an end");
  answer_.lines.push_back({code, std::string(line.substr(code_digits + 1))});
  if (next == '-') return {};
  complete.push_back(std::exchange(answer_, {}));
  bytes_ = 0;
  return {};
}

bool BirdAnswer::has(unsigned code) const {
  return std::ranges::any_of(lines, [&](const BirdLine& line) { return line.code == code; });
}

std::vector<BirdProtocol> protocols_of(const BirdAnswer& answer) {
  std::vector<BirdProtocol> protocols;
  std::string_view channel;
  for (const BirdLine& line : answer.lines) {
    const auto words = words_of(line.text);
    if (line.code == bird_protocol && words.size() >= 4) {
      // name, protocol, table, state, since, info
      protocols.push_back({std::string(words[0]), std::string(words[1]), words[3] == "up"});
      channel = {};
    } else if (line.code == bird_details && !protocols.empty() && words.size() == 2) {
      if (words[0] == "Channel") channel = words[1];
      if (words[0] != "State:" || words[1] != "UP") continue;
      if (channel == "ipv4") protocols.back().carries.push_back(Family::ipv4);
      if (channel == "ipv6") protocols.back().carries.push_back(Family::ipv6);
    }
  }
  return protocols;
}

std::string bird_protocol_of(const IpAddress& address) {
  std::string name = "hapx_" + to_string(address);
  std::ranges::replace_if(
      name, [](char c) { return c == '.' || c == ':'; }, '_');
  return name;
}

std::string show_exported(const IpAddress& address, std::string_view session) {
  if (!is_name(session)) return {};
  const auto bits = std::to_string(8 * byte_count(address.family));
  return "show route " + to_string(address) + "/" + bits + " exported '" + std::string(session) +
         "'";
}

bool is_exported(const BirdAnswer& answer) {
  return answer.has(bird_route);
}

}  // namespace hapx::vip
