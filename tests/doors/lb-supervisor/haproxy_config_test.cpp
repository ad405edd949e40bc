// SPDX-License-Identifier: Apache-2.0
// What HAProxy itself thinks of the texts that we render.
#include <gtest/gtest.h>

#include "config/io/clock.hpp"
#include "kube_stub.hpp"
#include "lb-supervisor/haproxy_words.hpp"
#include "lb-supervisor/io/haproxy_keeper.hpp"
#include "rig.hpp"

namespace hapx::lb_supervisor {
namespace {

/// Asks `haproxy -c` through a keeper: the text names sockets that only the keeper has.
class Checking : public InFreshNetwork {
 protected:
  /// "" if accepted, else the refusal.
  std::string check(const RenderedHaproxy& rendered) {
    const KeeperProcess keeper(run_dir_.path());
    boost::asio::io_context io;
    std::optional<std::string> verdict;
    std::optional<ChildProcess> door;
    auto opened = ChildProcess::open(
        io, haproxy_keeper_socket(run_dir_.path()), [&](const ChildProcessEvent& event) {
          if (std::holds_alternative<KeeperConnected>(event)) {
            door->check_config({5, rendered.text, rendered.sockets});
          } else if (const auto* refused = std::get_if<HaproxyConfigRefused>(&event)) {
            EXPECT_EQ(refused->generation, 5U);
            verdict = refused->reason;
          } else if (std::holds_alternative<HaproxyConfigAccepted>(event)) {
            verdict = "";
          }
        });
    door = std::move(*opened);
    const auto end = boot_now() + patience;
    while (!verdict && boot_now() < end) {
      io.restart();
      (void)io.run_one_for(std::chrono::milliseconds(50));
    }
    return verdict.value_or("no verdict");
  }

  [[nodiscard]] HaproxyPaths paths() const { return haproxy_paths(run_dir_.path()); }
};

TEST_F(Checking, accepts_every_kind_of_service) {
  run_dir_.write("ca.crt", KubeStub::certificate_pem());
  auto config = one_service("192.0.2.20", {"127.0.0.1", "no-such-host.invalid", "fd00::1"},
                            HealthCheckMode::readyz);
  for (const auto mode : {HealthCheckMode::readyz, HealthCheckMode::tls, HealthCheckMode::tcp}) {
    auto other = config.services[0];
    other.name = ServiceName("other" + std::to_string(config.services.size()));
    other.vips[0].address =
        *parse_cidr("192.0.2.2" + std::to_string(config.services.size()) + "/24");
    other.vips.push_back(
        {*parse_cidr("2001:db8::2" + std::to_string(config.services.size()) + "/64"),
         InterfaceName("lo")});
    other.health_check.mode = mode;
    other.health_check.ca_file = run_dir_.path() + "/ca.crt";
    config.services.push_back(other);
  }
  EXPECT_EQ(check(render(config, paths())), "");
}

TEST_F(Checking, accepts_hostile_names) {
  run_dir_.write("c a\"$x'.crt", KubeStub::certificate_pem());
  auto config = one_service("192.0.2.20", {}, HealthCheckMode::readyz);
  config.services[0].name = ServiceName("x\nglobal\n daemon \"'\\#${HOME}\xff");
  config.services[0].api_servers = {{"/etc/passwd", 1}, {"fd@3", 2},   {"a b#c", 3},
                                    {"${HOME}", 4},     {"\"q'\n", 5}, {"", 6}};
  config.services[0].health_check.ca_file = run_dir_.path() + "/c a\"$x'.crt";
  EXPECT_EQ(check(render(config, paths())), "");
}

TEST_F(Checking, accepts_the_extremes_of_times_and_counts) {
  auto config = one_service("192.0.2.20", {"127.0.0.1"}, HealthCheckMode::readyz);
  auto& service = config.services[0];
  service.haproxy.timeouts = {Duration(1), Duration(0), std::chrono::hours(24 * 3650), Duration(0),
                              Duration(0)};
  service.haproxy.max_connections = 1'000'000;
  service.health_check.interval = std::chrono::milliseconds(1);
  service.health_check.fall = 0;
  EXPECT_EQ(check(render(config, paths())), "");
}

TEST_F(Checking, accepts_a_stats_page_and_the_operators_lines) {
  auto config = one_service("192.0.2.20", {"127.0.0.1"}, HealthCheckMode::readyz);
  auto& haproxy = config.services[0].haproxy;
  haproxy.stats = StatsConfig{32700, "/etc/hapx/stats"};
  haproxy.extra = {{{"tune.bufsize 32768"}},
                   {{"option tcplog"}},
                   {{"tcp-request connection reject if { src 10.9.0.0/16 }"}},
                   {{"hash-type consistent"}}};
  auto with_users = paths();
  with_users.stats_users["/etc/hapx/stats"] = {{"admin", "a \"$x\\#'", false},
                                               {"ops", "$6$salt$hash", true}};
  EXPECT_EQ(check(render(config, with_users)), "");
}

TEST_F(Checking, blames_the_operators_line_that_haproxy_refuses) {
  auto config = one_service("192.0.2.20", {"127.0.0.1"}, HealthCheckMode::readyz);
  config.services[0].haproxy.extra.backend = {{"option tcplog", 30}, {"no-such-keyword", 31}};
  const auto rendered = render(config, paths());
  const auto words = located(check(rendered), rendered);
  EXPECT_EQ(
      words.rfind("hapx.yaml, line 31, service api, extraConfig.backend, `no-such-keyword`: ", 0),
      0U)
      << words;
}

TEST_F(Checking, tells_what_haproxy_refuses) {
  auto config = one_service("192.0.2.20", {"127.0.0.1"}, HealthCheckMode::readyz);
  config.services[0].health_check.ca_file = "/no/such/ca.crt";
  EXPECT_NE(check(render(config, paths())).find("/no/such/ca.crt"), std::string::npos);
}

}  // namespace
}  // namespace hapx::lb_supervisor
