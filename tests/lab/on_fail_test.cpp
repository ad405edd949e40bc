// SPDX-License-Identifier: Apache-2.0
// Real failures of the address and of HAProxy, and what each word of onFail makes of them. What
// happens on one node is read and forgiven on another.
#include "ground.hpp"

namespace hapx::appliance::lab {
namespace {

using std::chrono::seconds;

/// What fails, and how it is made to.
enum class Blow { address_removed, haproxy_killed, haproxy_frozen };

std::string name_of_case(const testing::TestParamInfo<Blow>& info) {
  switch (info.param) {
    case Blow::address_removed:
      return "AddressRemoved";
    case Blow::haproxy_killed:
      return "HaproxyKilled";
    case Blow::haproxy_frozen:
      return "HaproxyFrozen";
  }
  return {};
}

class OnFailing : public Ground, public testing::WithParamInterface<Blow> {
 protected:
  [[nodiscard]] static bool is_vip() { return GetParam() == Blow::address_removed; }

  /// Three nodes that serve, with this for a failure of what the test makes fail.
  void begin(const std::string& on_fail, const std::string& scheduling = "",
             const std::string& location = "") {
    ASSERT_NO_FATAL_FAILURE(build());
    std::string text = read_file(plan().config_file).value();
    if (!scheduling.empty()) {
      const std::string timing = "  timing:";
      text.replace(text.find(timing), timing.size(),
                   "  scheduling: {" + scheduling + "}\n" + timing);
    }
    text += std::string("      onFail: {") + (is_vip() ? "vip: " : "haproxy: ") + on_fail + "}\n";
    if (!location.empty()) text += "      location: {" + location + "}\n";
    ASSERT_TRUE(write_file(plan().config_file, text));
    start_all();
    server_ = settled();
    ASSERT_NE(server_, 0U);
    asked_ = server_ == 1 ? 2 : 1;
    onlooker_.emplace(look_on());
  }

  void TearDown() override {
    if (onlooker_) {
      EXPECT_TRUE(onlooker_->wire().is_one_holder());
    }
    onlooker_.reset();
    Ground::TearDown();
  }

  void blow(unsigned number) const {
    if (is_vip()) {
      // Somebody is quicker now and then: hapxd puts it back.
      static_cast<void>(run({"ip", "addr", "del", to_string(plan().vip), "dev", "eth0"},
                            {.netns = node(number).netns}));
      return;
    }
    for (const Process& haproxy : processes_in(node(number).netns, haproxy_name)) {
      send_signal(haproxy, GetParam() == Blow::haproxy_killed ? SIGKILL : SIGSTOP);
    }
  }

  /// One failure more than before, as its node counts.
  void strike(unsigned number) const {
    ASSERT_TRUE(comes_to_serve(number));
    const auto before = failures(number, number);
    blow(number);
    ASSERT_TRUE(comes("a failure that is counted",
                      [&] { return failures(number, number).value_or(0) > before.value_or(0); }));
  }

  /// `of`, as `by` sees it.
  [[nodiscard]] std::optional<ServiceOnNode> place(unsigned by, unsigned of) const {
    const Status seen = status(by);
    if (seen.services.empty()) return std::nullopt;
    const auto& places = seen.services[0].nodes;
    const auto found = std::ranges::find(places, node(of).name, &ServiceOnNode::node);
    if (found == places.end()) return std::nullopt;
    return *found;
  }
  [[nodiscard]] std::optional<std::uint32_t> failures(unsigned by, unsigned of) const {
    const auto seen = place(by, of);
    if (!seen) return std::nullopt;
    return is_vip() ? seen->vip_failures : seen->haproxy_failures;
  }
  [[nodiscard]] std::optional<ResourceStatus> state(unsigned by, unsigned of) const {
    const auto seen = place(by, of);
    if (!seen) return std::nullopt;
    return is_vip() ? seen->vip : seen->haproxy;
  }
  bool comes_to_count(unsigned by, unsigned of, std::uint32_t at_least) const {
    return comes(node(by).name.text() + " knows of " + std::to_string(at_least) + " failures",
                 [&] { return failures(by, of).value_or(0) >= at_least; });
  }
  [[nodiscard]] bool holds(unsigned by, unsigned of) const {
    const Status seen = status(by);
    return !seen.services.empty() && seen.services[0].holder == node(of).name;
  }
  bool comes_to_serve_elsewhere() const {
    return comes("the service is elsewhere", [&] {
      const Status seen = status(asked_);
      return !seen.services.empty() && served(seen.services[0]) &&
             seen.services[0].holder != node(server_).name;
    });
  }
  [[nodiscard]] bool has_address(unsigned number) const {
    return output_in(node(number).netns, {"ip", "-4", "addr", "show", "dev", "eth0"})
               .find(to_string(plan().vip)) != std::string::npos;
  }

  /// `hapx` there; its exit status.
  int hapx(unsigned number, const std::vector<std::string>& words) {
    const auto outcome = lab_->ask(node(number), words);
    EXPECT_TRUE(outcome) << outcome.error().sentence;
    if (!outcome) return -1;
    said_ = outcome->output + outcome->errors;
    return outcome->code;
  }
  [[nodiscard]] bool has_said(const std::string& words) const {
    return said_.find(words) != std::string::npos;
  }
  [[nodiscard]] std::string service() const { return plan().service.text(); }
  [[nodiscard]] std::string name_of_server() const { return node(server_).name.text(); }

  /// On another node than the failures are on.
  void clean_up() {
    ASSERT_EQ(hapx(asked_, {"cleanup", service()}), 0) << said_;
    EXPECT_TRUE(has_said("are forgotten on node1, node2, node3")) << said_;
    EXPECT_TRUE(
        comes("it is forgotten", [&] { return failures(asked_, server_).value_or(1) == 0; }));
  }

  unsigned server_ = 0;  ///< where it fails
  unsigned asked_ = 0;   ///< another node
  std::optional<Onlooker> onlooker_;
  std::string said_;
};

using InMaintenance = OnFailing;

/// Also while hapxd is replaced. The lease goes on, and clients are served again at its end.
TEST_P(InMaintenance, WhatFailsIsCountedAndLeftAlone) {
  ASSERT_NO_FATAL_FAILURE(begin("restart"));
  ASSERT_EQ(hapx(asked_, {"maintenance", "on", "--ttl", "1h"}), 0) << said_;
  comes_to_say(server_, "the cluster is in maintenance");
  const auto haproxies = processes(server_, {haproxy_name});
  ASSERT_NO_FATAL_FAILURE(strike(server_));
  EXPECT_TRUE(comes_to_count(asked_, server_, 1));
  ASSERT_TRUE(comes("it is shown as failed", [&] {
    return state(asked_, server_) == ResourceStatus::failed && holds(asked_, server_);
  }));
  const auto before = processes(server_, {daemon_name});
  ASSERT_EQ(before.size(), 1U);
  ASSERT_TRUE(send_signal(before[0], SIGKILL));
  ASSERT_TRUE(comes("another hapxd that has looked around", [&] {
    const auto there = processes_in(node(server_).netns, daemon_name);
    return there.size() == 1 && there[0].pid != before[0].pid &&
           status(server_).uptime > seconds(1);
  }));
  EXPECT_EQ(has_address(server_), !is_vip());
  const bool killed = GetParam() == Blow::haproxy_killed;
  const auto now_there = processes_in(node(server_).netns, haproxy_name);
  ASSERT_EQ(now_there.size(), killed ? 0U : 1U);
  if (!killed) {
    EXPECT_EQ(now_there[0].pid, haproxies[0].pid) << "nobody killed it";
  }

  ASSERT_EQ(hapx(asked_, {"maintenance", "off"}), 0) << said_;
  EXPECT_NE(who_comes_to_serve({1, 2, 3}), 0U);
  EXPECT_TRUE(a_client_is_served(plan()));
}

INSTANTIATE_TEST_SUITE_P(Lab, InMaintenance,
                         testing::Values(Blow::address_removed, Blow::haproxy_killed,
                                         Blow::haproxy_frozen),
                         name_of_case);

using Threshold = OnFailing;

/// It bars the node until the failures are over; nobody cleans up.
TEST_P(Threshold, IsReachedAfterRestartsInPlaceAndInTimeTheNodeIsACandidateAgain) {
  ASSERT_NO_FATAL_FAILURE(begin("restart", "failureTimeout: 10s", "node1: 1000"));
  ASSERT_TRUE(comes_to_serve(1));
  server_ = 1;
  asked_ = 2;
  ASSERT_NO_FATAL_FAILURE(strike(1));
  EXPECT_TRUE(comes_to_count(asked_, 1, 1));
  EXPECT_TRUE(comes_to_serve(1)) << "one failure moves nothing";
  ASSERT_TRUE(comes("the service goes", [&] {
    const Status here = status(1);
    if (serves(here) && place(1, 1)->excluded.empty()) blow(1);
    const Status there = status(asked_);
    return !there.services.empty() && served(there.services[0]) &&
           there.services[0].holder != node(1).name;
  }));
  EXPECT_TRUE(comes_to_count(asked_, 1, 3));
  EXPECT_NE(place(asked_, 1)->excluded.find("of 3 allowed"), std::string::npos)
      << place(asked_, 1)->excluded;
  EXPECT_EQ(hapx(asked_, {"failcount", service()}), 0) << said_;
  EXPECT_TRUE(has_said("of 3 allowed")) << said_;

  EXPECT_TRUE(comes_to_serve(1)) << "its location prefers it, and its failures are over";
  EXPECT_TRUE(comes("they are forgotten", [&] { return failures(asked_, 1).value_or(1) == 0; }));
}

INSTANTIATE_TEST_SUITE_P(Lab, Threshold,
                         testing::Values(Blow::address_removed, Blow::haproxy_killed,
                                         Blow::haproxy_frozen),
                         name_of_case);
INSTANTIATE_TEST_SUITE_P(Lab, OnFailing,
                         testing::Values(Blow::address_removed, Blow::haproxy_killed),
                         name_of_case);

TEST_P(OnFailing, IgnoreCountsAndNoMore) {
  ASSERT_NO_FATAL_FAILURE(begin("ignore"));
  for (int i = 0; i < 4; ++i) ASSERT_NO_FATAL_FAILURE(strike(server_));
  ASSERT_TRUE(comes_to_count(asked_, server_, 4));
  ASSERT_TRUE(comes_to_serve(server_)) << "though migrationThreshold is 3";
  EXPECT_EQ(place(asked_, server_)->excluded, "");
  EXPECT_EQ(hapx(asked_, {"failcount", service()}), 0) << said_;
  EXPECT_FALSE(has_said("allowed")) << said_;
  expect_undisturbed(*onlooker_, server_);
}

TEST_P(OnFailing, BlockStartsStopsAndMovesNothingUntilACleanup) {
  ASSERT_NO_FATAL_FAILURE(begin("block", "failureTimeout: 1s"));
  ASSERT_NO_FATAL_FAILURE(strike(server_));
  ASSERT_TRUE(comes("it is shown as failed", [&] {
    return state(asked_, server_) == ResourceStatus::failed && holds(asked_, server_);
  }));
  comes_to_say(asked_, "has failed on " + name_of_server() +
                           " and is left as it is (onFail is block) until `hapx cleanup " +
                           service() + "`");
  EXPECT_EQ(appliance::health(status(asked_)), appliance::Health::no_service);
  EXPECT_EQ(hapx(asked_, {"move", service(), node(asked_).name.text()}), 1) << said_;
  ASSERT_EQ(hapx(asked_, {"standby", name_of_server()}), 0) << said_;
  ASSERT_TRUE(comes("the node is in standby, and the failure older than its timeout", [&] {
    const Status seen = status(asked_);
    const auto here = place(asked_, server_);
    return here && (is_vip() ? here->vip_failed_ago : here->haproxy_failed_ago) > seconds(7) &&
           std::ranges::any_of(seen.members, [&](const MemberStatus& member) {
             return member.name == node(server_).name && member.state == MemberState::standby;
           });
  }));
  EXPECT_TRUE(holds(asked_, server_)) << "standby is obeyed by what may be moved";
  EXPECT_EQ(state(asked_, server_), ResourceStatus::failed);
  for (const unsigned number : {1U, 2U, 3U}) {
    EXPECT_EQ(has_address(number), number == server_ && !is_vip()) << node(number).name.text();
  }
  if (!is_vip()) {
    EXPECT_TRUE(a_client_is_served(plan())) << "the process is there for all services";
  }
  ASSERT_EQ(hapx(asked_, {"online", name_of_server()}), 0) << said_;
  ASSERT_NO_FATAL_FAILURE(clean_up());
  EXPECT_TRUE(comes_to_serve(server_));
  expect_undisturbed(*onlooker_, server_);
}

TEST_P(OnFailing, StopIsEverywhereUntilACleanupOrUntilTheFailureIsOver) {
  ASSERT_NO_FATAL_FAILURE(begin("stop", "failureTimeout: 10s"));
  for (const bool is_cleaned_up : {true, false}) {
    server_ = who_comes_to_serve({1, 2, 3});
    ASSERT_NE(server_, 0U);
    asked_ = server_ == 1 ? 2 : 1;
    ASSERT_NO_FATAL_FAILURE(strike(server_));
    ASSERT_TRUE(comes("it is stopped everywhere", [&] {
      const Status seen = status(asked_);
      return says(seen, "has failed on " + name_of_server() +
                            " and is started nowhere (onFail is stop)") &&
             seen.services[0].holder.has_value() == !is_vip() &&
             std::ranges::none_of(seen.services[0].nodes, [](const ServiceOnNode& each) {
               return each.haproxy == ResourceStatus::started;
             });
    }));
    for (const unsigned number : {1U, 2U, 3U}) {
      // The VIP of a HAProxy that is stopped stays where it is.
      EXPECT_TRUE(!is_vip() || !has_address(number)) << node(number).name.text();
    }
    if (is_cleaned_up) {
      ASSERT_NO_FATAL_FAILURE(clean_up());
    }
    EXPECT_NE(who_comes_to_serve({1, 2, 3}), 0U);
  }
  EXPECT_TRUE(a_client_is_served(plan()));
}

TEST_P(OnFailing, StandbyEmptiesTheNodeUntilACleanup) {
  ASSERT_NO_FATAL_FAILURE(begin("standby"));
  ASSERT_NO_FATAL_FAILURE(strike(server_));
  ASSERT_TRUE(comes_to_serve_elsewhere());
  EXPECT_NE(place(asked_, server_)->excluded.find("has failed there and onFail is standby"),
            std::string::npos)
      << place(asked_, server_)->excluded;
  comes_to_say(asked_, name_of_server() + ", which holds nothing (onFail is standby)");
  EXPECT_EQ(hapx(asked_, {"move", service(), name_of_server()}), 1) << said_;
  EXPECT_TRUE(has_said("onFail is standby")) << said_;
  EXPECT_TRUE(a_client_is_served(plan()));

  ASSERT_NO_FATAL_FAILURE(clean_up());
  let_the_wire_see_who_left();
  ASSERT_TRUE(comes("it may be moved there again", [&] {
    return hapx(asked_, {"move", service(), name_of_server()}) == 0;
  })) << said_;
  EXPECT_TRUE(comes_to_serve(server_));
}

}  // namespace
}  // namespace hapx::appliance::lab
