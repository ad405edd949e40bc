// SPDX-License-Identifier: Apache-2.0
// A drill before it strikes and after it has: what is refused and what is only told, who undoes a
// fault when the runner is gone, and which reports stay.
#include <filesystem>
#include <functional>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "appliance/drill/io/archive.hpp"
#include "appliance/drill/io/dead_man.hpp"
#include "appliance/drill/io/verbs.hpp"
#include "appliance/lab/io/file.hpp"
#include "appliance/lab/io/interrupt.hpp"

namespace hapx::appliance::drill {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

/// A folder of the test's own.
class Drill : public testing::Test {
 protected:
  Drill() { static_cast<void>(lab::make_folder(folder_)); }
  ~Drill() override { static_cast<void>(lab::remove_folder(folder_)); }

  [[nodiscard]] std::string file(const std::string& name) const { return folder_ + "/" + name; }
  [[nodiscard]] std::function<Result<void>()> writing(const std::string& name) const {
    return [path = file(name)] { return lab::write_file(path, "undone"); };
  }
  [[nodiscard]] static bool comes(const std::string& path) {
    for (int look = 0; look < 1500 && !lab::exists(path); ++look) {
      lab::pause(std::chrono::milliseconds(20));
    }
    return lab::exists(path);
  }

  const std::string folder_ =
      std::filesystem::temp_directory_path() / ("hapx-drill-" + std::to_string(::getpid()));
};

TEST_F(Drill, AKilledRunnerLeavesNoFault) {
  const pid_t runner = ::fork();
  ASSERT_GE(runner, 0);
  if (runner == 0) {
    auto dead_man = DeadMan::arm(writing("undone"), seconds(600));
    static_cast<void>(lab::write_file(file("armed"), dead_man ? "yes" : "no"));
    for (;;) ::pause();
  }
  ASSERT_TRUE(comes(file("armed")));
  EXPECT_EQ(lab::read_file(file("armed")).value(), "yes");
  EXPECT_FALSE(lab::exists(file("undone")));
  ::kill(runner, SIGKILL);
  ::waitpid(runner, nullptr, 0);
  EXPECT_TRUE(comes(file("undone")));
}

TEST_F(Drill, WhoHasTheFaultUndoneInTimeDoesItHimself) {
  auto let_go = DeadMan::arm(writing("let-go"), seconds(600));
  ASSERT_TRUE(let_go) << let_go.error().sentence;
  EXPECT_TRUE(let_go->let_go());
  auto late = DeadMan::arm(writing("late"), Duration::zero());
  ASSERT_TRUE(late) << late.error().sentence;
  EXPECT_TRUE(comes(file("late")));
  // It ends after it has undone, and what is said to it then is heard by nobody.
  lab::pause(std::chrono::milliseconds(200));
  static_cast<void>(late->let_go());
  EXPECT_FALSE(lab::exists(file("let-go")));
}

struct Said {
  int status = 0;
  std::string out;
  std::string err;
};

Said run(RunOptions options) {
  options.lab.wishes.name = "t" + std::to_string(::getpid());
  std::ostringstream out;
  std::ostringstream err;
  const int status = run_drill(options, out, err);
  return {status, out.str(), err.str()};
}

TEST_F(Drill, ADryRunTellsWhatWouldBeDoneAndBuildsNothing) {
  RunOptions options;
  options.is_dry = true;
  options.objective = seconds(1);
  const Said said = run(options);
  EXPECT_EQ(said.status, 0) << said.err;
  EXPECT_EQ(said.err, "");
  EXPECT_THAT(said.out, HasSubstr("plan 'default': 5 runs"));
  EXPECT_FALSE(lab::exists("/run/hapx-lab/t" + std::to_string(::getpid())));
}

TEST_F(Drill, WhatCannotBeDoneIsRefusedBeforeAnythingIsDone) {
  RunOptions options;
  options.faults = {"clock-jump"};
  EXPECT_THAT(run(options).err, HasSubstr("clock-jump can't be done in a lab"));
  options.faults = {"earthquake"};
  EXPECT_THAT(run(options).err, HasSubstr("there is no fault 'earthquake'"));
  options.faults = {"power-loss"};
  options.objective = std::chrono::milliseconds(200);
  EXPECT_THAT(run(options).err, HasSubstr("can't be met for power-loss"));
  options.objective.reset();
  options.lab.wishes.nodes = 1;
  const Said alone = run(options);
  EXPECT_EQ(alone.status, 1);
  EXPECT_EQ(alone.out, "");
  EXPECT_THAT(alone.err, HasSubstr("hapx: power-loss needs a second node"));
  EXPECT_FALSE(lab::exists("/run/hapx-lab/t" + std::to_string(::getpid())));
}

TEST_F(Drill, APlanIsRefusedWithAllThatIsWrongInIt) {
  RunOptions options;
  options.plan = PlanText{"plan.yaml",
                          "apiVersion: hapx.dev/v1alpha1\nkind: DrillPlan\nmetadata: {name: a}\n"
                          "spec:\n  faults: [power-los]\n  cuont: 3\n"};
  const Said said = run(options);
  EXPECT_EQ(said.status, 1);
  EXPECT_THAT(said.err, HasSubstr("hapx: plan.yaml:5:12: unknown fault `power-los`"));
  EXPECT_THAT(said.err, HasSubstr("hapx: plan.yaml:6:3: unknown key `cuont`"));
}

Report report_at(unsigned number) {
  Report report;
  report.started = Utc(std::chrono::hours(number));
  report.plan = "weekly";
  report.runs.resize(1);
  report.runs.front().is_served = true;
  return report;
}

TEST_F(Drill, TheNewestReportsAreKept) {
  for (unsigned number = 1; number <= reports_kept_max + 2; ++number) {
    const auto kept = keep_report(report_at(number), folder_);
    ASSERT_TRUE(kept) << kept.error().sentence;
  }
  ASSERT_TRUE(lab::write_file(file("drills/notes.txt"), "ours"));
  ASSERT_TRUE(lab::write_file(file("drills/19700101T230000Z-torn.json"), "{"));
  const auto drills = kept_drills(folder_);
  ASSERT_TRUE(drills) << drills.error().sentence;
  EXPECT_EQ(drills->size(), reports_kept_max);
  EXPECT_EQ(drills->front().started, "1970-01-01T03:00:00Z");
  EXPECT_EQ(drills->back().started, "1970-01-03T04:00:00Z");
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(show_history(folder_, lab::Output::text, out, err), 0);
  EXPECT_THAT(out.str(), HasSubstr("1970-01-03T04:00:00Z"));
  EXPECT_THAT(out.str(), Not(HasSubstr("notes")));
}

TEST_F(Drill, AMachineWithoutAStateDirectoryKeepsNothing) {
  EXPECT_TRUE(keep_report(report_at(1), file("absent")));
  EXPECT_FALSE(lab::exists(file("absent")));
  EXPECT_TRUE(kept_drills(file("absent")).value().empty());
}

}  // namespace
}  // namespace hapx::appliance::drill
