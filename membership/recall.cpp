// SPDX-License-Identifier: Apache-2.0
// What is known of an earlier life? The second half of promise_memory.hpp.
#include <algorithm>

#include "config/cluster_config.hpp"
#include "membership/promise_memory.hpp"

namespace hapx::membership {

namespace {

constexpr std::string_view marker_title = "hapx-voter 1";
constexpr std::size_t boot_id_text_bytes = 36;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool dash_belongs_at(std::size_t byte) {
  return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

/// Takes one line "<word> <value>" off the front of `text`.
std::optional<std::string> take_line(std::string_view& text, std::string_view word) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  if (line.size() <= word.size() + 1 || line.substr(0, word.size()) != word ||
      line[word.size()] != ' ')
    return std::nullopt;
  return std::string(line.substr(word.size() + 1));
}

enum class MarkerFinding : std::uint8_t { absent, unreadable, foreign, other_boot, this_boot };

MarkerFinding judge_marker(const std::optional<std::string>& marker, const VoterIdentity& self) {
  if (!marker) return MarkerFinding::absent;
  const auto decoded = decode_marker(*marker);
  if (!decoded) return MarkerFinding::unreadable;
  if (decoded->cluster != self.cluster || decoded->node != self.node) return MarkerFinding::foreign;
  return decoded->boot == self.boot ? MarkerFinding::this_boot : MarkerFinding::other_boot;
}

struct Abstention {
  Instant until;
  std::string sentence;
};

/// The table of rule 5, for a mapped file that is not intact.
Abstention judge_without_memory(MemoryFinding file, MarkerFinding marker, Instant now) {
  const Abstention from_start{now + lease_max,
                              "what this node promised in this boot is not known any more"};
  const Abstention from_boot{Instant(lease_max), "this node voted in another boot"};
  switch (marker) {
    case MarkerFinding::absent:
      if (file == MemoryFinding::absent) return {Instant{}, "first start: nothing was promised"};
      return file == MemoryFinding::other_boot ? from_boot : from_start;
    case MarkerFinding::other_boot:
      return from_boot;  // the marker is written before the first vote: none was cast in this boot
    case MarkerFinding::this_boot:
    case MarkerFinding::foreign:
    case MarkerFinding::unreadable:
      return from_start;
  }
  return from_start;
}

}  // namespace

std::optional<BootId> parse_boot_id(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  if (text.size() != boot_id_text_bytes) return std::nullopt;
  BootId boot;
  std::size_t at = 0;
  for (std::size_t byte = 0; byte < boot.bytes.size(); ++byte) {
    if (dash_belongs_at(byte) && text[at++] != '-') return std::nullopt;
    const int high = hex_digit(text[at]);
    const int low = hex_digit(text[at + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    boot.bytes[byte] = static_cast<std::uint8_t>(16 * high + low);
    at += 2;
  }
  return boot;
}

std::string to_string(const BootId& boot) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (std::size_t byte = 0; byte < boot.bytes.size(); ++byte) {
    if (dash_belongs_at(byte)) text.push_back('-');
    text.push_back(digits[boot.bytes[byte] >> 4]);
    text.push_back(digits[boot.bytes[byte] & 15]);
  }
  return text;
}

std::string encode_marker(const VoterIdentity& identity) {
  std::string text(marker_title);
  text += "\ncluster " + identity.cluster.text();
  text += "\nnode " + identity.node.text();
  text += "\nboot " + to_string(identity.boot) + "\n";
  return text;
}

std::optional<VoterIdentity> decode_marker(std::string_view text) {
  const std::size_t title_end = text.find('\n');
  if (title_end == std::string_view::npos || text.substr(0, title_end) != marker_title)
    return std::nullopt;
  text.remove_prefix(title_end + 1);
  const auto cluster = take_line(text, "cluster");
  if (!cluster) return std::nullopt;
  const auto node = take_line(text, "node");
  if (!node) return std::nullopt;
  const auto boot_text = take_line(text, "boot");
  const auto boot = boot_text ? parse_boot_id(*boot_text) : std::nullopt;
  if (!boot) return std::nullopt;
  return VoterIdentity{ClusterName(*cluster), NodeName(*node), *boot};
}

Recollection recall(const FoundMemory& found, const VoterIdentity& self, Instant now) {
  DecodedMemory decoded;
  if (found.mapped) decoded = decode_memory(*found.mapped, self);
  const MarkerFinding marker = judge_marker(found.marker, self);

  Recollection recollection;
  recollection.write_marker = marker != MarkerFinding::this_boot;
  Abstention abstention;
  if (decoded.finding == MemoryFinding::intact) {
    recollection.memory = std::move(decoded.memory);
    abstention = {recollection.memory.abstain_until(), "an earlier abstention is not over"};
    if (marker != MarkerFinding::this_boot && marker != MarkerFinding::absent) {
      abstention.until = std::max(abstention.until, Instant(lease_max));
      abstention.sentence = "this node voted in another boot";
    }
    recollection.write_file = abstention.until > recollection.memory.abstain_until();
  } else {
    recollection.memory = PromiseMemory(self);
    abstention = judge_without_memory(decoded.finding, marker, now);
    recollection.write_file = true;
  }

  static_cast<void>(recollection.memory.abstain(abstention.until));
  recollection.sentence = abstention.sentence;
  if (abstention.until > now)
    recollection.abstain = abstention.until - now;
  else if (decoded.finding == MemoryFinding::intact)
    recollection.sentence = "what this node promised in this boot is remembered";
  return recollection;
}

}  // namespace hapx::membership
