// SPDX-License-Identifier: Apache-2.0
// A plan as `--dry-run` shows it.
#include <algorithm>

#include <boost/json.hpp>

#include "appliance/drill/plan.hpp"
#include "appliance/drill/statistics.hpp"
#include "appliance/table.hpp"
#include "config/wording.hpp"

namespace hapx::appliance::drill {
namespace {

namespace json = boost::json;

unsigned links_of(const ClusterConfig& cluster) {
  return cluster.nodes.empty() ? 0 : static_cast<unsigned>(cluster.nodes.front().links.size());
}

std::string struck_by(const PlannedFault& planned) {
  if (planned.node) return planned.node->text();
  return std::string(victim_words(words_of(planned.fault).victim));
}

json::value or_null(const std::optional<Duration>& duration) {
  return duration ? json::value(milliseconds(*duration)) : json::value(nullptr);
}

}  // namespace

std::string plan_as_text(const Plan& plan, const ClusterConfig& cluster) {
  const auto steps = steps_of(plan);
  std::string text = "plan '" + plan.name + "': " + counted(steps.size(), "run");
  text += plan.seed ? ", in the order of seed " + std::to_string(*plan.seed) : ", in this order";
  if (plan.pause > Duration::zero()) text += ", " + to_string(plan.pause) + " between two";
  text += "\n\n";
  Table table({"", "fault", "strikes", "lasts", "promised", "objective", "what is done"});
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const PlannedFault& planned = steps[i].planned;
    const Duration length = length_of(planned);
    const auto promised = promise_of(planned.fault, cluster.timing, links_of(cluster)).outage_max;
    table.add({{std::to_string(i + 1)},
               {std::string(name_of(planned.fault))},
               {struck_by(planned)},
               {length > Duration::zero() ? to_string(length) : "-"},
               {promised ? to_string(*promised) : "-"},
               {planned.objective ? to_string(*planned.objective) : "-"},
               {std::string(sentence_of(planned.fault))}});
  }
  return text + table.text({});
}

std::string plan_as_json(const Plan& plan, const ClusterConfig& cluster) {
  json::array steps;
  for (const Step& step : steps_of(plan)) {
    const PlannedFault& planned = step.planned;
    const auto promised = promise_of(planned.fault, cluster.timing, links_of(cluster)).outage_max;
    steps.push_back(json::object{
        {"fault", name_of(planned.fault)},
        {"number", step.number},
        {"of", step.of},
        {"node", planned.node ? json::value(json::string(planned.node->text())) : nullptr},
        {"lengthMs", milliseconds(length_of(planned))},
        {"promisedMs", or_null(promised)},
        {"objectiveMs", or_null(planned.objective)},
        {"sentence", sentence_of(planned.fault)},
        {"undoing", words_of(planned.fault).undoing}});
  }
  return json::serialize(
             json::object{{"plan", plan.name},
                          {"seed", plan.seed ? json::value(*plan.seed) : json::value(nullptr)},
                          {"pauseMs", milliseconds(plan.pause)},
                          {"steps", std::move(steps)}}) +
         "\n";
}

}  // namespace hapx::appliance::drill
