// SPDX-License-Identifier: Apache-2.0
#include "appliance/past_drill.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include <boost/json.hpp>

#include "appliance/json_reading.hpp"
#include "config/utf8.hpp"

namespace hapx::appliance {
namespace {

namespace json = boost::json;

/// Limit: of one report; a plan has fewer.
constexpr std::size_t faults_max = 1000;
constexpr std::size_t fault_name_bytes_max = 32;
/// Limit: of a plan's name, and of a version.
constexpr std::size_t word_bytes_max = 63;

std::string printable_at(const json::object& object, std::string_view key) {
  return printable(text_at(object, key));
}

/// Also of a fraction, and of what is far too much; 0 for what is no number.
double amount_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_number()) return 0;
  const double number = value->to_number<double>();
  // Eleven days. Up to there a double tells milliseconds from each other to the nanosecond.
  constexpr double most = 1e9;
  return std::isfinite(number) ? std::clamp(number, 0.0, most) : 0;
}

Duration milliseconds_at(const json::object& object, std::string_view key) {
  // As written, so that it is read back to the nanosecond.
  return std::chrono::round<Duration>(
      std::chrono::duration<double, std::milli>(amount_at(object, key)));
}

double milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

PastFault fault_from(const json::object& row) {
  return {printable_at(row, "fault"), static_cast<std::size_t>(amount_at(row, "runs")),
          static_cast<std::size_t>(amount_at(row, "passed")),
          milliseconds_at(row, "outageMedianMs"), milliseconds_at(row, "outageMaxMs")};
}

bool is_fault_name(const std::string& name) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; };
  return !name.empty() && name.size() <= fault_name_bytes_max && std::ranges::all_of(name, fits);
}

}  // namespace

PastDrill past_drill_from(const json::object& report) {
  PastDrill drill{printable_at(report, "startedAt"), printable_at(report, "lab"),
                  printable_at(report, "plan"),      printable_at(report, "version"),
                  flag_at(report, "passed", false),  {}};
  each_object_at(report, "summary", [&](const json::object& row) {
    if (drill.faults.size() < faults_max) drill.faults.push_back(fault_from(row));
  });
  return drill;
}

Result<PastDrill> past_drill_from_json(std::string_view text) {
  boost::system::error_code error;
  const json::value document = json::parse({text.data(), text.size()}, error);
  const json::object* root = error ? nullptr : document.if_object();
  const json::value* summary = root == nullptr ? nullptr : root->if_contains("summary");
  const json::value* passed = root == nullptr ? nullptr : root->if_contains("passed");
  if (summary == nullptr || !summary->is_array() || passed == nullptr || !passed->is_bool()) {
    return Error{ErrorKind::refused, "this is no report of a drill", 0};
  }
  return past_drill_from(*root);
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

std::string to_json(const PastDrill& drill) {
  return json::serialize(as_json(drill));
}

std::optional<Utc> beginning_of(const PastDrill& drill) {
  const auto began = parse_utc(drill.started);
  const bool is_in_seconds = began && hapx::to_string(*began) == drill.started;
  return is_in_seconds ? std::optional(*began) : std::nullopt;
}

Result<PastDrill> remembered_drill_from_json(std::string_view text) {
  auto drill = past_drill_from_json(text);
  if (!drill) return drill;
  const auto refuse = [](const std::string& why) {
    return Error{ErrorKind::refused, "this drill can't be remembered: " + why, 0};
  };
  if (!drill->lab.empty()) return refuse("it was one of a lab");
  if (!beginning_of(*drill)) return refuse("it does not say when it began");
  if (drill->plan.size() > word_bytes_max || drill->version.size() > word_bytes_max) {
    return refuse("its plan or its version has too long a name");
  }
  if (drill->faults.size() > remembered_faults_max) return refuse("it has too many faults");
  if (!std::ranges::all_of(drill->faults, is_fault_name, &PastFault::name)) {
    return refuse("a fault has a name that none can have");
  }
  return drill;
}

std::vector<PastFault> by_fault(const PastDrill& drill) {
  std::vector<PastFault> rows;
  for (const PastFault& fault : drill.faults) {
    const auto same = std::ranges::find(rows, fault.name, &PastFault::name);
    if (same == rows.end()) {
      rows.push_back(fault);
      continue;
    }
    const std::size_t runs = same->runs + fault.runs;
    const std::size_t passed = same->passed + fault.passed;
    if (fault.outage_maximum > same->outage_maximum) *same = fault;
    same->runs = runs;
    same->passed = passed;
  }
  return rows;
}

std::string summary_of(const PastDrill& drill) {
  const std::vector<PastFault> rows = by_fault(drill);
  Duration longest{};
  for (const PastFault& fault : rows) longest = std::max(longest, fault.outage_maximum);
  return (drill.is_passed ? "passed: " : "failed: ") + std::to_string(rows.size()) +
         (rows.size() == 1 ? " fault" : " faults") + ", at most " +
         hapx::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(longest)) +
         " without an answer";
}

}  // namespace hapx::appliance
