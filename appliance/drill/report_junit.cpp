// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/report_junit.hpp"

#include <algorithm>

#include "appliance/drill/markup.hpp"
#include "appliance/drill/statistics.hpp"

namespace hapx::appliance::drill {
namespace {

std::string seconds(Duration duration) {
  return number(std::chrono::duration<double>(duration).count(), 6);
}

std::string attribute(std::string_view name, std::string_view value) {
  return " " + std::string(name) + "=\"" + escaped(value) + "\"";
}

std::string property(std::string_view name, std::string_view value) {
  if (value.empty()) return "";
  return "      <property" + attribute("name", name) + attribute("value", value) + "/>\n";
}

/// Why it has failed, in a word and a sentence; two empty texts: it has not.
struct Failure {
  std::string type;
  std::string sentence;
};

Failure failure_of(const Run& run) {
  if (!run.is_served) return {"outage", "the service did not come back"};
  if (!run.wire.is_one_holder()) {
    return {"two-holders", "two held the address at a time, " +
                               std::to_string(run.wire.conflict_count) + " times"};
  }
  if (is_met(run)) return {};
  return {"objective", objective_verdict(run)};
}

std::string told(const Run& run, const Report& report) {
  std::string text = std::string(sentence_of(run.fault)) + "\n";
  text += "outage " + readable(run.outage);
  const auto promised = promise_of(run.fault, report.timing, report.links).outage_max;
  if (promised) text += " (promised: at most " + readable(*promised) + ")";
  text += "\ncut " + std::to_string(run.service.cut) + ", failed " +
          std::to_string(run.service.failed) + " of " + std::to_string(run.service.requests) +
          " requests, slowest answer " + readable(run.service.latency_maximum) + "\n";
  if (!run.struck.empty()) text += "struck: " + run.struck + "\n";
  if (!run.holder.empty()) text += "held by " + run.holder + " afterwards\n";
  for (const Phase& phase : run.phases) {
    text += phase.name + " after " + readable(phase.after) + "\n";
  }
  return text;
}

std::string case_of(const Run& run, const Report& report) {
  const std::string name = std::string(name_of(run.fault));
  std::string text = "    <testcase" + attribute("classname", "hapx.drill." + name) +
                     attribute("name", name + " " + std::to_string(run.number)) +
                     attribute("time", seconds(run.outage)) + ">\n";
  if (!run.trouble.empty()) {
    text += "      <error" + attribute("message", run.trouble) +
            attribute("type", "not-completed") + "/>\n";
  } else if (const Failure failure = failure_of(run); !failure.type.empty()) {
    text += "      <failure" + attribute("message", failure.sentence) +
            attribute("type", failure.type) + ">" + escaped(failure.sentence) + "</failure>\n";
  }
  return text + "      <system-out>" + escaped(told(run, report)) + "</system-out>\n" +
         "    </testcase>\n";
}

std::string counts_of(const Report& report) {
  std::size_t errors = 0;
  std::size_t failures = 0;
  Duration time{};
  for (const Run& run : report.runs) {
    time += run.outage;
    if (!run.trouble.empty()) {
      ++errors;
    } else if (!is_passed(run)) {
      ++failures;
    }
  }
  return attribute("tests", std::to_string(report.runs.size())) +
         attribute("failures", std::to_string(failures)) +
         attribute("errors", std::to_string(errors)) + attribute("skipped", "0") +
         attribute("time", seconds(time));
}

}  // namespace

std::string render_junit(const Report& report) {
  const std::string counts = counts_of(report);
  const std::string name = "hapx drill" + (report.plan.empty() ? "" : " " + report.plan);
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites" +
                     attribute("name", name) + counts + ">\n  <testsuite" +
                     attribute("name", name) + counts;
  if (report.started) {
    // Without the Z: Jenkins' schema wants ISO 8601 without a zone.
    std::string moment = to_string(*report.started);
    if (moment.ends_with('Z')) moment.pop_back();
    text += attribute("timestamp", moment);
  }
  text += ">\n    <properties>\n";
  text += property("lab", report.lab) + property("plan", report.plan);
  if (!report.cluster.empty()) {
    text += property("cluster", report.cluster) + property("seen-from", report.seen_from);
  }
  text += property("profile", report.profile) + property("lease", readable(report.timing.lease));
  text += property("nodes", std::to_string(report.nodes));
  if (report.seed) text += property("seed", std::to_string(*report.seed));
  text += property("hapx", report.machine.hapx) + property("haproxy", report.machine.haproxy);
  text += property("kernel", report.machine.kernel);
  text += property("processor", report.machine.processor) + "    </properties>\n";
  for (const Run& run : report.runs) text += case_of(run, report);
  return text + "  </testsuite>\n</testsuites>\n";
}

}  // namespace hapx::appliance::drill
