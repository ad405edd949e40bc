// SPDX-License-Identifier: Apache-2.0
// `hapx doctor` on a machine of its own: a network namespace with what it is to find.
#include <cstring>
#include <sstream>
#include <string>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include "appliance/document.hpp"
#include "appliance/lab/io/tls.hpp"
#include "cli_rig.hpp"

namespace hapx::appliance {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

Descriptor bound(int type, const char* address, std::uint16_t port) {
  Descriptor socket(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  ::inet_pton(AF_INET, address, &at.sin_addr);
  EXPECT_EQ(::bind(socket.number(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  if (type == SOCK_STREAM) {
    EXPECT_EQ(::listen(socket.number(), 8), 0);
  }
  return socket;
}

/// A TLS server with a certificate for `named`, until it goes.
class Certified {
 public:
  Certified(const char* address, std::uint16_t port, const IpAddress& named)
      : listener_(bound(SOCK_STREAM, address, port)),
        context_(lab::TlsContext::server("kube-apiserver", named)),
        thread_([this] { serve(); }) {}
  ~Certified() {
    over_ = true;
    thread_.join();
  }
  Certified(const Certified&) = delete;
  Certified& operator=(const Certified&) = delete;

 private:
  bool waits(int socket, short events) {
    while (!over_) {
      pollfd one{socket, events, 0};
      if (::poll(&one, 1, 10) == 1) return true;
    }
    return false;
  }

  void serve() {
    while (waits(listener_.number(), POLLIN)) {
      const Descriptor client(::accept4(listener_.number(), nullptr, nullptr, SOCK_NONBLOCK));
      auto session = lab::TlsSession::over(client.number(), *context_);
      while (session && session->handshake() == lab::Progress::wants_read) {
        if (!waits(client.number(), POLLIN)) return;
      }
    }
  }

  std::atomic<bool> over_ = false;
  Descriptor listener_;
  Result<lab::TlsContext> context_;
  std::thread thread_;
};

class CliDoctor : public Cli {
 protected:
  void SetUp() override {
    Cli::SetUp();
    if (!own_.entered()) GTEST_SKIP() << "no right to make a network namespace";
    ASSERT_EQ(std::system("ip link set lo up && ip link add v0 type veth peer name v1 && "
                          "ip link set v0 up && ip link set v1 up && "
                          "ip addr add 10.9.9.1/24 dev v0"),
              0);
    key_ = folder_ / "cluster.key";
    ASSERT_EQ(hapx({"keygen", key_}).status, 0);
    file_ = write("hapx.yaml", R"(apiVersion: hapx.dev/v1alpha1
kind: Cluster
metadata: {name: kube-demo}
spec:
  keyFile: )" + key_ + R"(
  nodes:
    - {name: node1, address: 10.9.9.1}
    - {name: node2, address: 10.9.9.2}
  services:
    - name: api
      vips: [{address: 10.9.9.9/24, interface: v0}]
      apiServers: ["10.9.9.1:7443"]
)");
  }

  Ran doctor() { return hapx({"doctor", file_}); }

  OwnNamespace own_;
  std::string key_;
  std::string file_;
};

TEST_F(CliDoctor, AMachineThatIsReadyHasNoFailure) {
  const Certified server("10.9.9.1", 7443, ipv4(10, 9, 9, 9));
  const Ran ran = doctor();
  EXPECT_LE(ran.status, 1) << ran.out << "(the clock of this machine may be what it warns of)";
  for (const auto* sentence :
       {"this machine is node1", "is good, and nobody else can read it", "takes hapx's BPF filter",
        "v0 is up", "10.9.9.9/24 is of the network of v0", "UDP 10.9.9.1:7405 (heartbeats) is free",
        "TCP 10.9.9.9:6443 (api) is free", "HAProxy 2.",
        "10.9.9.1:7443 answers, and its certificate names the VIP", "0 failures"}) {
    EXPECT_THAT(ran.out, HasSubstr(sentence));
  }
  std::istringstream said(ran.err);
  for (std::string line; std::getline(said, line);) {
    EXPECT_THAT(line, testing::EndsWith(" ...")) << "nothing but progress, where that takes long";
  }
}

TEST_F(CliDoctor, WhatIsWrongIsFound) {
  ASSERT_EQ(std::system("ip addr add 10.9.9.9/24 dev v0"), 0);
  ASSERT_EQ(std::system("echo 8 > /proc/sys/net/ipv4/conf/v0/arp_ignore"), 0);
  const Descriptor api = bound(SOCK_STREAM, "0.0.0.0", 6443);
  const Descriptor heartbeats = bound(SOCK_DGRAM, "10.9.9.1", 7405);
  fs::permissions(key_, fs::perms::owner_read | fs::perms::others_read);
  const fs::path keepalived = folder_ / "keepalived";
  fs::copy_file("/bin/sleep", keepalived);
  const pid_t other = ::fork();
  if (other == 0) {
    ::execl(keepalived.c_str(), "keepalived", "60", nullptr);
    ::_exit(127);
  }
  const std::string comm = "/proc/" + std::to_string(other) + "/comm";
  while (content(comm) != "keepalived\n") std::this_thread::yield();
  const Certified server("10.9.9.1", 7443, ipv4(10, 9, 9, 1));
  const Ran ran = doctor();
  ::kill(other, SIGKILL);
  ::waitpid(other, nullptr, 0);
  EXPECT_EQ(ran.status, 2);
  for (const auto* line :
       {"fail  vip         10.9.9.9/24 is on v0 already, and hapx did not add it",
        "fail  sysctl      arp_ignore=8 on v0",
        "fail  port        TCP 10.9.9.9:6443 \\(api\\) is taken: `appliance_cli_d` is bound to 0.0",
        "fail  port        UDP 10.9.9.1:7405 \\(heartbeats\\) is taken",
        "fail  key         .*open to group or others", "warn  managers    keepalived runs here",
        "warn  apiserver   the certificate of 10.9.9.1:7443 does not name 10.9.9.9"}) {
    EXPECT_THAT(ran.out, ContainsRegex(line));
  }
}

TEST_F(CliDoctor, SomebodyWithoutRightsIsToldWhatWasNotLookedAt) {
  fs::permissions(folder_, fs::perms::all);
  const std::string command = "setpriv --reuid=65534 --regid=65534 --clear-groups " HAPX_PROGRAM
                              " doctor " +
                              file_ + " > " + (folder_ / "told").string() + " 2>&1";
  const int status = std::system(command.c_str());
  const std::string told = content(folder_ / "told");
  EXPECT_EQ(WEXITSTATUS(status), 2) << told << "(no apiserver answers)";
  EXPECT_THAT(told, HasSubstr("warn  key         not looked at"));
  EXPECT_THAT(told, HasSubstr("warn  fence       not tried"));
  EXPECT_THAT(told, HasSubstr("10.9.9.1:7443 can't be reached: no connection: Connection refused"));
}

TEST_F(CliDoctor, AnswersAsADocument) {
  const Ran ran = hapx({"doctor", file_, "--node", "node2", "-o", "json"});
  const Result<YamlNode> tree = tree_from_json(ran.out);
  ASSERT_TRUE(tree.has_value()) << ran.out;
  EXPECT_EQ(tree->find("verdict")->scalar, "fail");
  EXPECT_GT(tree->find("findings")->items.size(), 10U);
  EXPECT_THAT(ran.out, HasSubstr("this machine is node2"));
  EXPECT_THAT(ran.out, Not(HasSubstr("hapx-key-v1")));
}

}  // namespace
}  // namespace hapx::appliance
