// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/cluster_drill.hpp"

#include <algorithm>
#include <variant>

#include "appliance/drill/fault_list.hpp"
#include "appliance/drill/io/cluster_place.hpp"
#include "appliance/drill/io/conduct.hpp"
#include "appliance/drill/io/runner.hpp"
#include "appliance/lab/io/interrupt.hpp"
#include "config/io/config_file.hpp"
#include "config/parse.hpp"

namespace hapx::appliance::drill {
namespace {

/// What has just ended may have left something that settles within seconds.
constexpr Duration begin_patience = std::chrono::seconds(10);
constexpr Duration end_patience = std::chrono::seconds(40);

/// Those that will be reached, by what is said and by what this machine is.
std::vector<NodeName> reached_in(const ClusterConfig& cluster, const ClusterOptions& options) {
  std::vector<NodeName> reached;
  const auto self = self_in(cluster);
  for (const NodeConfig& node : cluster.nodes) {
    if (!options.reach.empty() || node.name == self) reached.push_back(node.name);
  }
  return reached;
}

/// A plan that is only looked at may be out of reach.
std::vector<Error> refusals_of(const Plan& plan, const ClusterConfig& cluster,
                               const RunOptions& options) {
  std::vector<std::string> sentences;
  for (const Finding& finding : judge(plan, cluster)) sentences.push_back(finding.sentence);
  for (const PlannedFault& planned : plan.faults) {
    sentences.push_back(refused_on_cluster(planned.fault, options.cluster->consent));
  }
  if (!options.is_dry) {
    sentences.push_back(out_of_reach(plan, cluster, reached_in(cluster, *options.cluster)));
  }
  std::vector<Error> refusals;
  for (std::string& sentence : sentences) {
    if (!sentence.empty()) refusals.push_back({ErrorKind::refused, std::move(sentence), 0});
  }
  return refusals;
}

Report report_on(const ClusterConfig& cluster, const PlaceFacts& facts, Report report) {
  report.cluster = cluster.name.text();
  const auto self = self_in(cluster);
  report.seen_from = self ? self->text() : own_name();
  report.unheard = facts.unheard;
  report.timing = cluster.timing;
  report.nodes = cluster.nodes.size();
  report.has_witness = std::ranges::count(cluster.nodes, Role::witness, &NodeConfig::role) > 0;
  report.family = facts.view.endpoint.address.family;
  report.links = static_cast<unsigned>(cluster.nodes.front().links.size());
  report.names = facts.names;
  return report;
}

/// For whoever watches them; a drill that nobody remembers was one all the same.
void tell_nodes(const Report& report, ClusterPlace& place, Display& display) {
  const auto drill = past_drill_from_json(render_json(report));
  if (!drill) return;
  for (const Error& error : place.remember(*drill)) {
    display.say("this drill is not remembered everywhere: " + error.sentence);
  }
}

int carry_out(const Plan& plan, const ClusterConfig& cluster, std::string config,
              const RunOptions& options, std::ostream& out, std::ostream& err) {
  err << "calling the nodes\n" << std::flush;
  auto place = ClusterPlace::open(cluster, *options.cluster, options.beat);
  if (!place) return fail(place.error(), err);
  if (auto ready = (*place)->wait_until_ready(begin_patience); !ready) {
    return fail({ready.error().kind, "nothing is drilled while " + ready.error().sentence, 0}, err);
  }
  Report report =
      report_on(cluster, (*place)->facts(), empty_report(plan, options, std::move(config)));
  const std::vector<Step> steps = steps_of(plan);
  Display display(err, options.screen, steps, report.timing);
  const auto perform_one = [&](const Step& step, bool) {
    return perform(step, **place, [&](const std::string& doing) { display.tell(doing); });
  };
  run_all(report, plan, steps, perform_one, display);
  if (lab::interrupted()) display.say("interrupted: what was done is undone");
  const auto after = (*place)->verify(end_patience);
  display.say(after ? "all nodes say that all is well again"
                    : "not all is as it was: " + after.error().sentence);
  if (!lab::interrupted()) tell_nodes(report, **place, display);
  place->reset();
  if (lab::interrupted()) return lab::exit_interrupted;
  const int status = hand_in(report, options, out, err);
  return after ? status : lab::exit_failed;
}

}  // namespace

int run_on_cluster(const RunOptions& options, std::ostream& out, std::ostream& err) {
  const std::string& file = options.cluster->config_file;
  auto config = read_config_file(file);
  if (!config) return fail(config.error(), err);
  const auto checked = check_config(*config, file);
  if (!checked.config) return fail(checked.refusals, err);
  const ClusterConfig& cluster = *checked.config;
  const auto wanted = wanted_plan(options, cluster, [&](Fault fault) {
    return refused_on_cluster(fault, options.cluster->consent).empty();
  });
  if (const auto* refusals = std::get_if<std::vector<Error>>(&wanted)) return fail(*refusals, err);
  const Plan& plan = std::get<Plan>(wanted);
  if (const auto refusals = refusals_of(plan, cluster, options); !refusals.empty()) {
    return fail(refusals, err);
  }
  if (options.is_dry) return show_plan(plan, cluster, options, out);
  return carry_out(plan, cluster, *std::move(config), options, out, err);
}

}  // namespace hapx::appliance::drill
