// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/io/verbs.hpp"

#include <variant>

#include "appliance/cli/io/begin_node.hpp"
#include "appliance/cli/io/cloud_init.hpp"
#include "appliance/cli/io/config_files.hpp"
#include "appliance/cli/io/describe.hpp"
#include "appliance/cli/io/drill.hpp"
#include "appliance/cli/io/events.hpp"
#include "appliance/cli/io/examine.hpp"
#include "appliance/cli/io/examine_wire.hpp"
#include "appliance/cli/io/files.hpp"
#include "appliance/cli/io/hooks.hpp"
#include "appliance/cli/io/import.hpp"
#include "appliance/cli/io/orders.hpp"
#include "appliance/cli/io/questions.hpp"
#include "appliance/cli/io/recordings.hpp"
#include "appliance/cli/io/release.hpp"
#include "appliance/cli/io/reload.hpp"
#include "appliance/cli/io/report.hpp"
#include "appliance/cli/io/speech.hpp"
#include "appliance/drill/io/probe.hpp"
#include "appliance/drill/io/verbs.hpp"
#include "appliance/lab/io/verbs.hpp"
#include "appliance/sim/io/verbs.hpp"

namespace hapx::appliance::cli {

namespace {

/// Labs and drills speak text and JSON.
lab::Output lab_output(Output output) {
  return output == Output::text ? lab::Output::text : lab::Output::json;
}

lab::UpOptions lab_options(const LabUp& verb) {
  return {verb.wishes, verb.programs};
}

int show_version(const GlobalOptions& global, const Surroundings& around) {
  if (global.output == Output::text) {
    around.out << "hapx " << around.version << '\n';
    return exit_done;
  }
  return print_document(around, global.output, "{\"version\":\"" + around.version + "\"}");
}

/// One overload per verb; a verb without one does not compile.
struct Runner {
  const GlobalOptions& global;
  const Surroundings& around;

  int operator()(const ShowStatus& verb) const { return show_status(global, verb, around); }
  int operator()(const Get& verb) const { return get(global, verb, around); }
  int operator()(const ShowEvents& verb) const { return show_events(global, verb, around); }
  int operator()(const Describe& verb) const { return describe(global, verb, around); }
  int operator()(const ShowFailCounts& verb) const {
    return show_fail_counts(global, verb, around);
  }
  int operator()(const Why& verb) const {
    return verb.at ? why_then(global, verb, around) : why(global, verb, around);
  }
  int operator()(const KeepRecording&) const { return have_recording_kept(global, around); }
  int operator()(const ListRecordings& verb) const { return show_recordings(global, verb, around); }
  int operator()(const ReplayRecording& verb) const {
    return replay_recording(global, verb, around);
  }
  int operator()(const Move& verb) const { return move(global, verb, around); }
  int operator()(const CleanUp& verb) const { return clean_up(global, verb, around); }
  int operator()(const ChangeOrders& verb) const { return change_orders(global, verb, around); }
  int operator()(const GoAlone&) const { return go_alone(global, around); }
  int operator()(const Reload&) const { return reload(global, around); }
  int operator()(const CheckConfig& verb) const { return check_config(global, verb, around); }
  int operator()(const ShowConfig& verb) const { return show_config(global, verb, around); }
  int operator()(const DiffConfig& verb) const { return diff_config(global, verb, around); }
  int operator()(const ShowSchema&) const { return show_schema(global, around); }
  int operator()(const RenderHaproxy& verb) const { return render_haproxy(verb, around); }
  int operator()(const MakeKey& verb) const { return make_key(verb, around); }
  int operator()(const Simulate& verb) const { return simulate(global, verb, around); }
  int operator()(const ReleaseAll&) const { return release_all(global, around); }
  int operator()(const Doctor& verb) const { return show_doctor(global, verb, around); }
  int operator()(const DoctorWire& verb) const { return show_wire(global, verb, around); }
  int operator()(const Init& verb) const { return init(global, verb, around); }
  int operator()(const Join& verb) const { return join(global, verb, around); }
  int operator()(const RenderSeeds& verb) const { return render_seeds(global, verb, around); }
  int operator()(const MakeVolumes& verb) const { return make_volumes(global, verb, around); }
  int operator()(const Import& verb) const { return import_files(global, verb, around); }
  int operator()(const Report& verb) const { return make_report(global, verb, around); }
  int operator()(const RunHooks& verb) const { return run_hooks(global, verb, around); }
  int operator()(const TryHook& verb) const { return try_hook(global, verb, around); }
  int operator()(const LabUp& verb) const {
    return lab::lab_up(lab_options(verb), around.out, around.err);
  }
  int operator()(const LabStatus& verb) const {
    return lab::lab_status(verb.name, verb.programs, lab_output(global.output), around.out,
                           around.err);
  }
  int operator()(const LabExec& verb) const {
    return lab::lab_exec(verb.name, verb.where, verb.command, around.err);
  }
  int operator()(const LabApiserver& verb) const {
    return lab::lab_apiserver(verb.name, verb.server, verb.health, around.out, around.err);
  }
  int operator()(const LabDown& verb) const {
    return lab::lab_down(verb.name, around.out, around.err);
  }
  int operator()(const DrillRun& verb) const {
    return run_drill(global, verb, lab_options(verb.lab), lab_output(global.output), around);
  }
  int operator()(const DrillAgent&) const { return run_agent(global, around); }
  int operator()(const DrillList&) const {
    return drill::list_drills(lab_output(global.output), around.out);
  }
  int operator()(const DrillHistory& verb) const {
    return drill::show_history(verb.state_dir, lab_output(global.output), around.out, around.err);
  }
  int operator()(const Probe& verb) const {
    return drill::run_probe({verb.endpoint, verb.length, verb.objective, lab_output(global.output)},
                            around.out, around.err);
  }
  int operator()(const RunSwarm& verb) const {
    return sim::run_swarm({verb.seed, verb.count, std::chrono::minutes(verb.minutes), verb.trace,
                           global.output != Output::text, verb.edition},
                          around.out, around.err);
  }
  int operator()(const ShowVersion&) const { return show_version(global, around); }
};

/// Whether this verb can speak YAML.
bool speaks_yaml(const Verb& verb) {
  return !std::holds_alternative<LabStatus>(verb) && !std::holds_alternative<DrillRun>(verb) &&
         !std::holds_alternative<DrillList>(verb) && !std::holds_alternative<DrillHistory>(verb) &&
         !std::holds_alternative<Probe>(verb) && !std::holds_alternative<RunSwarm>(verb);
}

}  // namespace

int run(const Command& command, const Surroundings& around) {
  if (command.global.output == Output::yaml && !speaks_yaml(command.verb)) {
    return complain(around, "labs and drills answer as text or json, not as yaml",
                    exit_wrong_words);
  }
  Surroundings here = around;
  here.style.detail = command.global.detail;
  return std::visit(Runner{command.global, here}, command.verb);
}

}  // namespace hapx::appliance::cli
