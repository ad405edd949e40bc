// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/verbs.hpp"

#include <variant>

#include "appliance/drill/fault_list.hpp"
#include "appliance/drill/io/archive.hpp"
#include "appliance/drill/io/cluster_drill.hpp"
#include "appliance/drill/io/conduct.hpp"
#include "appliance/drill/io/lab_place.hpp"
#include "appliance/drill/io/meter.hpp"
#include "appliance/drill/io/runner.hpp"
#include "appliance/drill/io/stage.hpp"
#include "appliance/drill/plan.hpp"
#include "appliance/lab/io/file.hpp"
#include "appliance/lab/io/interrupt.hpp"
#include "config/parse.hpp"

namespace hapx::appliance::drill {
namespace {

constexpr Duration idle_look = std::chrono::seconds(10);

/// The file of the lab that is up, else of the one that would be built.
Result<std::string> config_of(const lab::UpOptions& options) {
  const auto there = lab::Lab::attach(options.wishes.name, options.programs);
  if (there) return lab::read_file(there->plan().config_file);
  if (there.error().kind != ErrorKind::absent) return there.error();
  const auto planned = lab::make_plan(options.wishes);
  if (!planned) return planned.error();
  return lab::render_config(*planned);
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

Report report_on(const lab::Plan& stage, Report report) {
  report.lab = stage.wishes.name;
  report.profile = stage.wishes.profile;
  report.timing = stage.timing;
  report.nodes = stage.nodes.size();
  report.has_witness = stage.wishes.witness;
  report.family = stage.wishes.family;
  report.links = stage.wishes.links;
  for (const lab::NodePlan& node : stage.nodes) report.names[node.mac] = node.name.text();
  return report;
}

Run run_one(Stage& stage, const Step& step, bool is_fresh, Duration beat, Display& display) {
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
  LabPlace place(stage.lab(), beat);
  return perform(step, place, [&](const std::string& doing) { display.tell(doing); });
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

int carry_out(const Plan& plan, std::string config, const RunOptions& options, std::ostream& out,
              std::ostream& err) {
  auto stage = Stage::open(options.lab, err);
  if (!stage) return fail(stage.error(), err);
  err << "waiting until the address is served\n" << std::flush;
  if (auto started = stage->start(); !started) return fail(started.error(), err);
  Report report = report_on(stage->lab().plan(), empty_report(plan, options, std::move(config)));
  const std::vector<Step> steps = steps_of(plan);
  Display display(err, options.screen, steps, report.timing);
  if (wants_all(options.faults)) {
    display.say("looking at the idle nodes");
    if (auto done = look_at_idle(report, stage->lab()); !done) return fail(done.error(), err);
  }
  const auto perform_one = [&](const Step& step, bool is_first) {
    return run_one(*stage, step, is_first, options.beat, display);
  };
  run_all(report, plan, steps, perform_one, display);
  if (lab::interrupted()) display.say("interrupted: undoing what is left of it");
  if (auto closed = stage->close(); !closed) return fail(closed.error(), err);
  if (lab::interrupted()) return lab::exit_interrupted;
  return hand_in(report, options, out, err);
}

int run_in_lab(const RunOptions& options, std::ostream& out, std::ostream& err) {
  auto config = config_of(options.lab);
  if (!config) return fail(config.error(), err);
  const auto checked = check_config(*config, "the lab's hapx.yaml");
  if (!checked.config) return fail(checked.refusals, err);
  const auto wanted = wanted_plan(options, *checked.config,
                                  [](Fault fault) { return words_of(fault).places.in_lab; });
  if (const auto* refusals = std::get_if<std::vector<Error>>(&wanted)) return fail(*refusals, err);
  const Plan& plan = std::get<Plan>(wanted);
  if (const auto refusals = refusals_of(plan, *checked.config); !refusals.empty()) {
    return fail(refusals, err);
  }
  if (options.is_dry) return show_plan(plan, *checked.config, options, out);
  return carry_out(plan, *std::move(config), options, out, err);
}

}  // namespace

int run_drill(const RunOptions& options, std::ostream& out, std::ostream& err) {
  const lab::InterruptWatch watch;
  return options.cluster ? run_on_cluster(options, out, err) : run_in_lab(options, out, err);
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
