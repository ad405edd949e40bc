// SPDX-License-Identifier: Apache-2.0
// The real keeper with a stand-in for hapxd (keeper_child.cpp): what it restarts, and when.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace std::chrono_literals;

struct Life {
  pid_t pid = 0;
  std::string kept;
  std::string alone;
};

class Keeper : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/hapx-keeper-XXXXXX";
    folder_ = ::mkdtemp(name);
    keeper_ = ::fork();
    if (keeper_ == 0) {
      ::execl(KEEPER_CHILD, "hapxd", folder_.c_str(), nullptr);
      ::_exit(127);
    }
    ASSERT_TRUE(wait_for([&] { return lives().size() == 1; }));
  }

  void TearDown() override {
    if (keeper_ > 0) {
      ::kill(keeper_, SIGTERM);
      end_of_keeper();
    }
    std::filesystem::remove_all(folder_);
  }

  template <class Condition>
  static bool wait_for(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(2ms);
    }
    return true;
  }

  [[nodiscard]] std::vector<Life> lives() const {
    std::vector<Life> all;
    std::ifstream file(folder_ + "/lives");
    for (std::string line; std::getline(file, line);) {
      Life life;
      std::istringstream(line) >> life.pid >> life.kept >> life.alone;
      if (!life.alone.empty()) all.push_back(life);
    }
    return all;
  }

  int end_of_keeper() {
    int how = 0;
    ::waitpid(std::exchange(keeper_, 0), &how, 0);
    return how;
  }

  static bool exists(pid_t pid) { return ::kill(pid, 0) == 0; }

  std::string folder_;
  pid_t keeper_ = 0;
};

TEST_F(Keeper, replaces_a_killed_hapxd_and_hands_it_what_the_old_one_left) {
  const auto first = lives()[0];
  ::kill(first.pid, SIGKILL);
  ASSERT_TRUE(wait_for([&] { return lives().size() == 2; }));
  const auto second = lives()[1];
  EXPECT_EQ(second.kept, "of-" + std::to_string(first.pid));
  EXPECT_EQ(second.alone, "alone");
}

TEST_F(Keeper, replaces_a_frozen_hapxd_only_after_it_is_gone) {
  const auto first = lives()[0];
  ::kill(first.pid, SIGSTOP);
  ASSERT_TRUE(wait_for([&] { return lives().size() == 2; }));
  EXPECT_EQ(lives()[1].alone, "alone");
  EXPECT_EQ(lives()[1].kept, "of-" + std::to_string(first.pid));
}

TEST_F(Keeper, replaces_one_after_the_other) {
  for (std::size_t count = 1; count <= 4; ++count) {
    ::kill(lives().back().pid, SIGKILL);
    ASSERT_TRUE(wait_for([&] { return lives().size() == count + 1; })) << count;
  }
}

TEST_F(Keeper, does_not_kill_a_hapxd_that_was_paused_together_with_it) {
  const auto first = lives()[0];
  ::kill(keeper_, SIGSTOP);
  ::kill(first.pid, SIGSTOP);
  std::this_thread::sleep_for(500ms);  // five times the patience
  ::kill(keeper_, SIGCONT);
  ::kill(first.pid, SIGCONT);
  std::this_thread::sleep_for(300ms);
  EXPECT_EQ(lives().size(), 1U);
  EXPECT_TRUE(exists(first.pid));
}

TEST_F(Keeper, ends_with_the_status_of_a_hapxd_that_ends_by_itself) {
  std::ofstream(folder_ + "/exit7");
  const int how = end_of_keeper();
  ASSERT_TRUE(WIFEXITED(how));
  EXPECT_EQ(WEXITSTATUS(how), 7);
  EXPECT_EQ(lives().size(), 1U);
}

TEST_F(Keeper, ends_in_order_when_asked) {
  const auto first = lives()[0];
  ::kill(keeper_, SIGTERM);
  const int how = end_of_keeper();
  EXPECT_TRUE(WIFEXITED(how) && WEXITSTATUS(how) == 0);
  EXPECT_FALSE(exists(first.pid));
}

TEST_F(Keeper, ends_even_if_hapxd_is_frozen) {
  const auto first = lives()[0];
  ::kill(first.pid, SIGSTOP);
  ::kill(keeper_, SIGTERM);
  end_of_keeper();
  EXPECT_TRUE(wait_for([&] { return !exists(first.pid); }));
}

TEST_F(Keeper, upgrades_in_place_with_everything_kept) {
  const auto first = lives()[0];
  ::kill(keeper_, SIGUSR2);
  ASSERT_TRUE(wait_for([&] { return lives().size() == 2; }));
  EXPECT_EQ(lives()[1].kept, "of-" + std::to_string(first.pid));
  EXPECT_EQ(lives()[1].alone, "alone");
  EXPECT_TRUE(exists(keeper_)) << "the same process, a new binary";
  // And it goes on keeping.
  ::kill(lives()[1].pid, SIGKILL);
  ASSERT_TRUE(wait_for([&] { return lives().size() == 3; }));
  EXPECT_EQ(lives()[2].kept, "of-" + std::to_string(first.pid));
}

TEST_F(Keeper, hapxd_notices_that_its_keeper_is_gone) {
  const auto first = lives()[0];
  ::kill(keeper_, SIGKILL);
  end_of_keeper();
  EXPECT_TRUE(wait_for([&] { return !exists(first.pid); }));
}

}  // namespace
