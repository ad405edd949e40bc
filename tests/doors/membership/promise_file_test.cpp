// SPDX-License-Identifier: Apache-2.0
// The voter's memory on a real file system, with real deaths.
#include "membership/io/promise_file.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/cluster_config.hpp"

namespace hapx::membership {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

VoterIdentity identity(std::uint8_t boot) {
  VoterIdentity out{ClusterName("kube-demo"), NodeName("node1"), {}};
  out.boot.bytes.fill(boot);
  return out;
}

Promise promise_of_round(std::uint64_t round) {
  Promise promise;
  promise.key = LeaseKey("10.0.0.100");
  promise.promised = {round, NodeName("node2"), {1}};
  return promise;
}

struct PromiseFileTest : ::testing::Test {
  fs::path root;

  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "hapx-promises-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root = pattern;
    fs::create_directory(root / "run");
    fs::create_directory(root / "state");
  }
  void TearDown() override {
    std::error_code ignored;
    fs::remove_all(root, ignored);
  }
  Result<OpenedVoter> open(std::uint8_t boot, Duration since_boot, int inherited = -1) {
    return open_voter((root / "run").string(), (root / "state").string(), identity(boot),
                      Instant(since_boot), inherited);
  }
  static void store(OpenedVoter& voter, std::uint64_t round) {
    voter.file.store(*voter.recollection.memory.remember(promise_of_round(round), Instant{}, {}));
  }
  static std::uint64_t round_of(const OpenedVoter& voter) {
    const Promise* promise = voter.recollection.memory.find(LeaseKey("10.0.0.100"));
    return promise == nullptr ? 0 : promise->promised.round;
  }
};

TEST_F(PromiseFileTest, a_first_start_has_promised_nothing_and_leaves_both_files) {
  auto voter = open(1, 60s);
  ASSERT_TRUE(voter.has_value());
  EXPECT_FALSE(voter->recollection.abstain.has_value());
  EXPECT_EQ(fs::file_size(root / "run" / promise_file_name), promise_file_bytes);
  std::ifstream marker(root / "state" / voter_marker_name);
  const std::string text((std::istreambuf_iterator<char>(marker)), {});
  EXPECT_EQ(decode_marker(text), identity(1));
  struct stat status {};
  ASSERT_EQ(::fstat(voter->file.descriptor(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(PromiseFileTest, the_next_process_remembers) {
  {
    auto voter = open(1, 60s);
    ASSERT_TRUE(voter.has_value());
    for (std::uint64_t round = 1; round <= 5; ++round) store(*voter, round);
  }
  auto next = open(1, 61s);
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(round_of(*next), 5U);
  EXPECT_FALSE(next->recollection.abstain.has_value());
}

TEST_F(PromiseFileTest, rule_5_a_process_killed_in_the_middle_of_a_store_loses_no_answer) {
  for (int times = 0; times < 10; ++times) {
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto voter = open(1, 60s);
      if (!voter) ::_exit(1);
      for (std::uint64_t round = round_of(*voter) + 1;; ++round) {
        store(*voter, round);
        if (::write(pipe_ends[1], &round, sizeof round) != sizeof round) ::_exit(2);
      }
    }
    ::close(pipe_ends[1]);
    std::uint64_t answered = 0;
    for (int i = 0; i < 200 + 37 * times; ++i)
      ASSERT_EQ(::read(pipe_ends[0], &answered, sizeof answered),
                static_cast<ssize_t>(sizeof answered));
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    std::uint64_t later = 0;
    while (::read(pipe_ends[0], &later, sizeof later) == static_cast<ssize_t>(sizeof later))
      answered = later;
    ::close(pipe_ends[0]);
    auto next = open(1, 61s);
    ASSERT_TRUE(next.has_value());
    EXPECT_FALSE(next->recollection.abstain.has_value());
    EXPECT_GE(round_of(*next), answered);
    EXPECT_LE(round_of(*next), answered + 1);
  }
}

TEST_F(PromiseFileTest, an_inherited_descriptor_remembers_though_the_directory_was_emptied) {
  auto voter = open(1, 60s);
  ASSERT_TRUE(voter.has_value());
  store(*voter, 7);
  const int kept = ::dup(voter->file.descriptor());
  fs::remove(root / "run" / promise_file_name);
  auto next = open(1, 61s, kept);
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(round_of(*next), 7U);
  EXPECT_EQ(next->file.descriptor(), kept);
}

TEST_F(PromiseFileTest, rule_5_an_emptied_run_directory_in_the_same_boot_abstains) {
  { ASSERT_TRUE(open(1, 60s).has_value()); }
  fs::remove(root / "run" / promise_file_name);
  {
    auto next = open(1, 61s);
    ASSERT_TRUE(next.has_value());
    EXPECT_EQ(next->recollection.abstain, lease_max);
  }
  auto again = open(1, 63s);  // and a restart does not shorten it
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->recollection.abstain, lease_max - 2s);
}

TEST_F(PromiseFileTest, rule_5_another_boot_abstains_only_until_the_clock_says_m) {
  { ASSERT_TRUE(open(1, 60s).has_value()); }
  auto rebooted = open(2, 2s);
  ASSERT_TRUE(rebooted.has_value());
  EXPECT_EQ(rebooted->recollection.abstain, lease_max - 2s);
}

TEST_F(PromiseFileTest, rule_5_a_file_of_another_length_or_layout_abstains_and_is_made_anew) {
  for (const std::uintmax_t length :
       {std::uintmax_t{1000}, std::uintmax_t{promise_file_bytes * 2}}) {
    { ASSERT_TRUE(open(1, 60s).has_value()); }
    fs::resize_file(root / "run" / promise_file_name, length);
    auto next = open(1, 100s);
    ASSERT_TRUE(next.has_value());
    EXPECT_EQ(next->recollection.abstain, lease_max) << length;
    EXPECT_EQ(fs::file_size(root / "run" / promise_file_name), promise_file_bytes);
    auto later = open(1, 200s);
    ASSERT_TRUE(later.has_value());
    EXPECT_FALSE(later->recollection.abstain.has_value());
  }
}

TEST_F(PromiseFileTest, without_a_place_for_the_marker_there_is_no_vote) {
  fs::remove(root / "state");
  const auto voter = open(1, 60s);
  ASSERT_FALSE(voter.has_value());
  EXPECT_EQ(voter.error().kind, ErrorKind::absent);
  EXPECT_NE(voter.error().sentence.find("voter"), std::string::npos);
}

TEST_F(PromiseFileTest, without_a_run_directory_there_is_no_vote) {
  fs::remove(root / "run");
  ASSERT_FALSE(open(1, 60s).has_value());
}

}  // namespace
}  // namespace hapx::membership
