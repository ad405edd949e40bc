// SPDX-License-Identifier: Apache-2.0
#include "appliance/journal.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <boost/json.hpp>

#include "membership/record.hpp"

namespace hapx::appliance {

namespace {

namespace json = boost::json;

/// Cut to the limit without breaking a UTF-8 sequence.
void shorten(std::string& text) {
  constexpr std::string_view dots = "...";
  if (text.size() <= Journal::sentence_bytes_max) return;
  std::size_t end = Journal::sentence_bytes_max - dots.size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
  text += dots;
}

bool same_but_for_time(const JournalEntry& a, const JournalEntry& b) {
  return a.kind == b.kind && a.service == b.service && a.phase == b.phase &&
         a.sentence == b.sentence && a.reason == b.reason;
}

json::value text(std::string_view words) {
  return json::string(printable(words));
}

std::string text_at(const json::object& object, json::string_view key) {
  const json::value* value = object.if_contains(key);
  const json::string* text = value ? value->if_string() : nullptr;
  return text ? std::string(text->begin(), text->end()) : std::string();
}

/// 0 when missing or not a number from 0 to 2^53.
std::uint64_t number_at(const json::object& object, json::string_view key) {
  const json::value* value = object.if_contains(key);
  const std::int64_t* number = value ? value->if_int64() : nullptr;
  constexpr std::int64_t number_max = std::int64_t{1} << 53;
  return number && *number > 0 && *number <= number_max ? static_cast<std::uint64_t>(*number) : 0;
}

std::string two(std::int64_t n) {
  return (n < 10 ? "0" : "") + std::to_string(n);
}

std::string three(std::int64_t n) {
  return std::to_string(1000 + n).substr(1);
}

}  // namespace

std::string time_of_day(Instant at, std::optional<Duration> utc_offset) {
  if (!utc_offset) return {};
  const Utc moment(at.time_since_epoch() + *utc_offset);
  if (!membership::is_sane(moment)) return {};
  std::string text = hapx::to_string(moment);
  const auto ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(moment.time_since_epoch()).count();
  if (text.ends_with('Z')) text.insert(text.size() - 1, "." + three(ms % 1000));
  return text;
}

std::string age_text(Duration age) {
  const auto ms =
      std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::milliseconds>(age).count());
  if (ms < 60'000) return std::to_string(ms / 1000) + "." + three(ms % 1000) + "s";
  if (ms < 3'600'000) return std::to_string(ms / 60'000) + "m" + two(ms / 1000 % 60) + "s";
  return std::to_string(ms / 3'600'000) + "h" + two(ms / 60'000 % 60) + "m";
}

std::string what_of(const EventLine& line) {
  std::string what = line.sentence;
  if (!line.reason.empty()) what += " (" + line.reason + ")";
  if (line.times > 1) what += ", " + std::to_string(line.times) + " times";
  return what;
}

void Journal::record(JournalEntry entry) {
  shorten(entry.sentence);
  shorten(entry.reason);
  if (!entries_.empty() && same_but_for_time(entries_.back().entry, entry)) {
    ++entries_.back().times;
    entries_.back().last = entry.at;
    return;
  }
  if (entries_.size() == entries_max) entries_.pop_front();
  ++recorded_;
  const Instant at = entry.at;
  entries_.push_back({std::move(entry), recorded_, 1, at});
}

std::vector<EventLine> event_lines(const Journal& journal, Instant now,
                                   const std::optional<ServiceName>& service,
                                   std::optional<Duration> utc_offset) {
  std::vector<EventLine> lines;
  for (const Journal::Kept& kept : journal.entries()) {
    const JournalEntry& entry = kept.entry;
    if (service && entry.service && *entry.service != *service) continue;
    EventLine line;
    line.number = kept.number;
    line.age = std::max(Duration{0}, now - kept.last);
    line.kind = to_string(entry.kind);
    if (entry.service) line.service = entry.service->text();
    if (entry.phase) line.phase = to_string(*entry.phase);
    line.sentence = entry.sentence;
    line.reason = entry.reason;
    line.times = kept.times;
    if (utc_offset) line.at = time_of_day(kept.last, *utc_offset);
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string events_to_json(const std::vector<EventLine>& lines) {
  json::array out;
  for (const EventLine& line : lines) {
    out.push_back(json::object{
        {"number", line.number},
        {"ageMs", std::chrono::duration_cast<std::chrono::milliseconds>(line.age).count()},
        {"kind", text(line.kind)},
        {"service", line.service.empty() ? json::value(nullptr) : text(line.service)},
        {"phase", line.phase.empty() ? json::value(nullptr) : text(line.phase)},
        {"sentence", text(line.sentence)},
        {"reason", text(line.reason)},
        {"times", line.times},
        {"at", line.at.empty() ? json::value(nullptr) : text(line.at)}});
  }
  return json::serialize(out);
}

Result<std::vector<EventLine>> events_from_json(std::string_view text) {
  boost::system::error_code error;
  const json::value document = json::parse(json::string_view(text.data(), text.size()), error);
  const json::array* array = error ? nullptr : document.if_array();
  if (!array) return Error{ErrorKind::refused, "the events are not a JSON array"};
  std::vector<EventLine> lines;
  for (const json::value& item : *array) {
    const json::object* object = item.if_object();
    if (!object) return Error{ErrorKind::refused, "one of the events is not a JSON object"};
    constexpr std::uint64_t century_ms = 3'155'760'000'000;
    EventLine line;
    line.number = number_at(*object, "number");
    line.age = std::chrono::milliseconds(std::min(number_at(*object, "ageMs"), century_ms));
    line.kind = text_at(*object, "kind");
    line.service = text_at(*object, "service");
    line.phase = text_at(*object, "phase");
    line.sentence = text_at(*object, "sentence");
    line.reason = text_at(*object, "reason");
    line.times = std::max<std::uint64_t>(1, number_at(*object, "times"));
    line.at = text_at(*object, "at");
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string events_to_text(const std::vector<EventLine>& lines, Style style) {
  const auto or_dash = [](const std::string& text) { return text.empty() ? "-" : text; };
  const bool wide = style.detail == Detail::wide;
  Table table(wide ? std::vector<std::string>{"TIME", "AGO", "KIND", "PHASE", "SERVICE", "WHAT"}
                   : std::vector<std::string>{"AGO", "KIND", "SERVICE", "WHAT"});
  for (const EventLine& line : lines) {
    std::vector<Cell> row{{age_text(line.age), Tone::faint}, {line.kind, Tone::plain}};
    if (wide) row.insert(row.begin(), {or_dash(line.at), Tone::plain});
    if (wide) row.push_back({or_dash(line.phase), Tone::faint});
    row.push_back({or_dash(line.service), Tone::plain});
    row.push_back({what_of(line), Tone::plain});
    table.add(std::move(row));
  }
  return table.text(style);
}

}  // namespace hapx::appliance
