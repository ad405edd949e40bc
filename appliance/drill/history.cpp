// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/history.hpp"

#include <algorithm>

#include <boost/json.hpp>

#include "appliance/drill/statistics.hpp"
#include "appliance/table.hpp"

namespace hapx::appliance::drill {
namespace {

namespace json = boost::json;

constexpr std::string_view ending = ".json";
/// "20261128T133657Z".
constexpr std::string_view moment_pattern = "ddddddddTddddddZ";
constexpr std::size_t plan_bytes_max = 63;

std::string or_dash(const std::string& text) {
  return text.empty() ? "-" : text;
}

}  // namespace

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
