// SPDX-License-Identifier: Apache-2.0
// The file is changed under a running cluster, and hapxd is told to take it.
#include "config/write.hpp"
#include "story.hpp"

namespace hapx::appliance::sim {
namespace {

class Reloads : public Story {
 protected:
  void reload(const NodeName& node, const std::string& text) {
    world_->write_file(node, text);
    world_->reload(node);
  }
  void reload(const NodeName& node, const ClusterConfig& config) {
    reload(node, write_config(config));
  }
  [[nodiscard]] Duration uptime(const NodeName& node) const { return world_->status(node).uptime; }
  /// That this node's HAProxy is to use, in the order in which it tells them.
  [[nodiscard]] std::vector<std::string> servers_of(const NodeName& node) const {
    std::vector<std::string> names;
    const Status seen = world_->status(node);
    for (const ServerStatus& server : seen.services.at(0).backends) names.push_back(server.name);
    return names;
  }
  [[nodiscard]] std::uint64_t refused(const NodeName& node) const {
    return world_->status(node).counters.at("reloads_refused");
  }
};

TEST_F(Reloads, AChangedFileIsTakenInFlight) {
  begin(cluster(3));
  const NodeName before = holder().value();
  ClusterConfig changed = world_->config();
  changed.timing = {40ms, 250ms};
  // n1 has it first, and differs from each that hasn't.
  std::vector<std::string> others{n2.text() + " runs another configuration: spec.timing",
                                  n3.text() + " runs another configuration: spec.timing"};
  for (const NodeName& node : {n1, n2, n3}) {
    const Duration age = uptime(node);
    reload(node, changed);
    world_->run_for(1s);
    EXPECT_LT(uptime(node), age) << node.text() << " began anew";
    if (node != n1) others.erase(others.begin());
    EXPECT_EQ(world_->status(n1).degraded, others);
  }
  expect_outage_at_most(0ms);
  EXPECT_EQ(holder(), before) << "nothing moves for a reload";
}

TEST_F(Reloads, OnAllNodesAtOnceTheAddressStays) {
  begin(cluster(3));
  const auto before = holder();
  ClusterConfig changed = world_->config();
  changed.scheduling.failure_timeout = 1min;
  for (const NodeName& node : {n1, n2, n3}) reload(node, changed);
  expect_outage_at_most(0ms, 5s);
  EXPECT_EQ(holder(), before);
}

/// Another HAProxy with the new text begins beside the one that serves, and takes over from it.
TEST_F(Reloads, AnotherApiserverComesToHaproxy) {
  begin(cluster(3));
  const NodeName before = holder().value();
  ClusterConfig changed = world_->config();
  changed.services[0].api_servers.push_back({"kube-mast04", 6443});
  const auto earlier = world_->status(before).haproxy.pid;
  reload(before, changed);
  expect_outage_at_most(0ms);
  EXPECT_EQ(holder(), before);
  EXPECT_NE(world_->status(before).haproxy.pid, earlier);
  EXPECT_EQ(world_->status(before).haproxy.restarts, 0U);
  EXPECT_EQ(world_->status(before).counters.at("haproxy_reloads"), 1U);
}

/// One with an address comes to the HAProxy that runs. On all nodes, one after the other.
TEST_F(Reloads, AnotherApiserverComesToHaproxyAsItRuns) {
  begin(cluster(3));
  const NodeName before = holder().value();
  for (const char* last : {"192.168.4.14", "192.168.4.15"}) {
    ClusterConfig changed = world_->config();
    changed.services[0].api_servers.push_back({last, 6443});
    for (const NodeName& node : {n1, n2, n3}) {
      const auto pid = world_->status(node).haproxy.pid;
      reload(node, changed);
      expect_outage_at_most(0ms);
      EXPECT_EQ(world_->status(node).haproxy.pid, pid);
      EXPECT_EQ(world_->status(node).haproxy.not_replaced, "");
      EXPECT_EQ(servers_of(node).back(), std::string(last) + ":6443") << node.text();
      EXPECT_EQ(servers_of(node).size(), 4U) << "the one before it is gone";
    }
  }
  EXPECT_EQ(holder(), before);
  // The next one of HAProxy has it from the beginning, and the next hapxd finds it there.
  world_->kill_haproxy(before);
  world_->run_for(2s);
  world_->kill(before);
  world_->run_for(2s);
  EXPECT_EQ(servers_of(before).back(), "192.168.4.15:6443");
}

/// Who has the changed file sees more healthy ones for that, and is no better place.
TEST_F(Reloads, AnotherApiserverMovesNothing) {
  begin(cluster(3));
  place_on(n1);
  ClusterConfig changed = world_->config();
  changed.services[0].api_servers.push_back({"192.168.4.14", 6443});
  for (const NodeName& node : {n3, n2, n1}) {
    reload(node, changed);
    expect_outage_at_most(0ms, 20s);
    EXPECT_EQ(holder(), n1) << node.text() << " has it";
  }
  // Those who see fewer are no place, as ever.
  world_->set_api_server("192.168.4.14", false);
  expect_outage_at_most(0ms, 20s);
  EXPECT_EQ(holder(), n1);
}

TEST_F(Reloads, WhatHaproxyDoesNotTakeAsItRunsAnotherOneDoes) {
  begin(cluster(3));
  const NodeName before = holder().value();
  ClusterConfig changed = world_->config();
  changed.services[0].api_servers.push_back({"192.168.4.14", 6443});
  const auto pid = world_->status(before).haproxy.pid;
  for (const unsigned failures : {1U, 2U, 3U}) {
    world_->fail_next(before, Door::amend_haproxy, failures);
    reload(before, changed);
    expect_outage_at_most(0ms);
    EXPECT_EQ(world_->status(before).haproxy.pid, pid) << failures << " calls failed";
    EXPECT_EQ(servers_of(before).size(), changed.services[0].api_servers.size());
    const auto port = static_cast<std::uint16_t>(7000 + failures);
    changed.services[0].api_servers.push_back({"192.168.4.15", port});
  }
  world_->fail_next(before, Door::amend_haproxy, 10'000);
  reload(before, changed);
  expect_outage_at_most(0ms, 5s);
  EXPECT_NE(world_->status(before).haproxy.pid, pid);
  EXPECT_EQ(servers_of(before).size(), changed.services[0].api_servers.size());
}

TEST_F(Reloads, HapxdDiesWhileHaproxyTakesAnotherApiserver) {
  begin(cluster(3));
  const NodeName before = holder().value();
  ClusterConfig changed = world_->config();
  const auto pid = world_->status(before).haproxy.pid;
  std::uint16_t port = 7000;
  for (Duration after = 0ms; after < 80ms; after += 3ms) {
    changed.services[0].api_servers.push_back({"192.168.4.14", ++port});
    reload(before, changed);
    world_->run_for(after);
    world_->kill(before);
    expect_outage_at_most(0ms, 1s);
    reload(before, changed);  // it may have died before it had taken the file
    expect_outage_at_most(0ms, 1s);
    EXPECT_EQ(world_->status(before).haproxy.pid, pid);
    EXPECT_EQ(servers_of(before).size(), changed.services[0].api_servers.size());
  }
}

TEST_F(Reloads, WhatHaproxyRefusesChangesNothing) {
  begin(cluster(3));
  const NodeName before = holder().value();
  ClusterConfig changed = world_->config();
  changed.services[0].api_servers.push_back({"kube-mast04", 6443});
  const auto earlier = world_->status(before).haproxy.pid;
  const Duration age = uptime(before);
  world_->refuse_haproxy_config(before, true);
  reload(before, changed);
  expect_outage_at_most(0ms);
  EXPECT_EQ(holder(), before);
  EXPECT_EQ(refused(before), 1U);
  EXPECT_GT(uptime(before), age) << "the same process goes on";
  EXPECT_EQ(world_->status(before).haproxy.pid, earlier);
  world_->refuse_haproxy_config(before, false);
  reload(before, changed);
  expect_outage_at_most(0ms);
  EXPECT_NE(world_->status(before).haproxy.pid, earlier);
}

/// What it had begun is ended by the keeper, and the next hapxd begins again.
TEST_F(Reloads, HapxdDiesWhileAnotherHaproxyWarmsUp) {
  begin(cluster(3));
  const NodeName before = holder().value();
  ClusterConfig changed = world_->config();
  changed.services[0].api_servers.push_back({"kube-mast04", 6443});
  reload(before, changed);
  world_->run_for(40ms);
  world_->kill(before);
  expect_outage_at_most(0ms);
  EXPECT_EQ(holder(), before);
  EXPECT_TRUE(world_->status(before).haproxy.not_replaced.empty());
}

TEST_F(Reloads, WhatIsRefusedChangesNothing) {
  begin(cluster(3));
  const auto before = holder();
  ClusterConfig elsewhere = world_->config();
  elsewhere.port = 5555;
  for (const std::string& text : {std::string("spec: {nodes: [\n"), write_config(elsewhere)}) {
    const Duration age = uptime(n1);
    const std::uint64_t count = refused(n1);
    reload(n1, text);
    world_->run_for(1s);
    EXPECT_GT(uptime(n1), age) << "the same process goes on";
    EXPECT_EQ(refused(n1), count + 1);
  }
  expect_outage_at_most(0ms);
  EXPECT_EQ(holder(), before);
}

/// Who asks for it is told what became of it.
TEST_F(Reloads, TheAskerIsAnswered) {
  begin(cluster(3));
  const auto ask = [&] {
    const auto id = world_->request(n1, "POST", "/v1/reload", "");
    EXPECT_TRUE(world_->run_until([&] { return world_->answer(id) != nullptr; }, 5s));
    const Respond* answer = world_->answer(id);
    return answer == nullptr ? Respond{} : *answer;
  };
  const Respond unchanged = ask();
  EXPECT_EQ(unchanged.status, 200U);
  EXPECT_NE(unchanged.body.find("in force already"), std::string::npos) << unchanged.body;

  ClusterConfig changed = world_->config();
  changed.port = 5555;
  world_->write_file(n1, write_config(changed));
  const Respond refused = ask();
  EXPECT_EQ(refused.status, 409U);
  EXPECT_NE(refused.body.find("spec.port can't change"), std::string::npos) << refused.body;

  const Duration age = uptime(n1);
  changed = world_->config();
  changed.timing = {40ms, 250ms};
  world_->write_file(n1, write_config(changed));
  const Respond taken = ask();
  EXPECT_EQ(taken.status, 200U);
  EXPECT_NE(taken.body.find(R"("taking":["spec.timing"])"), std::string::npos) << taken.body;
  world_->run_for(1s);
  EXPECT_LT(uptime(n1), age) << "n1 began anew";
}

TEST_F(Reloads, AnUnchangedFileIsNoReasonToBeginAnew) {
  begin(cluster(3));
  const Duration age = uptime(n1);
  world_->reload(n1);
  world_->run_for(1s);
  EXPECT_GT(uptime(n1), age);
  EXPECT_EQ(refused(n1), 0U);
}

/// The key is the address, not the service: a node with an older file, that hears of no new plan,
/// and one with the new file ask for the same one. Who coordinates hears less than its peer, and so
/// leaves that to it after a lease, or to the holder: whether it plans before is a matter of luck.
TEST_F(Reloads, AnAddressThatMovesToAnotherServiceIsNotHeldTwice) {
  unsigned unheard_plans = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    WorldOptions options;
    options.config = cluster(3);
    options.seed = seed;
    begin(options);
    place_on(other_than(coordinator()));
    const NodeName before = holder().value();
    const NodeName planner = coordinator();
    world_->cut(before, planner);
    ClusterConfig changed = world_->config();
    changed.services[0].name = ServiceName("control-plane");
    for (const NodeName& node : {n1, n2, n3}) {
      if (node != before) reload(node, changed);
    }
    const auto planned = [&] {
      if (!world_->alive(planner)) return false;
      const ServiceStatus shown = world_->status(planner).services[0];
      return shown.name == changed.services[0].name && !shown.reason.empty();
    };
    ASSERT_TRUE(world_->run_until(planned, 2s)) << seed;
    world_->run_for(20ms);
    if (world_->status(planner).coordinator == planner) {
      ++unheard_plans;
      EXPECT_EQ(world_->answering(vip), std::vector{before}) << "it is still promised the address";
    }
    world_->heal_all();
    expect_outage_at_most(lease() + detection);
    if (coordinator() != before) {
      EXPECT_NE(holder(), before) << "its service is in nobody's plan any more";
    }
    EXPECT_EQ(world_->answering(vip).size(), 1U);
    EXPECT_TRUE(world_->violations().empty()) << seed;
  }
  EXPECT_GT(unheard_plans, 0U);
}

/// Only an order takes a file: a crash goes on with what was accepted.
TEST_F(Reloads, ACrashTakesNoFile) {
  begin(cluster(3));
  const NodeName before = holder().value();
  world_->write_file(before, "spec: {nodes: [\n");
  world_->kill(before);
  expect_outage_at_most(0ms);
  EXPECT_EQ(holder(), before);
}

TEST_F(Reloads, WithoutANextProcessTheOldOneStays) {
  begin(cluster(3));
  ClusterConfig changed = world_->config();
  changed.timing = {40ms, 250ms};
  const Duration age = uptime(n1);
  world_->fail_next(n1, Door::restart_in_flight);
  reload(n1, changed);
  world_->run_for(1s);
  EXPECT_GT(uptime(n1), age);
  EXPECT_EQ(refused(n1), 1U);
  reload(n1, changed);
  world_->run_for(1s);
  EXPECT_LT(uptime(n1), age) << "the second time it works";
  expect_outage_at_most(0ms);
}

TEST_F(Reloads, WhoIsLeavingReloadsNoMore) {
  begin(cluster(3));
  const NodeName before = holder().value();
  world_->stop(before);
  world_->reload(before);
  world_->run_for(2s);
  EXPECT_FALSE(world_->alive(before)) << "it ended, and stays so";
  EXPECT_TRUE(holder().has_value());
}

ClusterKey key_of(std::uint8_t byte) {
  ClusterKey key{};
  key.fill(byte);
  return key;
}

/// LEASE.md, rule 23: the new key to all, then in front, then alone; node by node.
TEST_F(Reloads, TheClustersKeyIsChangedWithoutAnOutage) {
  const ClusterKey old_key = key_of(1);
  const ClusterKey new_key = key_of(2);
  begin(cluster(3));
  for (const NodeName& node : {n1, n2, n3}) world_->power_off(node);
  for (const NodeName& node : {n1, n2, n3}) {
    world_->write_keys(node, {old_key});
    world_->power_on(node, 1s);
  }
  ASSERT_TRUE(world_->run_until([&] { return world_->all_served(); }, 6s));
  settle();
  const auto before = holder();
  world_->mark();
  for (const ClusterKeys& keys :
       {ClusterKeys{old_key, new_key}, ClusterKeys{new_key, old_key}, ClusterKeys{new_key}}) {
    for (const NodeName& node : {n1, n2, n3}) {
      const Duration age = uptime(node);
      world_->write_keys(node, keys);
      world_->reload(node);
      world_->run_for(1s);
      EXPECT_LT(uptime(node), age) << node.text() << " began anew";
      EXPECT_EQ(refused(node), 0U);
    }
  }
  expect_outage_at_most(0ms);
  EXPECT_EQ(holder(), before);
}

TEST_F(Reloads, AKeyThatTheOthersDoNotHaveIsRefused) {
  begin(cluster(3));
  world_->write_keys(n1, {key_of(3)});
  const Duration age = uptime(n1);
  world_->reload(n1);
  world_->run_for(1s);
  EXPECT_EQ(refused(n1), 1U);
  EXPECT_GT(uptime(n1), age);
  expect_outage_at_most(0ms);
}

}  // namespace
}  // namespace hapx::appliance::sim
