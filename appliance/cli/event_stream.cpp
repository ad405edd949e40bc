// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/event_stream.hpp"

#include <algorithm>
#include <string_view>

namespace hapx::appliance::cli {

namespace {

/// Whether `now` is what `before` was when hapxd was asked the last time: an event only grows
/// older, or comes again.
bool is_the_same(const EventLine& before, const EventLine& now) {
  const bool says_the_same = before.kind == now.kind && before.service == now.service &&
                             before.sentence == now.sentence && before.reason == now.reason;
  if (!says_the_same) return false;
  return now.times > before.times || (now.times == before.times && now.age >= before.age);
}

/// Filled up with blanks; what is longer stays whole.
std::string padded(const std::string& text, std::size_t width) {
  std::string out = printable(text);
  if (out.size() < width) out.resize(width, ' ');
  return out;
}

/// "13:36:57.042" of "2026-11-28T13:36:57.042Z".
std::string time_of(const std::string& at) {
  constexpr std::size_t time_begins = 11;
  constexpr std::size_t time_bytes = 12;
  return at.size() > time_begins + time_bytes ? at.substr(time_begins, time_bytes) : at;
}

}  // namespace

std::vector<EventLine> chosen(std::vector<EventLine> lines, std::optional<Duration> since,
                              std::optional<std::size_t> count) {
  if (since) std::erase_if(lines, [&](const EventLine& line) { return line.age > *since; });
  if (count && lines.size() > *count) {
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(*count));
  }
  return lines;
}

std::vector<EventLine> EventStream::fresh(const std::vector<EventLine>& lines) {
  auto begin = lines.begin();
  if (last_) {
    const auto seen = std::ranges::find(lines, last_->number, &EventLine::number);
    if (seen != lines.end() && is_the_same(*last_, *seen)) {
      begin = seen->times > last_->times ? seen : seen + 1;
    }
  }
  if (!lines.empty()) last_ = lines.back();
  return {begin, lines.end()};
}

std::string event_to_line(const EventLine& line, Style style) {
  constexpr std::size_t time_width = 12;
  constexpr std::size_t kind_width = 12;
  constexpr std::size_t phase_width = 17;
  constexpr std::size_t service_width = 14;
  const bool wide = style.detail == Detail::wide;
  const auto or_dash = [](const std::string& text) { return text.empty() ? "-" : text; };
  const std::string at = or_dash(wide ? line.at : time_of(line.at));
  std::string out = paint(padded(at, time_width), Tone::faint, style) + "  " +
                    padded(line.kind, kind_width) + "  ";
  if (wide) out += paint(padded(or_dash(line.phase), phase_width), Tone::faint, style) + "  ";
  return out + padded(or_dash(line.service), service_width) + "  " + printable(what_of(line)) +
         "\n";
}

}  // namespace hapx::appliance::cli
