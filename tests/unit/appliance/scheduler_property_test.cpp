// SPDX-License-Identifier: Apache-2.0
// What must be true of every schedule, tried on random facts.
#include <random>

#include <gtest/gtest.h>

#include "scheduler_answer.hpp"

namespace hapx::appliance {
namespace {

constexpr unsigned seeds = 1500;

/// Draws facts from a seed; the same seed draws the same facts on every machine.
class Draw {
 public:
  explicit Draw(unsigned seed) : random_(seed) {}

  Facts facts() {
    Facts facts;
    facts.cluster = cluster();
    const unsigned nodes = 1 + below(3);
    for (unsigned i = 0; i < nodes; ++i) {
      names_.push_back(NodeName("node" + std::to_string(9 + i)));
      facts.nodes.push_back({.name = names_.back(),
                             .state = static_cast<NodeState>(one_in(3) ? below(4) : 0),
                             .role = one_in(10) ? Role::witness : Role::full});
    }
    const unsigned services = 1 + below(3);
    for (unsigned i = 0; i < services; ++i) facts.services.push_back(service(i));
    return facts;
  }

 private:
  unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }
  bool one_in(unsigned chances) { return below(chances) == 0; }
  NodeName node() { return names_[below(static_cast<unsigned>(names_.size()))]; }

  Score score() {
    constexpr std::array<int, 8> some{0, 1, 3, 50, 100, -50, 1'000'000, -1'000'000};
    return Score(some[below(some.size())]);
  }

  ClusterFacts cluster() {
    constexpr std::array<int, 4> thresholds{0, 1, 3, 1'000'000};
    return {.have_quorum = !one_in(5),
            .no_quorum_policy = static_cast<NoQuorumPolicy>(below(3)),
            .maintenance_mode = one_in(15),
            .resource_stickiness = Score(one_in(2) ? 0 : 100),
            .migration_threshold = Score(thresholds[below(4)]),
            .failure_timeout = std::chrono::seconds(one_in(2) ? 0 : 60)};
  }

  ResourceFacts resource() {
    ResourceFacts resource;
    if (!one_in(4)) resource.node = node();
    if (resource.node && one_in(3)) {
      resource.failed = static_cast<FailedOperation>(below(3));
      resource.monitor_says = one_in(2) ? MonitorSays::error : MonitorSays::not_running;
      resource.failures[*resource.node].count = Score(1 + below(3));
    }
    if (one_in(3)) {
      resource.failures[node()] = {.count = Score(one_in(3) ? 1'000'000 : 1 + below(3)),
                                   .age = std::chrono::seconds(below(120))};
    }
    return resource;
  }

  ServiceFacts service(unsigned index) {
    ServiceFacts service;
    service.name = ServiceName("service" + std::to_string(index));
    service.on_fail = {.vip = static_cast<OnFail>(one_in(2) ? below(5) : 0),
                       .haproxy = static_cast<OnFail>(one_in(2) ? below(5) : 0)};
    service.vip = resource();
    service.haproxy = resource();
    if (one_in(2)) service.location[node()] = score();
    if (one_in(6)) service.moved_to = node();
    for (const NodeName& name : names_) {
      service.readiness[name] = {.link_up = !one_in(8),
                                 .haproxy_fit = !one_in(8),
                                 .healthy_api_servers = one_in(2) ? 3 : below(4)};
    }
    return service;
  }

  std::mt19937 random_;
  std::vector<NodeName> names_;
};

/// Where a resource is before anything is done, as far as anybody can act on it.
std::optional<NodeName> present_place(const Facts& facts, const ResourceFacts& resource) {
  if (!resource.node || find_node(facts, *resource.node)->state == NodeState::offline) return {};
  return resource.node;
}

bool is_available(const Facts& facts, const ServiceFacts& service, const NodeName& name) {
  const NodeFacts& node = *find_node(facts, name);
  return node.role == Role::full && node.state == NodeState::online &&
         readiness_of(service, name).link_up;
}

TEST(SchedulerProperty, TheSameFactsGiveTheSameScheduleWhateverTheOrderOfTheNodes) {
  for (unsigned seed = 0; seed < seeds; ++seed) {
    Facts facts = Draw(seed).facts();
    const Schedule first = schedule(facts);
    ASSERT_EQ(first, schedule(facts)) << "seed " << seed;
    std::ranges::reverse(facts.nodes);
    const Schedule second = schedule(facts);
    for (std::size_t i = 0; i < first.services.size(); ++i) {
      ASSERT_EQ(first.services[i].placement, second.services[i].placement) << "seed " << seed;
      ASSERT_EQ(first.services[i].actions, second.services[i].actions) << "seed " << seed;
    }
  }
}

// Safety: a resource is started only on a node that is available to its service.
TEST(SchedulerProperty, NothingIsStartedOnANodeThatIsNotAvailable) {
  for (unsigned seed = 0; seed < seeds; ++seed) {
    const Facts facts = Draw(seed).facts();
    const Schedule result = schedule(facts);
    for (std::size_t i = 0; i < facts.services.size(); ++i) {
      for (const PlannedAction& action : result.services[i].actions) {
        if (action.operation == Operation::stop) continue;
        ASSERT_TRUE(is_available(facts, facts.services[i], action.node))
            << "seed " << seed << ": " << to_string(action);
      }
    }
  }
}

// Safety: a service's HAProxy is started only where its VIP is by then.
TEST(SchedulerProperty, DoingTheActionsInOrderYieldsThePlacement) {
  for (unsigned seed = 0; seed < seeds; ++seed) {
    const Facts facts = Draw(seed).facts();
    const Schedule result = schedule(facts);
    for (std::size_t i = 0; i < facts.services.size(); ++i) {
      const ServiceFacts& service = facts.services[i];
      Placement place{present_place(facts, service.vip), present_place(facts, service.haproxy)};
      for (const PlannedAction& action : result.services[i].actions) {
        const bool vip = action.resource == Resource::vip;
        std::optional<NodeName>& where = vip ? place.vip : place.haproxy;
        if (action.operation == Operation::stop) {
          ASSERT_EQ(where, action.node) << "seed " << seed << ": " << to_string(action);
          where.reset();
        } else {
          where = action.node;
        }
        if (!vip && action.operation == Operation::start) {
          ASSERT_EQ(place.vip, place.haproxy) << "seed " << seed << ": " << to_string(action);
        }
      }
      // An expired failed start, and one that maintenance found stopped, are gone without a stop.
      const auto same = [](const auto& was, const auto& is) { return was == is || !is; };
      ASSERT_TRUE(same(place.vip, result.services[i].placement.vip)) << "seed " << seed;
      ASSERT_TRUE(same(place.haproxy, result.services[i].placement.haproxy)) << "seed " << seed;
    }
  }
}

// Liveness: a managed service whose VIP has a candidate is placed, if quorum allows.
TEST(SchedulerProperty, AServiceWithACandidateIsPlaced) {
  for (unsigned seed = 0; seed < seeds; ++seed) {
    Facts facts = Draw(seed).facts();
    facts.cluster.have_quorum = true;
    facts.cluster.maintenance_mode = false;
    for (ServiceFacts& service : facts.services) service.vip = {};
    for (const ServiceSchedule& service : schedule(facts).services) {
      const bool possible = std::ranges::any_of(service.nodes, [](const NodeVerdict& verdict) {
        return verdict.standing != Standing::excluded;
      });
      ASSERT_EQ(possible, service.placement.vip.has_value()) << "seed " << seed;
    }
  }
}

// Liveness: nothing moves without a reason.
TEST(SchedulerProperty, APlacementThatWasReachedIsKept) {
  for (unsigned seed = 0; seed < seeds; ++seed) {
    Facts facts = Draw(seed).facts();
    facts.cluster.resource_stickiness = Score(100);
    facts.cluster.have_quorum = true;
    facts.cluster.maintenance_mode = false;
    for (ServiceFacts& service : facts.services) {
      service.vip = {};
      service.haproxy = {};
    }
    const Schedule first = schedule(facts);
    for (std::size_t i = 0; i < facts.services.size(); ++i) {
      facts.services[i].vip.node = first.services[i].placement.vip;
      facts.services[i].haproxy.node = first.services[i].placement.haproxy;
    }
    ASSERT_EQ(actions_of(schedule(facts)), Lines{}) << "seed " << seed;
  }
}

TEST(SchedulerProperty, EveryNodeHasASentence) {
  for (unsigned seed = 0; seed < seeds; ++seed) {
    const Facts facts = Draw(seed).facts();
    for (const ServiceSchedule& service : schedule(facts).services) {
      ASSERT_EQ(service.nodes.size(), facts.nodes.size());
      ASSERT_FALSE(service.reason.ends_with(": ")) << "seed " << seed << service.reason;
      ASSERT_LE(service.reason.size(), 200U) << service.reason;
      for (const NodeVerdict& verdict : service.nodes) {
        ASSERT_FALSE(verdict.reason.ends_with(", ")) << "seed " << seed << ' ' << verdict.reason;
        const bool here = service.placement.vip == verdict.node;
        ASSERT_EQ(here, verdict.standing == Standing::chosen) << "seed " << seed;
      }
    }
  }
}

}  // namespace
}  // namespace hapx::appliance
