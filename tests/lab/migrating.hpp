// SPDX-License-Identifier: Apache-2.0
// How does a test type what stands in docs/migration.md, and how does it see what came of it?
//
// A serving lab, a folder for the files that the commands read and write, and questions that are
// answered by nodes other than the one that was told.
#pragma once

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <functional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <sys/stat.h>

#include "appliance/lab/io/process.hpp"
#include "config/io/clock.hpp"
#include "serving_lab.hpp"

namespace hapx::appliance::lab {

inline constexpr const char* migration_page = HAPX_SOURCE_DIR "/docs/migration.md";
inline constexpr const char* service = "kube-apiserver";

struct Trial {
  std::string command;
  std::function<void()> before = {};
  std::vector<std::string> more = {};    ///< words for the lab's sake: where to, and which lab
  std::function<void()> meanwhile = {};  ///< once it has said something
  std::string until = {};     ///< it ends by Ctrl-C when it has said this; empty: by itself
  std::string again_if = {};  ///< it says that this machine is too busy for it just now
  std::function<void()> after = {};
};

/// Looks again and again until it is so, or half a minute is over: each look asks several nodes.
template <class Condition>
bool comes_true(Condition condition) {
  const Instant deadline = boot_now() + std::chrono::seconds(30);
  while (!condition()) {
    if (boot_now() > deadline) return false;
    pause(std::chrono::milliseconds(20));
  }
  return true;
}

class Migrating : public ServingLab {
 protected:
  void SetUp() override {
    ServingLab::SetUp();
    scratch_ = std::filesystem::temp_directory_path() / ("hapx-migration-" + name());
    std::filesystem::create_directories(scratch_ / "copied");
  }
  void TearDown() override {
    ServingLab::TearDown();
    std::error_code ignored;
    std::filesystem::remove_all(scratch_, ignored);
  }

  [[nodiscard]] const NodePlan& node(std::size_t number) const { return nodes()[number - 1]; }
  [[nodiscard]] std::string in_scratch(const std::string& path) const { return scratch_ / path; }
  [[nodiscard]] std::string text_of(const std::string& path) const {
    const auto text = read_file(in_scratch(path));
    return text ? *text : "";
  }
  [[nodiscard]] int mode_of(const std::string& path) const {
    struct stat found {};
    return ::stat(in_scratch(path).c_str(), &found) == 0 ? static_cast<int>(found.st_mode & 0777U)
                                                         : -1;
  }

  /// What the page's commands read.
  void write_files() {
    const std::string file = render_config(plan());
    ASSERT_TRUE(write_file(in_scratch("hapx.yaml"), file));
    ASSERT_TRUE(
        write_file(in_scratch("changed.yaml"), file + "  scheduling: {migrationThreshold: 2}\n"));
    ASSERT_TRUE(write_file(in_scratch("scenario.yaml"),
                           "nodes: {node1: online, node2: online}\nservices: [{name: " +
                               std::string(service) + "}]\n"));
  }
  void copy_to_next_node() {
    std::string file = render_config(plan());
    const std::size_t place = file.find(plan().key_file);
    ASSERT_NE(place, std::string::npos);
    file.replace(place, plan().key_file.size(), in_scratch("next/cluster.key"));
    ASSERT_TRUE(write_file(in_scratch("copied/hapx.yaml"), file));
    std::filesystem::copy_file(plan().key_file, in_scratch("copied/cluster.key"));
  }

  /// As somebody at node1, in the scratch folder, would type it. Its exit status, or -1.
  int type(const std::vector<std::string>& words) {
    std::string line = "cd '" + scratch_.string() + "' && exec '" + HAPX_PROGRAMS + "/hapx'";
    for (const std::string& word : words) line += " '" + word + "'";
    // A lab is looked after from outside of it.
    const bool is_inside = words.front() != "lab" && words.front() != "drill";
    if (is_inside) line += " --socket '" + node(1).run_folder + "/hapxd.sock'";
    const auto outcome =
        run({"/bin/sh", "-c", line + " >said 2>&1"},
            {.netns = is_inside ? node(1).netns : "", .patience = std::chrono::minutes(2)});
    EXPECT_TRUE(outcome) << outcome.error().sentence;
    said_ = text_of("said");
    return outcome ? outcome->code : -1;
  }

  /// The words of the page, with this test's folder for those of a machine.
  [[nodiscard]] std::vector<std::string> words_of(const Trial& trial) const {
    std::vector<std::string> words;
    std::istringstream rest(trial.command.substr(std::string("hapx ").size()));
    for (std::string word; rest >> word;) {
      if (word.starts_with("/etc/hapx/")) word.replace(0, 9, scratch_.string());
      if (word == "/root") word = in_scratch("copied");
      words.push_back(word);
    }
    words.insert(words.end(), trial.more.begin(), trial.more.end());
    return words;
  }
  int carry_out(const Trial& trial) {
    const std::vector<std::string> words = words_of(trial);
    if (trial.until.empty()) {
      int code = type(words);
      for (int i = 0; i < 10 && !trial.again_if.empty() && says(trial.again_if); ++i) {
        code = type(words);
      }
      return code;
    }
    static_cast<void>(write_file(in_scratch("said"), ""));
    int code = -1;
    std::thread typist([&] { code = type(words); });
    const auto shown = [&] { return text_of("said"); };
    EXPECT_TRUE(comes_true([&] { return !shown().empty(); }));
    if (trial.meanwhile) trial.meanwhile();
    EXPECT_TRUE(comes_true([&] { return shown().find(trial.until) != std::string::npos; }))
        << trial.until << " is missing in\n"
        << shown();
    for (const Process& process : processes_in(node(1).netns, "hapx")) {
      send_signal(process, SIGINT);
    }
    typist.join();
    return code;
  }

  void expect_says(const std::vector<std::string>& all) const {
    for (const std::string& words : all) {
      EXPECT_TRUE(says(words)) << "`" << words << "` is missing in\n" << said_;
    }
  }
  void expect_all_well() {
    EXPECT_TRUE(comes_true([&] { return lab_->missing().empty(); })) << lab_->missing();
  }

  // Where the service is.
  [[nodiscard]] bool is_held_by(std::size_t number) const {
    return std::ranges::all_of(
        nodes(), [&](const NodePlan& by) { return holder_by(by) == node(number).name.text(); });
  }
  void bring_to(std::size_t number) {
    const std::string to = node(number).name.text();
    ASSERT_TRUE(comes_true([&] {
      return holder_by(node(3)) == to || hapx(node(3), {"move", service, to}) == 0;
    })) << said_;
    ASSERT_TRUE(comes_true([&] { return is_held_by(number); })) << to;
  }
  void expect_elsewhere_than(std::size_t number) {
    EXPECT_TRUE(comes_true([&] {
      return std::ranges::all_of(nodes(), [&](const NodePlan& by) {
        const std::string holder = holder_by(by);
        return !holder.empty() && holder != node(number).name.text();
      });
    })) << "every node sees it served elsewhere";
  }

  // What was ordered, as every node lists it.
  void expect_orders(const std::string& kind) {
    EXPECT_TRUE(comes_true([&] {
      return std::ranges::all_of(nodes(), [&](const NodePlan& by) {
        const bool answered = hapx(by, {"get", "orders", "-o", "json"}) == 0;
        return answered && (kind.empty() ? !says("\"kind\"") : says("\"kind\":\"" + kind + "\""));
      });
    })) << said_;
  }
  void ban(const std::vector<std::string>& from) {
    for (const std::string& name : from) {
      ASSERT_EQ(hapx(node(3), {"ban", service, name}), 0) << said_;
    }
  }
  /// Whatever a trial has ordered is lifted, so that the next one begins with all nodes.
  void tidy_up() {
    static_cast<void>(hapx(node(3), {"clear", service}));
    static_cast<void>(hapx(node(3), {"online", "node2"}));
    static_cast<void>(hapx(node(3), {"maintenance", "off"}));
    static_cast<void>(hapx(node(3), {"cleanup", service}));
  }

  // What has failed, as node1 knows.
  [[nodiscard]] bool counts(std::size_t number, int failures) {
    return hapx(node(1), {"failcount", "-o", "json"}) == 0 &&
           says("\"node\":\"" + node(number).name.text() +
                "\",\"vip\":0,\"haproxy\":" + std::to_string(failures) + ",");
  }
  void let_haproxy_fail_on(std::size_t number) {
    bring_to(number);
    kill_haproxy_of(number);
  }
  void kill_haproxy_of(std::size_t number) {
    const auto running = processes_in(node(number).netns, haproxy_name);
    ASSERT_FALSE(running.empty());
    ASSERT_TRUE(send_signal(running.front(), SIGKILL));
    ASSERT_TRUE(comes_true([&] { return counts(number, 1); })) << said_;
  }

  [[nodiscard]] bool has_address(std::size_t number) const {
    const auto shown = run({"ip", "-o", "addr"}, {.netns = node(number).netns});
    return shown && shown->output.find(to_string(plan().vip.address)) != std::string::npos;
  }
  /// The keeper is stopped first, so that hapxd is neither told of its death nor replaced.
  void leave_the_address_behind(std::size_t number) {
    const auto keepers = processes_in(node(number).netns, keeper_name);
    const auto daemons = processes_in(node(number).netns, daemon_name);
    ASSERT_EQ(keepers.size(), 1U);
    ASSERT_EQ(daemons.size(), 1U);
    send_signal(keepers.front(), SIGSTOP);
    send_signal(daemons.front(), SIGKILL);
    send_signal(keepers.front(), SIGKILL);
    ASSERT_TRUE(has_address(number)) << "for two seconds, and silenced";
  }

  std::filesystem::path scratch_;
};

}  // namespace hapx::appliance::lab
