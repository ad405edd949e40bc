// SPDX-License-Identifier: Apache-2.0
// Every fault, done to a real cluster: real hapxd, HAProxy, ARP, on three nodes and on two nodes
// with a witness; and on three nodes that have IPv6 alone. The service must come back by itself,
// the address must have one holder at every instant, and nothing may be left behind. Times are
// printed and recorded, never judged: how fast a machine under test is says nothing about hapx.
#include <iostream>

#include "appliance/drill/io/lab_place.hpp"
#include "appliance/drill/io/runner.hpp"
#include "appliance/drill/statistics.hpp"
#include "appliance/lab/io/lab.hpp"
#include "appliance/recording/io/recording_files.hpp"
#include "appliance/recording/replay.hpp"
#include "scratch_lab.hpp"

namespace hapx::appliance::lab {
namespace {

using drill::Fault;

struct Case {
  Fault fault;
  bool has_witness = false;
  Family family = Family::ipv4;
};

std::string name_of_case(const testing::TestParamInfo<Case>& info) {
  std::string name = info.param.has_witness ? "TwoNodesAndAWitness_" : "ThreeNodes_";
  if (info.param.family == Family::ipv6) name = "IPv6_" + name;
  for (const char c : drill::name_of(info.param.fault)) name += c == '-' ? '_' : c;
  return name;
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const bool has_witness : {false, true}) {
    for (const drill::FaultWords& words : drill::faults) {
      if (words.places.in_lab) cases.push_back({words.fault, has_witness});
    }
  }
  // What does not touch the address does not depend on its family.
  for (const drill::FaultWords& words : drill::faults) {
    if (drill::is_moving(words.fault) || words.fault == Fault::vip_delete ||
        words.fault == Fault::duplicate_vip) {
      cases.push_back({.fault = words.fault, .family = Family::ipv6});
    }
  }
  return cases;
}

std::string log_ends(const Plan& plan) {
  std::string text;
  for (const NodePlan& node : plan.nodes) {
    const auto log = read_file(node.log_file);
    if (!log) continue;
    constexpr std::size_t shown = 4000;
    text += "---- " + node.log_file + "\n";
    text += log->size() > shown ? log->substr(log->size() - shown) : *log;
  }
  return text;
}

/// Whatever the nodes have recorded by themselves, and what they record when they are asked, is
/// decided again as it was decided.
void expect_decided_alike(Lab& lab) {
  std::size_t replays = 0;
  for (const NodePlan& node : lab.plan().nodes) {
    const auto asked = lab.ask(node, {"recording", "keep"});
    EXPECT_TRUE(asked && asked->code == 0) << (asked ? asked->errors : asked.error().sentence);
    const auto files = list_recordings(node.state_folder);
    ASSERT_TRUE(files) << files.error().sentence;
    for (const std::string& file : *files) {
      const auto bytes = read_recording(file);
      ASSERT_TRUE(bytes) << bytes.error().sentence;
      const auto label = decode_label(*bytes, file);
      ASSERT_TRUE(label) << label.error().sentence;
      const auto recording = decode_recording(*bytes, file, label->version);
      ASSERT_TRUE(recording) << recording.error().sentence;
      auto replay = Replay::begin(*recording);
      ASSERT_TRUE(replay) << file << ": " << replay.error().sentence;
      const Replayed all = replay_all(*replay);
      EXPECT_TRUE(all.is_equal()) << file << " (" << label->occasion << "): " << all.trouble
                                  << (all.difference ? to_sentence(*all.difference) : "");
      std::cout << node.name.text() << " recorded " << all.events << " events, " << all.actions
                << " decisions: " << label->occasion << "\n";
      ++replays;
    }
  }
  EXPECT_GE(replays, lab.plan().nodes.size());
}

class Faults : public ScratchLab, public testing::WithParamInterface<Case> {};

TEST_P(Faults, TheServiceReturnsWithOneHolderAndNothingIsLeft) {
  const std::string programs = HAPX_PROGRAMS;
  ASSERT_TRUE(exists(programs + "/hapxd")) << programs << " has no hapxd";
  if (!kernel_has(GetParam().family)) GTEST_SKIP() << "this kernel has no IPv6";
  auto lab = Lab::build(
      {.name = name(), .witness = GetParam().has_witness, .family = GetParam().family}, programs);
  ASSERT_TRUE(lab) << lab.error().sentence;
  const auto started = lab->start_all();
  ASSERT_TRUE(started) << started.error().sentence;
  const auto well = lab->wait_until_served(std::chrono::seconds(30));
  ASSERT_TRUE(well) << well.error().sentence << "\n" << log_ends(lab->plan());

  drill::Step step;
  step.planned.fault = GetParam().fault;
  std::string told;
  drill::LabPlace place(*lab);
  const drill::Run run = drill::perform(step, place, [&](const std::string& what) {
    if (what != told) std::cout << what << "\n" << std::flush;
    told = what;
  });
  std::cout << drill::name_of(run.fault) << ": outage " << drill::readable(run.outage)
            << ", failed " << run.service.failed << ", slowest answer "
            << drill::readable(run.service.latency_maximum) << ", outage when undone "
            << drill::readable(run.healing.outage) << "; the machine's longest stall "
            << drill::readable(run.stall) << ", rounds shared " << run.wire.rounds_shared << "\n";
  EXPECT_EQ(run.strangers > 0, run.fault == Fault::duplicate_vip) << "nobody else is on the wire";
  RecordProperty("outage_us", std::to_string(run.outage / std::chrono::microseconds(1)));

  EXPECT_EQ(run.trouble, "") << log_ends(lab->plan());
  EXPECT_TRUE(run.is_served) << log_ends(lab->plan());
  EXPECT_TRUE(run.wire.is_one_holder()) << run.wire.conflict_count << " times two holders\n"
                                        << log_ends(lab->plan());
  EXPECT_GT(run.wire.rounds_answered, 0U) << "the watcher heard nothing, so it proves nothing";

  expect_decided_alike(*lab);

  const auto inhabitants = ScratchLab::inhabitants(lab->plan());
  const auto removed = Lab::remove(name());
  EXPECT_TRUE(removed) << removed.error().sentence;
  expect_nothing_left(lab->plan(), inhabitants);
}

INSTANTIATE_TEST_SUITE_P(Lab, Faults, testing::ValuesIn(all_cases()), name_of_case);

}  // namespace
}  // namespace hapx::appliance::lab
