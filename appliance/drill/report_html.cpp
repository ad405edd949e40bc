// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/report_html.hpp"

#include <algorithm>
#include <vector>

#include "appliance/drill/markup.hpp"
#include "appliance/drill/page_style.hpp"
#include "appliance/drill/plots.hpp"
#include "appliance/drill/statistics.hpp"
#include "config/wording.hpp"

namespace hapx::appliance::drill {
namespace {

/// Limit: so many runs of one fault are drawn, the slowest; all are in the table and in the JSON.
constexpr std::size_t plots_per_row_max = 5;

std::string element(std::string_view name, const std::string& inner,
                    std::string_view attributes = "") {
  return "<" + std::string(name) + (attributes.empty() ? "" : " " + std::string(attributes)) + ">" +
         inner + "</" + std::string(name) + ">\n";
}

std::string share(std::size_t part, std::size_t whole) {
  return std::to_string(part) + " of " + std::to_string(whole);
}

std::string tile(const std::string& figure, const std::string& words) {
  return element("li", element("b", escaped(figure)) + element("span", escaped(words)));
}

std::string cluster_words(const Report& report) {
  std::string words = counted(report.nodes, "node");
  if (report.has_witness) words += ", one of them a witness";
  if (report.family == Family::ipv6) words += ", IPv6";
  if (report.links > 0) words += ", " + counted(report.links, "further network");
  return words + "; lease " + readable(report.timing.lease) + ", heartbeat " +
         readable(report.timing.heartbeat);
}

std::string header(const Report& report) {
  const bool is_good = is_passed(report);
  std::string text = element("p", is_good ? "&#10003; Passed" : "&#10007; Failed",
                             is_good ? "class=\"verdict good\"" : "class=\"verdict bad\"");
  const std::string name = report.plan.empty() ? "Drill" : "Drill \"" + report.plan + "\"";
  text += element("h1", escaped(name + " of the " + place_words(report)));
  std::string when = cluster_words(report);
  if (report.started) when = to_string(*report.started) + " \xc2\xb7 " + when;
  return element("header", text + element("p", escaped(when), "class=\"soft\""));
}

std::string tiles(const Report& report) {
  Duration longest{};
  std::size_t passed = 0;
  std::size_t with_objective = 0;
  std::size_t met = 0;
  std::size_t conflicts = 0;
  for (const Run& run : report.runs) {
    longest = std::max(longest, run.outage);
    passed += is_passed(run) ? 1 : 0;
    with_objective += run.objective ? 1 : 0;
    met += run.objective && is_met(run) ? 1 : 0;
    conflicts += run.wire.conflict_count;
  }
  std::string text = tile(share(passed, report.runs.size()), "runs passed") +
                     tile(readable(longest), "longest time without an answer");
  if (with_objective > 0) text += tile(share(met, with_objective), "within the objective");
  text += tile(conflicts == 0 ? "never" : std::to_string(conflicts) + " times",
               "two machines had the address");
  return element("ul", text, "class=\"tiles\"");
}

std::string head_row(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += element("th", escaped(name), "scope=\"col\"");
  return element("thead", element("tr", text));
}

std::string cell(const std::string& words, bool is_bad = false) {
  return element("td", escaped(words), is_bad ? "class=\"bad\"" : "");
}

std::string table_row(const Row& row, const Report& report) {
  const Promise promise = promise_of(row.fault, report.timing, report.links);
  std::string text = element("th", escaped(name_of(row.fault)), "scope=\"row\"");
  text += cell(std::to_string(row.runs)) + cell(readable(row.outage_median));
  text += cell(readable(row.outage_maximum));
  text += cell(promise.outage_max ? "\xe2\x89\xa4 " + readable(*promise.outage_max)
                                  : std::string("\xe2\x80\x93"));
  text += cell(row.objective ? "\xe2\x89\xa4 " + readable(*row.objective)
                             : std::string("\xe2\x80\x93"));
  text += cell(row.objective ? share(row.met, row.runs) : std::string("\xe2\x80\x93"),
               row.met < row.runs);
  text += cell(std::to_string(row.cut_maximum)) + cell(std::to_string(row.failed_maximum));
  text += cell(std::to_string(row.late_maximum));
  text += cell(readable(row.latency_maximum)) + cell(readable(row.healing_maximum));
  text += cell(share(row.passed, row.runs), row.passed < row.runs);
  return element("tr", text);
}

std::string troubles(const Report& report) {
  std::string text;
  for (const Run& run : report.runs) {
    for (const std::string& trouble : troubles_of(run)) text += element("li", escaped(trouble));
  }
  return text.empty() ? "" : element("ul", text, "class=\"troubles\"");
}

std::string table(const Report& report) {
  if (report.runs.empty()) return element("section", element("h2", "Nothing was run"));
  std::string rows;
  for (const Row& row : rows_of(report)) rows += table_row(row, report);
  const std::string head =
      head_row({"fault", "runs", "median", "max", "promised", "objective", "met", "cut", "failed",
                "late", "slowest answer", "when undone", "passed"});
  return element(
      "section",
      element("h2", "What a client saw") +
          element("div", element("table", head + element("tbody", rows)), "class=\"wide\"") +
          element("p",
                  "Median and max are of the longest time in which no request was served promptly. "
                  "Cut requests were under way when the fault struck; failed ones began after it. "
                  "Late ones were served after 100 ms or more, mostly because TCP had to repeat "
                  "their first packet.",
                  "class=\"soft\"") +
          troubles(report) + element("p", escaped(holder_verdict(report))));
}

std::string elsewhere(const Report& report) {
  std::string rows;
  for (const RowElsewhere& row : rows_elsewhere(report)) {
    rows += element(
        "tr", element("th", escaped(row.from), "scope=\"row\"") +
                  cell(std::string(name_of(row.fault))) + cell(std::to_string(row.runs)) +
                  cell(readable(row.outage_median)) + cell(readable(row.outage_maximum)) +
                  cell(std::to_string(row.failed_maximum)) + cell(readable(row.latency_maximum)));
  }
  if (rows.empty()) return "";
  const std::string head =
      head_row({"seen from", "fault", "runs", "median", "max", "failed", "slowest answer"});
  return element("section", element("h2", "What others saw") +
                                element("div", element("table", head + element("tbody", rows)),
                                        "class=\"wide\""));
}

/// A sample of what a plot shows, with its meaning.
std::string key(const std::string& sample, const std::string& words) {
  return element("li",
                 element("svg", sample, "viewBox=\"0 0 20 14\" aria-hidden=\"true\"") + words);
}

std::string distribution(const Report& report) {
  const std::string plot = plot_outages(report);
  if (plot.empty()) return "";
  const std::string keys =
      key("<circle cx=\"10\" cy=\"7\" r=\"4\" class=\"run\"/>", "a run") +
      key("<path d=\"M5 2l10 10m0-10l-10 10\" class=\"missed\"/>", "a run that failed") +
      key("<line x1=\"10\" y1=\"1\" x2=\"10\" y2=\"13\" class=\"median\"/>", "median") +
      key("<line x1=\"10\" y1=\"0\" x2=\"10\" y2=\"14\" class=\"promised\"/>", "promised") +
      key("<line x1=\"10\" y1=\"0\" x2=\"10\" y2=\"14\" class=\"objective\"/>", "objective") +
      key("<rect width=\"20\" height=\"14\" class=\"unseen\"/>", "less than a client can see");
  return element("section", element("h2", "How long") + element("ul", keys, "class=\"key\"") +
                                element("figure", element("div", plot, "class=\"wide\"")));
}

std::string run_keys() {
  return element(
      "ul",
      key("<path d=\"M4 1v12M10 1v12M16 1v12\" class=\"served\"/>", "answered") +
          key("<path d=\"M4 3v8M10 3v8M16 3v8\" class=\"late\"/>", "answered late") +
          key("<path d=\"M5 2l10 10m0-10l-10 10\" class=\"lost\"/>", "failed") +
          key("<rect width=\"20\" height=\"14\" class=\"dark\"/>", "nothing is answered") +
          key("<rect y=\"2\" width=\"20\" height=\"10\" class=\"phase-one\"/>",
              "the old holder still answers") +
          key("<rect y=\"2\" width=\"20\" height=\"10\" class=\"phase-two\"/>",
              "until the new one claims the address") +
          key("<rect y=\"2\" width=\"20\" height=\"10\" class=\"phase-three\"/>",
              "until a client is served") +
          key("<path d=\"M10 1v12\" class=\"moment\"/>", "a moment in the new holder's journal") +
          key("<rect y=\"2\" width=\"20\" height=\"10\" class=\"holder-before\"/>",
              "has the address, and was struck") +
          key("<rect y=\"2\" width=\"20\" height=\"10\" class=\"holder-after\"/>",
              "has the address"),
      "class=\"key\"");
}

/// The moments of a failover by the journal of who took over.
std::string story(const Run& run) {
  std::string items;
  for (const Phase& phase : run.story) {
    items +=
        element("li", escaped(phase.name) + " " + element("b", escaped(readable(phase.after))));
  }
  return items.empty() ? "" : element("ol", items, "class=\"story\"");
}

std::string figure(const Run& run, const Report& report, std::size_t id) {
  std::string words = "Run " + std::to_string(run.number);
  if (!run.struck.empty()) words += ", struck: " + run.struck;
  if (!run.holder.empty()) words += "; afterwards the address is at " + run.holder;
  return element("figure", element("div", plot_run(run, report, id), "class=\"wide\"") +
                               element("figcaption", escaped(words)) + story(run));
}

std::string row_plots(const Row& row, const Report& report, std::size_t& id) {
  std::vector<const Run*> runs;
  for (const Run& run : report.runs) {
    if (run.fault == row.fault && run.objective == row.objective && !run.requests.empty()) {
      runs.push_back(&run);
    }
  }
  if (runs.empty()) return "";
  std::ranges::stable_sort(runs, [](const Run* a, const Run* b) { return a->outage > b->outage; });
  const FaultWords& words = words_of(row.fault);
  std::string text = element("h3", escaped(words.name));
  text += element("p",
                  escaped("Done: " + std::string(words.sentence) +
                          ". Expected: " + std::string(words.effect) + "."),
                  "class=\"soft\"");
  text += figure(*runs.front(), report, id++);
  if (runs.size() == 1) return text;
  const std::size_t shown = std::min(runs.size(), plots_per_row_max);
  std::string more;
  for (std::size_t i = 1; i < shown; ++i) more += figure(*runs[i], report, id++);
  const std::string summary =
      "The next " + std::to_string(shown - 1) + " of " + counted(runs.size(), "run");
  return text + element("details", element("summary", summary) + more);
}

std::string run_plots(const Report& report) {
  std::string text;
  std::size_t id = 1;
  for (const Row& row : rows_of(report)) text += row_plots(row, report, id);
  if (text.empty()) return "";
  return element("section", element("h2", "Who answered when") +
                                element("p",
                                        "The slowest run of each fault. A client begins a "
                                        "request every " +
                                            to_string(report.beat) +
                                            "; whoever says on the wire that he has the address "
                                            "is asked every 5 ms.") +
                                run_keys() + text);
}

std::string fact(const std::string& name, const std::string& value) {
  return value.empty() ? "" : element("dt", escaped(name)) + element("dd", escaped(value));
}

std::string memory_words(std::uint64_t bytes) {
  if (bytes == 0) return "";
  return number(static_cast<double>(bytes) / (1024.0 * 1024 * 1024), 1) + " GiB";
}

std::string surroundings(const Report& report) {
  const Machine& machine = report.machine;
  std::string facts = fact("hapx", machine.hapx) + fact("HAProxy", machine.haproxy) +
                      fact("kernel", machine.kernel) + fact("processor", machine.processor);
  if (machine.cores > 0) facts += fact("cores", std::to_string(machine.cores));
  facts += fact("memory", memory_words(machine.memory_bytes));
  facts += fact("cluster", cluster_words(report)) + fact("timing profile", report.profile);
  facts += fact("seen from", report.seen_from);
  facts += fact("order of the runs",
                report.seed ? "seed " + std::to_string(*report.seed) : std::string("as written"));
  Duration stall{};
  for (const Run& run : report.runs) stall = std::max(stall, run.stall);
  facts += fact(
      "the machine's own lateness",
      readable(stall) +
          (stall < stall_noted_min ? "" : "; it was busy, and the figures are partly its own"));
  for (const Footprint& footprint : report.footprints) {
    facts += fact(footprint.node + " idle",
                  number(static_cast<double>(footprint.memory_bytes) / (1024.0 * 1024), 1) +
                      " MiB (PSS), " + number(footprint.processor_share * 100, 2) + " % of a core");
  }
  std::string text = element("h2", "On what it was measured") + element("dl", facts);
  if (!report.config.empty()) {
    text += element("details",
                    element("summary", "hapx.yaml") + element("pre", escaped(report.config)));
  }
  return element("section", text);
}

}  // namespace

std::string render_html(const Report& report) {
  const std::string verdict = is_passed(report) ? "passed" : "failed";
  const std::string title =
      "hapx drill " + (report.plan.empty() ? place_words(report) : report.plan) + ": " + verdict;
  const std::string head =
      "<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
      "<meta name=\"color-scheme\" content=\"light dark\"/>\n" +
      element("title", escaped(title)) + element("style", page_style());
  const std::string footer = element(
      "footer", escaped("Made by hapx " + report.machine.hapx + " (hapx drill run --html)"));
  const std::string body =
      element("main", header(report) + tiles(report) + table(report) + elsewhere(report) +
                          distribution(report) + run_plots(report) + surroundings(report) + footer);
  return "<!DOCTYPE html>\n" + element("html", element("head", head) + element("body", body),
                                       "lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\"");
}

}  // namespace hapx::appliance::drill
