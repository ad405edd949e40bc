// SPDX-License-Identifier: Apache-2.0
#include "appliance/status.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hapx::appliance {
namespace {

using testing::HasSubstr;
using testing::Not;

Status healthy() {
  Status status;
  status.cluster = ClusterName("kube-demo");
  status.node = NodeName("node1");
  status.version = "0.1.0";
  status.uptime = std::chrono::seconds(192);
  status.quorate = true;
  status.coordinator = NodeName("node2");
  status.members = {
      {NodeName("node1"), MemberState::online, Role::full, 1, "192.168.4.11", false, true},
      {NodeName("node2"), MemberState::online, Role::full, 1, "192.168.4.12", false, true},
      {NodeName("node3"), MemberState::online, Role::witness, 1, "192.168.4.13", false, true}};
  ServiceStatus service;
  service.name = ServiceName("kube-apiserver");
  service.holder = NodeName("node1");
  service.vip = ResourceStatus::started;
  service.haproxy = ResourceStatus::started;
  service.lease_remaining = std::chrono::milliseconds(271);
  service.fence = FenceStatus::bpf;
  service.addresses = {"192.168.4.20/27"};
  service.backends = {{"kube-mast01:6443", true, "L7OK", "readyz"},
                      {"kube-mast02:6443", true, "L7OK", "http"}};
  service.reason = "kube-apiserver is on node1: runs there already";
  service.nodes = {{NodeName("node1"), ResourceStatus::started, ResourceStatus::started, 0, 0, true,
                    true, 2, 2, ""},
                   {NodeName("node2"), ResourceStatus::stopped, ResourceStatus::warm, 0, 0, true,
                    true, 2, 2, ""}};
  status.services = {service};
  status.haproxy = {ResourceStatus::started, 4711, true, "", 0};
  status.counters = {{"datagrams_refused.replayed", 3}, {"fence_restored", 1}};
  return status;
}

TEST(Status, IsOneStableLineOfJson) {
  const std::string text = to_json(healthy());
  EXPECT_THAT(
      text, testing::StartsWith(R"({"cluster":"kube-demo","node":"node1","quorate":true,)"
                                R"("coordinator":"node2","degraded":[],"members":[{"name":"node1",)"
                                R"("state":"online","votes":1,)"));
  EXPECT_THAT(text, HasSubstr(R"("services":[{"name":"kube-apiserver","holder":"node1",)"
                              R"("vip":"started","haproxy":"started","leaseRemainingMs":271,)"
                              R"("fence":"bpf","addresses":["192.168.4.20/27"],)"));
  EXPECT_THAT(text, HasSubstr(R"("counters":{"datagrams_refused.replayed":3,"fence_restored":1})"));
  EXPECT_THAT(text, Not(HasSubstr("\n")));
}

TEST(Status, SaysHowItIsWithTheOtherOneOfTwo) {
  Status status = healthy();
  EXPECT_THAT(to_json(status), Not(HasSubstr("twoNodes")));
  status.two_nodes = {"192.168.4.1", "", "silent", true, true, "the other node is silent"};
  EXPECT_THAT(to_json(status),
              HasSubstr(R"("twoNodes":{"tieBreaker":"192.168.4.1","tieBreakerTrouble":"",)"
                        R"("other":"silent","met":true,"alone":true,)"
                        R"("reason":"the other node is silent"})"));
  EXPECT_THAT(to_text(status, Style{}), Not(HasSubstr("evidence")));
  status.members[1].state = MemberState::offline;
  EXPECT_THAT(to_text(status, Style{}), HasSubstr("quorum: yes (2 of 3 votes, and evidence)"));
}

TEST(Status, SaysHowItIsWithTheThirdVote) {
  Status status = healthy();
  EXPECT_THAT(to_json(status), Not(HasSubstr("arbiter")));
  EXPECT_THAT(to_text(status, Style{}), Not(HasSubstr("third vote")));
  status.members.pop_back();
  status.arbiter = {{"https://10.0.0.31:2379", "https://10.0.0.32:2379"},
                    true,
                    "",
                    std::chrono::microseconds(3400)};
  EXPECT_THAT(to_json(status),
              HasSubstr(R"("arbiter":{"kind":"etcd","endpoints":["https://10.0.0.31:2379",)"
                        R"("https://10.0.0.32:2379"],"answers":true,"trouble":"","commitMs":4})"));
  EXPECT_THAT(to_text(status, Style{}),
              HasSubstr("third vote: etcd answers (commits in 4ms): https://10.0.0.31:2379, "
                        "https://10.0.0.32:2379\n"));
  EXPECT_THAT(to_text(status, Style{}), HasSubstr("quorum: yes (3 of 3 votes)"));
  status.arbiter->answers = false;
  status.arbiter->commits_in.reset();
  EXPECT_THAT(to_text(status, Style{}), HasSubstr("third vote: etcd does not answer: https://"));
  EXPECT_THAT(to_text(status, Style{}), HasSubstr("quorum: yes (2 of 3 votes)"));
}

TEST(Status, IsReadBackAsItWas) {
  Status status = healthy();
  status.arbiter = {{"https://10.0.0.31:2379"}, true, "because", std::chrono::milliseconds(4)};
  status.two_nodes = {"192.168.4.1", "doesn't answer", "garbled", true, false, "because"};
  status.drill = {"2026-11-30T12:00:00Z", "", "weekly", "0.1.0", true, {}};
  status.drill->faults = {{"hand-over", 1, 1, std::chrono::milliseconds(6), {}}};
  status.degraded = {"node3 is offline"};
  status.services[0].moved = true;
  status.services[0].nodes[1].haproxy_failures = 1'000'000;
  status.services[0].nodes[1].excluded = "haproxy failed there";
  status.services[0].vips = {{"192.168.4.20", true, std::chrono::milliseconds(271), 2, 14, 1},
                             {"192.168.4.21", false, Duration(0), 0, 0, 0}};
  status.services[0].takeovers = {{TakeoverReason::node_lost, 2}, {TakeoverReason::preferred, 7}};
  status.lease = std::chrono::milliseconds(300);
  status.loop_lag.observe(std::chrono::microseconds(120));
  status.takeover_times.whole.observe(std::chrono::milliseconds(310));
  status.takeover_times.phases[FailoverPhase::peer_dead].observe(std::chrono::milliseconds(175));
  status.takeover_times.phases[FailoverPhase::announced].observe(std::chrono::seconds(7));
  status.last_takeovers = {
      {status.services[0].name,
       NodeName("node2"),
       TakeoverReason::node_lost,
       std::chrono::milliseconds(5300),
       {{FailoverPhase::peer_silent, std::chrono::microseconds(61'250)},
        {FailoverPhase::announced, std::chrono::microseconds(310)}}},
      {ServiceName("web"), NodeName("node3"), TakeoverReason::ordered, {}, {}}};
  const Result<Status> back = status_from_json(to_json(status));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(*back, status);
}

/// node2 has been silent for two seconds, node3 said good-bye, and node2 had failed.
Status troubled() {
  Status status = healthy();
  status.members[1].last_heard = std::chrono::milliseconds(2042);
  status.members[1].state = MemberState::offline;
  status.members[1].hears_us = false;
  status.members[2].last_heard = std::chrono::seconds(7);
  status.members[2].has_left = true;
  status.members[1].config_differs = {"spec.timing", "service web (only there)"};
  status.members[2].state = MemberState::offline;
  status.failure_timeout = std::chrono::minutes(10);
  status.services[0].nodes[1].vip_failures = 1'000'000;
  status.services[0].nodes[1].vip_failed_ago = std::chrono::seconds(130);
  status.services[0].nodes[1].haproxy_failures = 2;
  status.services[0].nodes[1].haproxy_failed_ago = std::chrono::seconds(15);
  return status;
}

TEST(Status, IsReadBackWithLinksAndTheAgesOfFailures) {
  const Result<Status> back = status_from_json(to_json(troubled()));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(*back, troubled());
}

TEST(Status, SaysWhatEachLinkIsWorth) {
  Status status = troubled();
  EXPECT_EQ(links_to_text(status, {}),
            "NODE   ADDRESS       LINK       LAST HEARD  HEARS THIS NODE\n"
            "node1  192.168.4.11  this node  -           -\n"
            "node2  192.168.4.12  silent     2.042s ago  no\n"
            "node3  192.168.4.13  left       7.000s ago  yes\n");
  EXPECT_EQ(
      links_to_json(status),
      R"([{"node":"node1","address":"192.168.4.11","link":"this node","lastHeardMs":null,)"
      R"("hearsUs":null,"ways":[]},{"node":"node2","address":"192.168.4.12",)"
      R"("link":"silent","lastHeardMs":2042,"hearsUs":false,"ways":[]},{"node":"node3",)"
      R"("address":"192.168.4.13","link":"left","lastHeardMs":7000,"hearsUs":true,"ways":[]}])");
  MemberStatus& member = status.members[1];
  member.links = {{"192.168.4.12", false}, {"10.0.0.12", true}};
  EXPECT_EQ(links_to_text(status, {}),
            "NODE   ADDRESS       LINK       LAST HEARD  HEARS THIS NODE\n"
            "node1  192.168.4.11  this node  -           -\n"
            "node2  192.168.4.12  silent     2.042s ago  no\n"
            "       192.168.4.12  silent\n"
            "       10.0.0.12     heard\n"
            "node3  192.168.4.13  left       7.000s ago  yes\n");
  EXPECT_NE(links_to_json(status).find(R"("ways":[{"address":"192.168.4.12","heard":false},)"
                                       R"({"address":"10.0.0.12","heard":true}])"),
            std::string::npos);
  EXPECT_EQ(status_from_json(to_json(status)).value().members[1].links, member.links);
  member.last_heard.reset();
  EXPECT_EQ(link_state(status, member), "never heard");
  member.state = MemberState::standby;
  EXPECT_EQ(link_state(status, member), "one-way");
  member.hears_us = true;
  EXPECT_EQ(link_state(status, member), "up");
  member.suspect = true;
  EXPECT_EQ(link_state(status, member), "suspect");
}

TEST(Status, SaysUntilWhenFailuresCount) {
  Status status = troubled();
  EXPECT_EQ(fail_counts_to_text(status, {}),
            "SERVICE         NODE   VIP       HAPROXY  LAST FAILURE  FORGOTTEN  MAY HOLD IT\n"
            "kube-apiserver  node1  0         0        -             -          yes\n"
            "kube-apiserver  node2  INFINITY  2        15s ago       in 9m45s   yes\n");
  EXPECT_THAT(fail_counts_to_json(status),
              HasSubstr(R"({"service":"kube-apiserver","node":"node2","vip":1000000,"haproxy":2,)"
                        R"("vipFailedAgoMs":130000,"haproxyFailedAgoMs":15000,"excluded":""})"));
  status.failure_timeout = Duration(0);
  EXPECT_THAT(fail_counts_to_text(status, {}), HasSubstr("by cleanup"));
}

TEST(Status, WideTablesHaveMoreColumns) {
  Status status = troubled();
  status.orders = {{"standby", "node2", "", "me@x", "2026-11-28T13:36:57Z", "2026-11-28T14:06:57Z",
                    std::chrono::minutes(10), std::chrono::minutes(20)}};
  const Style wide{Colour::never, Detail::wide};
  const auto wider = [&](auto show, const char* heading, const char* cell) {
    EXPECT_THAT(show(status, wide), HasSubstr(heading));
    EXPECT_THAT(show(status, wide), HasSubstr(cell));
    EXPECT_THAT(show(status, Style{}), Not(HasSubstr(heading)));
  };
  wider(members_to_text, "LAST HEARD", "silent     2.042s ago");
  wider(links_to_text, "VOTES", "offline  1");
  wider(services_to_text, "WHY THERE", "runs there already");
  wider(backends_to_text, "SEEN HEALTHY BY", "node1 2/2, node2 2/2");
  wider(orders_to_text, "LEFT", "10m00s  20m00s");
}

TEST(Status, OfAnotherVersionIsReadAsFarAsItGoes) {
  const Result<Status> back = status_from_json(
      R"({"cluster": "c", "node": "n", "future": {"deep": [1]}, "members": [7, {"name": "n",
          "state": "sleeping", "votes": -4}], "services": {}, "quorate": "yes"})");
  ASSERT_TRUE(back.has_value());
  ASSERT_EQ(back->members.size(), 1U);
  EXPECT_EQ(back->members[0].state, MemberState::offline);
  EXPECT_EQ(back->members[0].votes, 0U);
  EXPECT_TRUE(back->services.empty());
  EXPECT_FALSE(back->quorate);
}

TEST(Status, WithHistogramsOfAnotherShapeIsReadWithoutThem) {
  const Result<Status> back = status_from_json(
      R"({"cluster": "c", "node": "n", "loopLag": {"counts": [1, 2], "sumUs": 7}, "leaseMs": -1,
          "failoverTimes": {"phases": {"peer-dead": 7, "no-such-phase": {}}, "whole": []},
          "services": [{"vips": [7, {"address": 1, "assigned": "yes", "takenAway": -3}],
                        "takeovers": {"node-lost": "x", "nonsense": 3}}],
          "lastTakeovers": [{"reason": "nonsense"}, 7,
                            {"reason": "ordered",
                             "phases": [{"phase": "nonsense", "us": 3}, 7]}]})");
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->loop_lag, Histogram());
  EXPECT_EQ(back->takeover_times.whole, Histogram());
  EXPECT_EQ(back->takeover_times.phases.size(), 1U);
  ASSERT_EQ(back->services.size(), 1U);
  ASSERT_EQ(back->services[0].vips.size(), 1U);
  EXPECT_EQ(back->services[0].vips[0], VipStatus());
  EXPECT_TRUE(back->services[0].takeovers.empty());
  ASSERT_EQ(back->last_takeovers.size(), 1U);
  EXPECT_TRUE(back->last_takeovers[0].phases.empty());
}

TEST(Status, ThatIsNoneIsRefused) {
  for (const char* text :
       {"", "nonsense", "[]", "{}", "7", R"({"cluster": "c"})", "{\"cluster\":"}) {
    EXPECT_FALSE(status_from_json(text).has_value()) << text;
  }
  EXPECT_FALSE(status_from_json(std::string(10'000, '[')).has_value());
}

TEST(Status, WithBytesThatAreNoTextIsStillJson) {
  Status status = healthy();
  status.degraded = {"haproxy says \xff\xfe \"quoted\"\n\x1b[31m"};
  const Result<Status> back = status_from_json(to_json(status));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->degraded[0], "haproxy says ?? \"quoted\"??[31m");
}

TEST(Status, LeaseIsToldByItsHolderOnly) {
  Status status = healthy();
  status.services[0].lease_remaining.reset();
  EXPECT_THAT(to_json(status), HasSubstr(R"("leaseRemainingMs":null)"));
  status.services[0].lease_remaining = std::chrono::milliseconds(-3);
  EXPECT_THAT(to_json(status), HasSubstr(R"("leaseRemainingMs":0)"));
}

TEST(Health, IsHealthyWhenAllIsServedAndNothingIsDegraded) {
  EXPECT_EQ(health(healthy()), Health::healthy);
  EXPECT_EQ(static_cast<int>(Health::healthy), 0);
}

TEST(Health, IsDegradedForAReasonOrWithoutQuorum) {
  Status status = healthy();
  status.degraded = {"node3 is offline"};
  EXPECT_EQ(health(status), Health::degraded);
  status = healthy();
  status.quorate = false;
  EXPECT_EQ(health(status), Health::degraded);
}

TEST(Health, IsNoServiceWhenOneIsNotServed) {
  Status status = healthy();
  status.services[0].holder.reset();
  EXPECT_EQ(health(status), Health::no_service);
  status = healthy();
  status.services[0].haproxy = ResourceStatus::failed;
  EXPECT_EQ(health(status), Health::no_service);
  status = healthy();
  status.services[0].vip = ResourceStatus::starting;
  EXPECT_EQ(health(status), Health::no_service);
  status = healthy();
  status.services.push_back(status.services[0]);
  status.services[1].holder.reset();
  EXPECT_EQ(health(status), Health::no_service);
}

TEST(Health, IsNoServiceWhenEveryApiServerIsKnownToBeDown) {
  Status status = healthy();
  for (ServerStatus& server : status.services[0].backends) server.up = false;
  EXPECT_EQ(health(status), Health::no_service);
  status.services[0].backends[1].up = true;
  EXPECT_EQ(health(status), Health::healthy);
  status.services[0].backends.clear();  // a witness does not know them
  EXPECT_EQ(health(status), Health::healthy);
}

TEST(StatusText, TellsTheWholeStoryOnOneScreen) {
  EXPECT_EQ(to_text(healthy(), {}),
            "kube-demo: healthy, as seen by node1 (hapx 0.1.0, up 3m12s)\n"
            "quorum: yes (3 of 3 votes)   coordinator: node2\n"
            "\n"
            "NODE   STATE   ROLE               VOTES  ADDRESS       HOLDS\n"
            "node1  online  full               1      192.168.4.11  kube-apiserver\n"
            "node2  online  full, coordinator  1      192.168.4.12  -\n"
            "node3  online  witness            1      192.168.4.13  -\n"
            "\n"
            "SERVICE         HOLDER  VIP      HAPROXY  LEASE   FENCE  ADDRESSES        PORT\n"
            "kube-apiserver  node1   started  started  271 ms  bpf    192.168.4.20/27  6443\n"
            "\n"
            "BACKEND         SERVER            STATE  LEVEL   CHECK\n"
            "kube-apiserver  kube-mast01:6443  up     readyz  L7OK\n"
            "kube-apiserver  kube-mast02:6443  up     http    L7OK\n"
            "\n"
            "kube-apiserver is on node1: runs there already\n");
}

TEST(StatusText, TellsOfTheLastDrill) {
  Status status = healthy();
  EXPECT_THAT(to_text(status, {}), Not(HasSubstr("drill")));
  status.drill = {"2026-11-30T12:00:00Z", "", "weekly", "0.1.0", true, {}};
  status.drill->faults = {{"hand-over", 1, 1, Duration(0), std::chrono::milliseconds(6)}};
  EXPECT_THAT(to_text(status, {}),
              HasSubstr("\nlast drill: passed: 1 fault, at most 6ms without an answer "
                        "(2026-11-30T12:00:00Z)\n"));
}

TEST(StatusText, TellsWhatIsWrong) {
  Status status = healthy();
  status.quorate = false;
  status.degraded = {"no quorum: 1 of 3 votes"};
  status.members[1].state = MemberState::offline;
  status.services[0].holder.reset();
  status.services[0].vip = ResourceStatus::stopped;
  status.services[0].certificates_verified = false;
  status.services[0].nodes[0].haproxy_failures = 2;
  status.services[0].nodes[1].vip_failures = 1'000'000;
  status.services[0].nodes[1].excluded = "its VIP could not be stopped";
  status.haproxy.fit = false;
  status.haproxy.reason = "no answer to 3 probes";
  const std::string text = to_text(status, {});
  EXPECT_THAT(text, HasSubstr("NOT SERVING"));
  EXPECT_THAT(text, HasSubstr("quorum: NO (2 of 3 votes)"));
  EXPECT_THAT(text, HasSubstr("! no quorum: 1 of 3 votes\n"));
  EXPECT_THAT(text, HasSubstr("L7OK (not verified)"));
  EXPECT_THAT(text, HasSubstr("haproxy here: not fit, no answer to 3 probes"));
  EXPECT_THAT(text, HasSubstr("kube-apiserver  node1  0         2\n"));
  EXPECT_THAT(text, HasSubstr("INFINITY  0        its VIP could not be stopped\n"));
}

TEST(StatusText, IsPaintedOnlyWhenAsked) {
  EXPECT_THAT(to_text(healthy(), {Colour::never}), Not(HasSubstr("\x1b")));
  EXPECT_THAT(to_text(healthy(), {Colour::always}), HasSubstr("\x1b[32mhealthy\x1b[0m"));
}

TEST(StatusText, NeverDrivesTheReadersTerminal) {
  Status status = healthy();
  status.degraded = {"\x1b]0;owned\x07"};
  status.services[0].backends[0].name = "evil\x1b[2J";
  status.services[0].reason =
      "line\nbreak\xc2\x9b"
      "31m";
  const std::string text = to_text(status, {});
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, Not(HasSubstr("\xc2\x9b")));
  EXPECT_THAT(text, HasSubstr("line?break?31m"));
}

TEST(Table, AlignsByCharactersNotBytes) {
  Table table({"A", "B"});
  table.add({{"größe", Tone::plain}, {"1", Tone::plain}});
  table.add({{"", Tone::plain}, {"2", Tone::plain}});
  table.add({{"x", Tone::plain}});
  EXPECT_EQ(table.text({}), "A      B\ngröße  1\n       2\nx\n");
}

TEST(Status, ShowsStandingOrders) {
  Status status = healthy();
  EXPECT_THAT(to_text(status, Style{}), Not(HasSubstr("STANDING ORDER")));
  EXPECT_THAT(to_json(status), HasSubstr(R"("orders":[],"ordersState":"read")"));
  status.orders = {{"standby", "node2", "", "root@node1", "2026-11-28T13:36:57Z", ""},
                   {"ban", "node1", "kube-apiserver", "me@node1", "2026-11-28T13:36:57Z",
                    "2026-11-28T14:06:57Z"}};
  status.orders[0].age = std::chrono::seconds(90);
  status.orders_state = OrdersState::stale;
  status.members[1].state = MemberState::standby;
  const std::string text = to_json(status);
  EXPECT_THAT(text, HasSubstr(R"({"kind":"standby","node":"node2","service":null,)"
                              R"("by":"root@node1","since":"2026-11-28T13:36:57Z","until":null,)"
                              R"("ageMs":90000,"leftMs":null})"));
  const Result<Status> back = status_from_json(text);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(*back, status);
  EXPECT_THAT(to_text(status, Style{}), HasSubstr("2026-11-28T14:06:57Z"));
}

}  // namespace
}  // namespace hapx::appliance
