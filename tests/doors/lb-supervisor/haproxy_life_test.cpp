// SPDX-License-Identifier: Apache-2.0
// A real HAProxy under the real supervisor: what an operator would try by hand.
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <thread>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "config/io/clock.hpp"
#include "kube_stub.hpp"
#include "lb-supervisor/io/haproxy_keeper.hpp"
#include "load.hpp"
#include "rig.hpp"

namespace hapx::lb_supervisor {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const ServiceName api("api");
constexpr const char* vip = "192.0.2.20";

double in_milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

class Living : public InFreshNetwork {
 protected:
  [[nodiscard]] RenderedHaproxy rendered(HealthCheckMode mode = HealthCheckMode::tcp,
                                         const std::vector<std::string>& servers = {
                                             "127.0.0.11"}) const {
    return render(one_service(vip, servers, mode), paths());
  }

  /// As the daemon makes them.
  [[nodiscard]] HaproxyPaths paths() const {
    auto made = haproxy_paths(run_dir_.path());
    made.descriptor_limit = haproxy_descriptor_limit();
    return made;
  }

  static bool all_up(const Rig& rig, std::size_t count) {
    return rig.supervisor.healthy_api_servers(api) == count;
  }
};

TEST_F(Living, is_warm_at_an_address_that_is_not_here_and_serves_once_it_is) {
  const KubeStub kube("127.0.0.11", Speaks::plain_greeting);
  const KeeperProcess keeper(run_dir_.path());
  Rig rig(run_dir_.path());
  rig.start(rendered());
  ASSERT_TRUE(rig.run_until_warm());
  EXPECT_EQ(comm_of(rig.haproxy()), "haproxy");
  const auto without = visit(vip);
  EXPECT_EQ(without.error, "connect: Network is unreachable");
  add_address(std::string(vip) + "/32");
  EXPECT_EQ(visit(vip).answer, greeting) << visit(vip).error;
}

TEST_F(Living, loses_no_new_connection_when_it_is_killed_ten_times_under_load) {
  const KubeStub kube("127.0.0.11", Speaks::plain_greeting);
  add_address(std::string(vip) + "/32");
  const KeeperProcess keeper(run_dir_.path());
  Rig rig(run_dir_.path());
  rig.start(rendered());
  ASSERT_TRUE(rig.run_until_warm());

  Load load(vip, 2);
  std::vector<Duration> outages;
  for (int i = 0; i < 10; ++i) {
    rig.run_for(milliseconds(1100));
    const auto victim = rig.haproxy();
    load.mark_kill();
    const auto killed = boot_now();
    ::kill(victim, SIGKILL);
    ASSERT_TRUE(rig.run_until([&] { return rig.supervisor.warm() && rig.haproxy() != victim; }));
    outages.push_back(boot_now() - killed);
    EXPECT_EQ(rig.next_failure()->how, "killed by signal 9");
  }
  rig.run_for(milliseconds(500));
  load.stop();
  const auto result = load.result();
  std::sort(outages.begin(), outages.end());
  std::printf(
      "10 kills: %zu visits, %zu refused, %zu broken in flight, longest visit %.1f ms; "
      "from SIGKILL to warm again median %.1f, max %.1f ms\n",
      result.visits, result.refused, result.in_flight, in_milliseconds(result.longest),
      in_milliseconds(outages[5]), in_milliseconds(outages.back()));
  EXPECT_EQ(result.refused, 0U) << result.sample;
  EXPECT_LE(result.in_flight, 20U) << result.sample;  // two clients, ten kills
  EXPECT_GT(result.visits, 100U);
  EXPECT_EQ(rig.supervisor.status().failures, 10U);
}

TEST_F(Living, notices_that_it_is_frozen_and_replaces_it) {
  const KubeStub kube("127.0.0.11", Speaks::plain_greeting);
  add_address(std::string(vip) + "/32");
  const KeeperProcess keeper(run_dir_.path());
  Rig rig(run_dir_.path());
  rig.start(rendered());
  ASSERT_TRUE(rig.run_until_warm());
  std::vector<Duration> noticed;
  std::vector<Duration> replaced;
  for (int i = 0; i < 3; ++i) {
    rig.run_for(milliseconds(1100));
    const auto victim = rig.haproxy();
    const auto stopped = boot_now();
    ::kill(victim, SIGSTOP);
    ASSERT_TRUE(rig.run_until([&] { return !rig.supervisor.warm(); }));
    noticed.push_back(boot_now() - stopped);
    ASSERT_TRUE(rig.run_until_warm());
    replaced.push_back(boot_now() - stopped);
    EXPECT_FALSE(is_running(victim));
    const auto how = rig.next_failure()->how;
    EXPECT_EQ(how.rfind("frozen: ", 0), 0U) << how;
  }
  std::sort(noticed.begin(), noticed.end());
  std::sort(replaced.begin(), replaced.end());
  std::printf("frozen: noticed after %.0f ms (max %.0f), replaced after %.0f ms (max %.0f)\n",
              in_milliseconds(noticed[1]), in_milliseconds(noticed[2]),
              in_milliseconds(replaced[1]), in_milliseconds(replaced[2]));
  EXPECT_EQ(visit(vip).answer, greeting);
}

TEST_F(Living, waits_for_a_missing_haproxy_and_finds_it) {
  const auto place = run_dir_.path() + "/haproxy-to-come";
  const KeeperProcess keeper(run_dir_.path(), place);
  SupervisorOptions options;
  options.refusal = {milliseconds(100), milliseconds(100), milliseconds(100)};
  Rig rig(run_dir_.path(), options);
  rig.start(rendered());
  ASSERT_TRUE(rig.run_until([&] { return !rig.news.empty(); }));
  const auto* news = std::get_if<HaproxyNotReady>(&rig.news[0]);
  ASSERT_NE(news, nullptr);
  EXPECT_NE(news->reason.find("No such file"), std::string::npos) << news->reason;
  EXPECT_FALSE(rig.supervisor.fitness().fit);
  EXPECT_EQ(rig.supervisor.fitness().reason, news->reason);
  std::filesystem::create_symlink("/usr/sbin/haproxy", place);
  EXPECT_TRUE(rig.run_until_warm());
}

TEST_F(Living, reports_a_refused_config_and_starts_nothing) {
  const KeeperProcess keeper(run_dir_.path());
  Rig rig(run_dir_.path());
  auto bad = rendered();
  bad.text += "\nno-such-section\n";
  rig.start(bad);
  ASSERT_TRUE(rig.run_until([&] { return !rig.news.empty(); }));
  const auto* news = std::get_if<HaproxyNotReady>(&rig.news[0]);
  ASSERT_NE(news, nullptr);
  EXPECT_NE(news->reason.find("no-such-section"), std::string::npos) << news->reason;
  EXPECT_EQ(rig.supervisor.status().starts, 0U);
}

TEST_F(Living, comes_back_when_its_keeper_is_killed_and_started_again) {
  const KubeStub kube("127.0.0.11", Speaks::plain_greeting);
  add_address(std::string(vip) + "/32");
  std::optional<KeeperProcess> keeper(run_dir_.path());
  Rig rig(run_dir_.path());
  rig.start(rendered());
  ASSERT_TRUE(rig.run_until_warm());
  const auto victim = rig.haproxy();
  const auto killed = boot_now();
  keeper->kill(SIGKILL);
  keeper.emplace(run_dir_.path());
  ASSERT_TRUE(rig.run_until([&] { return rig.supervisor.warm() && rig.haproxy() != victim; }));
  std::printf("keeper killed: warm again after %.0f ms\n", in_milliseconds(boot_now() - killed));
  const auto failure = rig.next_failure();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->how.rfind("it went with its keeper", 0), 0U) << failure->how;
  EXPECT_EQ(rig.supervisor.status().failures, 1U);
  EXPECT_EQ(visit(vip).answer, greeting);
}

TEST_F(Living, is_adopted_by_the_next_hapxd) {
  const KubeStub kube("127.0.0.11", Speaks::plain_greeting);
  add_address(std::string(vip) + "/32");
  const KeeperProcess keeper(run_dir_.path());
  std::optional<Rig> rig(run_dir_.path());
  rig->start(rendered());
  ASSERT_TRUE(rig->run_until_warm());
  const auto pid = rig->haproxy();
  rig.reset();
  EXPECT_EQ(visit(vip).answer, greeting);  // nobody watches, all goes on
  const auto began = boot_now();
  rig.emplace(run_dir_.path());
  rig->start(rendered());
  ASSERT_TRUE(rig->run_until_warm());
  std::printf("adopted after %.1f ms\n", in_milliseconds(boot_now() - began));
  EXPECT_EQ(rig->haproxy(), pid);
  EXPECT_EQ(rig->supervisor.status().starts, 0U);
  EXPECT_EQ(rig->supervisor.status().failures, 0U);
}

TEST_F(Living, tells_which_kube_apiservers_are_healthy) {
  KubeStub first("127.0.0.11", Speaks::tls);
  KubeStub second("127.0.0.12", Speaks::tls);
  KubeStub third("127.0.0.13", Speaks::tls);
  const std::vector<std::string> servers{"127.0.0.11", "127.0.0.12", "127.0.0.13"};
  const KeeperProcess keeper(run_dir_.path());
  SupervisorOptions options;
  options.settle = {milliseconds(50), milliseconds(50)};
  options.ask_interval = milliseconds(20);
  Rig rig(run_dir_.path(), options);
  rig.start(rendered(HealthCheckMode::readyz, servers));
  ASSERT_TRUE(rig.run_until([&] { return all_up(rig, 3); }));
  EXPECT_EQ(rig.supervisor.status().backends.at(0).servers.at(0),
            (ServerHealth{"127.0.0.11:6443", true, "L7OK", "readyz"}));

  const auto time_until_two = [&](const char* what, const auto& fault, const auto& repair) {
    const auto began = boot_now();
    fault();
    EXPECT_TRUE(rig.run_until([&] { return all_up(rig, 2); })) << what;
    std::printf("kube-apiserver %s: settled after %.0f ms (50 ms of it the settling)\n", what,
                in_milliseconds(boot_now() - began));
    repair();
    EXPECT_TRUE(rig.run_until([&] { return all_up(rig, 3); })) << what;
  };
  time_until_two(
      "dies", [&] { first.die(); }, [&] { first.come_back(); });
  time_until_two(
      "answers 500", [&] { second.answer(Answer::error); }, [&] { second.answer(Answer::ok); });
  time_until_two(
      "hangs", [&] { third.answer(Answer::nothing); }, [&] { third.answer(Answer::ok); });
}

TEST_F(Living, verifies_the_certificate_where_it_is_told_to) {
  const KubeStub kube("127.0.0.11", Speaks::tls);
  const KeeperProcess keeper(run_dir_.path());
  run_dir_.write("ca.crt", KubeStub::certificate_pem());
  // Some other authority: the Internet's, or none at all that is ours.
  run_dir_.write("other.crt", "");
  auto config = one_service(vip, {"127.0.0.11"}, HealthCheckMode::readyz);
  auto& ca_file = config.services[0].health_check.ca_file;
  Rig rig(run_dir_.path());
  ca_file = run_dir_.path() + "/ca.crt";
  rig.start(render(config, paths()));
  EXPECT_TRUE(rig.run_until([&] { return all_up(rig, 1); }));

  const auto foreign = "/etc/ssl/certs/ca-certificates.crt";
  if (!std::filesystem::exists(foreign)) GTEST_SKIP() << "no foreign authority at " << foreign;
  ca_file = foreign;
  rig.start(render(config, paths()));
  EXPECT_TRUE(rig.run_until([&] { return all_up(rig, 0); }));
  EXPECT_EQ(rig.supervisor.status().backends.at(0).servers.at(0).check, "L6RSP");
}

TEST_F(Living, answers_its_probe_while_its_services_are_full) {
  const KubeStub kube("127.0.0.11", Speaks::tls);  // holds connections open
  add_address(std::string(vip) + "/32");
  const KeeperProcess keeper(run_dir_.path());
  auto config = one_service(vip, {"127.0.0.11"});
  config.services[0].haproxy.max_connections = 3;
  Rig rig(run_dir_.path());
  rig.start(render(config, paths()));
  ASSERT_TRUE(rig.run_until_warm());
  std::vector<std::thread> visitors;
  for (int i = 0; i < 20; ++i) {
    visitors.emplace_back([] { (void)visit(vip, seconds(2)); });
  }
  rig.run_for(seconds(1));
  EXPECT_TRUE(rig.supervisor.warm());
  EXPECT_FALSE(rig.next_failure());
  for (auto& visitor : visitors) visitor.join();
}

TEST_F(Living, costs_next_to_nothing_while_nothing_happens) {
  const KubeStub kube("127.0.0.11", Speaks::plain_greeting);
  const KeeperProcess keeper(run_dir_.path());
  Rig rig(run_dir_.path());
  rig.start(rendered());
  ASSERT_TRUE(rig.run_until_warm());
  rig.run_for(seconds(1));
  const auto processor_time = [] {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto of = [](const timeval& time) {
      return seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
    };
    return of(usage.ru_utime) + of(usage.ru_stime);
  };
  const auto before = processor_time();
  const auto began = boot_now();
  rig.run_for(seconds(5));
  const auto used = processor_time() - before;
  std::printf("probing and asking: %.2f %% of a core\n",
              100.0 * in_milliseconds(used) / in_milliseconds(boot_now() - began));
  EXPECT_TRUE(rig.supervisor.warm());
  EXPECT_FALSE(rig.next_failure());
}

}  // namespace
}  // namespace hapx::lb_supervisor
