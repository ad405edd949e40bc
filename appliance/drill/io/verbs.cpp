// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/verbs.hpp"

#include <algorithm>
#include <variant>

#include "appliance/drill/fault_list.hpp"
#include "appliance/drill/io/archive.hpp"
#include "appliance/drill/io/machine.hpp"
#include "appliance/drill/io/meter.hpp"
#include "appliance/drill/io/runner.hpp"
#include "appliance/drill/io/stage.hpp"
#include "appliance/drill/plan.hpp"
#include "appliance/drill/report_html.hpp"
#include "appliance/drill/report_junit.hpp"
#include "appliance/drill/statistics.hpp"
#include "appliance/lab/io/file.hpp"
#include "appliance/lab/io/interrupt.hpp"
#include "config/parse.hpp"

namespace hapx::appliance::drill {
namespace {

constexpr Duration idle_look = std::chrono::seconds(10);

int fail(const Error& error, std::ostream& err) {
  if (lab::interrupted()) return lab::exit_interrupted;
  err << "hapx: " << error.sentence << "\n";
  return lab::exit_failed;
}

int fail(const std::vector<Error>& refusals, std::ostream& err) {
  for (const Error& refusal : refusals) err << "hapx: " << refusal.sentence << "\n";
  return lab::exit_failed;
}

/// The file of the lab that is up, else of the one that would be built.
Result<std::string> config_of(const lab::UpOptions& options) {
  const auto there = lab::Lab::attach(options.wishes.name, options.programs);
  if (there) return lab::read_file(there->plan().config_file);
  if (there.error().kind != ErrorKind::absent) return there.error();
  const auto planned = lab::make_plan(options.wishes);
  if (!planned) return planned.error();
  return lab::render_config(*planned);
}

bool wants_all(const std::vector<std::string>& names) {
  return std::ranges::find(names, "all") != names.end();
}

/// "all" means all that a lab can do.
Result<Plan> plan_of(const std::vector<std::string>& names) {
  Plan plan;
  plan.name.clear();
  for (const std::string& name : names) {
    if (name == "all") {
      for (const FaultWords& words : faults) {
        if (words.places.in_lab) plan.faults.emplace_back().fault = words.fault;
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

/// The plan that was asked for, by a file or by words, with what the words of the command say of it
/// all. Nobody has judged it yet.
std::variant<Plan, std::vector<Error>> wanted_plan(const RunOptions& options,
                                                   const ClusterConfig& cluster) {
  Plan plan;
  if (options.plan) {
    auto checked = check_plan(options.plan->text, options.plan->file, cluster);
    if (!checked.plan) return checked.refusals;
    plan = std::move(*checked.plan);
  } else if (options.faults.empty()) {
    plan = default_plan(cluster.timing);
  } else {
    auto named = plan_of(options.faults);
    if (!named) return std::vector{named.error()};
    plan = std::move(*named);
  }
  if (options.count) plan.count = *options.count;
  if (options.objective) plan.objective = options.objective;
  if (options.seed) plan.seed = options.seed;
  return plan;
}

/// Why it can't be done to this cluster, or not in a lab.
std::vector<Error> refusals_of(const Plan& plan, const ClusterConfig& cluster) {
  std::vector<Error> refusals;
  for (const Finding& finding : judge(plan, cluster)) {
    refusals.push_back({ErrorKind::refused, finding.sentence, 0});
  }
  for (const PlannedFault& planned : plan.faults) {
    if (const std::string why = refused_in_lab(planned.fault); !why.empty()) {
      refusals.push_back({ErrorKind::refused, why, 0});
    }
  }
  return refusals;
}

Report empty_report(const lab::Plan& stage, const Plan& plan, const RunOptions& options,
                    std::string config) {
  Report report;
  report.lab = stage.wishes.name;
  report.plan = plan.name;
  report.seed = plan.seed;
  report.started = utc_now();
  report.machine = machine_facts(options.version);
  report.config = std::move(config);
  report.profile = stage.wishes.profile;
  report.timing = stage.timing;
  report.nodes = stage.nodes.size();
  report.has_witness = stage.wishes.witness;
  report.family = stage.wishes.family;
  report.links = stage.wishes.links;
  for (const lab::NodePlan& node : stage.nodes) report.names[node.mac] = node.name.text();
  return report;
}

Run run_one(Stage& stage, const Step& step, bool is_fresh, Display& display) {
  const bool may_inherit = step.number == 1 || is_counted(step.planned.fault);
  if (stage.is_ours() && !is_fresh && may_inherit) {
    display.tell("building the lab anew");
    if (auto renewed = stage.renew(); !renewed) {
      Run run;
      run.fault = step.planned.fault;
      run.number = step.number;
      run.objective = step.planned.objective;
      run.trouble = renewed.error().sentence;
      return run;
    }
  }
  return perform(step, stage.lab(), [&](const std::string& doing) { display.tell(doing); });
}

std::string verdict_of(const Run& run) {
  if (!run.trouble.empty()) return run.trouble;
  std::string text = "outage " + readable(run.outage);
  if (!is_met(run)) text = objective_verdict(run);
  if (!run.wire.is_one_holder()) text += "; two held the address at a time";
  return text;
}

void run_all(Report& report, Stage& stage, const Plan& plan, const std::vector<Step>& steps,
             Display& display) {
  for (const Step& step : steps) {
    if (!report.runs.empty() && !lab::pause(plan.pause)) return;
    display.begin(step);
    report.runs.push_back(run_one(stage, step, report.runs.empty(), display));
    if (lab::interrupted()) return;
    display.end(verdict_of(report.runs.back()));
  }
}

/// Only together with all faults: it takes ten seconds per node.
Result<void> look_at_idle(Report& report, lab::Lab& lab) {
  for (const lab::NodePlan& node : lab.plan().nodes) {
    auto footprint = measure_footprint(node, idle_look);
    if (!footprint) return footprint.error();
    report.footprints.push_back(*footprint);
  }
  return {};
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

int carry_out(const Plan& plan, std::string config, const RunOptions& options, std::ostream& out,
              std::ostream& err) {
  auto stage = Stage::open(options.lab, err);
  if (!stage) return fail(stage.error(), err);
  err << "waiting until the address is served\n" << std::flush;
  if (auto started = stage->start(); !started) return fail(started.error(), err);
  Report report = empty_report(stage->lab().plan(), plan, options, std::move(config));
  const std::vector<Step> steps = steps_of(plan);
  Display display(err, options.screen, steps, report.timing);
  if (wants_all(options.faults)) {
    display.say("looking at the idle nodes");
    if (auto done = look_at_idle(report, stage->lab()); !done) return fail(done.error(), err);
  }
  run_all(report, *stage, plan, steps, display);
  if (lab::interrupted()) display.say("interrupted: undoing what is left of it");
  if (auto closed = stage->close(); !closed) return fail(closed.error(), err);
  if (lab::interrupted()) return lab::exit_interrupted;
  out << (options.output == lab::Output::json ? render_json(report) : render_text(report));
  if (auto written = write_reports(report, options); !written) return fail(written.error(), err);
  return is_passed(report) ? lab::exit_done : lab::exit_failed;
}

}  // namespace

int run_drill(const RunOptions& options, std::ostream& out, std::ostream& err) {
  const lab::InterruptWatch watch;
  auto config = config_of(options.lab);
  if (!config) return fail(config.error(), err);
  const auto checked = check_config(*config, "the lab's hapx.yaml");
  if (!checked.config) return fail(checked.refusals, err);
  const auto wanted = wanted_plan(options, *checked.config);
  if (const auto* refusals = std::get_if<std::vector<Error>>(&wanted)) return fail(*refusals, err);
  const Plan& plan = std::get<Plan>(wanted);
  if (const auto refusals = refusals_of(plan, *checked.config); !refusals.empty()) {
    return fail(refusals, err);
  }
  if (options.is_dry) {
    const bool is_json = options.output == lab::Output::json;
    out << (is_json ? plan_as_json(plan, *checked.config) : plan_as_text(plan, *checked.config));
    return lab::exit_done;
  }
  return carry_out(plan, *std::move(config), options, out, err);
}

int list_drills(lab::Output output, std::ostream& out) {
  out << (output == lab::Output::json ? faults_as_json() : faults_as_text());
  return lab::exit_done;
}

int show_history(const std::string& state_dir, lab::Output output, std::ostream& out,
                 std::ostream& err) {
  const auto drills = kept_drills(state_dir);
  if (!drills) return fail(drills.error(), err);
  out << (output == lab::Output::json ? history_as_json(*drills) : history_as_text(*drills));
  return lab::exit_done;
}

}  // namespace hapx::appliance::drill
