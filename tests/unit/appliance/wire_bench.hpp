// SPDX-License-Identifier: Apache-2.0
// What do two ends of a wire test find on a segment that a test makes up?
//
// Both machines run as they are; time, words and frames pass here. A test says what the segment
// drops or alters, and who else is on it.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "appliance/doctor/judge_wire.hpp"
#include "appliance/doctor/wire_end.hpp"

namespace hapx::appliance::doctor {

inline ClusterConfig wire_config(const char* vip = "10.0.0.20/24") {
  ClusterConfig config;
  config.name = ClusterName("kube-demo");
  config.nodes = {{NodeName("node1"), ipv4(192, 168, 4, 11), Role::full, 1},
                  {NodeName("node2"), ipv4(192, 168, 4, 12), Role::full, 1},
                  {NodeName("node3"), ipv4(192, 168, 4, 13), Role::witness, 1}};
  ServiceConfig service;
  service.name = ServiceName("api");
  service.vips = {{*parse_cidr(vip), InterfaceName("eth0")}};
  config.services = {service};
  return config;
}

inline MacAddress wire_mac(std::uint8_t number) {
  return {{2, 0, 0, 0, 0, number}};
}

inline SegmentEnd wire_notes(std::uint8_t number, Family family = Family::ipv4) {
  SegmentEnd notes;
  notes.mac = wire_mac(number);
  notes.own = ipv4(10, 0, 0, static_cast<std::uint8_t>(10 + number));
  if (family == Family::ipv6) notes.own = {family, {0xfe, 0x80}};
  if (family == Family::ipv6) notes.own.bytes[15] = number;
  notes.mtu = 1500;
  return notes;
}

class WireBench {
 public:
  explicit WireBench(ClusterConfig config = wire_config()) {
    const Family family = config.services.front().vips.front().address.address.family;
    for (std::uint8_t end = 0; end < 2; ++end) {
      auto& options = options_[end];
      options.config = config;
      options.self = config.nodes[end].name;
      options.incarnation = 1000U + end;
      const auto segments = segments_of(config, options.self);
      for (std::size_t i = 0; i < segments->size(); ++i) {
        options.notes.push_back(wire_notes(static_cast<std::uint8_t>(1 + end), family));
      }
    }
  }

  [[nodiscard]] WireEnd::Options& options(std::size_t end) { return options_[end]; }
  [[nodiscard]] SegmentEnd& notes(std::size_t end) { return options_[end].notes.front(); }

  /// Whether a frame of that end comes to the other; it may be altered.
  std::function<bool(std::size_t from, Frame& frame)> passes = [](auto, auto&) { return true; };
  /// What somebody else says to a frame, to all.
  std::function<std::vector<Frame>(const Frame& frame)> bystander = [](auto&) {
    return std::vector<Frame>();
  };
  std::array<bool, 2> words_pass{true, true};
  Duration second_comes_after{};
  Duration words_end_after = std::chrono::hours(1);

  /// Until both are over, or for two minutes.
  void run() {
    constexpr Duration tick = std::chrono::milliseconds(10);
    const Instant began(std::chrono::seconds(1000));
    for (Instant now = began; now < began + std::chrono::minutes(2); now += tick) {
      if (!ends_[0]) start(0, now);
      if (!ends_[1] && now >= began + second_comes_after) start(1, now);
      for (std::size_t end = 0; end < 2; ++end) {
        if (ends_[end] && now >= ends_[end]->next_deadline()) step(end, Woken{}, now);
      }
      deliver(now, now - began < words_end_after);
      if (ends_[0] && ends_[1] && ends_[0]->is_over() && ends_[1]->is_over()) {
        took_ = now - began;
        return;
      }
    }
    FAIL() << "the test does not end";
  }

  [[nodiscard]] WireFacts facts(std::size_t end = 0) const { return ends_[end]->facts(); }
  [[nodiscard]] Duration took() const { return took_; }

  /// The same at both ends, or this fails.
  [[nodiscard]] Findings findings() const {
    const Findings first = judge_wire(facts(0));
    EXPECT_EQ(to_text(first, {}), to_text(judge_wire(facts(1)), {}));
    return first;
  }

  /// What isn't ok, as "warn about: sentence".
  [[nodiscard]] std::vector<std::string> complaints() const {
    std::vector<std::string> out;
    for (const Finding& finding : findings()) {
      EXPECT_EQ(finding.verdict == Verdict::ok, finding.advice.empty()) << finding.sentence;
      if (finding.verdict == Verdict::ok) continue;
      out.push_back((finding.verdict == Verdict::fail ? "fail " : "warn ") + finding.about + ": " +
                    finding.sentence);
    }
    return out;
  }

 private:
  struct Passing {
    std::size_t to = 0;
    std::optional<WordHeard> word;
    std::size_t segment = 0;
    Frame frame;
  };

  void start(std::size_t end, Instant now) {
    ends_[end].emplace(options_[end], now);
    step(end, Woken{}, now);
  }

  void step(std::size_t end, const WireEvent& event, Instant now) {
    for (WireOrder& order : ends_[end]->step(event, now)) {
      if (auto* word = std::get_if<SendWord>(&order)) {
        if (word->to != options_[1 - end].self) continue;
        const auto read = parse_word(to_text(word->word));
        ASSERT_TRUE(read);
        EXPECT_EQ(*read, word->word);
        passing_.push_back(
            {1 - end, WordHeard{options_[end].self, options_[end].incarnation, *read}, 0, {}});
      } else if (auto* sent = std::get_if<SendFrame>(&order)) {
        for (Frame& answer : bystander(sent->frame)) {
          for (std::size_t to = 0; to < 2; ++to) {
            passing_.push_back({to, std::nullopt, sent->segment, answer});
          }
        }
        if (!passes(end, sent->frame)) continue;
        passing_.push_back({1 - end, std::nullopt, sent->segment, sent->frame});
      }
    }
  }

  void deliver(Instant now, bool words_go) {
    std::deque<Passing> due;
    due.swap(passing_);
    for (const Passing& each : due) {
      if (!ends_[each.to]) continue;
      if (!each.word) {
        step(each.to, FrameHeard{each.segment, each.frame}, now);
      } else if (words_go && words_pass[1 - each.to]) {
        step(each.to, *each.word, now);
      }
    }
  }

  std::array<WireEnd::Options, 2> options_;
  std::array<std::optional<WireEnd>, 2> ends_;
  std::deque<Passing> passing_;
  Duration took_{};
};

}  // namespace hapx::appliance::doctor
