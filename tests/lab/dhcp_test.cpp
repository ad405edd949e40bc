// SPDX-License-Identifier: Apache-2.0
// A DHCP server has the VIP in its range and gives it away: to a host that looks before it takes
// an address, and to one that doesn't.
#include <iostream>
#include <optional>
#include <string>

#include "appliance/drill/statistics.hpp"
#include "ground.hpp"

namespace hapx::appliance::lab {
namespace {

class Dhcp : public Ground {
 protected:
  void SetUp() override {
    Ground::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    for (const char* program : {"dnsmasq", "udhcpc"}) {
      const auto there = run({"sh", "-c", std::string("command -v ") + program}, {});
      if (!there || there->code != 0) GTEST_SKIP() << program << " is not here (./deps.sh)";
    }
    ASSERT_NO_FATAL_FAILURE(build());
    start_all();
    server_ = settled();
    ASSERT_NE(server_, 0U);
    ASSERT_TRUE(a_client_is_served(plan()));
    const std::string link =
        output_in(plan().apiserver_netns, {"ip", "-o", "link", "show", "eth0"});
    const std::string before = "link/ether ";
    ASSERT_NE(link.find(before), std::string::npos) << link;
    mac_ = link.substr(link.find(before) + before.size(), 17);
    begin_to_give();
  }

  [[nodiscard]] std::string vip() const { return to_string(plan().vip.address); }

  /// As somebody does who has forgotten that the range has a VIP in it, and doesn't look either. On
  /// the machine of a standby: dnsmasq tells its own kernel that the address is at whom it gave it.
  void begin_to_give() const {
    const std::string& netns = node(server_ == 3 ? 2 : 3).netns;
    const auto started = start_daemon(
        {"dnsmasq", "--conf-file=/dev/null", "--keep-in-foreground", "--port=0", "--user=root",
         "--interface=eth0", "--bind-interfaces", "--no-ping",
         "--dhcp-range=" + vip() + "," + vip() + ",2m", "--dhcp-leasefile=" + file("leases"),
         "--pid-file=" + file("dnsmasq.pid"), "--log-facility=-"},
        {netns, file("dnsmasq.log"), ""});
    ASSERT_TRUE(started) << started.error().sentence;
    comes("the DHCP server", [&] {
      return output_in(netns, {"ss", "-Huln", "sport = 67"}).find(":67") != std::string::npos;
    });
  }

  /// The machine of the stand-ins asks for an address, again and again, and takes the one that it
  /// is given.
  void ask(const std::vector<std::string>& how) const {
    EXPECT_TRUE(write_file(file("take"),
                           "#!/bin/sh\n[ \"$1\" != bound ] || "
                           "ip addr add \"$ip/24\" dev \"$interface\"\n"));
    do_in(plan().apiserver_netns, {"chmod", "755", file("take")});
    std::vector<std::string> words{"udhcpc", "-i", "eth0", "-f", "-t", "2",
                                   "-T",     "1",  "-A",   "1",  "-s", file("take")};
    words.insert(words.end(), how.begin(), how.end());
    const auto started = start_daemon(words, {plan().apiserver_netns, file("udhcpc.log"), ""});
    ASSERT_TRUE(started) << started.error().sentence;
  }

  void comes_to_note(const std::string& words) const {
    comes("the DHCP server notes " + words, [&] {
      const auto log = read_file(file("dnsmasq.log"));
      return log && log->find(words) != std::string::npos;
    });
  }

  [[nodiscard]] bool host_has_it() const {
    return output_in(plan().apiserver_netns, {"ip", "-o", "addr", "show", "dev", "eth0"})
               .find(" " + vip() + "/") != std::string::npos;
  }

  unsigned server_ = 0;
  std::string mac_;
};

TEST_F(Dhcp, AHostThatLooksFirstHearsTheHolderAndDeclines) {
  auto client = drill::Prober::start(plan());
  ASSERT_TRUE(client) << client.error().sentence;
  const Instant before = boot_now();
  ask({"-a"});
  comes_to_note("DHCPDECLINE");
  EXPECT_FALSE(host_has_it());
  EXPECT_TRUE(serves(status(server_)));
  EXPECT_EQ(drill::judge(client->requests(before), before, boot_now()).failed, 0U);
}

TEST_F(Dhcp, AHostThatDoesNotIsNamedAndNotYieldedTo) {
  const Onlooker onlooker = look_on();
  auto client = drill::Prober::start(plan());
  ASSERT_TRUE(client) << client.error().sentence;
  const Instant before = boot_now();
  ask({});
  comes_to_note("DHCPACK");
  ASSERT_TRUE(comes("the host has the address", [&] { return host_has_it(); }));
  EXPECT_TRUE(comes_to_say(server_, mac_ + " claims " + vip() + ", too"));
  EXPECT_TRUE(serves(status(server_)));
  const auto table = lab_->ask(node(server_), {"get", "conflicts"});
  ASSERT_TRUE(table);
  EXPECT_NE(table->output.find(mac_), std::string::npos) << table->output;
  EXPECT_TRUE(comes("the client's neighbour is the holder", [&] {
    return output_in(plan().client_netns, {"ip", "neigh", "show", vip(), "dev", "eth0"})
               .find(to_string(node(server_).mac)) != std::string::npos;
  }));
  EXPECT_TRUE(a_client_is_served(plan()));
  const auto seen = drill::judge(client->requests(before), before, boot_now());
  std::cout << "a DHCP host has the VIP: requests " << seen.requests << ", failed " << seen.failed
            << ", outage " << drill::readable(seen.outage) << "\n";
  RecordProperty("failed", static_cast<int>(seen.failed));
  do_in(plan().apiserver_netns, {"ip", "addr", "del", vip() + "/24", "dev", "eth0"});
  EXPECT_TRUE(a_client_is_served(plan()));
  EXPECT_TRUE(serves(status(server_)));
}

}  // namespace
}  // namespace hapx::appliance::lab
