// SPDX-License-Identifier: Apache-2.0
// Whoever watches is told the truth: what is counted, for which reason, and how long it took.
#include <boost/json.hpp>
#include <gmock/gmock.h>

#include "appliance/web_window.hpp"
#include "story.hpp"

namespace hapx::appliance::sim {
namespace {

class Watch : public Story {
 protected:
  [[nodiscard]] std::uint64_t counted(const NodeName& node, TakeoverReason reason) const {
    const TakeoverCounts counts = world_->status(node).services[0].takeovers;
    const auto found = counts.find(reason);
    return found == counts.end() ? 0 : found->second;
  }

  /// Over all nodes that are there.
  [[nodiscard]] TakeoverCounts all_counted() const {
    TakeoverCounts all;
    for (const NodeConfig& node : world_->config().nodes) {
      if (!world_->alive(node.name)) continue;
      const Status status = world_->status(node.name);
      for (const auto& [reason, count] : status.services[0].takeovers) all[reason] += count;
    }
    return all;
  }

  [[nodiscard]] std::uint64_t counter(const NodeName& node, const std::string& name) const {
    return world_->status(node).counters.at(name);
  }

  [[nodiscard]] VipStatus vip_at(const NodeName& node) const {
    return world_->status(node).services[0].vips.at(0);
  }

  /// The whole time is the sum of its phases, each of which was seen `count` times.
  void expect_whole_story(const TakeoverTimes& times, std::uint64_t count) const {
    EXPECT_EQ(times.whole.count(), count);
    Duration sum{0};
    for (const auto& [phase, length] : times.phases) {
      if (phase != FailoverPhase::lease_expired) {
        EXPECT_EQ(length.count(), count) << to_string(phase);
      }
      sum += length.sum;
    }
    EXPECT_EQ(sum, times.whole.sum);
  }
};

TEST_F(Watch, AColdStartIsNoTakeover) {
  begin(cluster(3));
  EXPECT_EQ(all_counted(), TakeoverCounts());
  EXPECT_EQ(world_->status(holder().value()).takeover_times, TakeoverTimes());
}

TEST_F(Watch, APowerLossIsOneFailoverWithAllItsPhases) {
  begin(cluster(3));
  place_on(other_than(coordinator()));
  const NodeName lost = holder().value();
  world_->power_off(lost);
  expect_outage_at_most(lease() + detection);
  EXPECT_EQ(counted(holder().value(), TakeoverReason::node_lost), 1U);
  EXPECT_EQ(all_counted(), (TakeoverCounts{{TakeoverReason::node_lost, 1}}))
      << "and nobody else counts it";

  const TakeoverTimes times = world_->status(holder().value()).takeover_times;
  expect_whole_story(times, 1);
  EXPECT_FALSE(times.phases.contains(FailoverPhase::lease_expired)) << "it did not coordinate";
  EXPECT_EQ(times.phases.size(), 9U);
  EXPECT_GE(times.whole.sum, right_of(lease()));
  EXPECT_LE(times.whole.sum, lease() + detection);
  const Duration silent = times.phases.at(FailoverPhase::peer_silent).sum;
  EXPECT_GE(silent, world_->config().timing.heartbeat * 2);
  EXPECT_GE(times.phases.at(FailoverPhase::peer_dead).sum + silent, lease() - 10ms);
}

TEST_F(Watch, APowerLossOfHolderAndCoordinatorHasTheCoordinatorsLeaseInIt) {
  begin(cluster(3));
  place_on(coordinator());
  world_->power_off(holder().value());
  expect_outage_at_most(lease() + detection);
  const TakeoverTimes times = world_->status(holder().value()).takeover_times;
  expect_whole_story(times, 1);
  EXPECT_EQ(times.phases.at(FailoverPhase::lease_expired).count(), 1U);
}

TEST_F(Watch, ALinkThatGoesDownIsAFailover) {
  begin(cluster(3));
  const NodeName before = holder().value();
  world_->link_down(before, wire);
  world_->run_for(3s);
  ASSERT_NE(holder(), before);
  EXPECT_EQ(all_counted(), (TakeoverCounts{{TakeoverReason::link_down, 1}}));
  EXPECT_EQ(counted(holder().value(), TakeoverReason::link_down), 1U);
  EXPECT_EQ(world_->status(holder().value()).takeover_times.whole.count(), 0U)
      << "nobody was silent";
  EXPECT_EQ(
      world_->status(holder().value()).takeover_times.phases.at(FailoverPhase::announced).count(),
      1U);
}

TEST_F(Watch, AHaproxyThatIsGoneForGoodIsAFailover) {
  begin(cluster(3));
  const NodeName before = holder().value();
  world_->uninstall_haproxy(before);
  world_->kill_haproxy(before);
  world_->run_for(10s);
  ASSERT_NE(holder(), before);
  EXPECT_EQ(all_counted(), (TakeoverCounts{{TakeoverReason::haproxy_failed, 1}}));
}

TEST_F(Watch, AnAddressThatIsTakenAwayAgainAndAgainIsAFailover) {
  begin(cluster(3));
  const NodeName before = holder().value();
  for (int i = 1; i <= 3; ++i) {
    world_->delete_vip(before, vip);
    world_->run_for(1s);
    EXPECT_EQ(vip_at(before).taken_away, static_cast<std::uint64_t>(i));
  }
  world_->run_for(3s);
  ASSERT_NE(holder(), before);
  EXPECT_EQ(all_counted(), (TakeoverCounts{{TakeoverReason::vip_failed, 1}}));
}

TEST_F(Watch, AMoveIsAHandover) {
  begin(cluster(3));
  const NodeName to = other_than(holder().value());
  world_->move(to, service, to);
  world_->run_for(3s);
  ASSERT_EQ(holder(), to);
  EXPECT_EQ(all_counted(), (TakeoverCounts{{TakeoverReason::ordered, 1}}));
  EXPECT_EQ(world_->status(to).takeover_times, TakeoverTimes()) << "no failover, no phases";
}

TEST_F(Watch, AnOrderedEndIsAHandover) {
  begin(cluster(3));
  const NodeName before = holder().value();
  world_->stop(before);
  world_->run_for(3s);
  ASSERT_NE(holder(), before);
  EXPECT_EQ(all_counted(), (TakeoverCounts{{TakeoverReason::node_stopped, 1}}));
}

TEST_F(Watch, ARestartInFlightIsNoTakeover) {
  begin(cluster(3));
  const NodeName before = holder().value();
  world_->kill(before);
  world_->run_for(3s);
  EXPECT_EQ(holder(), before);
  EXPECT_EQ(all_counted(), TakeoverCounts());
}

TEST_F(Watch, ALostQuorumIsNoTakeoverWhenTheHolderComesBack) {
  begin(cluster(3));
  const NodeName before = holder().value();
  for (const NodeConfig& node : world_->config().nodes) {
    if (node.name != before) world_->power_off(node.name);
  }
  world_->run_for(3s);
  EXPECT_FALSE(holder());
  EXPECT_GE(counter(before, "rights_lost"), 1U);
  EXPECT_EQ(all_counted(), TakeoverCounts());
}

TEST_F(Watch, AnnouncementsAreCountedWhenTheyWereSent) {
  begin(cluster(3));
  const NodeName to = other_than(holder().value());
  const std::uint64_t before = vip_at(to).announcements;
  EXPECT_EQ(before, 0U);
  world_->fail_next(to, Door::announce, 2);
  world_->move(to, service, to);
  ASSERT_TRUE(world_->run_until([&] { return holder() == to; }, 1s));
  world_->run_for(2s);
  EXPECT_EQ(vip_at(to).announcement_failures, 2U);
  EXPECT_GE(vip_at(to).announcements, 2U);
}

TEST_F(Watch, APhaseEndsWithTheFirstAnnouncementThatGoesOut) {
  begin(cluster(3));
  place_on(other_than(coordinator()));
  const NodeName lost = holder().value();
  for (const NodeConfig& node : world_->config().nodes) {
    if (node.name != lost) world_->fail_next(node.name, Door::announce, 1);
  }
  world_->power_off(lost);
  world_->run_for(3s);
  ASSERT_TRUE(holder());
  const TakeoverTimes times = world_->status(holder().value()).takeover_times;
  expect_whole_story(times, 1);
  EXPECT_GE(times.phases.at(FailoverPhase::announced).sum, 50ms) << "the second one";
}

TEST_F(Watch, HaproxyRestartsAreCountedAlsoOfOneThatWasFound) {
  begin(cluster(3));
  const NodeName node = holder().value();
  EXPECT_EQ(world_->status(node).haproxy.restarts, 0U);
  world_->kill_haproxy(node);
  world_->run_for(1s);
  EXPECT_EQ(world_->status(node).haproxy.restarts, 1U);
  world_->kill(node);  // the next hapxd finds HAProxy running
  world_->run_for(1s);
  EXPECT_EQ(world_->status(node).haproxy.restarts, 0U);
  world_->kill_haproxy(node);
  world_->run_for(1s);
  EXPECT_EQ(world_->status(node).haproxy.restarts, 1U);
  EXPECT_EQ(counter(node, "haproxy_failures"), 1U);
}

TEST_F(Watch, TheLoopsLagIsThatOfItsTimers) {
  begin(cluster(3));
  const Histogram lag = world_->status(n1).loop_lag;
  EXPECT_GT(lag.count(), 20U);
  EXPECT_LE(lag.sum, 1ms * lag.count()) << "a timer is at most 0.2 ms late here";
  world_->pause_machine(n1);
  world_->run_for(1s);
  world_->unpause_machine(n1);
  world_->run_for(1s);
  EXPECT_GT(world_->status(n1).loop_lag.sum, lag.sum);
}

TEST_F(Watch, APortThatIsTakenCostsNothingButTheMetrics) {
  WorldOptions options;
  options.config = cluster(3);
  world_.emplace(options);
  for (const NodeName& node : {n1, n2, n3}) world_->take_metrics_port(node);
  world_->start_all();
  ASSERT_TRUE(world_->run_until([&] { return world_->all_served(); }, 1500ms));
  settle();
  const auto degraded = world_->status(n1).degraded;
  ASSERT_EQ(degraded.size(), 1U);
  EXPECT_EQ(degraded[0], "metrics are not served: taken by the simulation");
  world_->free_metrics_port(n1);
  world_->run_for(1ms);
  EXPECT_TRUE(world_->status(n1).degraded.empty());
  EXPECT_EQ(outage(), 0ms);
}

TEST_F(Watch, WhoOnlyLooksCanAskForNothingElse) {
  begin(cluster(3));
  const Respond* page = world_->answer(world_->scrape(n1));
  ASSERT_NE(page, nullptr);
  EXPECT_EQ(page->status, 200U);
  EXPECT_EQ(page->window, Window::metrics);
  EXPECT_NE(page->body.find("hapx_quorate 1\n"), std::string::npos);
  for (const char* target : {"/v1/services/api/move", "/metrics/", "/metrics?x", "/v1/status",
                             "/v1/config", "//metrics", "metrics", ""}) {
    const Respond* refused = world_->answer(world_->scrape(n1, target));
    ASSERT_NE(refused, nullptr) << target;
    EXPECT_EQ(refused->status, 404U) << target;
    EXPECT_EQ(refused->window, Window::metrics);
  }
  const Respond* command = world_->answer(world_->request(n1, "GET", "/metrics", ""));
  ASSERT_NE(command, nullptr);
  EXPECT_EQ(command->status, 404U) << "nor are the metrics a command";
}

TEST_F(Watch, OverTheNetworkOrdersAreForOperatorsAndWhoElseComesIsToldSo) {
  ClusterConfig config = cluster(3);
  config.api = {Endpoint{ipv4(0, 0, 0, 0), 9406}, "/c", "/k", "/a", {"alice"}};
  begin(config);
  const NodeName before = holder().value();
  const NodeName to = other_than(before);
  const std::string target = "/v1/services/" + config.services[0].name.text() + "/move";
  const std::string body = "{\"to\": \"" + to.text() + "\"}";
  const auto status_of = [&](const std::string& from) {
    const std::uint64_t id = world_->request(to, "POST", target, body, from);
    EXPECT_TRUE(world_->run_until([&] { return world_->answer(id) != nullptr; }, 2s));
    return world_->answer(id)->status;
  };
  EXPECT_EQ(status_of("bob"), 403U);
  settle();
  EXPECT_EQ(holder(), before);
  EXPECT_EQ(status_of("alice"), 200U);
  ASSERT_TRUE(world_->run_until([&] { return holder() == to; }, 2s));
}

std::string text_in(const boost::json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : std::string();
}

/// What the newest message of a stream says.
boost::json::object told(const Respond* answer) {
  const std::size_t begin = answer->body.find("data: ");
  return boost::json::parse(answer->body.substr(begin + 6)).as_object();
}

TEST_F(Watch, WhoReadsTheStreamHearsOfAFailoverAtOnceAndElseOnceASecond) {
  begin(cluster(3));
  const NodeName lost = holder().value();
  const NodeName onlooker = other_than(lost);
  const std::uint64_t id = world_->scrape(onlooker, "/stream");
  const Respond* stream = world_->answer(id);
  ASSERT_NE(stream, nullptr);
  EXPECT_TRUE(stream->goes_on);
  EXPECT_EQ(text_in(told(stream).at("status").at("services").at(0).at("holder")), lost.text());
  const std::string first = stream->body;
  world_->run_for(1001ms);
  EXPECT_NE(stream->body, first) << "nothing happened, and it is told all the same";
  world_->power_off(lost);
  ASSERT_TRUE(world_->run_until([&] { return world_->all_served(); }, 2s));
  world_->run_for(message_interval_min + 1ms);
  const auto document = told(stream);
  EXPECT_NE(text_in(document.at("status").at("services").at(0).at("holder")), lost.text());
  EXPECT_GT(document.at("events").as_array().size(), 3U);
  // Whoever took over tells the whole story in one line.
  const NodeName heir = holder().value();
  const boost::json::object by_heir = told(world_->answer(world_->scrape(heir, "/stream")));
  const boost::json::object& takeover = by_heir.at("status").at("lastTakeovers").at(0).as_object();
  EXPECT_EQ(text_in(takeover.at("from")), lost.text());
  EXPECT_EQ(text_in(takeover.at("reason")), "node-lost");
  const auto& lines = by_heir.at("events").as_array();
  const auto line = std::ranges::find_if(
      lines, [](const boost::json::value& each) { return text_in(each.at("kind")) == "takeover"; });
  ASSERT_NE(line, lines.end());
  EXPECT_EQ(text_in(line->at("reason")), "failover: node-lost");
  EXPECT_EQ(std::string(line->at("sentence").as_string()).rfind("came here from " + lost.text(), 0),
            0U);
}

TEST_F(Watch, AStreamThatNobodyReadsCostsNothing) {
  begin(cluster(3));
  std::vector<std::uint64_t> readers;
  for (std::size_t i = 0; i < readers_max; ++i) readers.push_back(world_->scrape(n1, "/stream"));
  EXPECT_EQ(world_->answer(readers.back())->status, 200U);
  EXPECT_EQ(world_->answer(world_->scrape(n1, "/stream"))->status, 503U);
  world_->hang_up(n1, readers.back());
  readers.back() = world_->scrape(n1, "/stream");
  EXPECT_EQ(world_->answer(readers.back())->status, 200U) << "there is room again";
  for (const std::uint64_t reader : readers) world_->hang_up(n1, reader);
  const std::string before = world_->answer(readers.front())->body;
  world_->run_for(3s);
  EXPECT_EQ(world_->answer(readers.front())->body, before);
}

TEST_F(Watch, MetricsAreShownAgainForATenthOfASecond) {
  begin(cluster(3));
  const auto page = [&] { return world_->answer(world_->scrape(n1))->body; };
  const std::string first = page();
  world_->run_for(50ms);
  EXPECT_EQ(page(), first);
  world_->run_for(51ms);
  EXPECT_NE(page(), first) << "it has been up for longer";
}

TEST_F(Watch, NoCounterGoesBackwards) {
  begin(cluster(3));
  std::map<NodeName, Status> before;
  const auto look = [&] {
    for (const NodeName& node : {n1, n2, n3}) {
      if (!world_->alive(node)) continue;
      const Status now = world_->status(node);
      const auto last = before.find(node);
      if (last != before.end()) {
        for (const auto& [name, count] : last->second.counters) {
          EXPECT_GE(now.counters.at(name), count) << name;
        }
        for (const auto& [reason, count] : last->second.services[0].takeovers) {
          EXPECT_GE(now.services[0].takeovers.at(reason), count) << to_string(reason);
        }
        const VipStatus& vip_before = last->second.services[0].vips[0];
        const VipStatus& vip_now = now.services[0].vips[0];
        EXPECT_GE(vip_now.announcements, vip_before.announcements);
        EXPECT_GE(vip_now.taken_away, vip_before.taken_away);
        EXPECT_GE(now.haproxy.restarts, last->second.haproxy.restarts);
        EXPECT_GE(now.loop_lag.count(), last->second.loop_lag.count());
        EXPECT_GE(now.uptime, last->second.uptime);
      }
      before[node] = now;
    }
    return false;
  };
  for (int round = 0; round < 3; ++round) {
    const NodeName node = holder().value();
    world_->move(node, service, other_than(node));
    static_cast<void>(world_->run_until(look, 2s));
    const NodeName next = holder().value();
    world_->kill_haproxy(next);
    world_->delete_vip(next, vip);
    static_cast<void>(world_->run_until(look, 2s));
    world_->link_down(holder().value(), wire);
    static_cast<void>(world_->run_until(look, 2s));
    for (const NodeName& each : {n1, n2, n3}) world_->link_up(each, wire);
    static_cast<void>(world_->run_until(look, 2s));
  }
}

constexpr const char* report =
    R"({"startedAt":"2026-11-30T12:00:00Z","plan":"weekly","passed":true,)"
    R"("summary":[{"fault":"hand-over","runs":1,"passed":1,"outageMaxMs":6}]})";

TEST_F(Watch, TheLastDrillIsRememberedThroughAnyEnd) {
  begin(cluster(2));
  EXPECT_EQ(world_->status(n1).drill, std::nullopt);
  const Respond* answer = world_->answer(world_->request(n1, "POST", "/v1/drill", report));
  ASSERT_NE(answer, nullptr);
  EXPECT_EQ(answer->status, 200U) << answer->body;
  const auto remembered = world_->status(n1).drill;
  ASSERT_TRUE(remembered);
  EXPECT_EQ(remembered->plan, "weekly");
  EXPECT_EQ(world_->status(n2).drill, std::nullopt) << "who was not told does not know";
  world_->kill(n1);
  world_->run_for(3s);
  EXPECT_EQ(world_->status(n1).drill, remembered);
  world_->power_off(n1);
  world_->run_for(1s);
  world_->power_on(n1);
  world_->run_for(10s);
  EXPECT_EQ(world_->status(n1).drill, remembered);
}

TEST_F(Watch, ADiskThatDoesNotTakeTheDrillIsToldAndHarmsNothing) {
  begin(cluster(2));
  world_->set_disk(n1, DiskHealth::failing);
  world_->request(n1, "POST", "/v1/drill", report);
  world_->run_for(1s);
  ASSERT_TRUE(world_->status(n1).drill);
  const Respond* events = world_->answer(world_->request(n1, "GET", "/v1/events", ""));
  ASSERT_NE(events, nullptr);
  EXPECT_THAT(events->body, testing::HasSubstr("the last drill is forgotten with this process"));
  world_->kill(n1);
  world_->run_for(3s);
  EXPECT_EQ(world_->status(n1).drill, std::nullopt);
}

}  // namespace
}  // namespace hapx::appliance::sim
