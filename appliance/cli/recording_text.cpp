// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/recording_text.hpp"

#include <boost/json.hpp>

#include "appliance/step_words.hpp"
#include "config/utf8.hpp"
#include "config/wording.hpp"

namespace hapx::appliance::cli {

namespace {

namespace json = boost::json;

json::string text(const std::string& words) {
  return json::string(printable(words));
}

json::object as_json(const RecordingFile& file) {
  json::object out{{"file", text(file.path)}};
  if (!file.label) {
    out["error"] = text(file.label.error().sentence);
    return out;
  }
  const RecordingLabel& label = *file.label;
  out["node"] = text(label.node.text());
  out["cluster"] = text(label.cluster.text());
  out["version"] = text(label.version);
  out["occasion"] = text(label.occasion);
  out["from"] = text(label.time_of(label.from));
  out["until"] = text(label.time_of(label.until));
  return out;
}

json::array as_json(const std::vector<std::string>& lines) {
  json::array out;
  for (const std::string& line : lines) out.emplace_back(text(line));
  return out;
}

std::string lines_of(const std::string& mark, const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += "  " + mark + " " + printable(line) + "\n";
  return out;
}

}  // namespace

std::string recordings_to_text(const std::vector<RecordingFile>& files, Style style) {
  Table table({"RECORDING", "NODE", "FROM", "UNTIL", "WHY"});
  for (const RecordingFile& file : files) {
    const std::string name = file.path.substr(file.path.rfind('/') + 1);
    if (!file.label) {
      table.add({{name}, {"-"}, {"-"}, {"-"}, {file.label.error().sentence, Tone::bad}});
      continue;
    }
    const RecordingLabel& label = *file.label;
    table.add({{name},
               {label.node.text()},
               {label.time_of(label.from)},
               {label.time_of(label.until)},
               {label.occasion}});
  }
  return table.empty() ? "there are no recordings yet\n" : table.text(style);
}

std::string recordings_to_json(const std::vector<RecordingFile>& files) {
  json::array out;
  for (const RecordingFile& file : files) out.emplace_back(as_json(file));
  return json::serialize(out);
}

std::string headline_of(const RecordingLabel& label) {
  return printable(label.node.text() + " of " + label.cluster.text() + ", hapx " + label.version +
                   ", " + label.time_of(label.from) + " to " + label.time_of(label.until) + ": " +
                   label.occasion);
}

std::string step_to_text(const Replay::Again& again, const RecordingLabel& label, bool every_step,
                         Style style) {
  const std::string time = paint(label.time_of(again.step.at), Tone::faint, style) + "  ";
  if (!every_step) {
    std::string said;
    for (const Action& action : again.actions) {
      const auto* log = std::get_if<WriteLog>(&action);
      if (log != nullptr) said += time + printable(log->sentence) + "\n";
    }
    return said;
  }
  std::string out = time + printable(describe(again.step.event)) + "\n";
  for (const Action& action : again.actions) out += "    " + printable(describe(action)) + "\n";
  return out;
}

std::string replayed_to_text(const Replayed& replayed, const RecordingLabel& label, Style style) {
  const std::string count =
      counted(replayed.events, "event") + ", " + counted(replayed.actions, "decision") + ": ";
  if (replayed.is_equal())
    return count + paint("decided again as recorded", Tone::good, style) + "\n";
  std::string out;
  if (replayed.difference) {
    const Difference& difference = *replayed.difference;
    out += count + paint("the last is decided otherwise", Tone::bad, style) + "\n" +
           label.time_of(difference.at) + "  " + printable(difference.event) + "\n" +
           lines_of("recorded:", difference.recorded) + lines_of("now:     ", difference.again);
  }
  if (!replayed.trouble.empty()) out += count + paint(replayed.trouble, Tone::bad, style) + "\n";
  return out;
}

std::string replayed_to_json(const Replayed& replayed, const RecordingFile& file) {
  json::object out = as_json(file);
  out["events"] = replayed.events;
  out["decisions"] = replayed.actions;
  out["equal"] = replayed.is_equal();
  out["difference"] = nullptr;
  if (replayed.difference) {
    const Difference& difference = *replayed.difference;
    json::object told{{"event", text(difference.event)},
                      {"recorded", as_json(difference.recorded)},
                      {"again", as_json(difference.again)}};
    if (file.label) told["at"] = text(file.label->time_of(difference.at));
    out["difference"] = std::move(told);
  }
  if (!replayed.trouble.empty()) out["trouble"] = text(replayed.trouble);
  return json::serialize(out);
}

}  // namespace hapx::appliance::cli
