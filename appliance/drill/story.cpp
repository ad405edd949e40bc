// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/story.hpp"

#include <algorithm>
#include <chrono>

namespace hapx::appliance::drill {
namespace {

/// The journal has milliseconds: what happened within the one of the fault looks earlier than it.
constexpr Duration grain = std::chrono::milliseconds(1);
constexpr std::string_view pattern = "dddd-dd-ddTdd:dd:dd.dddZ";

bool fits(std::string_view text) {
  if (text.size() != pattern.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_digit = text[i] >= '0' && text[i] <= '9';
    if (pattern[i] == 'd' ? !is_digit : text[i] != pattern[i]) return false;
  }
  return true;
}

/// REQUIRES digits there.
int number_at(std::string_view text, std::size_t begin, std::size_t count) {
  int value = 0;
  for (const char digit : text.substr(begin, count)) value = value * 10 + (digit - '0');
  return value;
}

}  // namespace

std::optional<Utc> moment_of(std::string_view text) {
  if (!fits(text)) return std::nullopt;
  namespace calendar = std::chrono;
  const calendar::year_month_day day{calendar::year(number_at(text, 0, 4)),
                                     calendar::month(static_cast<unsigned>(number_at(text, 5, 2))),
                                     calendar::day(static_cast<unsigned>(number_at(text, 8, 2)))};
  const int hour = number_at(text, 11, 2);
  const int minute = number_at(text, 14, 2);
  const int second = number_at(text, 17, 2);
  // Nanoseconds since 1970 end in 2262.
  const bool is_within = day.ok() && day.year() >= calendar::year(1970) &&
                         day.year() < calendar::year(2262) && hour < 24 && minute < 60 &&
                         second < 60;
  if (!is_within) return std::nullopt;
  const auto days = calendar::local_days(day).time_since_epoch();
  return Utc(days + calendar::hours(hour) + calendar::minutes(minute) + calendar::seconds(second) +
             calendar::milliseconds(number_at(text, 20, 3)));
}

std::vector<Phase> story_of(const std::vector<JournalMoment>& journal, Utc struck, Duration until) {
  std::vector<Phase> story;
  for (const JournalMoment& moment : journal) {
    const auto at = moment_of(moment.at);
    if (moment.phase.empty() || !at) continue;
    const Duration after = *at - struck;
    if (after < -grain || after > until) continue;
    const auto known = std::ranges::find(story, moment.phase, &Phase::name);
    if (known == story.end()) {
      story.push_back({moment.phase, std::max(after, Duration::zero())});
    } else {
      known->after = std::min(known->after, std::max(after, Duration::zero()));
    }
  }
  std::ranges::stable_sort(story, {}, &Phase::after);
  return story;
}

}  // namespace hapx::appliance::drill
