// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/plan.hpp"

#include <algorithm>
#include <utility>

namespace hapx::appliance::drill {
namespace {

/// SplitMix64 (Steele, Lea and Flood, 2014): the same numbers of a seed on every machine, which the
/// standard library's distributions don't promise.
class Mixer {
 public:
  explicit Mixer(std::uint64_t seed) : state_(seed) {}

  /// 0 to `bound` - 1; the bias is below runs_max / 2^64.
  std::size_t below(std::size_t bound) {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t x = state_;
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
    return static_cast<std::size_t>((x ^ (x >> 31U)) % bound);
  }

 private:
  std::uint64_t state_;
};

}  // namespace

Plan default_plan(const Timing& timing) {
  Plan plan;
  plan.name = "default";
  // Long enough for the keeper to see it, and over before the right of the holder is.
  const PlannedFault short_freeze{.fault = Fault::daemon_freeze,
                                  .node = {},
                                  .objective = {},
                                  .length = timing.lease / 2,
                                  .count = {}};
  for (const Fault fault : {Fault::hand_over, Fault::haproxy_kill, Fault::daemon_kill,
                            Fault::daemon_freeze, Fault::vip_delete}) {
    if (fault == Fault::daemon_freeze) {
      plan.faults.push_back(short_freeze);
    } else {
      plan.faults.emplace_back().fault = fault;
    }
  }
  return plan;
}

std::vector<Step> steps_of(const Plan& plan) {
  std::vector<Step> steps;
  for (const PlannedFault& planned : plan.faults) {
    Step step{planned, 1, planned.count.value_or(plan.count)};
    if (!step.planned.objective) step.planned.objective = plan.objective;
    for (; step.number <= step.of && steps.size() < runs_max; ++step.number) steps.push_back(step);
  }
  if (!plan.seed) return steps;
  Mixer mixer(*plan.seed);
  for (std::size_t left = steps.size(); left > 1; --left) {
    std::swap(steps[left - 1], steps[mixer.below(left)]);
  }
  // However they are mixed, the first of a fault is number 1.
  std::vector<std::pair<PlannedFault, unsigned>> counts;
  for (Step& step : steps) {
    auto found = std::ranges::find(counts, step.planned, &std::pair<PlannedFault, unsigned>::first);
    if (found == counts.end()) found = counts.insert(found, {step.planned, 0});
    step.number = ++found->second;
  }
  return steps;
}

Duration length_of(const PlannedFault& planned) {
  return planned.length.value_or(length_of(planned.fault));
}

}  // namespace hapx::appliance::drill
