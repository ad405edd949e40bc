// SPDX-License-Identifier: Apache-2.0
// HAProxy in front of kube-apiservers, in a real cluster: its config changes under load, it is told
// nonsense, and a kube-apiserver dies, hangs or is not ready under load. Times are printed and
// recorded, never judged.
#include <algorithm>
#include <csignal>
#include <iostream>

#include "appliance/lab/io/process.hpp"
#include "clients.hpp"
#include "serving_lab.hpp"

namespace hapx::appliance::lab {
namespace {

double in_milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

class HaproxyUnderLoad : public ServingLab {
 protected:
  void start() {
    ::signal(SIGPIPE, SIG_IGN);  // a client here may write to a connection that was cut
    ASSERT_NO_FATAL_FAILURE(ServingLab::start());
    const auto seen = lab_->observe(plan().nodes[0]);
    ASSERT_TRUE(seen && !seen->services.empty() && seen->services[0].holder);
    holder_ = node_of(plan(), *seen->services[0].holder);
    ASSERT_NE(holder_, nullptr);
  }

  [[nodiscard]] std::vector<Process> haproxies() const {
    return processes_in(holder_->netns, haproxy_name);
  }
  /// The text of the runtime socket's link: which HAProxy is in service.
  [[nodiscard]] std::string in_service() const {
    std::error_code ignored;
    return std::filesystem::read_symlink(holder_->run_folder + "/haproxy.sock", ignored);
  }
  /// Another health check's interval stands in every server's line.
  void reload(const std::string& health_check) const {
    const auto before = in_service();
    const auto text = render_config(plan()) + "      healthCheck: " + health_check + "\n";
    ASSERT_TRUE(write_file(plan().config_file, text));
    for (const Process& keeper : processes_in(holder_->netns, keeper_name)) {
      EXPECT_TRUE(send_signal(keeper, SIGHUP));
    }
    ASSERT_TRUE(eventually([&] { return in_service() != before; })) << said();
  }
  [[nodiscard]] std::string said() const {
    const auto log = read_file(holder_->log_file);
    return log ? log->substr(log->size() - std::min<std::size_t>(log->size(), 4000)) : "";
  }

  const NodePlan* holder_ = nullptr;
};

TEST_F(HaproxyUnderLoad, TwentyReloadsFailNoConnectionAndCutNoStream) {
  start();
  constexpr std::size_t streams_count = 50;
  Streams streams(plan(), streams_count);
  Requests requests(plan(), 500);
  std::size_t processes_max = 0;
  for (int i = 1; i <= 20; ++i) {
    reload("{interval: " + std::to_string(500 + i) + "ms}");
    processes_max = std::max(processes_max, haproxies().size());
    pause(milliseconds(200));
  }
  const Tally asked = requests.stop();
  const std::size_t living = streams.stop();
  std::cout << "20 reloads: " << asked.attempts << " new connections ("
            << static_cast<int>(requests.per_second()) << " a second), " << asked.failures
            << " failed, slowest " << in_milliseconds(asked.slowest) << " ms; of " << streams_count
            << " streams " << living << " lived on (" << streams.tally().attempts
            << " exchanges, slowest " << in_milliseconds(streams.tally().slowest)
            << " ms); at most " << processes_max << " HAProxies at once\n";
  RecordProperty("connections", std::to_string(asked.attempts));
  RecordProperty("failed", std::to_string(asked.failures));
  RecordProperty("streams", std::to_string(living));
  EXPECT_EQ(asked.failures, 0U) << asked.sample << "\n" << said();
  EXPECT_EQ(living, streams_count) << streams.tally().sample << "\n" << said();
  EXPECT_GT(asked.attempts, 1000U);
  EXPECT_LE(processes_max, 6U) << "one in service, one that begins, four that drain";
  EXPECT_TRUE(eventually([&] { return lab_->missing().empty(); })) << lab_->missing();
  EXPECT_TRUE(eventually([&] { return haproxies().size() == 1; })) << "the streams have ended";
}

/// The one that runs takes them; also the streams of those that go live on.
TEST_F(HaproxyUnderLoad, TwentyOtherListsOfApiserversFailNothingCutNothingAndTakeNoOtherHaproxy) {
  start();
  for (const ApiserverPlan& server : plan().apiservers) {
    ASSERT_TRUE(eventually([&] { return is_up(*holder_, server); }));
  }
  ASSERT_TRUE(write_file(plan().config_file,
                         render_config(plan()) + "      healthCheck: {interval: 700ms}\n"));
  hapx(*holder_, {"config", "diff", plan().config_file});
  EXPECT_TRUE(says("another HAProxy takes over")) << said_;
  const auto before = in_service();
  constexpr std::size_t streams_count = 50;
  Streams streams(plan(), streams_count);
  Requests requests(plan(), 500);
  const auto give_file = [&](std::string text) {
    ASSERT_TRUE(write_file(plan().config_file, text));
    hapx(*holder_, {"config", "diff", plan().config_file});
    EXPECT_TRUE(says("Taken by")) << said_;
    EXPECT_FALSE(says("another HAProxy takes over")) << said_;
    ASSERT_EQ(hapx(*holder_, {"reload"}), 0) << said_;
  };
  for (int i = 0; i < 10; ++i) {
    const ApiserverPlan& other = plan().apiservers[i % plan().apiservers.size()];
    std::string without = render_config(plan());
    const std::string line = "        - " + to_string(Endpoint{other.address, plan().port}) + "\n";
    ASSERT_NE(without.find(line), std::string::npos);
    without.erase(without.find(line), line.size());
    ASSERT_NO_FATAL_FAILURE(give_file(without));
    ASSERT_TRUE(eventually([&] {
      return hapx(*holder_, {"get", "backends"}) == 0 && !says(to_string(other.address)) &&
             says(" up ");
    })) << said_;
    ASSERT_NO_FATAL_FAILURE(give_file(render_config(plan())));
    ASSERT_TRUE(eventually([&] { return is_up(*holder_, other); })) << said();
  }
  const Tally asked = requests.stop();
  const std::size_t living = streams.stop();
  std::cout << "20 other lists of apiservers: " << asked.attempts << " new connections ("
            << static_cast<int>(requests.per_second()) << " a second), " << asked.failures
            << " failed, slowest " << in_milliseconds(asked.slowest) << " ms; of " << streams_count
            << " streams " << living << " lived on\n";
  RecordProperty("connections", std::to_string(asked.attempts));
  RecordProperty("failed", std::to_string(asked.failures));
  RecordProperty("streams", std::to_string(living));
  EXPECT_EQ(asked.failures, 0U) << asked.sample << "\n" << said();
  EXPECT_EQ(living, streams_count) << streams.tally().sample << "\n" << said();
  EXPECT_EQ(in_service(), before);
  EXPECT_EQ(haproxies().size(), 1U);
  EXPECT_TRUE(eventually([&] { return lab_->missing().empty(); })) << lab_->missing();
}

TEST_F(HaproxyUnderLoad, ALineThatHaproxyRefusesChangesNothing) {
  start();
  const auto before = in_service();
  const auto text =
      render_config(plan()) + "      haproxy: {extraConfig: {backend: [no-such-keyword]}}\n";
  ASSERT_TRUE(write_file(plan().config_file, text));
  const auto lines = std::count(text.begin(), text.end(), '\n');
  Requests requests(plan(), 50);
  for (const Process& keeper : processes_in(holder_->netns, keeper_name)) {
    EXPECT_TRUE(send_signal(keeper, SIGHUP));
  }
  const std::string blame = "hapx.yaml, line " + std::to_string(lines) + ", service " +
                            plan().service.text() + ", extraConfig.backend, `no-such-keyword`";
  EXPECT_TRUE(eventually([&] { return said().find(blame) != std::string::npos; })) << blame << "\n"
                                                                                   << said();
  const Tally asked = requests.stop();
  EXPECT_EQ(asked.failures, 0U) << asked.sample;
  EXPECT_EQ(in_service(), before);
  EXPECT_TRUE(eventually([&] { return lab_->missing().empty(); })) << lab_->missing();
}

struct Fault {
  const char* name;
  Health health;
};

class HaproxyWithAFault : public HaproxyUnderLoad, public testing::WithParamInterface<Fault> {
 protected:
  /// As the node that serves sees it.
  [[nodiscard]] bool is_up(const ApiserverPlan& server) const {
    return ServingLab::is_up(*holder_, server);
  }
};

TEST_P(HaproxyWithAFault, GoesOnWithTheOthers) {
  start();
  const ApiserverPlan& victim = plan().apiservers[0];
  ASSERT_TRUE(eventually([&] { return is_up(victim); }));
  constexpr std::size_t streams_count = 30;
  Streams streams(plan(), streams_count);
  Requests requests(plan(), 200);
  pause(seconds(1));
  const Instant began = boot_now();
  ASSERT_TRUE(lab_->tell(victim, GetParam().health));
  ASSERT_TRUE(eventually([&] { return !is_up(victim); })) << said();
  const Duration out_after = boot_now() - began;
  pause(seconds(1));
  const Tally asked = requests.stop();
  const std::size_t living = streams.stop();
  std::cout << GetParam().name << ": seen out after " << in_milliseconds(out_after) << " ms; "
            << asked.failures << " of " << asked.attempts << " new connections failed ("
            << asked.sample << "), slowest " << in_milliseconds(asked.slowest) << " ms; " << living
            << " of " << streams_count << " streams lived on\n";
  RecordProperty("connections", std::to_string(asked.attempts));
  RecordProperty("failed", std::to_string(asked.failures));
  RecordProperty("streams", std::to_string(living));
  EXPECT_GE(living, streams_count / 3) << "those of the others";

  Requests later(plan(), 100);
  pause(seconds(2));
  const Tally without = later.stop();
  EXPECT_EQ(without.failures, 0U) << without.sample << ": it gets nothing new while it is out";
  ASSERT_TRUE(lab_->tell(victim, Health::well));
  EXPECT_TRUE(eventually([&] { return is_up(victim); })) << said();
}

INSTANTIATE_TEST_SUITE_P(Lab, HaproxyWithAFault,
                         testing::Values(Fault{"Dead", Health::dead},
                                         Fault{"Hanging", Health::hanging},
                                         Fault{"NotReady", Health::failing}),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace hapx::appliance::lab
