// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/io/events.hpp"

#include <string>
#include <utility>
#include <vector>

#include "appliance/cli/event_stream.hpp"
#include "appliance/cli/io/again.hpp"
#include "appliance/cli/io/speech.hpp"
#include "appliance/journal.hpp"

namespace hapx::appliance::cli {

namespace {

constexpr unsigned followed_first = 10;
constexpr Duration follow_interval = std::chrono::milliseconds(250);

Result<std::string> target_of(const ShowEvents& verb) {
  if (verb.service.empty()) return std::string("/v1/events");
  const Result<std::string> segment = as_segment(verb.service, "service");
  if (!segment) return segment.error();
  return "/v1/events/" + *segment;
}

/// A stream of JSON has one event a line; one of YAML is one list.
void print_stream(const GlobalOptions& global, const std::vector<EventLine>& lines,
                  const Surroundings& around) {
  if (global.output == Output::yaml && !lines.empty()) {
    print_document(around, global.output, events_to_json(lines));
    return;
  }
  for (const EventLine& line : lines) {
    if (global.output == Output::text) {
      around.out << event_to_line(line, around.style);
    } else {
      const std::string list = events_to_json({line});
      around.out << list.substr(1, list.size() - 2) << '\n';
    }
  }
}

int follow(const GlobalOptions& global, const ShowEvents& verb, const std::string& target,
           const Surroundings& around) {
  EventStream stream;
  Complaints complaints;
  bool is_first = true;
  return ask_again(global, around, target, follow_interval,
                   [&](const Result<std::string>& answer) -> std::optional<int> {
                     if (!answer && answer.error().kind == ErrorKind::refused) {
                       return complain_of(around, answer.error());
                     }
                     if (!answer) {
                       complaints.say(around, answer.error().sentence);
                       return std::nullopt;
                     }
                     complaints.forget();
                     const Result<std::vector<EventLine>> lines = events_from_json(*answer);
                     if (!lines) return complain(around, lines.error().sentence, exit_no_answer);
                     std::vector<EventLine> fresh = stream.fresh(*lines);
                     if (std::exchange(is_first, false)) {
                       fresh =
                           chosen(std::move(fresh), verb.since,
                                  verb.since ? verb.count : verb.count.value_or(followed_first));
                     }
                     print_stream(global, fresh, around);
                     return std::nullopt;
                   });
}

}  // namespace

int show_events(const GlobalOptions& global, const ShowEvents& verb, const Surroundings& around) {
  const Result<std::string> target = target_of(verb);
  if (!target) return complain_of(around, target.error());
  if (verb.follow) return follow(global, verb, *target, around);
  const Result<std::string> body = ask_for(global.socket, {"GET", *target, ""});
  if (!body) return complain_of(around, body.error());
  Result<std::vector<EventLine>> read = events_from_json(*body);
  if (!read) return complain(around, read.error().sentence, exit_no_answer);
  const std::vector<EventLine> lines = chosen(std::move(*read), verb.since, verb.count);
  if (global.output != Output::text) {
    return print_document(around, global.output, events_to_json(lines));
  }
  around.out << events_to_text(lines, around.style);
  return exit_done;
}

}  // namespace hapx::appliance::cli
