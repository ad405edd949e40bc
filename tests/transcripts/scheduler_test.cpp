// SPDX-License-Identifier: Apache-2.0
// Every scenario of tests/transcripts/scheduler, with the answer that Pacemaker 2.1.5 gave.
#include "appliance/scheduler.hpp"

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include "appliance/scenario.hpp"
#include "config/yaml.hpp"

namespace hapx::appliance {
namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

std::string read_file(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::vector<fs::path> scenario_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(HAPX_SOURCE_DIR "/tests/transcripts/scheduler")) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

/// "node1" or "-".
std::string place(const YamlNode& node) {
  return node.kind == YamlNode::Kind::null ? "-" : node.scalar;
}

std::string place(const std::optional<NodeName>& node) {
  return node ? node->text() : "-";
}

/// One line per service: "api: node1 node1".
Lines expected_placement(const YamlNode& expect) {
  Lines lines;
  for (const auto& [service, node] : expect.find("placement")->entries) {
    const bool apart = node.kind == YamlNode::Kind::map;
    lines.push_back(service.text + ": " + place(apart ? *node.find("vip") : node) + " " +
                    place(apart ? *node.find("haproxy") : node));
  }
  std::ranges::sort(lines);
  return lines;
}

Lines placement_of(const Schedule& schedule) {
  Lines lines;
  for (const ServiceSchedule& service : schedule.services) {
    lines.push_back(service.service.text() + ": " + place(service.placement.vip) + " " +
                    place(service.placement.haproxy));
  }
  std::ranges::sort(lines);
  return lines;
}

/// The order binds within one service only.
std::map<std::string, Lines> expected_actions(const YamlNode& expect) {
  std::map<std::string, Lines> actions;
  for (const YamlNode& item : expect.find("actions")->items) {
    const std::string& line = item.scalar;  // "stop haproxy api@node1"
    const auto name = line.rfind(' ') + 1;
    actions[line.substr(name, line.find('@') - name)].push_back(line);
  }
  return actions;
}

std::map<std::string, Lines> actions_of(const Schedule& schedule) {
  std::map<std::string, Lines> actions;
  for (const ServiceSchedule& service : schedule.services) {
    for (const PlannedAction& action : service.actions) {
      actions[service.service.text()].push_back(to_string(action));
    }
  }
  return actions;
}

class SchedulerTranscript : public testing::TestWithParam<fs::path> {};

TEST_P(SchedulerTranscript, AgreesWithPacemaker) {
  const std::string text = read_file(GetParam());
  const auto tree = parse_yaml(text, GetParam().filename().string());
  ASSERT_TRUE(tree) << tree.error().sentence;
  const YamlNode* expect = tree->find("expect");
  ASSERT_NE(expect, nullptr);
  const auto facts = parse_scenario(text, GetParam().filename().string());
  ASSERT_TRUE(facts) << facts.error().sentence;

  const Schedule answer = schedule(*facts);
  EXPECT_EQ(placement_of(answer), expected_placement(*expect)) << to_text(answer);
  EXPECT_EQ(actions_of(answer), expected_actions(*expect)) << to_text(answer);
}

INSTANTIATE_TEST_SUITE_P(Pacemaker, SchedulerTranscript, testing::ValuesIn(scenario_files()),
                         [](const auto& scenario) {
                           std::string name = scenario.param.stem().string();
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST(SchedulerTranscripts, AreAllHere) {
  EXPECT_GE(scenario_files().size(), 60U);
}

}  // namespace
}  // namespace hapx::appliance
