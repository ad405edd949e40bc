// SPDX-License-Identifier: Apache-2.0
// A text with other servers: the HAProxy that runs takes them, and another one is begun only if it
// does not.
#include "apiservers.hpp"
#include "lb-supervisor/runtime_reply.hpp"
#include "supervising.hpp"

namespace hapx::lb_supervisor {
namespace {

using Kind = ServerChange::Kind;

RenderedHaproxy text_with(const std::vector<std::string>& hosts) {
  return render(cluster_of(hosts), haproxy_paths("/run/hapx"));
}

class Amending : public Supervising {
 protected:
  const RenderedHaproxy one = text_with({"10.0.0.1"});
  const RenderedHaproxy two = text_with({"10.0.0.1", "10.0.0.2"});

  static ServerHealth server(const std::string& host, bool is_up = true) {
    return {host + ":6443", is_up, "L7OK", "readyz", !is_up, 0};
  }
  void told(const std::vector<ServerHealth>& servers) { tell(BackendsReported{{{api, servers}}}); }
  void warm_with(const RenderedHaproxy& text) {
    tell(KeeperConnected{});
    take(supervisor_.start(text, now_));
    tell(HaproxyConfigAccepted{generation()});
    tell(HaproxyStarted{generation(), 100});
    tell(HaproxyProbed{generation()});
    ASSERT_TRUE(supervisor_.warm());
    told({server("10.0.0.1")});
    actions_.clear();
    news_.clear();
  }
  /// HAProxy accepts the text that is wanted now.
  void accept() {
    const auto check = asked<CheckHaproxyConfig>();
    ASSERT_TRUE(check);
    tell(HaproxyConfigAccepted{check->generation});
  }
  template <class Wanted>
  bool is_told() {
    bool found = false;
    for (const auto& each : news()) found = found || std::holds_alternative<Wanted>(each);
    return found;
  }
};

TEST_F(Amending, the_one_that_runs_takes_another_server) {
  warm_with(one);
  const auto running = generation();
  take(supervisor_.start(two, now_));
  accept();
  EXPECT_TRUE(asked<AskBackends>()) << "what it has now is asked first";
  told({server("10.0.0.1")});
  const auto amend = asked<AmendHaproxy>();
  ASSERT_TRUE(amend);
  EXPECT_EQ(amend->generation, running);
  ASSERT_EQ(amend->changes.size(), 1U);
  EXPECT_EQ(amend->changes[0].server, "10.0.0.2:6443");
  EXPECT_FALSE(is_told<HaproxyAmended>()) << "HAProxy has not said so";

  told({server("10.0.0.1"), server("10.0.0.2")});
  EXPECT_TRUE(is_told<HaproxyAmended>());
  EXPECT_FALSE(asked<StartHaproxy>());
  EXPECT_EQ(generation(), running);
  EXPECT_EQ(supervisor_.status().replacements, 0U);

  tell(HaproxyExited{running, "killed by signal 9"});
  EXPECT_EQ(asked<StartHaproxy>()->config, two.text) << "the next one has it from the beginning";
}

TEST_F(Amending, one_that_goes_drains_and_is_removed_with_its_last_connection) {
  warm_with(two);
  take(supervisor_.start(one, now_));
  accept();
  actions_.clear();
  told({server("10.0.0.1"), server("10.0.0.2")});
  EXPECT_EQ(asked<AmendHaproxy>()->changes[0].kind, Kind::drain);
  ServerHealth draining = server("10.0.0.2", false);
  draining.connections = 2;
  told({server("10.0.0.1"), draining});
  EXPECT_TRUE(is_told<HaproxyAmended>());
  EXPECT_FALSE(asked<AmendHaproxy>());
  EXPECT_EQ(supervisor_.status().backends[0].servers.size(), 1U) << "nobody asks for it any more";
  pass(seconds(10));
  actions_.clear();
  draining.connections = 0;
  told({server("10.0.0.1"), draining});
  EXPECT_EQ(asked<AmendHaproxy>()->changes[0].kind, Kind::remove);
  told({server("10.0.0.1")});
  EXPECT_FALSE(asked<AmendHaproxy>());
}

/// Else a node would be taken for one that sees fewer, just after it has taken the changed file.
TEST_F(Amending, servers_are_counted_when_all_that_are_wanted_have_had_their_chance) {
  warm_with(one);
  EXPECT_EQ(supervisor_.healthy_api_servers(api), 1U);
  take(supervisor_.start(two, now_));
  told({server("10.0.0.1")});
  EXPECT_EQ(supervisor_.healthy_api_servers(api), std::nullopt);
  accept();
  told({server("10.0.0.1")});
  ServerHealth second = server("10.0.0.2");
  second.up = false;
  second.check = not_checked_yet;
  second.level.clear();
  told({server("10.0.0.1"), second});
  EXPECT_EQ(supervisor_.healthy_api_servers(api), std::nullopt) << "not checked yet";
  second.check = "L7OK";
  second.level = "readyz";
  told({server("10.0.0.1"), second});
  EXPECT_EQ(supervisor_.healthy_api_servers(api), std::nullopt) << "one good check is not enough";
  told({server("10.0.0.1"), server("10.0.0.2")});
  EXPECT_EQ(supervisor_.healthy_api_servers(api), 2U);
  told({server("10.0.0.1"), second});
  pass(seconds(10));
  EXPECT_EQ(supervisor_.healthy_api_servers(api), 1U) << "later it counts as it is";
}

TEST_F(Amending, one_that_is_dead_from_the_beginning_is_counted_so) {
  warm_with(one);
  take(supervisor_.start(two, now_));
  accept();
  ServerHealth second = server("10.0.0.2");
  second.up = false;
  second.check = "L4CON";
  second.level.clear();
  told({server("10.0.0.1"), second});
  EXPECT_EQ(supervisor_.healthy_api_servers(api), 1U);
}

TEST_F(Amending, what_it_does_not_take_in_time_takes_another_haproxy) {
  warm_with(one);
  take(supervisor_.start(two, now_));
  accept();
  actions_.clear();
  for (int i = 0; i < 250; ++i) {
    told({server("10.0.0.1")});
    pass(milliseconds(10));
  }
  EXPECT_EQ(asked<StartHaproxy>()->config, two.text);
  EXPECT_FALSE(is_told<HaproxyAmended>());
}

TEST_F(Amending, so_does_one_that_says_nothing_more) {
  warm_with(one);
  take(supervisor_.start(two, now_));
  accept();
  actions_.clear();
  pass(seconds(3));
  EXPECT_EQ(asked<StartHaproxy>()->config, two.text);
}

TEST_F(Amending, a_refused_text_is_no_text_to_become) {
  warm_with(one);
  take(supervisor_.start(two, now_));
  const auto check = asked<CheckHaproxyConfig>();
  tell(HaproxyConfigRefused{check->generation, "no"});
  told({server("10.0.0.1")});
  EXPECT_FALSE(asked<AmendHaproxy>());
  EXPECT_EQ(supervisor_.status().not_replaced, "no");
}

TEST_F(Amending, a_host_name_takes_another_haproxy) {
  warm_with(one);
  take(supervisor_.start(text_with({"10.0.0.1", "kube-mast02"}), now_));
  accept();
  EXPECT_TRUE(asked<StartHaproxy>());
}

/// The keeper knows the text with which it was started, and not what became of it.
TEST_F(Amending, the_next_hapxd_finds_what_was_done_and_does_the_rest) {
  take(supervisor_.start(two, now_));
  tell(KeeperConnected{KeeperConnected::Running{7, 4711, one.text, one.sockets}, {}});
  tell(HaproxyProbed{7});
  accept();
  told({server("10.0.0.1"), server("10.0.0.2")});
  EXPECT_FALSE(asked<AmendHaproxy>()) << "it was done";
  EXPECT_FALSE(is_told<HaproxyAmended>());
  EXPECT_EQ(supervisor_.status().pid, 4711);
}

TEST_F(Amending, the_same_text_is_looked_at_when_one_is_found) {
  take(supervisor_.start(one, now_));
  tell(KeeperConnected{KeeperConnected::Running{7, 4711, one.text, one.sockets}, {}});
  tell(HaproxyProbed{7});
  actions_.clear();
  // Another server came and this one went, before the file was as it had been.
  told({server("10.0.0.1", false), server("10.0.0.2")});
  const auto amend = asked<AmendHaproxy>();
  ASSERT_TRUE(amend);
  ASSERT_EQ(amend->changes.size(), 1U);
  EXPECT_EQ(amend->changes[0].kind, Kind::ready);
  told({server("10.0.0.1"), server("10.0.0.2")});
  EXPECT_EQ(asked<AmendHaproxy>()->changes[0].kind, Kind::drain);
}

TEST_F(Amending, what_somebody_set_aside_by_hand_stays_so) {
  warm_with(one);
  told({server("10.0.0.1", false)});
  pass(seconds(5));
  told({server("10.0.0.1", false)});
  EXPECT_FALSE(asked<AmendHaproxy>());
}

TEST_F(Amending, maintenance_leaves_servers_alone_until_it_ends) {
  warm_with(one);
  take(supervisor_.leave_alone("hands off", now_));
  take(supervisor_.start(two, now_));
  told({server("10.0.0.1"), server("10.0.0.3")});
  EXPECT_FALSE(asked<AmendHaproxy>());
  take(supervisor_.leave_alone("", now_));
  accept();
  told({server("10.0.0.1"), server("10.0.0.3")});
  EXPECT_EQ(asked<AmendHaproxy>()->changes.size(), 2U);
}

TEST_F(Amending, ends_with_the_one_that_runs) {
  warm_with(one);
  take(supervisor_.start(two, now_));
  accept();
  tell(HaproxyExited{generation(), "killed by signal 9"});
  actions_.clear();
  tell(HaproxyStarted{generation(), 101});
  tell(HaproxyProbed{generation()});
  ASSERT_TRUE(supervisor_.warm());
  told({server("10.0.0.1")});
  EXPECT_EQ(asked<AmendHaproxy>()->generation, generation()) << "the next one takes it";
}

}  // namespace
}  // namespace hapx::lb_supervisor
