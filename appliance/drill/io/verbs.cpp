// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/verbs.hpp"

#include <algorithm>

#include <boost/json.hpp>

#include "appliance/drill/io/meter.hpp"
#include "appliance/drill/io/runner.hpp"
#include "appliance/lab/io/file.hpp"
#include "appliance/lab/io/interrupt.hpp"
#include "appliance/lab/io/lab.hpp"

namespace hapx::appliance::drill {
namespace {

namespace json = boost::json;

constexpr unsigned count_max = 100;
constexpr Duration start_patience = std::chrono::seconds(20);
constexpr Duration idle_look = std::chrono::seconds(10);

Result<std::vector<Fault>> faults_of(const std::vector<std::string>& names) {
  std::vector<Fault> chosen;
  for (const std::string& name : names) {
    if (name == "all") {
      for (const FaultWords& words : faults) chosen.push_back(words.fault);
    } else if (const auto fault = fault_of(name)) {
      chosen.push_back(*fault);
    } else {
      return Error{ErrorKind::refused,
                   "there is no fault '" + name + "' (`hapx drill list` names them)", 0};
    }
  }
  if (chosen.empty()) return Error{ErrorKind::refused, "no fault is given", 0};
  return chosen;
}

/// A lab that is used, and removed at the end if it was built for this.
class Stage {
 public:
  [[nodiscard]] static Result<Stage> open(const lab::UpOptions& options, std::ostream& err) {
    auto there = lab::Lab::attach(options.wishes.name, options.programs);
    if (there) return Stage(std::move(*there), options.programs, false);
    if (there.error().kind != ErrorKind::absent) return there.error();
    err << "building the lab '" << options.wishes.name << "'\n" << std::flush;
    auto built = lab::Lab::build(options.wishes, options.programs);
    if (!built) return built.error();
    return Stage(std::move(*built), options.programs, true);
  }
  Stage(Stage&& other) noexcept
      : lab_(std::move(other.lab_)),
        programs_(std::move(other.programs_)),
        is_ours_(std::exchange(other.is_ours_, false)) {}
  Stage& operator=(Stage&&) = delete;
  ~Stage() { static_cast<void>(close()); }

  [[nodiscard]] lab::Lab& lab() { return lab_; }
  /// Starts a lab of ours; waits until it is well, also one of somebody else.
  [[nodiscard]] Result<void> start() {
    if (is_ours_) {
      if (auto started = lab_.start_all(); !started) return started;
    }
    return lab_.wait_until_served(start_patience);
  }
  /// A lab of ours begins anew, so that no run inherits what the ones before have left: hapx counts
  /// failures, and moves a service away from where it failed too often.
  [[nodiscard]] Result<void> renew() {
    if (!is_ours_) return {};
    const lab::Wishes wishes = lab_.plan().wishes;
    if (auto removed = lab::Lab::remove(wishes.name); !removed) return removed;
    auto built = lab::Lab::build(wishes, programs_);
    if (!built) return built.error();
    lab_ = std::move(*built);
    return start();
  }
  [[nodiscard]] Result<void> close() {
    if (!std::exchange(is_ours_, false)) return {};
    return lab::Lab::remove(lab_.plan().wishes.name);
  }

 private:
  Stage(lab::Lab lab, std::string programs, bool is_ours)
      : lab_(std::move(lab)), programs_(std::move(programs)), is_ours_(is_ours) {}

  lab::Lab lab_;
  std::string programs_;
  bool is_ours_;
};

int fail(const Error& error, std::ostream& err) {
  if (lab::interrupted()) return lab::exit_interrupted;
  err << "hapx: " << error.sentence << "\n";
  return lab::exit_failed;
}

Report empty_report(const lab::Plan& plan) {
  Report report;
  report.lab = plan.wishes.name;
  report.profile = plan.wishes.profile;
  report.timing = plan.timing;
  report.nodes = plan.nodes.size();
  report.has_witness = plan.wishes.witness;
  report.family = plan.wishes.family;
  report.links = plan.wishes.links;
  return report;
}

/// Whether hapx counts this as a failure of what runs there.
bool is_counted(Fault fault) {
  return fault == Fault::haproxy_kill || fault == Fault::haproxy_freeze ||
         fault == Fault::vip_delete;
}

Run run_one(Stage& stage, Fault fault, unsigned number, const std::string& title, bool is_fresh,
            std::ostream& err) {
  if (!is_fresh && (number == 1 || is_counted(fault))) {
    if (auto renewed = stage.renew(); !renewed) {
      Run run;
      run.fault = fault;
      run.number = number;
      run.trouble = renewed.error().sentence;
      return run;
    }
  }
  return perform(fault, number, stage.lab(), [&](const std::string& what) {
    err << title << ": " << what << "\n" << std::flush;
  });
}

void run_all(Report& report, Stage& stage, const std::vector<Fault>& chosen, unsigned count,
             std::ostream& err) {
  for (const Fault fault : chosen) {
    for (unsigned number = 1; number <= count && !lab::interrupted(); ++number) {
      const std::string title =
          std::string(name_of(fault)) + " " + std::to_string(number) + "/" + std::to_string(count);
      err << title << ": " << sentence_of(fault) << "\n" << std::flush;
      report.runs.push_back(run_one(stage, fault, number, title, report.runs.empty(), err));
      const std::string& trouble = report.runs.back().trouble;
      if (!trouble.empty()) err << title << ": " << trouble << "\n" << std::flush;
    }
  }
}

/// Only together with all faults: it takes ten seconds per node.
Result<void> look_at_idle(Report& report, lab::Lab& lab, std::ostream& err) {
  err << "looking at the idle nodes\n" << std::flush;
  for (const lab::NodePlan& node : lab.plan().nodes) {
    auto footprint = measure_footprint(node, idle_look);
    if (!footprint) return footprint.error();
    report.footprints.push_back(*footprint);
  }
  return {};
}

}  // namespace

int run_drill(const RunOptions& options, std::ostream& out, std::ostream& err) {
  const lab::InterruptWatch watch;
  const auto chosen = faults_of(options.faults);
  if (!chosen) return fail(chosen.error(), err);
  if (options.count < 1 || options.count > count_max) {
    return fail({ErrorKind::refused, "a fault is injected 1 to 100 times", 0}, err);
  }
  auto stage = Stage::open(options.lab, err);
  if (!stage) return fail(stage.error(), err);
  err << "waiting until the address is served\n" << std::flush;
  if (auto started = stage->start(); !started) return fail(started.error(), err);
  Report report = empty_report(stage->lab().plan());
  if (std::ranges::find(options.faults, "all") != options.faults.end()) {
    if (auto done = look_at_idle(report, stage->lab(), err); !done) return fail(done.error(), err);
  }
  run_all(report, *stage, *chosen, options.count, err);
  if (auto closed = stage->close(); !closed) return fail(closed.error(), err);
  if (lab::interrupted()) return lab::exit_interrupted;
  out << (options.output == lab::Output::json ? render_json(report) : render_text(report));
  if (!options.record_file.empty()) {
    const auto written = lab::write_file(options.record_file, render_json(report));
    if (!written) return fail(written.error(), err);
  }
  return is_passed(report) ? lab::exit_done : lab::exit_failed;
}

int list_drills(lab::Output output, std::ostream& out) {
  json::array list;
  for (const FaultWords& words : faults) {
    list.push_back(json::object{{"name", words.name}, {"sentence", words.sentence}});
    if (output == lab::Output::text) {
      out << words.name << std::string(28 - words.name.size(), ' ') << words.sentence << "\n";
    }
  }
  if (output == lab::Output::json) out << json::serialize(list) << "\n";
  return lab::exit_done;
}

}  // namespace hapx::appliance::drill
