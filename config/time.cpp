// SPDX-License-Identifier: Apache-2.0
#include "config/time.hpp"

#include <array>
#include <optional>
#include <utility>

#include "config/wording.hpp"

namespace hapx {
namespace {

constexpr std::int64_t nanoseconds_max = Duration(std::chrono::hours(10 * 365 * 24)).count();

struct Unit {
  std::string_view text;
  std::int64_t nanoseconds;
};

/// Longer texts first where one begins with another. The two micro signs are Go's.
constexpr std::array<Unit, 8> units{{{"ns", 1},
                                     {"us", 1'000},
                                     {"\xc2\xb5s", 1'000},
                                     {"\xce\xbcs", 1'000},
                                     {"ms", 1'000'000},
                                     {"s", 1'000'000'000},
                                     {"m", 60'000'000'000},
                                     {"h", 3'600'000'000'000}}};

Error not_a_duration(std::string_view text, const char* reason) {
  return {ErrorKind::refused, shown(text) + " is not a duration: " + reason};
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// One "1.5" in units of 10^-fraction_digits, at most nine digits behind the point (the rest is
/// below a nanosecond for every unit up to a second, and Go drops it, too).
struct Number {
  std::int64_t whole = 0;
  std::int64_t fraction = 0;
  std::int64_t scale = 1;  ///< fraction / scale is what stands behind the point
};

/// Takes a number off the front of `text`; nothing if there are no digits or too many.
std::optional<Number> take_number(std::string_view& text) {
  Number number;
  bool any = false;
  for (; !text.empty() && is_digit(text[0]); text.remove_prefix(1), any = true) {
    number.whole = number.whole * 10 + (text[0] - '0');
    if (number.whole > nanoseconds_max) number.whole = nanoseconds_max + 1;  // stays too large
  }
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    for (; !text.empty() && is_digit(text[0]); text.remove_prefix(1), any = true) {
      if (number.scale >= 1'000'000'000) continue;
      number.fraction = number.fraction * 10 + (text[0] - '0');
      number.scale *= 10;
    }
  }
  return any ? std::optional(number) : std::nullopt;
}

const Unit* take_unit(std::string_view& text) {
  for (const auto& unit : units) {
    if (!text.starts_with(unit.text)) continue;
    text.remove_prefix(unit.text.size());
    return &unit;
  }
  return nullptr;
}

/// "1.5" for 1500000000 in units of 1000000000.
std::string decimal(std::int64_t value, std::int64_t unit) {
  std::string out = std::to_string(value / unit);
  std::int64_t rest = value % unit;
  if (rest != 0) out += '.';
  while (rest != 0) {
    unit /= 10;
    out += static_cast<char>('0' + rest / unit);
    rest %= unit;
  }
  return out;
}

/// Exactly `digits` digits, or more if the number has more.
std::string padded(std::int64_t number, std::size_t digits) {
  const std::string text = std::to_string(number);
  return text.size() < digits ? std::string(digits - text.size(), '0') + text : text;
}

/// Whether `text` begins as the pattern is, where each d is a digit.
bool is_like(std::string_view text, std::string_view pattern) {
  if (text.size() < pattern.size()) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == 'd' ? !is_digit(text[i]) : text[i] != pattern[i]) return false;
  }
  return true;
}

/// REQUIRES: digits.
int number_of(std::string_view digits) {
  int number = 0;
  for (const char digit : digits) number = number * 10 + (digit - '0');
  return number;
}

}  // namespace

std::string to_string(Utc moment) {
  using namespace std::chrono;
  const sys_time<Duration> since_1970(moment.time_since_epoch());
  const auto day = floor<days>(since_1970);
  const year_month_day date(day);
  const hh_mm_ss time(floor<seconds>(since_1970 - day));
  return padded(static_cast<int>(date.year()), 4) + "-" +
         padded(static_cast<unsigned>(date.month()), 2) + "-" +
         padded(static_cast<unsigned>(date.day()), 2) + "T" + padded(time.hours().count(), 2) +
         ":" + padded(time.minutes().count(), 2) + ":" + padded(time.seconds().count(), 2) + "Z";
}

Result<Utc> parse_utc(std::string_view text) {
  using namespace std::chrono;
  constexpr std::string_view pattern = "dddd-dd-ddTdd:dd:dd";
  constexpr int year_end = 2262;  // of 63 bits
  const Error refused{ErrorKind::refused, shown(text) +
                                              " is not a moment: write it like "
                                              "2026-11-28T13:36:57Z or 2026-11-28T13:36:57.042Z"};
  if (!is_like(text, pattern)) return refused;
  const auto field = [&](std::size_t from, std::size_t digits) {
    return number_of(text.substr(from, digits));
  };
  const year_month_day day{year(field(0, 4)), month(static_cast<unsigned>(field(5, 2))),
                           std::chrono::day(static_cast<unsigned>(field(8, 2)))};
  const auto time = hours(field(11, 2)) + minutes(field(14, 2)) + seconds(field(17, 2));
  const bool is_in_order = field(11, 2) < 24 && field(14, 2) < 60 && field(17, 2) < 60;
  if (!day.ok() || field(0, 4) < 1970 || field(0, 4) >= year_end || !is_in_order) return refused;
  std::string_view rest = text.substr(pattern.size());
  Duration fraction{0};
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    if (rest.empty() || !is_digit(rest.front())) return refused;
    for (Duration unit = milliseconds(100); !rest.empty() && is_digit(rest.front()); unit /= 10) {
      fraction += (rest.front() - '0') * unit;
      rest.remove_prefix(1);
    }
  }
  if (rest != "Z") return refused;
  return Utc(sys_days(day).time_since_epoch() + time + fraction);
}

Result<Duration> parse_duration(std::string_view text) {
  constexpr const char* example = "write it like 300ms, 1.5s or 1h30m";
  std::string_view rest = text;
  if (rest.empty()) return not_a_duration(text, example);
  if (rest[0] == '-') return not_a_duration(text, "it must not be negative");
  if (rest[0] == '+') rest.remove_prefix(1);
  if (rest == "0") return Duration::zero();
  if (rest.empty()) return not_a_duration(text, example);
  std::int64_t total = 0;
  while (!rest.empty()) {
    const auto number = take_number(rest);
    if (!number) return not_a_duration(text, example);
    if (rest.empty()) {
      return not_a_duration(text, "its unit is missing (ns, us, ms, s, m or h)");
    }
    const Unit* unit = take_unit(rest);
    if (unit == nullptr) return not_a_duration(text, "the units are ns, us, ms, s, m and h");
    if (number->whole > (nanoseconds_max - total) / unit->nanoseconds) {
      return not_a_duration(text, "it is longer than 10 years");
    }
    total += number->whole * unit->nanoseconds;
    // Below 2^63: fraction < 10^9, and no unit has more than 3.6 * 10^12 ns, so go in two steps.
    const auto per_fraction = unit->nanoseconds / number->scale;
    const auto left_over = unit->nanoseconds % number->scale;
    total += number->fraction * per_fraction + number->fraction * left_over / number->scale;
    if (total > nanoseconds_max) return not_a_duration(text, "it is longer than 10 years");
  }
  return Duration(total);
}

std::string to_string(Duration duration) {
  constexpr std::int64_t second = 1'000'000'000;
  std::int64_t left = duration.count();
  if (left == 0) return "0s";
  if (left == INT64_MIN) return "-2562047h47m16.854775808s";
  std::string out;
  if (left < 0) {
    out = "-";
    left = -left;
  }
  if (left < 1'000) return out + std::to_string(left) + "ns";
  if (left < 1'000'000) return out + decimal(left, 1'000) + "us";
  if (left < second) return out + decimal(left, 1'000'000) + "ms";
  if (const auto hours = left / (3600 * second); hours != 0) out += std::to_string(hours) + 'h';
  left %= 3600 * second;
  if (const auto minutes = left / (60 * second); minutes != 0) out += std::to_string(minutes) + 'm';
  left %= 60 * second;
  if (left != 0) out += decimal(left, second) + 's';
  return out;
}

}  // namespace hapx
