// SPDX-License-Identifier: Apache-2.0
// The fence on bad ground: hapxd may not use BPF, somebody takes the filter away, somebody flushes
// the firewall. Without BPF the address lifetime is the fence: it needs a long lease, and status
// says so.
#include "ground.hpp"

namespace hapx::appliance::lab {
namespace {

class Rights : public Ground {
 protected:
  /// As a container or a hardened unit would start it.
  static Start without_bpf() { return {.wrapper = {"setpriv", "--bounding-set=-bpf,-sys_admin"}}; }

  static void expect_lifetime(const Status& status) {
    ASSERT_EQ(status.services.size(), 1U);
    EXPECT_EQ(status.services[0].fence, FenceStatus::lifetime);
    EXPECT_TRUE(says(status, "the fence is the address lifetime"));
    EXPECT_TRUE(says(status, "Operation not permitted"));
  }

  [[nodiscard]] bool has_address(unsigned number) const {
    const std::string seen = output_in(node(number).netns, {"ip", "-4", "addr"});
    return seen.find(to_string(plan().vip.address) + "/") != std::string::npos;
  }

  [[nodiscard]] std::string filters(unsigned number) const {
    return output_in(node(number).netns, {"tc", "filter", "show", "dev", "eth0", "ingress"}) +
           output_in(node(number).netns, {"tc", "filter", "show", "dev", "eth0", "egress"});
  }
  [[nodiscard]] bool has_filters(unsigned number) const {
    const std::string seen = filters(number);
    return seen.find("hapx_ingress") != std::string::npos &&
           seen.find("hapx_egress") != std::string::npos;
  }

  void need_bpf(unsigned number) const {
    if (status(number).services[0].fence != FenceStatus::bpf) {
      GTEST_SKIP() << "no BPF here, so there is no filter to remove";
    }
  }
};

TEST_F(Rights, WithoutBpfAShortLeaseHoldsNothingAndSaysWhatIsNeeded) {
  ASSERT_NO_FATAL_FAILURE(build());
  const Onlooker onlooker = look_on_silence();
  start_all(without_bpf());
  // The coordinator has seen all of them, HAProxy is warm everywhere: nothing but the fence
  // hinders.
  for (const unsigned number : {1U, 2U, 3U}) {
    comes(node(number).name.text() + " has all but a fence", [&] {
      const Status now = status(number);
      return now.quorate && now.haproxy.fit && now.members.size() == 3;
    });
    comes_to_say(number, "1.5s or more");
    expect_lifetime(status(number));
    EXPECT_EQ(appliance::health(status(number)), appliance::Health::no_service);
    EXPECT_FALSE(has_address(number));
  }
  EXPECT_EQ(onlooker.wire().rounds_answered, 0U) << "somebody held the address";
}

TEST_F(Rights, OneNodeWithoutBpfIsNoCandidateAndTheOthersServe) {
  ASSERT_NO_FATAL_FAILURE(build());
  start(1, without_bpf());
  start(2);
  start(3);
  const unsigned server = who_comes_to_serve({2, 3});
  ASSERT_NE(server, 0U);
  expect_lifetime(status(1));
  EXPECT_FALSE(has_address(1));
  EXPECT_EQ(status(server).services[0].fence, FenceStatus::bpf);
}

class LongLease : public Rights {
 protected:
  /// Profile cloud: lease 2 s, heartbeat 200 ms.
  void begin() {
    ASSERT_NO_FATAL_FAILURE(build("cloud"));
    start_all(without_bpf());
    server_ = settled();
    ASSERT_NE(server_, 0U);
    for (const unsigned number : {1U, 2U, 3U}) {
      comes("a fence", [&] {
        const Status now = status(number);
        return now.services.size() == 1 && now.services[0].fence != FenceStatus::none;
      });
      expect_lifetime(status(number));
    }
    EXPECT_EQ(filters(server_), "");
    for (const unsigned number : {1U, 2U, 3U}) {
      if (number != server_) others_.push_back(number);
    }
  }

  /// Never two hardware addresses; first that of `before`, last that of `after`.
  void expect_one_at_a_time(const Onlooker& onlooker, unsigned before, unsigned after) const {
    const drill::Wire wire = onlooker.wire();
    EXPECT_TRUE(wire.is_one_holder()) << wire.conflict_count << " times two holders";
    ASSERT_FALSE(wire.tenures.empty());
    EXPECT_EQ(to_string(wire.tenures.front().mac), to_string(node(before).mac));
    EXPECT_EQ(to_string(wire.tenures.back().mac), to_string(node(after).mac));
    EXPECT_EQ(wire.tenures.size(), 2U);
  }

  unsigned server_ = 0;
  std::vector<unsigned> others_;
};

TEST_F(LongLease, WithoutBpfTheServiceSurvivesTheEndOfHapxdAndItsKeeper) {
  ASSERT_NO_FATAL_FAILURE(begin());
  const Onlooker onlooker = look_on();
  // Stopped first: else hapxd may see its keeper go and release in order, before its own turn
  // comes.
  const auto both = processes(server_, {daemon_name, keeper_name});
  for (const Process& process : both) send_signal(process, SIGSTOP);
  for (const Process& process : both) send_signal(process, SIGKILL);
  const unsigned next = who_comes_to_serve(others_);
  ASSERT_NE(next, 0U);
  EXPECT_FALSE(has_address(server_)) << "it was served elsewhere while it was still there";
  EXPECT_TRUE(a_client_is_served(plan()));
  expect_one_at_a_time(onlooker, server_, next);
  EXPECT_TRUE(comes("nothing of hapx runs where its keeper was killed",
                    [&] { return processes_in(node(server_).netns).empty(); }));
}

TEST_F(LongLease, WithoutBpfAFrozenNodeIsSucceededAndComesBackInPeace) {
  ASSERT_NO_FATAL_FAILURE(begin());
  const Onlooker onlooker = look_on();
  const auto frozen = processes(server_, {keeper_name, daemon_name});
  for (const Process& process : frozen) send_signal(process, SIGSTOP);
  const unsigned next = who_comes_to_serve(others_);
  EXPECT_FALSE(has_address(server_)) << "it was served elsewhere while it was still there";
  for (const Process& process : frozen) send_signal(process, SIGCONT);
  ASSERT_NE(next, 0U);
  comes("the thawed node sees who serves", [&] {
    const Status now = status(server_);
    return now.quorate && now.services.size() == 1 && now.services[0].holder == node(next).name;
  });
  EXPECT_TRUE(a_client_is_served(plan()));
  expect_one_at_a_time(onlooker, server_, next);
}

TEST_F(LongLease, WithoutBpfTheNextHapxdTakesTheAddressUpAgain) {
  ASSERT_NO_FATAL_FAILURE(begin());
  const Onlooker onlooker = look_on();
  signal_all(server_, {daemon_name}, SIGKILL);
  const unsigned next = who_comes_to_serve({1, 2, 3});
  ASSERT_NE(next, 0U);
  EXPECT_TRUE(a_client_is_served(plan()));
  const drill::Wire wire = onlooker.wire();
  EXPECT_TRUE(wire.is_one_holder()) << wire.conflict_count << " times two holders";
  EXPECT_GT(wire.rounds_answered, 0U);
}

TEST_F(Rights, AFilterThatIsRemovedIsPutBackAndCounted) {
  ASSERT_NO_FATAL_FAILURE(build());
  start_all();
  const unsigned server = settled();
  ASSERT_NE(server, 0U);
  need_bpf(server);
  if (IsSkipped()) return;
  const Onlooker onlooker = look_on();
  const unsigned standby = server == 1 ? 2 : 1;
  const std::vector<std::vector<std::string>> removals = {
      {"tc", "qdisc", "del", "dev", "eth0", "clsact"},
      {"tc", "filter", "del", "dev", "eth0", "ingress"},
      {"tc", "filter", "del", "dev", "eth0", "egress"},
  };
  for (const unsigned number : {server, standby}) {
    for (const auto& removal : removals) {
      const std::uint64_t before = count(status(number), "fence_restored");
      ASSERT_TRUE(has_filters(number)) << filters(number);
      do_in(node(number).netns, removal);
      comes("counted: " + removal[1] + " " + removal[2] + " on " + node(number).name.text(),
            [&] { return count(status(number), "fence_restored") > before; });
      comes("the filter is back", [&] { return has_filters(number); });
    }
    EXPECT_TRUE(log_has(number, "somebody removed the fence; putting it back"));
    EXPECT_EQ(status(number).services[0].fence, FenceStatus::bpf);
  }
  expect_undisturbed(onlooker, server);
}

TEST_F(Rights, AFlushedFirewallChangesNothing) {
  ASSERT_NO_FATAL_FAILURE(build());
  const std::string ruleset =
      "table inet somebody {\n"
      "  chain input {\n"
      "    type filter hook input priority 0;\n"
      "    accept\n"
      "  }\n"
      "}\n";
  for (const NodePlan& each : plan().nodes) {
    const auto loaded = run_well({"nft", "-f", "-"}, {.netns = each.netns, .input = ruleset});
    if (!loaded) GTEST_SKIP() << "no nftables in this kernel: " << loaded.error().sentence;
  }
  start_all();
  const unsigned server = settled();
  ASSERT_NE(server, 0U);
  comes("all are here", [&] { return status(server).degraded.empty(); });
  const Onlooker onlooker = look_on();
  for (const NodePlan& each : plan().nodes) {
    do_in(each.netns, {"nft", "flush", "ruleset"});
    EXPECT_EQ(output_in(each.netns, {"nft", "list", "ruleset"}), "");
  }
  expect_undisturbed(onlooker, server);
  for (const unsigned number : {1U, 2U, 3U}) {
    EXPECT_EQ(count(status(number), "fence_restored"), 0U);
  }
  EXPECT_TRUE(status(server).degraded.empty());
}

}  // namespace
}  // namespace hapx::appliance::lab
