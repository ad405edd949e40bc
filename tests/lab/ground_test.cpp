// SPDX-License-Identifier: Apache-2.0
// What a host may lack: HAProxy, or one that wants its config; the VIP's interface; IPv6, a BPF
// file system, a service manager. Where the service can't be, hapxd says why, and it is elsewhere.
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "second_wire.hpp"

namespace hapx::appliance::lab {
namespace {

class GroundTest : public Ground {
 protected:
  /// A program with HAProxy's name that behaves otherwise.
  [[nodiscard]] std::string fake_haproxy(const std::string& script) const {
    const std::string folder = file("fake");
    EXPECT_TRUE(make_folder(folder));
    EXPECT_TRUE(write_file(folder + "/haproxy", "#!/bin/sh\n" + script));
    EXPECT_EQ(::chmod((folder + "/haproxy").c_str(), 0755), 0);
    return folder + "/haproxy";
  }

  /// node1, which would be first by name, is no candidate because of its HAProxy.
  void expect_elsewhere_because(const std::string& words) const {
    const unsigned server = who_comes_to_serve({2, 3});
    ASSERT_NE(server, 0U);
    comes_to_say(1, words);
    const Status here = status(1);
    EXPECT_EQ(here.haproxy.state, ResourceStatus::failed);
    EXPECT_NE(here.haproxy.reason.find(words), std::string::npos) << here.haproxy.reason;
    EXPECT_NE(appliance::health(here), appliance::Health::healthy);
    const auto text = lab_->ask(node(1), {"status"});
    ASSERT_TRUE(text) << text.error().sentence;
    EXPECT_NE(text->output.find(words), std::string::npos) << text->output;
    EXPECT_TRUE(log_has(1, words));
    // The holder's operator should know that there is nobody to take over from him.
    comes_to_say(server, "HAProxy is not fit on node1");
    EXPECT_TRUE(here.quorate);
  }
};

TEST_F(GroundTest, AMissingHaproxyIsNamedAndTheServiceIsElsewhere) {
  ASSERT_NO_FATAL_FAILURE(build());
  start(1, {.arguments = {"--haproxy", "/nonexistent/haproxy"}});
  start(2);
  start(3);
  expect_elsewhere_because("/nonexistent/haproxy: No such file or directory");
}

TEST_F(GroundTest, AHaproxyThatRefusesItsConfigIsQuotedAndTheServiceIsElsewhere) {
  ASSERT_NO_FATAL_FAILURE(build());
  const std::string refusing = fake_haproxy(
      "echo '[ALERT]    (1) : config : parsing [haproxy.cfg:1] : not a word of this' >&2\n"
      "exit 1\n");
  start(1, {.arguments = {"--haproxy", refusing}});
  start(2);
  start(3);
  expect_elsewhere_because("parsing [haproxy.cfg:1] : not a word of this");
}

TEST_F(GroundTest, AHaproxyThatComesLaterIsFound) {
  ASSERT_NO_FATAL_FAILURE(build());
  const std::string later = file("later/haproxy");
  start_all({.arguments = {"--haproxy", later}});
  comes_to_say(1, later + ": No such file or directory");
  EXPECT_EQ(appliance::health(status(1)), appliance::Health::no_service);
  ASSERT_TRUE(make_folder(file("later")));
  const auto real = run({"sh", "-c", "command -v haproxy || echo /usr/sbin/haproxy"}, {});
  ASSERT_TRUE(real);
  ASSERT_TRUE(run_well({"ln", "-s", real->output.substr(0, real->output.size() - 1), later}, {}));
  EXPECT_NE(who_comes_to_serve({1, 2, 3}), 0U);
}

using LateInterface = SecondWire;

TEST_F(LateInterface, IsWaitedForAndSaidAndThenServed) {
  ASSERT_NO_FATAL_FAILURE(begin());
  start_all({.config_file = config_});
  for (const unsigned number : {1U, 2U, 3U}) comes_to_say(number, "interface late0 is not there");
  EXPECT_EQ(appliance::health(status(1)), appliance::Health::no_service);
  EXPECT_TRUE(status(1).quorate);
  EXPECT_TRUE(log_has(1, "interface late0 is not there"));

  plug_in(node(2).netns, "node2late", "late0");
  ASSERT_TRUE(comes_to_serve(2));
  // It has no address of its own, as the tutorials' VLAN.
  const std::string there = output_in(node(2).netns, {"ip", "-4", "addr", "show", "dev", "late0"});
  EXPECT_NE(there.find(to_string(second_.vip.address)), std::string::npos) << there;
  EXPECT_TRUE(a_client_is_served(second_));

  // It goes, and another node has one now.
  plug_in(node(3).netns, "node3late", "late0");
  in_wire("ip link del node2late");
  EXPECT_TRUE(comes_to_serve(3));
  EXPECT_TRUE(comes("node2 is released", [&] {
    return !status(2).services.empty() && !status(2).services[0].lease_remaining;
  }));
}

TEST_F(GroundTest, WithoutIpv6ItServes) {
  ASSERT_NO_FATAL_FAILURE(build());
  for (const std::string& netns : namespaces_of(plan())) {
    if (!exists("/proc/sys/net/ipv6")) continue;  // the whole host is so already
    do_in(netns, {"sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1",
                  "net.ipv6.conf.default.disable_ipv6=1"});
  }
  EXPECT_EQ(output_in(node(1).netns, {"ip", "-6", "addr"}), "");
  start_all();
  const unsigned server = settled();
  ASSERT_NE(server, 0U);
  comes("all are here", [&] { return status(server).degraded.empty(); });
  expect_undisturbed(look_on(), server);
}

TEST_F(GroundTest, WithoutABpfFileSystemItServesBehindTheFilter) {
  ASSERT_NO_FATAL_FAILURE(build());
  // Something that holds nothing and can't be written stands where it would be.
  const std::string hide = "mount -t tmpfs -o ro none /sys/fs/bpf && exec \"$@\"";
  start_all({.wrapper = {"sh", "-c", hide, "sh"}});
  const unsigned server = settled();
  ASSERT_NE(server, 0U);
  for (const Process& process : processes(server, {keeper_name, daemon_name})) {
    struct statfs seen {};
    const std::string path = "/proc/" + std::to_string(process.pid) + "/root/sys/fs/bpf";
    ASSERT_EQ(::statfs(path.c_str(), &seen), 0) << path;
    EXPECT_EQ(seen.f_type, TMPFS_MAGIC) << process.name << " sees a BPF file system";
  }
  const Status before = status(server);
  EXPECT_EQ(before.services[0].fence, FenceStatus::bpf);
  // Nor does the next one need anything that was pinned.
  const Onlooker onlooker = look_on();
  signal_all(server, {daemon_name}, SIGKILL);
  comes("the next hapxd serves", [&] {
    const Status now = status(server);
    return serves(now) && now.uptime < before.uptime && now.services[0].fence == FenceStatus::bpf;
  });
  expect_undisturbed(onlooker, server);
}

TEST_F(GroundTest, WithoutAServiceManagerItServes) {
  ASSERT_NO_FATAL_FAILURE(build());
  start_all(
      {.wrapper = {"env", "-u", "NOTIFY_SOCKET", "-u", "JOURNAL_STREAM", "-u", "INVOCATION_ID"}});
  const unsigned server = settled();
  ASSERT_NE(server, 0U);
  EXPECT_FALSE(log_has(server, "service manager"));
  expect_undisturbed(look_on(), server);
}

TEST_F(GroundTest, AServiceManagerThatDoesNotListenIsNoHindrance) {
  ASSERT_NO_FATAL_FAILURE(build());
  start_all({.wrapper = {"env", "NOTIFY_SOCKET=/nonexistent/notify"}});
  const unsigned server = settled();
  ASSERT_NE(server, 0U);
  EXPECT_TRUE(log_has(server, "telling the service manager: No such file or directory"));
  expect_undisturbed(look_on(), server);
}

}  // namespace
}  // namespace hapx::appliance::lab
