// SPDX-License-Identifier: Apache-2.0
// A real HAProxy is given other kube-apiservers as it runs: no connection notices, none is left
// behind, and what it doesn't take another HAProxy does.
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "config/io/descriptor.hpp"
#include "kube_stub.hpp"
#include "lb-supervisor/io/haproxy_keeper.hpp"
#include "lb-supervisor/io/packet.hpp"
#include "load.hpp"
#include "rig.hpp"
#include "stream.hpp"

namespace hapx::lb_supervisor {
namespace {

constexpr const char* vip = "192.0.2.20";

class OtherServers : public InFreshNetwork {
 protected:
  void SetUp() override {
    InFreshNetwork::SetUp();
    if (!IsSkipped()) add_address(std::string(vip) + "/32");
  }

  [[nodiscard]] ClusterConfig config(const std::vector<std::string>& servers) const {
    auto made = one_service(vip, servers);
    made.services[0].health_check.interval = milliseconds(100);
    return made;
  }
  [[nodiscard]] RenderedHaproxy text(const std::vector<std::string>& servers) const {
    return render(config(servers), haproxy_paths(run_dir_.path()));
  }
  static SupervisorOptions quick() {
    SupervisorOptions options;
    options.ask_interval = milliseconds(20);
    return options;
  }
  /// These are all that it has to send anybody to, and all are up.
  [[nodiscard]] static bool balances(const Rig& rig, const std::vector<std::string>& servers) {
    const auto backends = rig.supervisor.status().backends;
    if (backends.empty() || backends[0].servers.size() != servers.size()) return false;
    return std::ranges::all_of(servers, [&](const std::string& host) {
      return std::ranges::any_of(backends[0].servers, [&](const ServerHealth& server) {
        return server.name == host + ":6443" && server.up && server.check == "L4OK";
      });
    });
  }
  /// Wants these, and waits until it has them.
  void balance(Rig& rig, const std::vector<std::string>& servers) const {
    rig.start(text(servers));
    ASSERT_TRUE(rig.run_until([&] { return balances(rig, servers); })) << servers.front();
  }
  /// What the HAProxy in service has, wanted or not.
  [[nodiscard]] std::string ask_haproxy(const std::string& question) const {
    const auto address = unix_address(run_dir_.path() + "/" + runtime_socket_name, 0);
    const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!address ||
        ::connect(socket.number(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) !=
            0 ||
        ::send(socket.number(), question.data(), question.size(), MSG_NOSIGNAL) < 0) {
      return {};
    }
    std::string answer;
    std::array<char, 4096> buffer{};
    for (ssize_t count = 0;
         (count = ::recv(socket.number(), buffer.data(), buffer.size(), 0)) > 0;) {
      answer.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return answer;
  }
  [[nodiscard]] bool has(const std::string& server) const {
    return ask_haproxy("show servers state\n").find(" " + server + ":6443 ") != std::string::npos;
  }
};

TEST_F(OtherServers, come_and_go_under_load_and_no_connection_fails) {
  const KubeStub first("127.0.0.11", Speaks::plain_greeting);
  const KubeStub second("127.0.0.12", Speaks::plain_greeting);
  const KubeStub third("127.0.0.13", Speaks::plain_greeting);
  const KeeperProcess keeper(run_dir_.path());
  Rig rig(run_dir_.path(), quick());
  ASSERT_NO_FATAL_FAILURE(balance(rig, {"127.0.0.11"}));
  const auto haproxy = rig.haproxy();
  Load load(vip, 2);
  for (int i = 0; i < 5; ++i) {
    for (const std::vector<std::string>& servers :
         {std::vector<std::string>{"127.0.0.11", "127.0.0.12"},
          {"127.0.0.12", "127.0.0.13"},
          {"127.0.0.13"},
          {"127.0.0.11"}}) {
      rig.start(text(servers));
      ASSERT_TRUE(rig.run_until([&] { return balances(rig, servers); })) << servers.front();
    }
  }
  load.stop();
  const auto result = load.result();
  std::printf("20 changes of servers: %zu visits, %zu failed, longest visit %.1f ms\n",
              result.visits, result.refused,
              std::chrono::duration<double, std::milli>(result.longest).count());
  EXPECT_EQ(result.refused, 0U) << result.sample;
  EXPECT_GT(result.visits, 100U);
  EXPECT_EQ(rig.haproxy(), haproxy) << "the same process";
  EXPECT_EQ(rig.supervisor.status().replacements, 0U);
}

TEST_F(OtherServers, who_goes_keeps_its_connections_and_is_gone_with_the_last) {
  const KubeStub first("127.0.0.11", Speaks::plain_echo);
  const KubeStub second("127.0.0.12", Speaks::plain_echo);
  const KeeperProcess keeper(run_dir_.path());
  Rig rig(run_dir_.path(), quick());
  ASSERT_NO_FATAL_FAILURE(balance(rig, {"127.0.0.11"}));
  {
    const Stream stream(vip);
    ASSERT_TRUE(stream.lives());
    ASSERT_NO_FATAL_FAILURE(balance(rig, {"127.0.0.12"}));
    EXPECT_TRUE(stream.lives());
    EXPECT_TRUE(has("127.0.0.11"));
    const Stream later(vip);
    EXPECT_TRUE(later.lives());
    rig.run_for(milliseconds(300));
    EXPECT_TRUE(stream.lives());
    EXPECT_TRUE(has("127.0.0.11")) << "it has a connection";
  }
  EXPECT_TRUE(rig.run_until([&] { return !has("127.0.0.11"); }));
}

TEST_F(OtherServers, who_comes_back_while_it_drains_is_taken_again) {
  const KubeStub first("127.0.0.11", Speaks::plain_echo);
  const KubeStub second("127.0.0.12", Speaks::plain_echo);
  const KeeperProcess keeper(run_dir_.path());
  Rig rig(run_dir_.path(), quick());
  ASSERT_NO_FATAL_FAILURE(balance(rig, {"127.0.0.11"}));
  const Stream stream(vip);
  ASSERT_TRUE(stream.lives());
  ASSERT_NO_FATAL_FAILURE(balance(rig, {"127.0.0.12"}));
  ASSERT_NO_FATAL_FAILURE(balance(rig, {"127.0.0.11"}));
  EXPECT_TRUE(stream.lives());
  EXPECT_TRUE(Stream(vip).lives());
}

/// Nobody tells the keeper what was changed: HAProxy itself is asked.
TEST_F(OtherServers, the_next_hapxd_goes_on_with_what_is_there) {
  const KubeStub first("127.0.0.11", Speaks::plain_echo);
  const KubeStub second("127.0.0.12", Speaks::plain_echo);
  const KeeperProcess keeper(run_dir_.path());
  std::optional<Rig> rig(std::in_place, run_dir_.path(), quick());
  ASSERT_NO_FATAL_FAILURE(balance(*rig, {"127.0.0.11"}));
  const auto haproxy = rig->haproxy();
  const Stream stream(vip);
  ASSERT_TRUE(stream.lives());
  for (const std::vector<std::string>& servers :
       {std::vector<std::string>{"127.0.0.11", "127.0.0.12"}, {"127.0.0.12"}, {"127.0.0.11"}}) {
    rig.emplace(run_dir_.path(), quick());
    rig->start(text(servers));
    ASSERT_TRUE(rig->run_until([&] { return balances(*rig, servers); })) << servers.front();
    EXPECT_EQ(rig->haproxy(), haproxy);
    EXPECT_TRUE(stream.lives());
  }
  EXPECT_TRUE(rig->run_until([&] { return !has("127.0.0.12"); }));
}

TEST_F(OtherServers, what_it_does_not_take_another_one_does) {
  const KubeStub first("127.0.0.11", Speaks::plain_echo);
  const KubeStub second("127.0.0.12", Speaks::plain_echo);
  const KeeperProcess keeper(run_dir_.path());
  auto options = quick();
  options.amend_max = milliseconds(300);
  Rig rig(run_dir_.path(), options);
  // HAProxy adds servers only where it need not compute a map of them.
  const auto fixed = [&](const std::vector<std::string>& servers) {
    auto made = config(servers);
    made.services[0].haproxy.extra.backend = {{"balance source", 1}};
    return render(made, haproxy_paths(run_dir_.path()));
  };
  rig.start(fixed({"127.0.0.11"}));
  ASSERT_TRUE(rig.run_until([&] { return balances(rig, {"127.0.0.11"}); }));
  const auto haproxy = rig.haproxy();
  rig.start(fixed({"127.0.0.11", "127.0.0.12"}));
  EXPECT_TRUE(rig.run_until([&] { return balances(rig, {"127.0.0.11", "127.0.0.12"}); }));
  EXPECT_NE(rig.haproxy(), haproxy);
  EXPECT_TRUE(Stream(vip).lives());
}

/// The options of the text, said over the socket, are those that HAProxy knows.
TEST_F(OtherServers, are_checked_as_the_text_says) {
  const KubeStub first("127.0.0.11", Speaks::tls);
  const KubeStub second("127.0.0.12", Speaks::tls);
  run_dir_.write("ca.crt", KubeStub::certificate_pem());
  const auto checked = [&](const std::vector<std::string>& servers, HealthCheckMode mode,
                           bool is_verified) {
    auto made = config(servers);
    made.services[0].health_check.mode = mode;
    if (is_verified) made.services[0].health_check.ca_file = run_dir_.path() + "/ca.crt";
    return render(made, haproxy_paths(run_dir_.path()));
  };
  const auto checks_of = [](const Rig& rig) {
    std::vector<std::string> checks;
    for (const auto& backend : rig.supervisor.status().backends) {
      for (const auto& server : backend.servers) checks.push_back(server.check);
    }
    return checks;
  };
  for (const auto mode : {HealthCheckMode::readyz, HealthCheckMode::tls}) {
    for (const bool is_verified : {false, true}) {
      const KeeperProcess keeper(run_dir_.path());
      Rig rig(run_dir_.path(), quick());
      rig.start(checked({"127.0.0.11"}, mode, is_verified));
      ASSERT_TRUE(rig.run_until_warm());
      const auto haproxy = rig.haproxy();
      rig.start(checked({"127.0.0.11", "127.0.0.12"}, mode, is_verified));
      // The stub's certificate is for no name, so whether it verifies is its matter; that both are
      // judged alike is ours.
      EXPECT_TRUE(rig.run_until([&] {
        const auto checks = checks_of(rig);
        return checks.size() == 2 && checks[0] == checks[1] && checks[0] != "INI";
      }));
      EXPECT_EQ(rig.haproxy(), haproxy);
    }
  }
}

}  // namespace
}  // namespace hapx::lb_supervisor
