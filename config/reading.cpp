// SPDX-License-Identifier: Apache-2.0
#include "config/reading.hpp"

#include <algorithm>

namespace hapx {
namespace {

std::string at(const std::string& path, std::size_t index) {
  return path + '[' + std::to_string(index) + ']';
}

/// "spec.nodes" of "spec.nodes[0]", "spec" of "spec.nodes"; "" of "spec".
std::string parent_of(const std::string& path) {
  const auto cut = path.find_last_of(".[");
  return cut == std::string::npos ? std::string() : path.substr(0, cut);
}

}  // namespace

std::string_view kind_in_words(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::null:
      return "nothing";
    case YamlNode::Kind::scalar:
      return "a single value";
    case YamlNode::Kind::list:
      return "a list";
    case YamlNode::Kind::map:
      return "a map";
  }
  return "something else";
}

std::optional<std::uint64_t> whole_number(std::string_view text, std::uint64_t most) {
  constexpr std::size_t digits_max = 18;
  if (text.empty() || text.size() > digits_max) return std::nullopt;
  if (text.size() > 1 && text[0] == '0') return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value <= most ? std::optional(value) : std::nullopt;
}

void Reading::refuse(Location where, const std::string& sentence) {
  if (refusals_.size() < refusals_max) refusals_.emplace_back(where, sentence);
}

Location Reading::locate(const std::string& path, const std::string& or_else) const {
  if (const auto found = written_.find(path); found != written_.end()) return found->second;
  if (const auto found = written_.find(or_else); found != written_.end()) return found->second;
  for (auto around = parent_of(path); !around.empty(); around = parent_of(around)) {
    if (const auto found = written_.find(around); found != written_.end()) return found->second;
  }
  return {};
}

std::vector<Error> Reading::take_refusals() {
  std::stable_sort(refusals_.begin(), refusals_.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first.line, a.first.column) < std::pair(b.first.line, b.first.column);
  });
  std::vector<Error> out;
  for (const auto& [where, sentence] : refusals_) out.push_back(refusal(file_, where, sentence));
  return out;
}

Section::Section(Reading& reading, const YamlNode& node, std::string path, Words keys)
    : Section(reading, node, std::move(path)) {
  for (const auto& [key, value] : node.entries) {
    if (std::find(keys.begin(), keys.end(), key.text) != keys.end()) continue;
    if (const auto word = nearest(key.text, keys)) perhaps_meant_.insert(*word);
    reading_.refuse(key.where,
                    "unknown key " + shown(key.text) +
                        suggestion(key.text, keys, "the keys here are " + listed(keys, "and")));
  }
}

Section::Section(Reading& reading, const YamlNode& node, std::string path)
    : reading_(reading), node_(node), path_(std::move(path)) {
  if (!path_.empty()) reading_.remember(path_, node.where);
  if (node.kind == YamlNode::Kind::map) return;
  const auto name = path_.empty() ? std::string("a configuration") : path_;
  reading_.refuse(node.where, name + " must be a map of keys and values, not " +
                                  std::string(kind_in_words(node)));
}

std::string Section::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + '.' + std::string(key);
}

void Section::require(std::string_view key) const {
  if (node_.kind != YamlNode::Kind::map || node_.find(key) != nullptr) return;
  if (perhaps_meant_.contains(key)) return;
  const auto whose = path_.empty() ? std::string("the file") : path_;
  reading_.refuse(node_.where, shown(key) + " is missing in " + whose + "; add it");
}

const YamlNode* Section::find(std::string_view key) const {
  const auto found = std::find_if(node_.entries.begin(), node_.entries.end(),
                                  [&](const auto& entry) { return entry.key.text == key; });
  if (found == node_.entries.end()) return nullptr;
  const auto& [name, value] = *found;
  if (value.kind == YamlNode::Kind::null) {
    reading_.refuse(name.where, shown(key) + " has no value; write one or remove the line");
    return nullptr;
  }
  reading_.remember(path_of(key), value.where);
  return &value;
}

const YamlNode* Section::find_scalar(std::string_view key, std::string_view what) const {
  const YamlNode* value = find(key);
  if (value == nullptr || value->kind == YamlNode::Kind::scalar) return value;
  reading_.refuse(value->where, shown(key) + " must be " + std::string(what) + ", not " +
                                    std::string(kind_in_words(*value)));
  return nullptr;
}

std::vector<std::pair<const YamlNode*, std::string>> Section::items(std::string_view key) const {
  std::vector<std::pair<const YamlNode*, std::string>> out;
  const YamlNode* value = find(key);
  if (value == nullptr) return out;
  if (value->kind != YamlNode::Kind::list) {
    reading_.refuse(value->where, shown(key) + " must be a list, not " +
                                      std::string(kind_in_words(*value)) +
                                      "; begin each item with a hyphen");
    return out;
  }
  const auto path = path_of(key);
  for (std::size_t i = 0; i < value->items.size(); ++i) {
    out.emplace_back(&value->items[i], at(path, i));
    reading_.remember(out.back().second, value->items[i].where);
  }
  return out;
}

void Section::read(std::string_view key, std::string& out) const {
  if (const auto* value = find_scalar(key, "a text")) out = value->scalar;
}

void Section::read(std::string_view key, std::optional<std::string>& out) const {
  if (const auto* value = find_scalar(key, "a text")) out = value->scalar;
}

void Section::read(std::string_view key, Duration& out) const {
  const auto* value = find_scalar(key, "a duration");
  if (value == nullptr) return;
  const auto duration = parse_duration(value->scalar);
  if (duration) {
    out = *duration;
  } else {
    reading_.refuse(value->where, shown(key) + ": " + duration.error().sentence);
  }
}

std::optional<std::uint64_t> Section::read_number(std::string_view key, std::uint64_t most) const {
  const auto* value = find_scalar(key, "a number");
  if (value == nullptr) return std::nullopt;
  const auto number = whole_number(value->scalar, most);
  if (number && !value->quoted) return number;
  reading_.refuse(value->where,
                  shown(key) + (number ? " is a text; remove the quotes"
                                       : " must be a whole number up to " + std::to_string(most) +
                                             ", not " + shown(value->scalar)));
  return std::nullopt;
}

void Section::read(std::string_view key, Score& out) const {
  if (const auto* value = find_scalar(key, "a score")) read_score(key, *value, out);
}

void Section::read_score(std::string_view key, const YamlNode& value, Score& out) const {
  std::string_view text = value.scalar;
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "INFINITY") {
    out = negative ? Score::minus_infinity() : Score::infinity();
    return;
  }
  const auto number = whole_number(text, Score::infinity_value);
  if (number && !value.quoted) {
    const auto size = static_cast<std::int64_t>(*number);
    out = Score(negative ? -size : size);
    return;
  }
  reading_.refuse(
      value.where,
      shown(key) + (number ? std::string(" is a text; remove the quotes")
                           : " must be a whole number from -1000000 to 1000000, INFINITY or "
                             "-INFINITY, not " +
                                 shown(value.scalar)));
}

}  // namespace hapx
