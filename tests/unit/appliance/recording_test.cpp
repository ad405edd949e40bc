// SPDX-License-Identifier: Apache-2.0
#include "appliance/recording/recording.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "appliance/recording/replay.hpp"
#include "recorded_node.hpp"

namespace hapx::appliance {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr const char* version = "1.2.3";

Recording decoded(const std::vector<std::uint8_t>& bytes) {
  const auto recording = decode_recording(bytes, "it", version);
  EXPECT_TRUE(recording) << recording.error().sentence;
  return recording ? *recording : Recording();
}

Replayed replayed(const Recording& recording) {
  auto replay = Replay::begin(recording);
  EXPECT_TRUE(replay) << replay.error().sentence;
  return replay ? replay_all(*replay) : Replayed();
}

std::vector<Step> steps_of(const Stretch& stretch) {
  std::vector<Step> steps;
  ArchiveReader reader(stretch.steps);
  while (!reader.is_at_end() && reader.ok()) reader(steps.emplace_back());
  EXPECT_TRUE(reader.ok());
  return steps;
}

/// The recording with one step of its first stretch changed.
template <class Change>
Recording with_changed_step(Recording recording, Change change) {
  auto steps = steps_of(recording.stretches.front());
  for (Step& step : steps) {
    if (change(step)) break;
  }
  ArchiveWriter writer;
  for (const Step& step : steps) writer(step);
  recording.stretches.front().steps = std::move(writer).take();
  return recording;
}

bool has(std::span<const std::uint8_t> bytes, std::span<const std::uint8_t> part) {
  return std::search(bytes.begin(), bytes.end(), part.begin(), part.end()) != bytes.end();
}

TEST(Recording, IsDecidedAgainAlike) {
  RecordedNode node(version);
  node.hear(vip::FenceArmed{});
  node.hear(vip::LinkChanged{InterfaceName("eth0"), true, true, 2, {}});
  node.run_for(3s);
  node.hear(membership::DatagramArrived{{ipv4(192, 168, 4, 12), 7405}, {1, 2, 3}});
  const Replayed all = replayed(decoded(node.bytes()));
  EXPECT_TRUE(all.is_equal()) << to_sentence(all.difference.value_or(Difference())) << all.trouble;
  EXPECT_GT(all.events, 60U);
  EXPECT_GT(all.actions, 60U);
}

TEST(Recording, BeginsAnewBeforeItIsTooLarge) {
  RecordedNode node(version);
  node.run_for(15min);
  const Recording recording = node.recording();
  ASSERT_EQ(recording.stretches.size(), FlightRecorder::Limits().stretches);
  for (const Stretch& stretch : recording.stretches)
    EXPECT_LT(stretch.steps.size(), FlightRecorder::Limits().stretch_bytes + 16 * 1024);
  EXPECT_GT(recording.label.from, node.now() - 15min) << "the beginning is forgotten";
  EXPECT_LT(recording.label.from, node.now() - 30s);
  const Replayed all = replayed(decoded(node.bytes()));
  EXPECT_TRUE(all.is_equal()) << to_sentence(all.difference.value_or(Difference())) << all.trouble;
}

TEST(Recording, ADecisionThatIsNotDecidedAgainIsTold) {
  RecordedNode node(version);
  node.run_for(1s);
  const Recording changed = with_changed_step(decoded(node.bytes()), [](Step& step) {
    if (!std::holds_alternative<Started>(step.event)) return false;
    step.actions.emplace_back(vip::CloseFence{ipv4(192, 168, 4, 20)});
    return true;
  });
  const Replayed all = replayed(changed);
  ASSERT_TRUE(all.difference);
  EXPECT_EQ(all.difference->event, "Started");
  EXPECT_THAT(all.difference->recorded, testing::ElementsAre("CloseFence 192.168.4.20"));
  EXPECT_THAT(all.difference->again, testing::IsEmpty());
  EXPECT_THAT(to_sentence(*all.difference), HasSubstr("recorded CloseFence 192.168.4.20"));
}

TEST(Recording, AnEventThatIsLeftOutIsNoticed) {
  RecordedNode node(version);
  node.hear(vip::FenceArmed{});
  node.hear(vip::LinkChanged{InterfaceName("eth0"), true, true, 2, {}});
  node.run_for(1s);
  const Recording changed = with_changed_step(decoded(node.bytes()), [](Step& step) {
    if (!std::holds_alternative<vip::FenceArmed>(step.event)) return false;
    step.event = DeadlineReached{};
    return true;
  });
  EXPECT_TRUE(replayed(changed).difference);
}

TEST(Recording, WhatTheNodeRemembersIsComparedWhereAStretchBegins) {
  RecordedNode node(version);
  node.run_for(15min);
  Recording changed = decoded(node.bytes());
  ASSERT_EQ(changed.stretches.size(), 2U);
  changed.stretches[1].before[8] ^= 1U;
  const Replayed all = replayed(changed);
  ASSERT_TRUE(all.difference);
  EXPECT_THAT(to_sentence(*all.difference), HasSubstr("it remembers something else"));
}

TEST(Recording, HasNoKeyAndCanBeReadWithoutOne) {
  RecordedNode node(version);
  node.run_for(1s);
  const auto bytes = node.bytes();
  const ClusterKey key = recorded_key();
  for (std::size_t at = 0; at + 6 <= key.size(); ++at)
    EXPECT_FALSE(has(bytes, std::span(key).subspan(at, 6)));
  std::size_t sent = 0;
  for (const Step& step : steps_of(decoded(bytes).stretches.front())) {
    for (const Action& action : step.actions) {
      const auto* datagram = std::get_if<membership::SendDatagram>(&action);
      if (datagram == nullptr) continue;
      ++sent;
      EXPECT_FALSE(has(node.recording().stretches.front().steps, datagram->bytes))
          << "as it went over the network it is not in the file";
    }
  }
  EXPECT_GT(sent, 10U);
}

TEST(Recording, HasNoAnswersButTheirHashes) {
  RecordedNode node(version);
  node.hear(RequestArrived{1, "GET", "/v1/status", ""});
  node.hear(RequestArrived{2, "GET", "/v1/haproxy.cfg", ""});
  const Recording recording = decoded(node.bytes());
  const std::string words = "\"services\"";
  EXPECT_FALSE(has(recording.stretches.front().steps,
                   {reinterpret_cast<const std::uint8_t*>(words.data()), words.size()}));
  EXPECT_TRUE(replayed(recording).is_equal());
}

TEST(Recording, AnswersAsTheNodeWouldHaveAnswered) {
  RecordedNode node(version);
  node.run_for(1s);
  auto replay = Replay::begin(decoded(node.bytes()));
  ASSERT_TRUE(replay);
  const Instant half_way = replay->label().from + 500ms;
  while (replay->next_at() && *replay->next_at() <= half_way) static_cast<void>(replay->next());
  const Respond answer = replay->ask("GET", "/v1/why/kube-apiserver");
  EXPECT_EQ(answer.status, 200U);
  EXPECT_THAT(answer.body, HasSubstr("\"kube-apiserver\""));
  EXPECT_EQ(replay->ask("GET", "/v1/why/nothing").status, 404U);
}

TEST(Recording, SaysOfWhatItIs) {
  RecordedNode node(version);
  node.run_for(1s);
  const auto label = decode_label(node.bytes(), "it");
  ASSERT_TRUE(label);
  EXPECT_EQ(label->version, version);
  EXPECT_EQ(label->node, NodeName("node1"));
  EXPECT_EQ(label->cluster, ClusterName("kube-demo"));
  EXPECT_EQ(label->occasion, "a test asked");
  EXPECT_EQ(label->time_of(label->from), "2026-11-28T13:36:57.001Z");
  EXPECT_THAT(file_name_of(*label), testing::StartsWith("recording-20261128T133658."));
}

TEST(Recording, OfAnUnknownTimeOfDayHasANameThatIsInOrder) {
  RecordingLabel label;
  label.until = Instant(90s);
  EXPECT_EQ(file_name_of(label), "recording-after-0000000000090000ms");
  EXPECT_EQ(label.time_of(label.until), "1m30s after the start of the machine");
}

TEST(Recording, ThatIsNoneIsRefusedInOneSentence) {
  RecordedNode node(version);
  const auto good = node.bytes();
  const auto refusal = [&](const std::vector<std::uint8_t>& bytes) {
    const auto recording = decode_recording(bytes, "it", version);
    return recording ? std::string("taken") : recording.error().sentence;
  };
  EXPECT_EQ(refusal(good), "taken");
  EXPECT_EQ(refusal({}), "it is no recording of hapx");
  EXPECT_EQ(refusal({'h', 'e', 'l', 'l', 'o'}), "it is no recording of hapx");
  for (std::size_t length = 8; length < good.size(); length += 97) {
    EXPECT_EQ(refusal({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(length)}),
              "it is not whole: its end is missing, or there is something behind it");
  }
  auto damaged = good;
  damaged.back() ^= 1U;
  EXPECT_EQ(refusal(damaged), "it is damaged");
  auto longer = good;
  longer.push_back(0);
  EXPECT_THAT(refusal(longer), HasSubstr("there is something behind it"));
  const auto other = decode_recording(good, "it", "1.2.4");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().sentence,
            "it was recorded by hapx 1.2.3, and this is hapx 1.2.4: only the same version decides "
            "the same");
}

TEST(Recording, OfImpossibleTimesIsRefused) {
  RecordedNode node(version);
  const auto refused = [&](auto change) {
    Recording recording = node.recording();
    change(recording.label);
    const auto label = decode_label(encode_recording(recording, {recorded_key()}), "it");
    return !label && label.error().sentence == "it has no label that can be read";
  };
  EXPECT_FALSE(refused([](RecordingLabel&) {}));
  EXPECT_TRUE(refused([](RecordingLabel& label) { label.from = Instant::min(); }));
  EXPECT_TRUE(refused([](RecordingLabel& label) { label.until = Instant::max(); }));
  EXPECT_TRUE(refused([](RecordingLabel& label) { std::swap(label.from, label.until); }));
  EXPECT_TRUE(refused([](RecordingLabel& label) { label.utc_offset = Duration::min(); }));
  EXPECT_TRUE(refused([](RecordingLabel& label) { label.node = NodeName("a\033[2Jb"); }));
}

TEST(Recording, WhoseContentIsDamagedIsRefusedOrEndsEarly) {
  RecordedNode node(version);
  node.run_for(1s);
  const Recording good = decoded(node.bytes());
  Recording no_options = good;
  no_options.options.pop_back();
  EXPECT_FALSE(Replay::begin(no_options));
  Recording no_memory = good;
  no_memory.stretches.front().before.pop_back();
  EXPECT_FALSE(Replay::begin(no_memory));
  Recording no_end = good;
  no_end.stretches.front().steps.pop_back();
  const Replayed all = replayed(no_end);
  EXPECT_FALSE(all.is_equal());
  EXPECT_THAT(all.trouble, HasSubstr("can't be read"));
  EXPECT_FALSE(Replay::begin(Recording()));
}

}  // namespace
}  // namespace hapx::appliance
