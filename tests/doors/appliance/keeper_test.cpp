// SPDX-License-Identifier: Apache-2.0
// The real keeper with a stand-in for hapxd (keeper_child.cpp): what it restarts, and when.
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
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

TEST_F(Keeper, passes_a_reload_on_and_starts_the_next_when_asked) {
  const auto first = lives()[0];
  for (std::size_t reloads = 1; reloads <= 8; ++reloads) {  // so often is no crash loop
    ::kill(keeper_, SIGHUP);
    ASSERT_TRUE(wait_for([&] { return lives().size() == reloads + 1; }));
    EXPECT_EQ(lives()[reloads].kept, "of-" + std::to_string(first.pid));
    EXPECT_EQ(lives()[reloads].alone, "alone");
  }
}

/// A service manager that wants signs of life every 200 ms.
class KeeperUnderAServiceManager : public Keeper {
 protected:
  void SetUp() override {
    const std::string name = "hapx-keeper-test-" + std::to_string(::getpid());
    socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path + 1, sizeof address.sun_path - 1);
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    ASSERT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), length), 0);
    ::setenv("NOTIFY_SOCKET", ("@" + name).c_str(), 1);
    ::setenv("WATCHDOG_USEC", "200000", 1);
    Keeper::SetUp();
    ::unsetenv("NOTIFY_SOCKET");
    ::unsetenv("WATCHDOG_USEC");
  }
  void TearDown() override {
    Keeper::TearDown();
    ::close(socket_);
  }

  /// How often it has been told `what` so far.
  int heard(const std::string& what) {
    char block[2048];
    for (ssize_t got = 0; (got = ::recv(socket_, block, sizeof block, 0)) > 0;) {
      ++heard_[std::string(block, static_cast<std::size_t>(got))];
    }
    return heard_[what];
  }

  int socket_ = -1;
  std::map<std::string, int> heard_;
};

TEST_F(KeeperUnderAServiceManager, passes_on_what_hapxd_tells_and_feeds_the_watchdog) {
  EXPECT_TRUE(wait_for([&] { return heard("STATUS=begun") == 1; }));
  EXPECT_TRUE(wait_for([&] { return heard("WATCHDOG=1") >= 3; }));
}

TEST_F(KeeperUnderAServiceManager, does_so_as_the_new_binary_too) {
  ::kill(keeper_, SIGUSR2);
  EXPECT_TRUE(wait_for([&] { return heard("STATUS=begun") == 2; }));
  const int before = heard("WATCHDOG=1");
  EXPECT_TRUE(wait_for([&] { return heard("WATCHDOG=1") >= before + 3; }));
}

TEST_F(KeeperUnderAServiceManager, feeds_no_watchdog_for_a_hapxd_that_gives_no_sign) {
  ASSERT_TRUE(wait_for([&] { return heard("WATCHDOG=1") >= 1; }));
  std::ofstream(folder_ + "/hang");  // each next one hangs before its first turn
  ASSERT_TRUE(wait_for([&] { return std::filesystem::exists(folder_ + "/hangs"); }));
  const int before = heard("WATCHDOG=1");
  std::this_thread::sleep_for(1s);
  EXPECT_LE(heard("WATCHDOG=1"), before + 1);
}

TEST_F(Keeper, hapxd_notices_that_its_keeper_is_gone) {
  const auto first = lives()[0];
  ::kill(keeper_, SIGKILL);
  end_of_keeper();
  EXPECT_TRUE(wait_for([&] { return !exists(first.pid); }));
}

}  // namespace
