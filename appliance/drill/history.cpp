// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/history.hpp"

#include <algorithm>
#include <cmath>

#include <boost/json.hpp>

#include "appliance/drill/statistics.hpp"
#include "appliance/table.hpp"
#include "config/utf8.hpp"

namespace hapx::appliance::drill {
namespace {

namespace json = boost::json;

constexpr std::string_view ending = ".json";
/// "20261128T133657Z".
constexpr std::string_view moment_pattern = "ddddddddTddddddZ";
constexpr std::size_t plan_bytes_max = 63;
/// Limit: of one report; a plan has fewer.
constexpr std::size_t faults_max = 1000;

std::string text_at(const json::object& object, json::string_view key) {
  const json::value* value = object.if_contains(key);
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? "" : printable({text->data(), text->size()});
}

double number_at(const json::object& object, json::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_number()) return 0;
  const double number = value->to_number<double>();
  constexpr double year_ms = 3.2e10;
  return std::isfinite(number) ? std::clamp(number, 0.0, year_ms) : 0;
}

Duration milliseconds_at(const json::object& object, json::string_view key) {
  return std::chrono::duration_cast<Duration>(
      std::chrono::duration<double, std::milli>(number_at(object, key)));
}

PastFault fault_from(const json::object& row) {
  return {text_at(row, "fault"), static_cast<std::size_t>(number_at(row, "runs")),
          static_cast<std::size_t>(number_at(row, "passed")),
          milliseconds_at(row, "outageMedianMs"), milliseconds_at(row, "outageMaxMs")};
}

json::object as_json(const PastDrill& drill) {
  json::array faults;
  for (const PastFault& fault : drill.faults) {
    faults.push_back(json::object{{"fault", fault.name},
                                  {"runs", fault.runs},
                                  {"passed", fault.passed},
                                  {"outageMedianMs", milliseconds(fault.outage_median)},
                                  {"outageMaxMs", milliseconds(fault.outage_maximum)}});
  }
  return {{"startedAt", drill.started}, {"lab", drill.lab},
          {"plan", drill.plan},         {"version", drill.version},
          {"passed", drill.is_passed},  {"summary", std::move(faults)}};
}

std::string or_dash(const std::string& text) {
  return text.empty() ? "-" : text;
}

}  // namespace

Result<PastDrill> past_drill_from_json(std::string_view text) {
  boost::system::error_code error;
  const json::value document = json::parse({text.data(), text.size()}, error);
  const json::object* root = error ? nullptr : document.if_object();
  const json::value* summary = root == nullptr ? nullptr : root->if_contains("summary");
  const json::value* passed = root == nullptr ? nullptr : root->if_contains("passed");
  if (summary == nullptr || !summary->is_array() || passed == nullptr || !passed->is_bool()) {
    return Error{ErrorKind::refused, "this is no report of a drill", 0};
  }
  PastDrill drill{text_at(*root, "startedAt"), text_at(*root, "lab"), text_at(*root, "plan"),
                  text_at(*root, "version"),   passed->get_bool(),    {}};
  for (const json::value& row : summary->get_array()) {
    if (drill.faults.size() == faults_max) break;
    if (const json::object* object = row.if_object()) drill.faults.push_back(fault_from(*object));
  }
  return drill;
}

std::optional<std::string> file_name_of(const Report& report) {
  if (!report.started) return std::nullopt;
  std::string name = to_string(*report.started);
  std::erase_if(name, [](char c) { return c == '-' || c == ':'; });
  name += "-" + (report.plan.empty() ? std::string("unnamed") : report.plan);
  return name + std::string(ending);
}

bool is_report_name(std::string_view name) {
  if (!name.ends_with(ending) || name.size() < moment_pattern.size() + 2 + ending.size()) {
    return false;
  }
  for (std::size_t i = 0; i < moment_pattern.size(); ++i) {
    const bool is_digit = name[i] >= '0' && name[i] <= '9';
    if (moment_pattern[i] == 'd' ? !is_digit : name[i] != moment_pattern[i]) return false;
  }
  const std::string_view plan = name.substr(
      moment_pattern.size() + 1, name.size() - moment_pattern.size() - 1 - ending.size());
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  return name[moment_pattern.size()] == '-' && plan.size() <= plan_bytes_max &&
         std::ranges::all_of(plan, fits);
}

std::vector<std::string> too_old(std::vector<std::string> names) {
  std::erase_if(names, [](const std::string& name) { return !is_report_name(name); });
  std::ranges::sort(names);
  names.resize(names.size() - std::min(names.size(), reports_kept_max));
  return names;
}

std::string history_as_text(const std::vector<PastDrill>& drills) {
  if (drills.empty()) return "no drill was kept here\n";
  Table table({"started", "plan", "where", "result", "fault", "runs", "outage median", "max"});
  for (const PastDrill& drill : drills) {
    std::vector<Cell> line{{or_dash(drill.started)},
                           {or_dash(drill.plan)},
                           {drill.lab.empty() ? "this cluster" : "lab " + drill.lab},
                           {drill.is_passed ? "passed" : "failed"}};
    for (const PastFault& fault : drill.faults) {
      line.resize(4);
      for (const std::string& cell :
           {fault.name, std::to_string(fault.passed) + "/" + std::to_string(fault.runs) + " passed",
            readable(fault.outage_median), readable(fault.outage_maximum)}) {
        line.push_back({cell});
      }
      table.add(line);
      // What was said in the line above is not said again.
      std::fill(line.begin(), line.begin() + 4, Cell{});
    }
    if (drill.faults.empty()) {
      line.resize(8, {"-"});
      table.add(line);
    }
  }
  return table.text({});
}

std::string history_as_json(const std::vector<PastDrill>& drills) {
  json::array list;
  for (const PastDrill& drill : drills) list.push_back(as_json(drill));
  return json::serialize(list) + "\n";
}

}  // namespace hapx::appliance::drill
