// SPDX-License-Identifier: Apache-2.0
#include "appliance/imports/source.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>

#include "config/validate.hpp"
#include "config/wording.hpp"

namespace hapx::appliance::imports {
namespace {

char lowered(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_lower_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/// The digits at the front of `text`, which is then without them.
std::optional<std::uint64_t> take_digits(std::string_view& text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
  return number;
}

}  // namespace

void leave_out(std::vector<Remark>& remarks, Place place, std::string_view words,
               std::string_view reason) {
  remarks.push_back({Remark::What::left_out, std::move(place), shown(words), std::string(reason)});
}

void take(std::vector<Remark>& remarks, Place place, std::string_view words, std::string_view key) {
  remarks.push_back({Remark::What::taken, std::move(place), shown(words), std::string(key)});
}

std::string as_label(std::string_view name) {
  std::string label(name.substr(0, name.find('.')));
  for (char& c : label) c = c == '_' ? '-' : lowered(c);
  const bool good =
      !label.empty() && label.size() <= label_bytes_max && label.front() != '-' &&
      label.back() != '-' &&
      std::ranges::all_of(label, [](char c) { return is_lower_alphanumeric(c) || c == '-'; });
  return good ? label : "";
}

std::optional<Score> as_score(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::string word(text);
  std::ranges::transform(word, word.begin(), lowered);
  if (word == "inf" || word == "infinity")
    return negative ? Score::minus_infinity() : Score::infinity();
  // Whatever is above Pacemaker's infinity is infinity.
  const auto number = take_digits(text);
  if (!number || !text.empty()) return std::nullopt;
  const auto size =
      static_cast<std::int64_t>(std::min<std::uint64_t>(*number, Score::infinity_value));
  return Score(negative ? -size : size);
}

std::optional<unsigned> as_number(std::string_view text, unsigned most) {
  const auto number = take_digits(text);
  if (!number || !text.empty() || *number > most) return std::nullopt;
  return static_cast<unsigned>(*number);
}

std::optional<Duration> as_duration(std::string_view text, Duration unit) {
  using namespace std::chrono;
  constexpr std::array<std::pair<std::string_view, Duration>, 12> units{{{"us", microseconds(1)},
                                                                         {"usec", microseconds(1)},
                                                                         {"ms", milliseconds(1)},
                                                                         {"msec", milliseconds(1)},
                                                                         {"s", seconds(1)},
                                                                         {"sec", seconds(1)},
                                                                         {"m", minutes(1)},
                                                                         {"min", minutes(1)},
                                                                         {"h", hours(1)},
                                                                         {"hr", hours(1)},
                                                                         {"d", hours(24)},
                                                                         {"", Duration(0)}}};
  constexpr Duration longest = hours(24 * 365 * 10);
  const auto number = take_digits(text);
  if (!number) return std::nullopt;
  const auto* found = std::ranges::find(units, text, &std::pair<std::string_view, Duration>::first);
  if (found == units.end()) return std::nullopt;
  const Duration step = found->second == Duration(0) ? unit : found->second;
  if (*number > static_cast<std::uint64_t>(longest / step)) return std::nullopt;
  return step * static_cast<std::int64_t>(*number);
}

}  // namespace hapx::appliance::imports
