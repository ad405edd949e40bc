// SPDX-License-Identifier: Apache-2.0
// Is every text a plan of a drill or refused, each refusal with its place?
//
// What is accepted is approved by the rules, its steps are at least one and bounded, and it can be
// shown; what is refused is blamed on places within the text, in the text's order.
#include "appliance/drill/plan.hpp"
#include "config/reading.hpp"
#include "fuzz.hpp"

namespace hapx::fuzz {
namespace {

using namespace appliance;

ClusterConfig three_nodes() {
  ClusterConfig cluster;
  for (const char* name : {"node1", "node2", "node3"}) {
    cluster.nodes.emplace_back().name = NodeName(name);
  }
  return cluster;
}

}  // namespace

void try_input(Bytes input) {
  const std::string_view text = text_of(input);
  const ClusterConfig cluster = three_nodes();
  const drill::CheckedPlan checked = drill::check_plan(text, file, cluster);
  must(checked.plan.has_value() == checked.refusals.empty(), "accepted, or refused for a reason");
  must_stand_in_order(text, checked.refusals, refusals_max);
  if (!checked.plan) return;
  must(drill::judge(*checked.plan, cluster).empty(), "what is accepted is approved");
  const auto steps = drill::steps_of(*checked.plan);
  must(!steps.empty() && steps.size() <= drill::runs_max, "there is something to do, and an end");
  must(steps == drill::steps_of(*checked.plan), "the same plan has the same order");
  must(drill::plan_as_text(*checked.plan, cluster).ends_with('\n'), "a plan is lines");
}

}  // namespace hapx::fuzz
