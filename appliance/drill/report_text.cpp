// SPDX-License-Identifier: Apache-2.0
// The report for people: one table, and below it whatever did not go as it should.
#include <algorithm>
#include <array>
#include <cstdio>

#include "appliance/drill/report.hpp"
#include "appliance/drill/statistics.hpp"
#include "appliance/table.hpp"
#include "config/wording.hpp"

namespace hapx::appliance::drill {
namespace {

std::string share(std::size_t part, std::size_t whole) {
  return std::to_string(part) + "/" + std::to_string(whole);
}

std::string promise_text(const Promise& promise) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (promise.outage_max) add("<= " + readable(*promise.outage_max));
  if (promise.failed_max) add(std::to_string(*promise.failed_max) + " failed");
  if (promise.latency_max) add("slowest <= " + readable(*promise.latency_max));
  return text.empty() ? "-" : text;
}

/// The two columns of objectives are there where one was asked for.
Table table_of(const Report& report) {
  const bool has_objectives =
      std::ranges::any_of(report.runs, [](const Run& run) { return run.objective.has_value(); });
  std::vector<std::string> headings{
      "fault", "outage median",  "max",         "promised",     "kept",      "cut", "failed",
      "late",  "slowest answer", "when undone", "served again", "one holder"};
  if (has_objectives) headings.insert(headings.begin() + 3, {"objective", "met"});
  Table table(std::move(headings));
  for (const Row& row : rows_of(report)) {
    std::vector<Cell> cells{{std::string(name_of(row.fault))},
                            {readable(row.outage_median)},
                            {readable(row.outage_maximum)},
                            {promise_text(promise_of(row.fault, report.timing, report.links))},
                            {share(row.kept, row.runs)},
                            {std::to_string(row.cut_maximum)},
                            {std::to_string(row.failed_maximum)},
                            {std::to_string(row.late_maximum)},
                            {readable(row.latency_maximum)},
                            {readable(row.healing_maximum)},
                            {share(row.served, row.runs)},
                            {share(row.one_holder, row.runs)}};
    const Cell objective{row.objective ? "<= " + readable(*row.objective) : "-"};
    const Cell met{row.objective ? share(row.met, row.runs) : "-"};
    if (has_objectives) cells.insert(cells.begin() + 3, {objective, met});
    table.add(std::move(cells));
  }
  return table;
}

/// Empty where nobody else looked on.
std::string elsewhere_text(const Report& report) {
  const auto rows = rows_elsewhere(report);
  if (rows.empty()) return "";
  Table table({"seen from", "fault", "outage median", "max", "failed", "slowest answer"});
  for (const RowElsewhere& row : rows) {
    table.add({{row.from},
               {std::string(name_of(row.fault))},
               {readable(row.outage_median)},
               {readable(row.outage_maximum)},
               {std::to_string(row.failed_maximum)},
               {readable(row.latency_maximum)}});
  }
  return table.text({}) + "\n";
}

std::string phases_text(const Report& report) {
  std::string text;
  for (const Run& run : report.runs) {
    if (run.phases.empty()) continue;
    text += std::string(name_of(run.fault)) + " " + std::to_string(run.number) + ": ";
    for (const Phase& phase : run.phases) {
      text += phase.name + " after " + readable(phase.after) + "; ";
    }
    text += "holder now " + (run.holder.empty() ? "nobody" : run.holder) + "\n";
  }
  return text;
}

std::string footprints_text(const Report& report) {
  std::string text;
  for (const Footprint& footprint : report.footprints) {
    std::array<char, 120> line{};
    std::snprintf(line.data(), line.size(), "%s idle: %.1f MiB (PSS), %.2f %% of a core\n",
                  footprint.node.c_str(),
                  static_cast<double>(footprint.memory_bytes) / (1024.0 * 1024.0),
                  footprint.processor_share * 100);
    text += line.data();
  }
  return text;
}

std::string stall_text(const Report& report) {
  Duration longest{};
  for (const Run& run : report.runs) longest = std::max(longest, run.stall);
  if (longest < stall_noted_min) return "";
  return "the machine was busy: a process that wanted to run had to wait for up to " +
         readable(longest) + "\n";
}

}  // namespace

std::string render_text(const Report& report) {
  std::string text =
      place_words(report) + (report.plan.empty() ? "" : ", plan '" + report.plan + "'") +
      (report.seed ? ", seed " + std::to_string(*report.seed) : "") + ": " +
      std::to_string(report.nodes) + " nodes" + (report.has_witness ? ", one a witness" : "") +
      (report.family == Family::ipv6 ? ", IPv6" : "") +
      (report.links > 0 ? ", " + counted(report.links, "further network") : "") +
      (report.profile.empty() ? "" : ", profile " + report.profile) +
      (report.seen_from.empty() ? "" : ", seen from " + report.seen_from) + " (lease " +
      to_string(report.timing.lease) + ", heartbeat " + to_string(report.timing.heartbeat) +
      (report.beat == usual_beat ? "" : ", a request every " + to_string(report.beat)) + ")\n\n";
  if (!report.runs.empty()) {
    text += table_of(report).text({}) + "\n" + elsewhere_text(report) + phases_text(report) + "\n";
  }
  if (!report.footprints.empty()) text += footprints_text(report) + "\n";
  text += stall_text(report);
  for (const Run& run : report.runs) {
    for (const std::string& trouble : troubles_of(run)) text += trouble + "\n";
  }
  return text + holder_verdict(report) + "\n";
}

}  // namespace hapx::appliance::drill
