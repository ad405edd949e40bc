// SPDX-License-Identifier: Apache-2.0
// `hapx doctor wire` on two machines of a lab: on a wire that is well, and on wires with filters,
// proxies, small frames and a DHCP server, all of them real ones of the kernel's.
#include <future>

#include <signal.h>

#include "ground.hpp"

namespace hapx::appliance::lab {
namespace {

using std::chrono::seconds;

/// What the two ends have said.
struct Both {
  Outcome first;
  Outcome second;
};

class Wire : public Ground {
 protected:
  [[nodiscard]] Result<Outcome> test_from(unsigned number,
                                          std::vector<std::string> more = {}) const {
    std::vector<std::string> words{std::string(HAPX_PROGRAMS) + "/hapx",
                                   "--socket",
                                   node(number).run_folder + "/hapxd.sock",
                                   "doctor",
                                   "wire",
                                   plan().config_file,
                                   "--node",
                                   node(number).name.text()};
    words.insert(words.end(), more.begin(), more.end());
    return run(words, {.netns = node(number).netns, .patience = patience + seconds(60)});
  }

  /// Both say the same, or this fails.
  [[nodiscard]] Both test(const std::vector<std::string>& more = {}) const {
    auto other = std::async(std::launch::async, [&] { return test_from(2, more); });
    const auto first = test_from(1, more);
    const auto second = other.get();
    EXPECT_TRUE(first) << first.error().sentence;
    EXPECT_TRUE(second) << second.error().sentence;
    if (!first || !second) return {};
    EXPECT_EQ(first->output, second->output) << first->errors << second->errors;
    EXPECT_EQ(first->code, second->code);
    return {*first, *second};
  }

  void filter(const std::string& rules) const {
    const auto done =
        run_well({"nft", "-f", "-"}, {.netns = plan().wire_netns,
                                      .input = "table bridge wire {\n  chain wire {\n"
                                               "    type filter hook forward priority 0;\n" +
                                               rules + "  }\n}\n"});
    ASSERT_TRUE(done) << done.error().sentence;
  }

  static void expect_said(const Both& both, const std::vector<std::string>& sentences) {
    for (const std::string& sentence : sentences) {
      EXPECT_NE(both.first.output.find(sentence), std::string::npos)
          << "not said: " << sentence << "\n"
          << both.first.output << both.first.errors;
    }
  }

  [[nodiscard]] std::string addresses(unsigned number) const {
    return output_in(node(number).netns, {"ip", "-brief", "address"});
  }
};

TEST_F(Wire, ThatIsWellIsFoundWellAndLeftAsItWas) {
  build(Wishes{.nodes = 2});
  const std::string before = addresses(1);
  const Both both = test();
  EXPECT_EQ(both.first.code, 0) << both.first.output << both.first.errors;
  expect_said(both, {"announcements of node1 (gratuitous ARP, request and reply) reach node2",
                     "announcements of node2 (gratuitous ARP, request and reply) reach node1",
                     "node1 asks where the address is, and node2's answers come",
                     "packets from and to the address pass while node2 has it",
                     "packets of up to 1500 bytes from node1 reach node2",
                     "nobody answers for 192.168.4.20", "nobody answers for addresses of others",
                     "no DHCP server offers anything", "0 failures, 0 warnings"});
  EXPECT_EQ(addresses(1), before);
}

TEST_F(Wire, OfIpv6IsFoundWell) {
  if (!kernel_has(Family::ipv6)) GTEST_SKIP() << "this kernel has no IPv6";
  build(Wishes{.nodes = 2, .family = Family::ipv6});
  const Both both = test();
  EXPECT_EQ(both.first.code, 0) << both.first.output << both.first.errors;
  expect_said(both, {"eth0 (IPv6): announcements of node1 (unsolicited neighbour advertisements)",
                     "eth0 (IPv6): node2 asks where the address is, and node1's answers come",
                     "nobody answers for 2001:db8:4::20", "0 failures, 0 warnings"});
}

TEST_F(Wire, WithoutArpRepliesWithAProxyAndASmallEndIsFoundOut) {
  build(Wishes{.nodes = 2});
  filter("    ether type arp arp operation reply arp saddr ip 192.0.2.0/24 drop\n");
  // A router with half of the VIP's network behind it, by its own account.
  do_in(plan().client_netns,
        {"sh", "-c",
         "ip link add far type veth peer name farther && "
         "ip link set far up && ip link set farther up && "
         "ip route add 192.168.4.0/25 dev far && ip route add 192.168.4.128/25 dev far && "
         "cd /proc/sys/net/ipv4 && echo 1 > ip_forward && echo 1 > conf/eth0/proxy_arp && "
         "for each in all eth0; do echo 0 > conf/$each/rp_filter; done"});
  do_in(node(2).netns, {"ip", "link", "set", "eth0", "mtu", "1400"});
  const Both both = test();
  EXPECT_EQ(both.first.code, 2);
  expect_said(both, {"only the ARP requests reach node2", "only the ARP requests reach node1",
                     "answers of node2 (the address is at ...) don't reach node1",
                     "answers for addresses drawn at random from the VIP's network",
                     "the MTU is 1500 on node1 and 1400 on node2"});
}

TEST_F(Wire, WithoutBroadcastsOfOneNodeIsFoundOut) {
  build(Wishes{.nodes = 2});
  // They know each other already, as they do not in a broken network that was once well.
  for (const auto& [here, there] : {std::pair(1U, 2U), std::pair(2U, 1U)}) {
    do_in(node(here).netns, {"ip", "neigh", "replace", to_string(node(there).address), "lladdr",
                             to_string(node(there).mac), "dev", "eth0"});
  }
  filter("    iifname \"node1\" ether daddr ff:ff:ff:ff:ff:ff drop\n");
  const Both both = test();
  EXPECT_EQ(both.first.code, 2);
  expect_said(both, {"announcements of node1 (gratuitous ARP) don't reach node2",
                     "questions of node1 to all (who has the address?) don't reach node2",
                     "announcements of node2 (gratuitous ARP, request and reply) reach node1",
                     "2 failures, 0 warnings"});
}

TEST_F(Wire, OfOneDirectionIsFoundOut) {
  build(Wishes{.nodes = 2});
  for (const auto& [here, there] : {std::pair(1U, 2U), std::pair(2U, 1U)}) {
    do_in(node(here).netns, {"ip", "neigh", "replace", to_string(node(there).address), "lladdr",
                             to_string(node(there).mac), "dev", "eth0"});
  }
  filter(
      "    iifname \"node2\" udp dport != 7406 drop\n"
      "    iifname \"node2\" ether type != ip drop\n"
      "    iifname \"node2\" ip protocol != udp drop\n");
  const Both both = test();
  EXPECT_EQ(both.first.code, 2);
  expect_said(both, {"nothing of node2 reaches node1, though frames come the other way",
                     "announcements of node1 (gratuitous ARP, request and reply) reach node2"});
}

TEST_F(Wire, WithADhcpServerThatHasTheVipIsFoundOut) {
  const auto there = run({"sh", "-c", "command -v dnsmasq"}, {});
  if (!there || there->code != 0) GTEST_SKIP() << "dnsmasq is not here (package dnsmasq-base)";
  build(Wishes{.nodes = 2});
  const auto server = start_daemon(
      {"dnsmasq", "--conf-file=/dev/null", "--keep-in-foreground", "--port=0", "--user=root",
       "--interface=eth0", "--bind-interfaces", "--dhcp-range=192.168.4.15,192.168.4.25,2m",
       "--dhcp-leasefile=" + file("leases"), "--pid-file=" + file("dnsmasq.pid"), "--log-dhcp",
       "--log-facility=-"},
      {plan().client_netns, file("dnsmasq.log"), ""});
  ASSERT_TRUE(server) << server.error().sentence;
  comes("the DHCP server", [&] {
    return output_in(plan().client_netns, {"ss", "-Huln", "sport = 67"}).find(":67") !=
           std::string::npos;
  });
  const Both both = test();
  EXPECT_EQ(both.first.code, 2);
  expect_said(
      both, {"the DHCP server 192.168.4.100 offers 192.168.4.20, a VIP", "1 failure, 0 warnings"});
  const auto leases = read_file(file("leases"));
  EXPECT_TRUE(!leases || leases->empty()) << "an offer is no lease: " << *leases;
}

TEST_F(Wire, IsTestedWhileHapxdHoldsTheVip) {
  build();
  start_all();
  const unsigned server = settled();
  ASSERT_NE(server, 0U);
  const Onlooker onlooker = look_on();
  const auto refused = test_from(1, {"--address", to_string(plan().vip.address)});
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, 1);
  EXPECT_NE(refused->errors.find("is a VIP, and hapxd runs here"), std::string::npos)
      << refused->errors;
  const Both both = test();
  EXPECT_EQ(both.first.code, 0) << both.first.output << both.first.errors;
  expect_said(both, {"answers for 192.168.4.20, which hapx holds"});
  expect_undisturbed(onlooker, server);
  for (unsigned number = 1; number <= 3; ++number) {
    EXPECT_TRUE(status(number).degraded.empty()) << number;
    EXPECT_EQ(count(status(number), "datagrams_refused.wrong key"), 0U);
    for (const VipStatus& vip : status(number).services[0].vips) EXPECT_EQ(vip.claims, 0U);
  }
}

TEST_F(Wire, ThatNobodyElseTestsIsWaitedForInVain) {
  build(Wishes{.nodes = 2});
  const auto alone = test_from(1, {"--wait", "3s"});
  ASSERT_TRUE(alone) << alone.error().sentence;
  EXPECT_EQ(alone->code, 3);
  EXPECT_EQ(alone->output, "");
  EXPECT_NE(alone->errors.find("waiting for node2 (run `hapx doctor wire` there, too)"),
            std::string::npos)
      << alone->errors;
  EXPECT_NE(alone->errors.find("nobody came within 3s"), std::string::npos) << alone->errors;
}

}  // namespace
}  // namespace hapx::appliance::lab
