// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "appliance/drill/report.hpp"
#include "appliance/drill/report_html.hpp"

namespace hapx::appliance::drill {
namespace {

using std::chrono::milliseconds;

Run run_of(Fault fault, int outage_ms) {
  Run run;
  run.fault = fault;
  run.struck = "node1";
  run.holder = "node2";
  run.is_served = true;
  run.outage = milliseconds(outage_ms);
  run.service.outage = run.outage;
  return run;
}

Report report_of(std::vector<Run> runs) {
  Report report;
  report.lab = "lab";
  report.profile = "lan";
  report.nodes = 3;
  report.runs = std::move(runs);
  return report;
}

TEST(Report, TellsMediansAndMaximaPerFault) {
  const Report report = report_of({run_of(Fault::power_loss, 280), run_of(Fault::power_loss, 300),
                                   run_of(Fault::power_loss, 290), run_of(Fault::hand_over, 9)});
  const std::vector<Row> rows = rows_of(report);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].fault, Fault::power_loss);
  EXPECT_EQ(rows[0].runs, 3U);
  EXPECT_EQ(rows[0].kept, 3U);
  EXPECT_EQ(rows[0].outage_median, milliseconds(290));
  EXPECT_EQ(rows[0].outage_maximum, milliseconds(300));
  EXPECT_EQ(rows[1].outage_maximum, milliseconds(9));
}

TEST(Report, ASlowRunIsTellableAndNoFailure) {
  const Report report = report_of({run_of(Fault::power_loss, 800)});
  EXPECT_TRUE(is_passed(report));
  EXPECT_EQ(rows_of(report)[0].kept, 0U);
}

TEST(Report, FailsWithoutServiceWithTwoHoldersOrWithTrouble) {
  drill::Run run = run_of(Fault::power_loss, 300);
  run.is_served = false;
  EXPECT_FALSE(is_passed(report_of({run})));
  run = run_of(Fault::power_loss, 300);
  run.wire.conflict_count = 1;
  EXPECT_FALSE(is_passed(report_of({run})));
  run = run_of(Fault::power_loss, 300);
  run.trouble = "the service did not come back";
  EXPECT_FALSE(is_passed(report_of({run})));
}

TEST(Report, AKilledHaproxyKeepsItsPromiseByFailuresAndDelay) {
  drill::Run run = run_of(Fault::haproxy_kill, 5);
  const Promise promise = promise_of(Fault::haproxy_kill, Timing{}, 0);
  run.service.latency_maximum = milliseconds(60);
  EXPECT_TRUE(is_kept(run, promise));
  run.service.latency_maximum = milliseconds(101);
  EXPECT_FALSE(is_kept(run, promise));
  run.service.latency_maximum = milliseconds(60);
  run.service.failed = 1;
  EXPECT_FALSE(is_kept(run, promise));
}

TEST(Report, TheLastLineIsTheVerdictOnHolders) {
  Report report = report_of({run_of(Fault::power_loss, 300)});
  EXPECT_TRUE(render_text(report).ends_with("one holder at every instant: yes\n"));
  report.runs[0].wire.conflict_count = 2;
  report.runs[0].wire.conflicts = {{Instant{}, MacAddress{{1}}, MacAddress{{2}}}};
  EXPECT_NE(render_text(report).find("one holder at every instant: no (2 times two, first 01:"),
            std::string::npos)
      << render_text(report);
}

TEST(Report, AnObjectiveThatIsNotMetFailsTheDrill) {
  drill::Run run = run_of(Fault::power_loss, 300);
  run.objective = milliseconds(400);
  EXPECT_TRUE(is_passed(report_of({run})));
  EXPECT_NE(render_text(report_of({run})).find("<= 400 ms"), std::string::npos);
  run.objective = milliseconds(299);
  const Report report = report_of({run_of(Fault::power_loss, 300), run});
  EXPECT_FALSE(is_passed(report));
  EXPECT_TRUE(is_passed(report.runs[0]));
  const auto rows = rows_of(report);
  ASSERT_EQ(rows.size(), 2U) << "each objective is judged by itself";
  EXPECT_EQ(rows[1].met, 0U);
  EXPECT_EQ(rows[1].passed, 0U);
  EXPECT_EQ(rows[0].passed, 1U);
  const std::string text = render_text(report);
  EXPECT_NE(text.find("an outage of 300 ms, and 299 ms is the objective"), std::string::npos)
      << text;
  EXPECT_NE(render_json(report).find("\"objectiveMs\":2.99E2"), std::string::npos);
}

TEST(Report, AnObjectiveIsAlsoForTheTimeOfUndoing) {
  drill::Run run = run_of(Fault::daemon_freeze, 6);
  run.objective = milliseconds(100);
  EXPECT_EQ(objective_verdict(run), "");
  run.healing.outage = milliseconds(150);
  EXPECT_FALSE(is_passed(run));
  EXPECT_EQ(objective_verdict(run),
            "an outage of 150 ms while it was undone, and 100 ms is the objective");
}

Elsewhere seen_from(const std::string& where, int outage_ms) {
  Elsewhere one{where, {}, {}};
  one.service.outage = milliseconds(outage_ms);
  one.service.failed = 3;
  return one;
}

TEST(Report, WhatIsSeenElsewhereCounts) {
  drill::Run run = run_of(Fault::power_loss, 300);
  run.objective = milliseconds(400);
  run.elsewhere = {seen_from("worker1", 310), seen_from("worker2", 390)};
  EXPECT_TRUE(is_passed(run));
  drill::Run late = run;
  late.number = 2;
  late.elsewhere[1].service.outage = milliseconds(1200);
  EXPECT_FALSE(is_met(late));
  EXPECT_EQ(objective_verdict(late),
            "an outage of 1.20 s as seen from worker2, and 400 ms is the objective");
  const Report report = report_of({run, late});
  const auto rows = rows_elsewhere(report);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].from, "worker1");
  EXPECT_EQ(rows[0].runs, 2U);
  EXPECT_EQ(rows[0].outage_maximum, milliseconds(310));
  EXPECT_EQ(rows[1].outage_median, milliseconds(390));
  EXPECT_EQ(rows[1].outage_maximum, milliseconds(1200));
  EXPECT_EQ(rows[1].failed_maximum, 3U);
  EXPECT_NE(render_text(report).find("worker2    power-loss  390 ms         1.20 s  3"),
            std::string::npos)
      << render_text(report);
  EXPECT_NE(render_json(report).find("\"elsewhere\":[{\"from\":\"worker1\""), std::string::npos);
  EXPECT_NE(render_html(report).find("What others saw"), std::string::npos);
  EXPECT_EQ(render_html(report_of({run_of(Fault::power_loss, 300)})).find("What others saw"),
            std::string::npos);
}

TEST(Report, WhoLookedOnAndCannotTellFailsTheDrill) {
  drill::Run run = run_of(Fault::power_loss, 300);
  run.elsewhere = {{"worker1", {}, "it can't be reached"}};
  EXPECT_FALSE(is_passed(run));
  EXPECT_TRUE(rows_elsewhere(report_of({run})).empty()) << "nothing is no figure";
  EXPECT_NE(render_text(report_of({run})).find("power-loss 1: worker1: it can't be reached\n"),
            std::string::npos);
}

TEST(Report, TextNamesFaultsPromisesAndTroubles) {
  Report report = report_of({run_of(Fault::power_loss, 300)});
  report.runs[0].trouble = "the service did not come back";
  report.footprints = {{"node1", 12 * 1024 * 1024, 0.005}};
  const std::string text = render_text(report);
  EXPECT_NE(text.find("power-loss"), std::string::npos);
  EXPECT_NE(text.find("<= 350 ms"), std::string::npos) << text;
  EXPECT_NE(text.find("the service did not come back"), std::string::npos);
  EXPECT_EQ(text.find("further network"), std::string::npos) << text;
  EXPECT_NE(text.find("node1 idle: 12.0 MiB (PSS), 0.50 % of a core"), std::string::npos) << text;
}

TEST(Report, JudgesByTheWaysThatThereAre) {
  Report report = report_of({run_of(Fault::link_down, 300)});
  EXPECT_EQ(rows_of(report)[0].kept, 1U);
  report.links = 1;
  EXPECT_EQ(rows_of(report)[0].kept, 0U);
  EXPECT_NE(render_text(report).find("3 nodes, 1 further network, profile lan"), std::string::npos)
      << render_text(report);
  EXPECT_NE(render_json(report).find("\"links\":1"), std::string::npos);
}

TEST(Report, JsonHasTheSameFigures) {
  const Report report = report_of({run_of(Fault::power_loss, 300)});
  boost::system::error_code error;
  const auto value = boost::json::parse(render_json(report), error);
  ASSERT_FALSE(error);
  const auto& root = value.as_object();
  EXPECT_TRUE(root.at("passed").as_bool());
  const auto& row = root.at("summary").as_array().at(0).as_object();
  EXPECT_EQ(row.at("fault").as_string(), "power-loss");
  EXPECT_EQ(row.at("outageMaxMs").as_double(), 300.0);
  EXPECT_EQ(root.at("runs").as_array().at(0).as_object().at("holder").as_string(), "node2");
}

}  // namespace
}  // namespace hapx::appliance::drill
