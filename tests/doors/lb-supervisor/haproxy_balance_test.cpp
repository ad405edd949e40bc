// SPDX-License-Identifier: Apache-2.0
// A real HAProxy in front of kube-apiservers that are well, not ready, forbidding, hanging or dead:
// what it shows, and what its clients get.
#include <gtest/gtest.h>
#include <poll.h>

#include "config/io/clock.hpp"
#include "kube_stub.hpp"
#include "lb-supervisor/io/haproxy_keeper.hpp"
#include "lb-supervisor/runtime_reply.hpp"
#include "rig.hpp"
#include "stream.hpp"

namespace hapx::lb_supervisor {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* vip = "192.0.2.20";

class Balancing : public InFreshNetwork {
 protected:
  void SetUp() override {
    InFreshNetwork::SetUp();
    if (!IsSkipped()) add_address(std::string(vip) + "/32");
  }
  static SupervisorOptions quick() {
    SupervisorOptions options;
    options.ask_interval = milliseconds(20);
    return options;
  }
  static ServerHealth first(const Rig& rig) {
    const auto& backends = rig.supervisor.status().backends;
    return backends.empty() ? ServerHealth{} : backends[0].servers.at(0);
  }
  [[nodiscard]] RenderedHaproxy text(HealthCheckMode mode) const {
    return render(one_service(vip, {"127.0.0.11"}, mode), haproxy_paths(run_dir_.path()));
  }
};

TEST_F(Balancing, shows_what_its_checks_have_shown) {
  KubeStub kube("127.0.0.11", Speaks::tls);
  const KeeperProcess keeper(run_dir_.path());
  Rig rig(run_dir_.path(), quick());
  rig.start(text(HealthCheckMode::readyz));
  EXPECT_TRUE(rig.run_until([&] { return first(rig).level == "readyz"; }));
  kube.answer(Answer::forbidden);
  EXPECT_TRUE(rig.run_until([&] { return first(rig).level == "http"; }));
  EXPECT_TRUE(first(rig).up) << "it lives, and tells strangers nothing";
  rig.start(text(HealthCheckMode::tls));
  EXPECT_TRUE(rig.run_until([&] { return first(rig).level == "tls"; }));
  rig.start(text(HealthCheckMode::tcp));
  EXPECT_TRUE(rig.run_until([&] { return first(rig).level == "tcp"; }));
}

TEST_F(Balancing, drains_what_is_not_ready_and_cuts_what_is_dead) {
  KubeStub kube("127.0.0.11", Speaks::tls);
  const KeeperProcess keeper(run_dir_.path());
  Rig rig(run_dir_.path(), quick());
  rig.start(text(HealthCheckMode::readyz));
  ASSERT_TRUE(rig.run_until([&] { return first(rig).level == "readyz"; }));
  const Stream stream(vip);
  // Through to the kube-apiserver: a stub's handler waits for our handshake now.
  ASSERT_TRUE(stream.stands());
  rig.run_for(milliseconds(100));
  kube.answer(Answer::error);
  ASSERT_TRUE(rig.run_until([&] { return first(rig).check == not_ready; }));
  EXPECT_FALSE(first(rig).up);
  EXPECT_TRUE(stream.stands()) << "it goes on with what it has";
  EXPECT_NE(visit(vip).error, "") << "and gets nothing new";

  kube.answer(Answer::ok);
  ASSERT_TRUE(rig.run_until([&] { return first(rig).up; }));
  EXPECT_TRUE(stream.stands());
  kube.answer(Answer::nothing);
  ASSERT_TRUE(rig.run_until([&] { return !first(rig).up && first(rig).check != not_ready; }));
  EXPECT_TRUE(becomes_true([&] { return !stream.stands(); })) << "a hanging one ends nothing";
}

TEST_F(Balancing, resets_clients_at_once_when_no_kube_apiserver_is_left) {
  const KeeperProcess keeper(run_dir_.path());
  Rig rig(run_dir_.path(), quick());
  rig.start(text(HealthCheckMode::readyz));
  ASSERT_TRUE(rig.run_until([&] { return first(rig).check == "L4CON" && !first(rig).up; }));
  const auto turned_away = visit(vip, seconds(10));
  EXPECT_NE(turned_away.error.find("Connection reset by peer"), std::string::npos)
      << turned_away.error;
  EXPECT_LT(turned_away.took, seconds(10));
}

/// GET of the stats page; `credentials` as base64, or empty. The status line.
std::string get(const std::string& target, const std::string& credentials, std::string* body) {
  const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(32700);
  ::inet_pton(AF_INET, vip, &to.sin_addr);
  if (::connect(socket.number(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) return "";
  std::string request = "GET " + target + " HTTP/1.0\r\n";
  if (!credentials.empty()) request += "Authorization: Basic " + credentials + "\r\n";
  request += "\r\n";
  (void)::send(socket.number(), request.data(), request.size(), MSG_NOSIGNAL);
  std::string answer;
  char buffer[4096];
  ssize_t count = 0;
  while ((count = ::recv(socket.number(), buffer, sizeof buffer, 0)) > 0) {
    answer.append(buffer, static_cast<std::size_t>(count));
  }
  if (body != nullptr) *body = answer;
  return answer.substr(0, answer.find('\r'));
}

TEST_F(Balancing, shows_its_page_and_its_metrics_to_who_may_see_them) {
  const KeeperProcess keeper(run_dir_.path());
  auto config = one_service(vip, {"127.0.0.11"});
  config.services[0].haproxy.stats = StatsConfig{32700, "/c"};
  auto paths = haproxy_paths(run_dir_.path());
  // `openssl passwd -6 -salt salt hashed`
  paths.stats_users["/c"] = {
      {"admin", "pass$word", false},
      {"ops",
       "$6$salt$kygIiEi9JqSWlVIzY0svq8PwXEO.Ob9iNVfnEs.cQJ7mLiHRfBubAP7ngRSd7Dxy6VqgrDXKeUa1dfUhp2"
       "eqv/",
       true}};
  Rig rig(run_dir_.path());
  rig.start(render(config, paths));
  ASSERT_TRUE(rig.run_until_warm());
  std::string page;
  EXPECT_EQ(get("/", "", nullptr).substr(8), " 401 Unauthorized") << get("/", "", nullptr);
  EXPECT_EQ(get("/metrics", "", nullptr).substr(8), " 401 Unauthorized");
  EXPECT_EQ(get("/", "YWRtaW46d3Jvbmc=", nullptr).substr(8), " 401 Unauthorized") << "a wrong one";
  EXPECT_EQ(get("/", "YWRtaW46cGFzcyR3b3Jk", &page).substr(8), " 200 OK");
  EXPECT_NE(page.find("Statistics Report"), std::string::npos);
  EXPECT_EQ(get("/", "b3BzOmhhc2hlZA==", nullptr).substr(8), " 200 OK") << "by its hash";
  const auto metrics = get("/metrics", "YWRtaW46cGFzcyR3b3Jk", &page);
  EXPECT_NE(metrics.find(" 200 OK"), std::string::npos) << metrics;
  EXPECT_NE(page.find("haproxy_process_"), std::string::npos);
}

}  // namespace
}  // namespace hapx::lb_supervisor
