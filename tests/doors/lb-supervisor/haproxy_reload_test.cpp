// SPDX-License-Identifier: Apache-2.0
// Another HAProxy takes over from a real one: what its clients notice of it.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "kube_stub.hpp"
#include "lb-supervisor/io/haproxy_keeper.hpp"
#include "load.hpp"
#include "rig.hpp"
#include "stream.hpp"

namespace hapx::lb_supervisor {
namespace {

using std::chrono::seconds;

constexpr const char* vip = "192.0.2.20";

/// Whether this process may still accept connections for the VIP.
bool listens(pid_t pid) {
  std::string inode;
  std::ifstream table("/proc/net/tcp");
  for (std::string line; std::getline(table, line);) {
    std::istringstream words(line);
    std::vector<std::string> fields(10);
    for (auto& field : fields) words >> field;
    if (fields[1].find(":192B") != std::string::npos && fields[3] == "0A" &&
        fields[1] != "0B00007F:192B") {
      inode = "socket:[" + fields[9] + "]";
    }
  }
  std::error_code ignored;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd", ignored)) {
    if (std::filesystem::read_symlink(entry, ignored) == inode) return true;
  }
  return false;
}

class Reloading : public InFreshNetwork {
 protected:
  void SetUp() override {
    InFreshNetwork::SetUp();
    if (!IsSkipped()) add_address(std::string(vip) + "/32");
  }

  /// The n-th of texts that differ in a server's line and nothing else that matters.
  [[nodiscard]] RenderedHaproxy text(int number) const {
    auto config = one_service(vip, {"127.0.0.11"});
    config.services[0].health_check.interval = milliseconds(500 + number);
    return render(config, haproxy_paths(run_dir_.path()));
  }
  /// Wants the n-th text, and waits until HAProxy runs with it.
  void reload(Rig& rig, int number) {
    const auto done = rig.supervisor.status().replacements + 1;
    rig.start(text(number));
    ASSERT_TRUE(rig.run_until([&] { return rig.supervisor.status().replacements == done; }));
  }
  [[nodiscard]] std::size_t sockets_left() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(run_dir_.path())) {
      count += entry.path().filename().string().find(".sock.") == std::string::npos ? 0 : 1;
    }
    return count;
  }
};

TEST_F(Reloading, twenty_times_under_load_fails_no_connection) {
  const KubeStub kube("127.0.0.11", Speaks::plain_greeting);
  const KeeperProcess keeper(run_dir_.path());
  Rig rig(run_dir_.path());
  rig.start(text(0));
  ASSERT_TRUE(rig.run_until_warm());
  Load load(vip, 2);
  for (int i = 1; i <= 20; ++i) {
    rig.run_for(milliseconds(100));
    reload(rig, i);
  }
  rig.run_for(milliseconds(200));
  load.stop();
  const auto result = load.result();
  std::printf("20 reloads: %zu visits, %zu failed, longest visit %.1f ms\n", result.visits,
              result.refused + result.in_flight,
              std::chrono::duration<double, std::milli>(result.longest).count());
  EXPECT_EQ(result.refused + result.in_flight, 0U) << result.sample;
  EXPECT_GT(result.visits, 100U);
  EXPECT_FALSE(rig.next_failure());
  EXPECT_EQ(rig.supervisor.status().restarts, 0U);
}

TEST_F(Reloading, spares_connections_that_are_open_and_ends_with_the_last_of_them) {
  const KubeStub kube("127.0.0.11", Speaks::plain_echo);
  const KeeperProcess keeper(run_dir_.path());
  Rig rig(run_dir_.path());
  rig.start(text(0));
  ASSERT_TRUE(rig.run_until_warm());
  const auto old = rig.haproxy();
  {
    const Stream stream(vip);
    ASSERT_TRUE(stream.lives());
    reload(rig, 1);
    EXPECT_NE(rig.haproxy(), old);
    EXPECT_TRUE(stream.lives());
    EXPECT_TRUE(is_running(old));
    EXPECT_EQ(rig.supervisor.status().draining, 1U);
    const Stream later(vip);
    EXPECT_TRUE(later.lives());
  }
  EXPECT_TRUE(rig.run_until([&] { return rig.supervisor.status().draining == 0; }));
  EXPECT_FALSE(is_running(old));
  EXPECT_EQ(sockets_left(), 2U) << "only those of the one that runs";
}

TEST_F(Reloading, lets_an_old_one_go_on_no_longer_than_it_may) {
  const KubeStub kube("127.0.0.11", Speaks::plain_echo);
  const KeeperProcess keeper(run_dir_.path());
  SupervisorOptions options;
  options.drain_max = milliseconds(300);
  Rig rig(run_dir_.path(), options);
  rig.start(text(0));
  ASSERT_TRUE(rig.run_until_warm());
  const auto old = rig.haproxy();
  const Stream stream(vip);
  ASSERT_TRUE(stream.lives());
  reload(rig, 1);
  EXPECT_TRUE(rig.run_until([&] { return rig.supervisor.status().draining == 0; }));
  EXPECT_FALSE(is_running(old));
  EXPECT_FALSE(stream.lives());
}

TEST_F(Reloading, lets_few_old_ones_go_on_at_once) {
  const KubeStub kube("127.0.0.11", Speaks::plain_echo);
  const KeeperProcess keeper(run_dir_.path());
  Rig rig(run_dir_.path());
  rig.start(text(0));
  ASSERT_TRUE(rig.run_until_warm());
  std::vector<Stream> streams;
  for (std::size_t i = 0; i <= draining_max; ++i) {
    streams.emplace_back(vip);
    ASSERT_TRUE(streams[i].lives());
    const auto old = rig.haproxy();
    ASSERT_TRUE(listens(old));
    reload(rig, static_cast<int>(i) + 1);
    ASSERT_TRUE(rig.run_until([&] { return !listens(old); }));
  }
  EXPECT_TRUE(rig.run_until([&] { return rig.supervisor.status().draining == draining_max; }));
  EXPECT_FALSE(streams[0].lives()) << "the oldest had to go";
  for (std::size_t i = 1; i <= draining_max; ++i) EXPECT_TRUE(streams[i].lives()) << i;
}

TEST_F(Reloading, goes_on_when_haproxy_refuses_the_new_text) {
  const KubeStub kube("127.0.0.11", Speaks::plain_echo);
  const KeeperProcess keeper(run_dir_.path());
  Rig rig(run_dir_.path());
  rig.start(text(0));
  ASSERT_TRUE(rig.run_until_warm());
  const auto old = rig.haproxy();
  const Stream stream(vip);
  auto bad = text(1);
  bad.text += "    no-such-keyword\n";
  rig.start(bad);
  ASSERT_TRUE(rig.run_until([&] { return !rig.supervisor.status().not_replaced.empty(); }));
  const auto reason = rig.supervisor.status().not_replaced;
  EXPECT_NE(reason.find("no-such-keyword"), std::string::npos) << reason;
  EXPECT_NE(reason.find("haproxy-check.cfg:"), std::string::npos) << "the line: " << reason;
  EXPECT_TRUE(rig.supervisor.warm());
  EXPECT_EQ(rig.haproxy(), old);
  EXPECT_TRUE(stream.lives());
}

TEST_F(Reloading, goes_on_when_the_new_one_does_not_answer) {
  const KubeStub kube("127.0.0.11", Speaks::plain_echo);
  const KeeperProcess keeper(run_dir_.path());
  SupervisorOptions options;
  options.warming_max = milliseconds(500);
  Rig rig(run_dir_.path(), options);
  rig.start(text(0));
  ASSERT_TRUE(rig.run_until_warm());
  const auto old = rig.haproxy();
  // HAProxy takes this text, but listens for probes elsewhere.
  auto deaf = text(1);
  const auto at = deaf.text.find("haproxy-probe.sock.");
  ASSERT_NE(at, std::string::npos);
  deaf.text.insert(at, "not-");
  rig.start(deaf);
  ASSERT_TRUE(rig.run_until([&] { return !rig.supervisor.status().not_replaced.empty(); }));
  EXPECT_EQ(rig.supervisor.status().not_replaced, "it runs, but did not begin to answer");
  EXPECT_EQ(rig.haproxy(), old);
  // What the other one accepts until it is gone is lost with it.
  EXPECT_TRUE(rig.run_until([] { return Stream(vip).lives(); }));
}

TEST_F(Reloading, the_next_hapxd_serves_with_the_old_one_and_replaces_it_unnoticed) {
  const KubeStub kube("127.0.0.11", Speaks::plain_greeting);
  const KeeperProcess keeper(run_dir_.path());
  std::optional<Rig> rig(run_dir_.path());
  rig->start(text(0));
  ASSERT_TRUE(rig->run_until_warm());
  const auto old = rig->haproxy();
  Load load(vip, 1);
  rig.emplace(run_dir_.path());
  rig->start(text(1));
  ASSERT_TRUE(rig->run_until_warm());
  EXPECT_EQ(rig->haproxy(), old);
  ASSERT_TRUE(rig->run_until([&] { return rig->supervisor.status().replacements == 1; }));
  EXPECT_NE(rig->haproxy(), old);
  load.stop();
  EXPECT_EQ(load.result().refused, 0U) << load.result().sample;
  EXPECT_FALSE(rig->next_failure());
  EXPECT_TRUE(rig->run_until([&] { return !is_running(old); }));
}

TEST_F(Reloading, what_an_interrupted_attempt_began_is_ended) {
  const KubeStub kube("127.0.0.11", Speaks::plain_echo);
  const KeeperProcess keeper(run_dir_.path());
  SupervisorOptions slow;
  slow.warming_probe_interval = seconds(10);
  std::optional<Rig> rig(run_dir_.path());
  rig->start(text(0));
  ASSERT_TRUE(rig->run_until_warm());
  const auto old = rig->haproxy();
  rig.emplace(run_dir_.path(), slow);  // that one begins another HAProxy, and dies
  rig->start(text(1));
  ASSERT_TRUE(rig->run_until([&] { return sockets_left() == 4; }));
  rig.emplace(run_dir_.path());
  rig->start(text(0));
  ASSERT_TRUE(rig->run_until_warm());
  EXPECT_EQ(rig->haproxy(), old);
  EXPECT_TRUE(rig->run_until([&] { return sockets_left() == 2; }));
  EXPECT_TRUE(Stream(vip).lives());
}

/// HAProxy binds under another name first; whoever is killed then leaves that one.
TEST_F(Reloading, nothing_is_left_of_one_that_was_killed_while_it_bound) {
  const KubeStub kube("127.0.0.11", Speaks::plain_echo);
  const KeeperProcess keeper(run_dir_.path());
  Rig rig(run_dir_.path());
  rig.start(text(0));
  ASSERT_TRUE(rig.run_until_warm());
  const std::filesystem::path folder = run_dir_.path();
  const auto own = std::filesystem::read_symlink(folder / "haproxy.sock").string();
  std::ofstream(folder / (own + ".4711.tmp")).close();
  ASSERT_EQ(sockets_left(), 3U);
  reload(rig, 1);
  EXPECT_TRUE(rig.run_until([&] { return rig.supervisor.status().draining == 0; }));
  EXPECT_EQ(sockets_left(), 2U);
}

TEST_F(Reloading, closes_the_sockets_of_services_that_are_gone) {
  const KeeperProcess keeper(run_dir_.path());
  Rig rig(run_dir_.path());
  rig.start(text(0));
  ASSERT_TRUE(rig.run_until_warm());
  rig.start(render(one_service("192.0.2.21", {"127.0.0.11"}), haproxy_paths(run_dir_.path())));
  ASSERT_TRUE(rig.run_until([&] {
    return rig.supervisor.status().draining == 0 && rig.supervisor.status().replacements == 1;
  }));
  EXPECT_EQ(visit(vip).error, "connect: Connection refused");
}

TEST_F(Reloading, the_name_without_a_generation_leads_to_the_one_in_service) {
  const KeeperProcess keeper(run_dir_.path());
  Rig rig(run_dir_.path());
  rig.start(text(0));
  ASSERT_TRUE(rig.run_until_warm());
  const auto name = run_dir_.path() + "/" + runtime_socket_name;
  for (int i = 1; i <= 2; ++i) {
    const auto generation = rig.supervisor.status().generation;
    const auto target = for_generation(runtime_socket_name, generation);
    std::error_code ignored;
    EXPECT_TRUE(becomes_true([&] {
      return std::filesystem::read_symlink(name, ignored) == target;
    })) << std::filesystem::read_symlink(name);
    EXPECT_TRUE(std::filesystem::is_socket(name));
    reload(rig, i);
  }
}

}  // namespace
}  // namespace hapx::lb_supervisor
