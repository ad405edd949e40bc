// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/conduct.hpp"

#include <algorithm>

#include "appliance/drill/io/archive.hpp"
#include "appliance/drill/io/machine.hpp"
#include "appliance/drill/report_html.hpp"
#include "appliance/drill/report_junit.hpp"
#include "appliance/drill/statistics.hpp"
#include "appliance/lab/io/file.hpp"
#include "appliance/lab/io/interrupt.hpp"

namespace hapx::appliance::drill {
namespace {

Result<Plan> plan_of(const std::vector<std::string>& names,
                     const std::function<bool(Fault)>& is_done) {
  Plan plan;
  plan.name.clear();
  for (const std::string& name : names) {
    if (name == "all") {
      for (const FaultWords& words : faults) {
        if (is_done(words.fault)) plan.faults.emplace_back().fault = words.fault;
      }
    } else if (const auto fault = fault_of(name)) {
      plan.faults.emplace_back().fault = *fault;
    } else {
      return Error{ErrorKind::refused,
                   "there is no fault '" + name + "' (`hapx drill list` names them)", 0};
    }
  }
  return plan;
}

std::string verdict_of(const Run& run) {
  if (!run.trouble.empty()) return run.trouble;
  std::string text = "outage " + readable(run.outage);
  if (!is_met(run)) text = objective_verdict(run);
  if (!run.wire.is_one_holder()) text += "; two held the address at a time";
  return text;
}

Result<void> write_reports(const Report& report, const RunOptions& options) {
  const auto write = [](const std::string& file, const std::string& text) -> Result<void> {
    return file.empty() ? Result<void>() : lab::write_file(file, text);
  };
  if (auto done = write(options.record_file, render_json(report)); !done) return done;
  if (auto done = write(options.junit_file, render_junit(report)); !done) return done;
  if (auto done = write(options.html_file, render_html(report)); !done) return done;
  return options.state_dir.empty() ? Result<void>() : keep_report(report, options.state_dir);
}

}  // namespace

int fail(const Error& error, std::ostream& err) {
  if (lab::interrupted()) return lab::exit_interrupted;
  err << "hapx: " << error.sentence << "\n";
  return lab::exit_failed;
}

int fail(const std::vector<Error>& refusals, std::ostream& err) {
  for (const Error& refusal : refusals) err << "hapx: " << refusal.sentence << "\n";
  return lab::exit_failed;
}

bool wants_all(const std::vector<std::string>& names) {
  return std::ranges::find(names, "all") != names.end();
}

std::variant<Plan, std::vector<Error>> wanted_plan(const RunOptions& options,
                                                   const ClusterConfig& cluster,
                                                   const std::function<bool(Fault)>& is_done) {
  Plan plan;
  if (options.plan) {
    auto checked = check_plan(options.plan->text, options.plan->file, cluster);
    if (!checked.plan) return checked.refusals;
    plan = std::move(*checked.plan);
  } else if (options.faults.empty()) {
    plan = default_plan(cluster.timing);
  } else {
    auto named = plan_of(options.faults, is_done);
    if (!named) return std::vector{named.error()};
    plan = std::move(*named);
  }
  if (options.count) plan.count = *options.count;
  if (options.objective) plan.objective = options.objective;
  if (options.seed) plan.seed = options.seed;
  return plan;
}

Report empty_report(const Plan& plan, const RunOptions& options, std::string config) {
  Report report;
  report.plan = plan.name;
  report.seed = plan.seed;
  report.started = utc_now();
  report.beat = options.beat;
  report.machine = machine_facts(options.version);
  report.config = std::move(config);
  return report;
}

void run_all(Report& report, const Plan& plan, const std::vector<Step>& steps,
             const Performing& perform_one, Display& display) {
  for (const Step& step : steps) {
    if (!report.runs.empty() && !lab::pause(plan.pause)) return;
    display.begin(step);
    report.runs.push_back(perform_one(step, report.runs.empty()));
    if (lab::interrupted()) return;
    display.end(verdict_of(report.runs.back()));
  }
}

int hand_in(const Report& report, const RunOptions& options, std::ostream& out, std::ostream& err) {
  out << (options.output == lab::Output::json ? render_json(report) : render_text(report));
  if (auto written = write_reports(report, options); !written) return fail(written.error(), err);
  return is_passed(report) ? lab::exit_done : lab::exit_failed;
}

int show_plan(const Plan& plan, const ClusterConfig& cluster, const RunOptions& options,
              std::ostream& out) {
  const bool is_json = options.output == lab::Output::json;
  out << (is_json ? plan_as_json(plan, cluster) : plan_as_text(plan, cluster));
  return lab::exit_done;
}

}  // namespace hapx::appliance::drill
