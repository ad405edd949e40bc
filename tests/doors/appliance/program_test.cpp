// SPDX-License-Identifier: Apache-2.0
// Running a program to its end, whatever it does to have none.
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "appliance/lab/io/process.hpp"
#include "config/io/clock.hpp"

namespace hapx::appliance::lab {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

/// Long enough for whatever ends, and not what a test waits for.
constexpr Duration ages = std::chrono::minutes(5);

Result<Outcome> shell(const std::string& script, RunOptions options) {
  return run({"/bin/sh", "-c", script}, options);
}

TEST(Program, IsGivenInputAndEnvironmentAndHeard) {
  RunOptions options;
  options.input = "one\ntwo\n";
  options.environment = {"HAPX_TEXT=a b", "HAPX_EVENT="};
  const auto ran = shell("cat; echo \"$HAPX_TEXT.$HAPX_EVENT.\"; echo no >&2; exit 3", options);
  ASSERT_TRUE(ran) << ran.error().sentence;
  EXPECT_EQ(ran->output, "one\ntwo\na b..\n");
  EXPECT_EQ(ran->errors, "no\n");
  EXPECT_EQ(ran->code, 3);
}

/// Its pipe may be closed before the first byte is in it.
TEST(Program, NeedNotRead) {
  RunOptions options;
  options.input = std::string(50'000, 'x');
  for (int i = 0; i < 50; ++i) {
    const auto ran = run({"/bin/true"}, options);
    ASSERT_TRUE(ran) << ran.error().sentence;
    EXPECT_EQ(ran->code, 0);
  }
}

TEST(Program, IsGivenMoreThanAPipeHoldsWhileItAnswers) {
  RunOptions options;
  options.input = std::string(std::size_t{1} << 20U, 'x');
  const auto ran = run({"/bin/cat"}, options);
  ASSERT_TRUE(ran) << ran.error().sentence;
  EXPECT_EQ(ran->output, options.input);
}

TEST(Program, NeedNotReadAll) {
  RunOptions options;
  options.input = std::string(std::size_t{1} << 20U, 'x');
  const auto ran = shell("head -c 5", options);
  ASSERT_TRUE(ran) << ran.error().sentence;
  EXPECT_EQ(ran->output, "xxxxx");
}

TEST(Program, ThatHangsIsEndedWithAllThatItStarted) {
  const std::string file =
      std::filesystem::temp_directory_path() / ("hapx-run-" + std::to_string(::getpid()));
  RunOptions options;
  options.patience = milliseconds(300);
  const Instant began = boot_now();
  const auto hung = run({"/bin/sleep", "1000"}, options);
  ASSERT_FALSE(hung);
  EXPECT_EQ(hung.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(hung.error().sentence, HasSubstr("no end in the time given to it"));
  pid_t started = 0;
  options.patience = ages;
  options.is_unwanted = [&] { return static_cast<bool>(std::ifstream(file) >> started); };
  EXPECT_FALSE(shell("sleep 1000 & echo $! > " + file + "; wait", options));
  ASSERT_GT(started, 0);
  // Its parent is gone, so it is init's to bury; until then it is a zombie.
  const auto is_gone = [&] {
    std::string state;
    std::ifstream stat("/proc/" + std::to_string(started) + "/stat");
    std::string pid;
    std::string name;
    return !(stat >> pid >> name >> state) || state == "Z";
  };
  while (!is_gone() && boot_now() - began < ages) ::usleep(1000);
  EXPECT_TRUE(is_gone());
  std::filesystem::remove(file);
}

TEST(Program, ThatFloodsIsHeardUpToALimitAndEnded) {
  RunOptions options;
  options.patience = milliseconds(500);
  const Instant began = boot_now();
  EXPECT_FALSE(run({"/usr/bin/yes"}, options));
  EXPECT_LT(boot_now() - began, seconds(60));
  options.patience = ages;
  options.output_bytes_max = 1000;
  const auto ran = shell("yes | head -c 60000; echo last >&2", options);
  ASSERT_TRUE(ran) << ran.error().sentence;
  EXPECT_EQ(ran->output.size(), 1000U);
  EXPECT_EQ(ran->errors, "last\n");
  const auto flood = run({"/usr/bin/yes"}, options);
  ASSERT_FALSE(flood);
  EXPECT_THAT(flood.error().sentence, HasSubstr("it says far too much"));
}

TEST(Program, ThatClosesItsStreamsIsWaitedForAllTheSame) {
  RunOptions options;
  options.patience = ages;
  const auto ran = shell("exec >&- 2>&-; sleep 0.2; exit 5", options);
  ASSERT_TRUE(ran) << ran.error().sentence;
  EXPECT_EQ(ran->code, 5);
  options.patience = milliseconds(200);
  EXPECT_FALSE(shell("exec >&- 2>&-; sleep 1000", options));
}

TEST(Program, ThatNobodyWantsAnyMoreIsEnded) {
  RunOptions options;
  options.patience = ages;
  std::atomic<int> asked = 0;
  options.is_unwanted = [&] { return ++asked > 3; };
  const auto ran = run({"/bin/sleep", "1000"}, options);
  ASSERT_FALSE(ran);
  EXPECT_THAT(ran.error().sentence, HasSubstr("nobody wants it any more"));
}

TEST(Program, ThatIsNotThereSaysSo) {
  const auto ran = run({"/nowhere/tell"}, {});
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->code, 127);
  EXPECT_EQ(ran->errors, "/nowhere/tell: No such file or directory\n");
}

}  // namespace
}  // namespace hapx::appliance::lab
