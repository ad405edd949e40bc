// SPDX-License-Identifier: Apache-2.0
// The coordinator's bookkeeping around the scheduler: what counts as "there", and what an order
// does.
#include "appliance/coordination.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace hapx::appliance {
namespace {

using membership::Assignment;
using membership::Liveness;
using membership::MemberView;
using membership::ResourceState;
using membership::ServiceReport;
using membership::View;

const NodeName node1("node1"), node2("node2"), node3("node3");
const ServiceName api("api");
const Instant start = Instant(std::chrono::seconds(100));
constexpr auto accepted = membership::OrderOutcome::accepted;
constexpr auto refused = membership::OrderOutcome::refused;

ClusterConfig three_nodes() {
  ClusterConfig config;
  config.nodes = {{node1, ipv4(10, 0, 0, 1), Role::full, 1},
                  {node2, ipv4(10, 0, 0, 2), Role::full, 1},
                  {node3, ipv4(10, 0, 0, 3), Role::witness, 1}};
  ServiceConfig service;
  service.name = api;
  service.vips = {{{ipv4(10, 0, 0, 9), 24}, InterfaceName("eth0")}};
  config.services = {service};
  return config;
}

ServiceReport report(ResourceState state) {
  ServiceReport report;
  report.service = api;
  report.vip.state = state;
  report.haproxy.state = state;
  report.link_up = true;
  report.haproxy_fit = true;
  return report;
}

/// All alive and hearing us; the service runs nowhere.
View quiet_view() {
  View view;
  view.quorate = true;
  view.coordinating = true;
  for (const auto& node : three_nodes().nodes) {
    MemberView member;
    member.name = node.name;
    member.role = node.role;
    member.liveness = Liveness::alive;
    member.hears_us = true;
    if (node.role == Role::full) member.report.services = {report(ResourceState::stopped)};
    view.members.push_back(member);
  }
  return view;
}

void obey(View& view, const std::vector<Assignment>& assignments) {
  membership::Plan plan;
  plan.number = view.plan ? view.plan->number + 1 : 1;
  plan.assignments = assignments;
  view.plan = plan;
}

TEST(Coordination, places_a_fresh_service_and_says_why) {
  Coordination coordination(three_nodes());
  const auto assignments = coordination.assignments(quiet_view(), start);
  ASSERT_EQ(assignments.size(), 1U);
  EXPECT_EQ(assignments[0].vip, node1);
  EXPECT_EQ(assignments[0].haproxy, node1);
  EXPECT_FALSE(assignments[0].reason.empty());
}

TEST(Coordination, an_assignment_on_its_way_is_not_given_to_a_node_that_returns_meanwhile) {
  Coordination coordination(three_nodes());
  View view = quiet_view();
  view.members[0].liveness = Liveness::dead;
  obey(view, coordination.assignments(view, start));
  ASSERT_EQ(view.plan->assignments[0].vip, node2);
  // node1, whose name is lower, is back before node2 could report that it has the address.
  view.members[0].liveness = Liveness::alive;
  const auto again = coordination.assignments(view, start + std::chrono::milliseconds(5));
  EXPECT_EQ(again[0].vip, node2);
}

TEST(Coordination, an_assignment_that_never_arrives_is_reconsidered) {
  Coordination coordination(three_nodes());
  View view = quiet_view();
  obey(view, coordination.assignments(view, start));
  ASSERT_EQ(view.plan->assignments[0].vip, node1);
  const auto deadline = coordination.next_deadline();
  ASSERT_TRUE(deadline);
  view.members[0].report.services[0].link_up = false;
  EXPECT_EQ(coordination.assignments(view, *deadline)[0].vip, node2);
}

/// Its age is told once, and nothing is told when it is over.
TEST(Coordination, a_failure_that_is_still_there_is_looked_at_again_when_it_is_over) {
  ClusterConfig config = three_nodes();
  config.services[0].on_fail.haproxy = OnFail::stop;
  Coordination coordination(config);
  View view = quiet_view();
  ServiceReport& there = view.members[0].report.services[0];
  there.vip.state = ResourceState::started;
  there.haproxy.state = ResourceState::monitor_failed;
  there.haproxy.fail_count = 1;
  there.haproxy.since_last_failure = std::chrono::seconds(20);
  view.members[0].report_heard = start;
  EXPECT_EQ(coordination.assignments(view, start)[0].haproxy, std::nullopt);
  const Instant over = start + config.scheduling.failure_timeout - std::chrono::seconds(20);
  Instant now = start;
  while (now <= over) {
    const auto deadline = coordination.next_deadline();
    ASSERT_TRUE(deadline);
    ASSERT_GT(*deadline, now);
    now = *deadline;
    static_cast<void>(coordination.assignments(view, now));
  }
  EXPECT_LE(now, over + std::chrono::milliseconds(1));
  EXPECT_EQ(coordination.assignments(view, now)[0].haproxy, node1);
}

TEST(Coordination, a_holder_that_does_not_hear_us_keeps_what_it_holds) {
  View view = quiet_view();
  view.members[1].report.services = {report(ResourceState::started)};
  view.members[1].hears_us = false;
  EXPECT_TRUE(takes_part(view.members[1]));
  EXPECT_EQ(Coordination(three_nodes()).assignments(view, start)[0].vip, node2);
}

TEST(Coordination, a_holder_that_does_not_hear_us_is_given_nothing_more) {
  ClusterConfig config = three_nodes();
  ServiceConfig other = config.services[0];
  other.name = ServiceName("web");
  other.vips = {{{ipv4(10, 0, 0, 8), 24}, InterfaceName("eth0")}};
  config.services.push_back(other);
  ServiceReport here = report(ResourceState::started);
  ServiceReport there = report(ResourceState::started);
  there.service = other.name;
  View view = quiet_view();
  view.members[0].report.services = {here};
  view.members[1].report.services = {there};
  view.members[1].hears_us = false;
  Coordination coordination(config);
  const auto assignments = coordination.assignments(view, start);
  EXPECT_EQ(assignments[0].vip, node1);
  EXPECT_EQ(assignments[1].vip, node2);
  obey(view, assignments);
  const auto answer = coordination.judge({7, node1, membership::Move{api, node2}}, view, start);
  EXPECT_EQ(answer.outcome, refused);
  EXPECT_NE(answer.sentence.find("it does not hear"), std::string::npos) << answer.sentence;
}

TEST(Coordination, a_node_that_hears_nobody_and_holds_nothing_gets_nothing) {
  View view = quiet_view();
  view.members[0].hears_us = false;
  EXPECT_EQ(Coordination(three_nodes()).assignments(view, start)[0].vip, node2);
}

TEST(Coordination, a_move_is_obeyed_once_and_leaves_nothing_behind) {
  Coordination coordination(three_nodes());
  View view = quiet_view();
  view.members[0].report.services = {report(ResourceState::started)};
  obey(view, coordination.assignments(view, start));
  const auto answer = coordination.judge({7, node1, membership::Move{api, node2}}, view, start);
  EXPECT_EQ(answer.outcome, accepted) << answer.sentence;
  EXPECT_EQ(answer.sentence, "api moves from node1 to node2");
  const auto moved = coordination.assignments(view, start);
  EXPECT_EQ(moved[0].vip, node2);
  EXPECT_TRUE(moved[0].moved);
  obey(view, moved);
  // Stopped on node1, not yet started on node2: still node2's.
  view.members[0].report.services = {report(ResourceState::stopped)};
  EXPECT_EQ(coordination.assignments(view, start)[0].vip, node2);
  // Arrived; then node2 dies: it goes back and the order is forgotten.
  view.members[1].report.services = {report(ResourceState::started)};
  view.members[1].report.services[0].moved_here = true;
  EXPECT_EQ(coordination.assignments(view, start)[0].vip, node2);
  view.members[1].liveness = Liveness::dead;
  const auto back = coordination.assignments(view, start);
  EXPECT_EQ(back[0].vip, node1);
  EXPECT_FALSE(back[0].moved);
}

TEST(Coordination, a_new_coordinator_learns_of_a_move_from_the_report) {
  ClusterConfig config = three_nodes();
  config.services[0].location[node1] = Score(500);
  View view = quiet_view();
  view.members[1].report.services = {report(ResourceState::started)};
  view.members[1].report.services[0].moved_here = true;
  EXPECT_EQ(Coordination(config).assignments(view, start)[0].vip, node2);
}

TEST(Coordination, refuses_a_move_that_can_not_be_and_says_why) {
  Coordination coordination(three_nodes());
  View view = quiet_view();
  view.members[0].report.services = {report(ResourceState::started)};
  EXPECT_EQ(coordination.judge({1, node1, membership::Move{ServiceName("no"), node2}}, view, start)
                .sentence,
            "there is no service no");
  EXPECT_EQ(coordination.judge({2, node1, membership::Move{api, NodeName("node9")}}, view, start)
                .sentence,
            "there is no node node9");
  const auto witness = coordination.judge({3, node1, membership::Move{api, node3}}, view, start);
  EXPECT_EQ(witness.outcome, refused);
  EXPECT_NE(witness.sentence.find("witness"), std::string::npos) << witness.sentence;
  view.members[1].liveness = Liveness::dead;
  EXPECT_EQ(coordination.judge({4, node1, membership::Move{api, node2}}, view, start).outcome,
            refused);
  const auto nowhere =
      coordination.judge({5, node1, membership::Move{api, std::nullopt}}, view, start);
  EXPECT_EQ(nowhere.outcome, refused);
  EXPECT_EQ(nowhere.sentence, "can't move api: no other node can take it");
  EXPECT_EQ(coordination.assignments(view, start)[0].vip, node1) << "a refused order is forgotten";
}

TEST(Coordination, a_move_without_a_target_goes_to_the_next_best) {
  Coordination coordination(three_nodes());
  View view = quiet_view();
  view.members[0].report.services = {report(ResourceState::started)};
  const auto answer =
      coordination.judge({1, node1, membership::Move{api, std::nullopt}}, view, start);
  EXPECT_EQ(answer.outcome, accepted);
  EXPECT_EQ(coordination.assignments(view, start)[0].vip, node2);
}

TEST(Coordination, fewer_healthy_apiservers_move_a_service_only_when_the_difference_lasts) {
  Coordination coordination(three_nodes());
  View view = quiet_view();
  view.members[0].report.services = {report(ResourceState::started)};
  view.members[0].report.services[0].healthy_api_servers = 3;
  view.members[1].report.services[0].healthy_api_servers = 3;
  const auto at = [&](int seconds) {
    return coordination.assignments(view, start + std::chrono::seconds(seconds))[0].vip;
  };
  EXPECT_EQ(at(0), node1);
  EXPECT_EQ(at(5), node1);
  // All go down; the nodes notice one after the other.
  view.members[0].report.services[0].healthy_api_servers = 0;
  EXPECT_EQ(at(10), node1);
  view.members[1].report.services[0].healthy_api_servers = 0;
  EXPECT_EQ(at(11), node1);
  EXPECT_EQ(at(20), node1);
  // Now node2 alone sees them again.
  view.members[1].report.services[0].healthy_api_servers = 3;
  EXPECT_EQ(at(30), node1);
  ASSERT_TRUE(coordination.next_deadline());
  EXPECT_LE(*coordination.next_deadline(), start + std::chrono::seconds(33));
  EXPECT_EQ(at(33), node2);
}

TEST(Coordination, the_reason_of_a_placement_stays_while_the_placement_does) {
  Coordination coordination(three_nodes());
  View view = quiet_view();
  obey(view, coordination.assignments(view, start));
  const auto reason = view.plan->assignments[0].reason;
  view.members[0].report.services = {report(ResourceState::started)};
  EXPECT_EQ(coordination.assignments(view, start)[0].reason, reason);
}

membership::StandingOrder ordered(const membership::Subject& subject) {
  return {subject, "root@node2", Utc(std::chrono::seconds(1'795'873'017)), {}};
}

/// A view in which the service runs on node1.
View running_view() {
  View view = quiet_view();
  view.members[0].report.services = {report(ResourceState::started)};
  return view;
}

TEST(Coordination, a_node_in_standby_is_given_nothing_and_gives_away_what_it_has) {
  Coordination coordination(three_nodes());
  View view = running_view();
  view.record.orders = {ordered(membership::Subject::standby(node1))};
  EXPECT_EQ(coordination.assignments(view, start)[0].vip, node2);
  const Schedule schedule = coordination.judge_all(view, start);
  EXPECT_EQ(schedule.services[0].nodes[0].reason,
            "node1: excluded, it is in standby (by root@node2)");
  const auto answer = coordination.judge({1, node2, membership::Move{api, node1}}, view, start);
  EXPECT_EQ(answer.outcome, refused);
}

TEST(Coordination, a_ban_is_of_one_service_and_says_who_gave_it) {
  Coordination coordination(three_nodes());
  View view = running_view();
  view.record.orders = {ordered(membership::Subject::ban(ServiceName("other"), node1))};
  EXPECT_EQ(coordination.assignments(view, start)[0].vip, node1);
  view.record.orders = {ordered(membership::Subject::ban(api, node1)),
                        ordered(membership::Subject::ban(api, NodeName("gone")))};
  EXPECT_EQ(coordination.assignments(view, start)[0].vip, node2);
  EXPECT_EQ(coordination.judge_all(view, start).services[0].nodes[0].reason,
            "node1: excluded, it is banned (by root@node2)");
}

TEST(Coordination, maintenance_freezes_the_placement) {
  Coordination coordination(three_nodes());
  View view = running_view();
  view.record.orders = {ordered(membership::Subject::maintenance()),
                        ordered(membership::Subject::ban(api, node1))};
  std::ranges::sort(view.record.orders, {}, &membership::StandingOrder::subject);
  EXPECT_EQ(coordination.assignments(view, start)[0].vip, node1);
  const auto answer = coordination.judge({1, node2, membership::Move{api, node2}}, view, start);
  EXPECT_EQ(answer.outcome, refused);
  EXPECT_EQ(answer.sentence, "can't move api: the cluster is in maintenance (by root@node2)");
}

TEST(Coordination, a_standing_order_must_be_about_what_the_file_has) {
  using membership::RecordChange;
  using membership::Subject;
  const Coordination coordination(three_nodes());
  const auto objection = [&](const Subject& subject, RecordChange::Verb verb) {
    return coordination.objection({verb, subject, "me", {}}).value_or("");
  };
  const auto give = RecordChange::Verb::give;
  EXPECT_EQ(objection(Subject::standby(node1), give), "");
  EXPECT_EQ(objection(Subject::maintenance(), give), "");
  EXPECT_EQ(objection(Subject::ban(api, node2), give), "");
  EXPECT_EQ(objection(Subject::standby(NodeName("x")), give), "there is no node x");
  EXPECT_EQ(objection(Subject::standby(node3), give), "node3 is a witness: it holds nothing");
  EXPECT_EQ(objection(Subject::ban(ServiceName("x"), node1), give), "there is no service x");
  EXPECT_EQ(objection(Subject::ban(ServiceName("x"), node1), RecordChange::Verb::lift), "");
}

}  // namespace
}  // namespace hapx::appliance
