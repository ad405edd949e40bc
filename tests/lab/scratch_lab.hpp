// SPDX-License-Identifier: Apache-2.0
// How does a test get a lab of its own, and how does it know that nothing is left of it?
//
// Each test names its lab after its own process, so that tests run side by side, and removes it
// whatever happens. Labs of test processes that were killed are swept away first.
#pragma once

#include <charconv>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include <dirent.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "appliance/lab/io/file.hpp"
#include "appliance/lab/io/interrupt.hpp"
#include "appliance/lab/io/lab.hpp"

namespace hapx::appliance::lab {

/// Looks again and again until it is so; false after a time that no healthy machine needs.
template <class Condition>
bool eventually(Condition condition) {
  for (int look = 0; look < 1500; ++look) {
    if (condition()) return true;
    pause(std::chrono::milliseconds(20));
  }
  return false;
}

/// Of a test that is there for both.
inline std::string family_name(const testing::TestParamInfo<Family>& info) {
  return info.param == Family::ipv6 ? "IPv6" : "IPv4";
}

class ScratchLab : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "a lab is made of network namespaces: not root";
    sweep();
    static_cast<void>(Lab::remove(name()));
  }

  void TearDown() override {
    if (::geteuid() == 0) static_cast<void>(Lab::remove(name()));
  }

  [[nodiscard]] static std::string name() { return "t" + std::to_string(::getpid()); }

  [[nodiscard]] static bool kernel_has(Family family) {
    return family == Family::ipv4 || exists("/proc/sys/net/ipv6");
  }

  /// Everything that runs in the lab, by its handles; taken before the lab goes.
  [[nodiscard]] static std::vector<Process> inhabitants(const Plan& plan) {
    std::vector<Process> all;
    for (const std::string& netns : namespaces_of(plan)) {
      for (Process& process : processes_in(netns)) all.push_back(std::move(process));
    }
    return all;
  }

  static void expect_nothing_left(const Plan& plan, const std::vector<Process>& inhabitants) {
    for (const std::string& netns : namespaces_of(plan)) {
      EXPECT_FALSE(exists("/run/netns/" + netns)) << netns;
    }
    EXPECT_FALSE(exists(plan.run_root));
    EXPECT_FALSE(exists(plan.state_root));
    for (const Process& process : inhabitants) {
      pollfd gone{process.handle.number(), POLLIN, 0};
      EXPECT_EQ(::poll(&gone, 1, 0), 1) << process.name << " still lives";
    }
  }

 private:
  static void sweep() {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator("/run/hapx-lab", error)) {
      const std::string left = entry.path().filename();
      int pid = 0;
      const auto read = std::from_chars(left.data() + 1, left.data() + left.size(), pid);
      const bool is_ours = left.front() == 't' && read.ptr == left.data() + left.size();
      if (is_ours && ::kill(pid, 0) != 0) static_cast<void>(Lab::remove(left));
    }
  }
};

}  // namespace hapx::appliance::lab
