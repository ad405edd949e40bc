// SPDX-License-Identifier: Apache-2.0
// Two nodes and a real etcd with the third vote. Its three members stand in for those of a control
// plane. Times are printed and recorded, never judged.
#include <csignal>

#include "etcd_cluster.hpp"
#include "pair.hpp"

namespace hapx::appliance::lab {
namespace {

using test::EtcdCluster;

class ThirdVote : public Pair, public testing::WithParamInterface<Family> {
 protected:
  ThirdVote() : Pair("etcd has the third vote") {}

  void SetUp() override {
    Ground::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    if (!kernel_has(GetParam())) GTEST_SKIP() << "this kernel has no IPv6";
    if (!test::has_etcd()) GTEST_SKIP() << "etcd is not here (package etcd-server)";
    ASSERT_NO_FATAL_FAILURE(build(Wishes{.nodes = 2, .family = GetParam()}));
    begin_etcd();
    ASSERT_EQ(etcd_->obstacle(), "");
    ASSERT_NO_FATAL_FAILURE(begin_cluster(etcd_->client()));
  }
  void TearDown() override {
    etcd_.reset();
    Pair::TearDown();
  }

  /// On the machine of the client, each at an address of its own.
  void begin_etcd() {
    std::vector<test::EtcdMember> members;
    for (std::uint8_t last = 141; last <= 143; ++last) {
      IpAddress address = plan().client_address;
      address.bytes[byte_count(address.family) - 1] = last;
      std::vector<std::string> words{
          "ip", "addr", "add",
          to_string(address) + (address.family == Family::ipv6 ? "/64" : "/24"), "dev"};
      words.emplace_back(inner_interface);
      if (address.family == Family::ipv6) words.emplace_back("nodad");
      do_in(plan().client_netns, words);
      // Prompt on a busy machine, and still after HAProxy: three that start at once take all cores.
      members.push_back(
          {address, {"nice", "-n", "-10", "ip", "netns", "exec", plan().client_netns}});
    }
    etcd_.emplace(std::move(members));
  }

  void write(const EtcdConfig& etcd) {
    std::string endpoints;
    for (const Endpoint& endpoint : etcd.endpoints)
      endpoints += (endpoints.empty() ? "'https://" : ", 'https://") + to_string(endpoint) + "'";
    config_ =
        config_with("three.yaml", "  services:\n",
                    "  arbiter:\n    etcd:\n      endpoints: [" + endpoints +
                        "]\n      caFile: " + etcd.ca_file + "\n      certFile: " + etcd.cert_file +
                        "\n      keyFile: " + etcd.key_file + "\n  services:\n");
  }

  void begin_cluster(const EtcdConfig& etcd) {
    write(etcd);
    ASSERT_NO_FATAL_FAILURE(begin(config_));
    EXPECT_TRUE(comes("etcd's vote", [&] { return is_answered(standby_); }));
  }

  [[nodiscard]] bool is_answered(unsigned number) const {
    const Status now = status(number);
    return now.arbiter && now.arbiter->answers && now.arbiter->commits_in;
  }
  [[nodiscard]] bool comes_to_miss(unsigned number, const std::string& words) const {
    return comes("etcd doesn't answer: " + words, [&] {
      const Status now = status(number);
      return now.arbiter && !now.arbiter->answers &&
             now.arbiter->trouble.find(words) != std::string::npos;
    });
  }
  [[nodiscard]] bool comes_to_hear_both(unsigned number) const {
    return comes("both nodes, and etcd", [&] {
      const Status now = status(number);
      return is_answered(number) && is_healthy(now);
    });
  }

  std::optional<EtcdCluster> etcd_;
  std::string config_;
};

INSTANTIATE_TEST_SUITE_P(Lab, ThirdVote, testing::Values(Family::ipv4, Family::ipv6), family_name);

TEST_P(ThirdVote, PowerLossOfTheHolderAndItsReturn) {
  begin_to_look();
  if (HasFatalFailure()) return;
  ASSERT_TRUE(lab_->power_off(node(holder_)));
  ASSERT_TRUE(comes_to_serve(standby_));
  tell_outage("power loss of the holder");
  struck_ = boot_now();
  ASSERT_TRUE(lab_->power_on(node(holder_)));
  start(holder_, {.config_file = config_});
  EXPECT_TRUE(comes_to_hear_both(standby_));
  EXPECT_TRUE(serves(status(standby_)));
  EXPECT_EQ(tell_outage("its return").failed, 0U);
}

TEST_P(ThirdVote, PowerLossOfTheStandbyIsNoticedByNobody) {
  begin_to_look();
  if (HasFatalFailure()) return;
  ASSERT_TRUE(lab_->power_off(node(standby_)));
  EXPECT_TRUE(comes_to_say(holder_, "offline"));
  static_cast<void>(pause(std::chrono::seconds(3)));
  EXPECT_TRUE(serves(status(holder_)));
  EXPECT_EQ(tell_outage("power loss of the standby").failed, 0U);
  // By etcd's vote alone its next process goes on in time.
  struck_ = boot_now();
  signal_all(holder_, {"hapxd"}, SIGKILL);
  EXPECT_TRUE(comes_to_serve(holder_));
  static_cast<void>(pause(std::chrono::seconds(1)));
  EXPECT_TRUE(serves(status(holder_)));
  tell_outage("SIGKILL of hapxd, the other node being away");
}

TEST_P(ThirdVote, TheHolderAndItsKeeperAreKilled) {
  begin_to_look();
  if (HasFatalFailure()) return;
  kill_with_keeper(holder_);
  ASSERT_TRUE(comes_to_serve(standby_));
  tell_outage("SIGKILL of hapxd and its keeper");
}

TEST_P(ThirdVote, TheHolderAndItsKeeperAreFrozenAndComeBack) {
  begin_to_look();
  if (HasFatalFailure()) return;
  signal_all(holder_, {"hapx-keeper", "hapxd"}, SIGSTOP);
  ASSERT_TRUE(comes_to_serve(standby_));
  tell_outage("SIGSTOP of hapxd and its keeper");
  signal_all(holder_, {"hapxd", "hapx-keeper"}, SIGCONT);
  EXPECT_TRUE(comes_to_hear_both(standby_));
  tell_outage("and SIGCONT");
}

TEST_P(ThirdVote, CutHeartbeatsMoveNothingAndHeal) {
  begin_to_look();
  if (HasFatalFailure()) return;
  lose(holder_, "udp dport 7405");
  EXPECT_TRUE(comes_to_say(holder_, "offline"));
  EXPECT_TRUE(comes_to_say(standby_, "offline"));
  static_cast<void>(pause(std::chrono::seconds(3)));
  EXPECT_TRUE(serves(status(holder_)));
  find();
  EXPECT_TRUE(comes_to_hear_both(holder_));
  EXPECT_TRUE(serves(status(holder_)));
  EXPECT_EQ(tell_outage("heartbeats cut and healed").failed, 0U);
}

/// From the other node, from etcd and from clients.
TEST_P(ThirdVote, TheIsolatedHolderFallsSilentAndTheOtherTakesOver) {
  begin_to_look();
  if (HasFatalFailure()) return;
  lose(holder_);
  ASSERT_TRUE(comes_to_serve(standby_));
  EXPECT_TRUE(comes("the holder has given up", [&] { return !serves(status(holder_)); }));
  tell_outage("the holder isolated");
  find();
  EXPECT_TRUE(comes_to_hear_both(standby_));
  EXPECT_TRUE(serves(status(standby_)));
  tell_outage("and healed");
}

TEST_P(ThirdVote, WhateverBecomesOfEtcdTwoNodesKeepWhatTheyAgreeOn) {
  begin_to_look();
  if (HasFatalFailure()) return;
  etcd_->kill(0);
  etcd_->kill(1);
  EXPECT_TRUE(comes_to_miss(holder_, ""));
  EXPECT_TRUE(comes_to_say(standby_, "without its vote no node goes on alone"));
  etcd_->restart(0);
  etcd_->restart(1);
  EXPECT_TRUE(comes_to_hear_both(holder_));
  for (std::size_t member = 0; member < 3; ++member) etcd_->freeze(member);
  EXPECT_TRUE(comes_to_miss(holder_, "no answer"));
  for (std::size_t member = 0; member < 3; ++member) etcd_->thaw(member);
  EXPECT_TRUE(comes_to_hear_both(holder_));
  // A move needs nobody but the two.
  for (std::size_t member = 0; member < 3; ++member) etcd_->kill(member);
  EXPECT_TRUE(comes_to_miss(standby_, ""));
  EXPECT_TRUE(serves(status(holder_)));
  EXPECT_EQ(tell_outage("etcd killed and frozen").failed, 0U);
  const auto moved = lab_->ask(node(holder_), {"move", plan().service.text()});
  ASSERT_TRUE(moved);
  EXPECT_EQ(moved->code, 0) << moved->errors;
  EXPECT_TRUE(comes_to_serve(standby_));
  tell_outage("a move without it");
}

TEST_P(ThirdVote, ExpiredCertificatesAreNamedAndTakeNothingAway) {
  begin_to_look();
  if (HasFatalFailure()) return;
  const std::vector<Endpoint> endpoints = etcd_->client().endpoints;
  const auto certify_all = [&](std::chrono::seconds ends) {
    for (std::size_t member = 0; member < 3; ++member) {
      etcd_->certify(member, {.name = "etcd" + std::to_string(member + 1),
                              .addresses = {endpoints[member].address},
                              .ends = ends});
    }
    etcd_->restart_all();  // the connections that there are know nothing of it
  };
  certify_all(std::chrono::seconds(-3600));
  EXPECT_TRUE(comes_to_miss(holder_, "expired"));
  EXPECT_TRUE(serves(status(holder_)));
  certify_all(std::chrono::hours(24));
  EXPECT_TRUE(comes_to_hear_both(holder_));
  EXPECT_TRUE(serves(status(holder_)));
  EXPECT_EQ(tell_outage("expired certificates").failed, 0U);
}

TEST_P(ThirdVote, WithoutItNobodyGoesOnAloneAndWithItSomebodyDoesAgain) {
  begin_to_look();
  if (HasFatalFailure()) return;
  for (std::size_t member = 0; member < 3; ++member) etcd_->kill(member);
  EXPECT_TRUE(comes_to_miss(standby_, ""));
  ASSERT_TRUE(lab_->power_off(node(holder_)));
  EXPECT_TRUE(comes_to_say(standby_, "no quorum"));
  static_cast<void>(pause(std::chrono::seconds(2)));
  EXPECT_FALSE(serves(status(standby_)));
  etcd_->restart_all();
  EXPECT_TRUE(comes_to_serve(standby_));
  tell_outage("power loss, etcd being away meanwhile");
}

/// A cold start: nobody has to be waited for.
TEST_P(ThirdVote, OneNodeBeginsAlone) {
  for (const unsigned number : {1U, 2U}) {
    ASSERT_TRUE(lab_->power_off(node(number)));
    ASSERT_TRUE(lab_->power_on(node(number)));
  }
  start(1, {.config_file = config_});
  EXPECT_TRUE(comes_to_serve(1));
  EXPECT_TRUE(a_client_is_served(plan()));
}

// ---- bad input ----

TEST_P(ThirdVote, AWrongAuthorityIsNamed) {
  for (const unsigned number : {1U, 2U}) ASSERT_TRUE(lab_->power_off(node(number)));
  for (const unsigned number : {1U, 2U}) ASSERT_TRUE(lab_->power_on(node(number)));
  EtcdConfig etcd = etcd_->client();
  etcd.ca_file = file("other-ca.crt");
  ASSERT_TRUE(write_file(etcd.ca_file, test::Authority("somebody else").certificate()));
  write(etcd);
  start_all({.config_file = config_});
  ASSERT_NE(settled({1, 2}), 0U) << "two nodes need nobody else";
  EXPECT_TRUE(comes_to_miss(1, etcd.ca_file));
}

/// The first of the list; the others are asked as well.
TEST_P(ThirdVote, AnEndpointThatHangsCostsNothing) {
  begin_to_look();
  if (HasFatalFailure()) return;
  etcd_->freeze(0);
  static_cast<void>(pause(std::chrono::seconds(6)));
  EXPECT_TRUE(is_answered(standby_));
  ASSERT_TRUE(lab_->power_off(node(holder_)));
  ASSERT_TRUE(comes_to_serve(standby_));
  tell_outage("power loss of the holder, a member of etcd frozen");
  etcd_->thaw(0);
}

}  // namespace
}  // namespace hapx::appliance::lab
