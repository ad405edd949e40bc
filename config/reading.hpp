// SPDX-License-Identifier: Apache-2.0
// How is a located tree taken apart without losing the places?
//
// A Section is one map while it is read: it refuses keys that it does not know and values of the
// wrong shape, and leaves the default where a key is absent. A Reading is what all sections share:
// the refusals so far, and where each value was written, so that a rule found broken later, by who
// knows only values, can still be blamed on a line. Knows shapes, not what any key is for.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/ids.hpp"
#include "config/result.hpp"
#include "config/schema.hpp"
#include "config/score.hpp"
#include "config/time.hpp"
#include "config/wording.hpp"
#include "config/yaml.hpp"

namespace hapx {

/// "nothing", "a single value", "a list", "a map": for sentences.
[[nodiscard]] std::string_view kind_in_words(const YamlNode& node);

/// A whole number in decimal digits, without sign and leading zeros, up to `most` (below 10^18).
[[nodiscard]] std::optional<std::uint64_t> whole_number(std::string_view text, std::uint64_t most);

/// Limit: no more refusals than these are kept of one text; the rest is forgotten.
inline constexpr std::size_t refusals_max = 50;

class Reading {
 public:
  explicit Reading(std::string_view file) : file_(file) {}

  void refuse(Location where, const std::string& sentence);

  /// The value at `path` ("spec.nodes[0].name") was written at `where`.
  void remember(const std::string& path, Location where) { written_[path] = where; }

  /// Where the blame goes: to the value itself if it was written, else to the other that was, else
  /// to the nearest map or list around the first.
  [[nodiscard]] Location locate(const std::string& path, const std::string& or_else) const;

  [[nodiscard]] bool any_refusal() const { return !refusals_.empty(); }

  /// All of them, in the order of the text.
  [[nodiscard]] std::vector<Error> take_refusals();

 private:
  std::string file_;
  std::vector<std::pair<Location, std::string>> refusals_;
  std::map<std::string, Location> written_;
};

class Section {
 public:
  using Words = std::span<const std::string_view>;

  /// Refuses all keys that are not among `keys`, and whatever is not a map. `path` is "" for the
  /// whole document. `reading`, `node` and `keys` must outlive the section.
  Section(Reading& reading, const YamlNode& node, std::string path, Words keys);

  /// The same for a map whose keys are names.
  Section(Reading& reading, const YamlNode& node, std::string path);

  [[nodiscard]] Reading& reading() const { return reading_; }
  [[nodiscard]] std::string path_of(std::string_view key) const;

  /// Refuses the section if `key` is not there. An unknown key that was perhaps meant to be it has
  /// been refused already and says enough.
  void require(std::string_view key) const;

  /// The value of `key`, or nullptr if it is not there or (refused) has no value.
  [[nodiscard]] const YamlNode* find(std::string_view key) const;

  /// The same, and (refused) nullptr if it is a list or a map. `what`: "a number".
  [[nodiscard]] const YamlNode* find_scalar(std::string_view key, std::string_view what) const;

  /// The items of the list `key`, each with its path; none if it is not there or no list.
  [[nodiscard]] std::vector<std::pair<const YamlNode*, std::string>> items(
      std::string_view key) const;

  // Each read leaves `out` alone if `key` is not there or was refused.
  void read(std::string_view key, std::string& out) const;
  void read(std::string_view key, std::optional<std::string>& out) const;
  void read(std::string_view key, Duration& out) const;
  void read(std::string_view key, Score& out) const;
  void read_score(std::string_view key, const YamlNode& value, Score& out) const;

  template <class Tag>
  void read(std::string_view key, Name<Tag>& out) const {
    if (const auto* value = find_scalar(key, "a name")) out = Name<Tag>(value->scalar);
  }

  template <class T>
  requires std::is_unsigned_v<T>
  void read(std::string_view key, T& out) const {
    if (const auto number = read_number(key, std::numeric_limits<T>::max())) {
      out = static_cast<T>(*number);
    }
  }

  /// A word of one of schema's closed lists.
  template <class List, class T>
  void read_word(std::string_view key, const List& list, T& out) const {
    const auto words = schema::texts_of(list);
    const auto* value = find_scalar(key, "one of " + listed(words, "and"));
    if (value == nullptr) return;
    if (const auto found = schema::value_of(list, value->scalar)) {
      out = *found;
    } else {
      reading_.refuse(value->where,
                      "unknown " + std::string(key) + ' ' + shown(value->scalar) +
                          suggestion(value->scalar, words, "it must be " + listed(words, "or")));
    }
  }

 private:
  [[nodiscard]] std::optional<std::uint64_t> read_number(std::string_view key,
                                                         std::uint64_t most) const;

  Reading& reading_;
  const YamlNode& node_;
  std::string path_;
  std::set<std::string_view> perhaps_meant_;  ///< by the unknown keys
};

}  // namespace hapx
