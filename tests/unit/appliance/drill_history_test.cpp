// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "appliance/drill/history.hpp"

namespace hapx::appliance::drill {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

Report report_of(const std::string& plan) {
  Report report;
  report.lab = "lab";
  report.plan = plan;
  report.machine.hapx = "0.1.0";
  report.started = Utc(std::chrono::seconds(1'796'040'000));
  Run run;
  run.fault = Fault::power_loss;
  run.is_served = true;
  run.outage = milliseconds(285);
  report.runs = {run, run};
  report.runs[1].outage = milliseconds(305);
  report.runs[1].objective = milliseconds(300);
  return report;
}

TEST(DrillHistory, AReportIsReadBackAsFarAsAListNeedsIt) {
  const auto past = past_drill_from_json(render_json(report_of("weekly")));
  ASSERT_TRUE(past) << past.error().sentence;
  EXPECT_EQ(*past, (PastDrill{"2026-11-30T12:00:00Z",
                              "lab",
                              "weekly",
                              "0.1.0",
                              false,
                              {{"power-loss", 1, 1, milliseconds(285), milliseconds(285)},
                               {"power-loss", 1, 0, milliseconds(305), milliseconds(305)}}}));
}

TEST(DrillHistory, NamesStandInTheOrderOfTime) {
  EXPECT_EQ(file_name_of(report_of("weekly")), "20261130T120000Z-weekly.json");
  EXPECT_EQ(file_name_of(report_of("")), "20261130T120000Z-unnamed.json");
  EXPECT_EQ(file_name_of(Report{}), std::nullopt);
  EXPECT_TRUE(is_report_name("20261130T120000Z-weekly.json"));
  for (const char* name : {"", ".json", "20261130T120000Z.json", "20261130T120000Z-weekly.json.new",
                           "20261130T120000Z-../up.json", "2026113xT120000Z-weekly.json"}) {
    EXPECT_FALSE(is_report_name(name)) << name;
  }
}

TEST(DrillHistory, TheOldestGoAndNobodyElsesFiles) {
  std::vector<std::string> names{"notes.json"};
  for (int day = 10; day < 62; ++day) {
    names.push_back("202611" + std::to_string(day) + "T120000Z-a.json");
  }
  EXPECT_THAT(too_old(names), ElementsAre("20261110T120000Z-a.json", "20261111T120000Z-a.json"));
  names.resize(20);
  EXPECT_TRUE(too_old(names).empty());
}

TEST(DrillHistory, IsATable) {
  const auto past = past_drill_from_json(render_json(report_of("weekly"))).value();
  const std::string text = history_as_text({past});
  EXPECT_THAT(text, HasSubstr("2026-11-30T12:00:00Z  weekly  lab lab  failed  power-loss  1/1"));
  EXPECT_THAT(text, HasSubstr("305 ms"));
  EXPECT_EQ(history_as_text({}), "no drill was kept here\n");
  const auto list = boost::json::parse(history_as_json({past}));
  EXPECT_EQ(list.at(0).at("summary").at(1).at("passed").to_number<int>(), 0);
  EXPECT_FALSE(history_as_text({PastDrill{}}).empty());
}

}  // namespace
}  // namespace hapx::appliance::drill
