// SPDX-License-Identifier: Apache-2.0
// HAProxy in front of kube-apiservers, in a real cluster: its config changes under load.
#include <iostream>

#include "appliance/lab/io/interrupt.hpp"
#include "appliance/lab/io/process.hpp"
#include "clients.hpp"
#include "scratch_lab.hpp"

namespace hapx::appliance::lab {
namespace {

template <class Condition>
bool eventually(Condition condition) {
  for (int look = 0; look < 1500; ++look) {
    if (condition()) return true;
    pause(milliseconds(20));
  }
  return false;
}

double in_milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

class HaproxyUnderLoad : public ScratchLab {
 protected:
  void start() {
    auto built = Lab::build({.name = name(), .nodes = 3}, HAPX_PROGRAMS);
    ASSERT_TRUE(built) << built.error().sentence;
    lab_.emplace(std::move(*built));
    const auto started = lab_->start_all();
    ASSERT_TRUE(started) << started.error().sentence;
    const auto well = lab_->wait_until_served(seconds(30));
    ASSERT_TRUE(well) << well.error().sentence;
    const auto seen = lab_->observe(plan().nodes[0]);
    ASSERT_TRUE(seen && !seen->services.empty() && seen->services[0].holder);
    holder_ = node_of(plan(), *seen->services[0].holder);
    ASSERT_NE(holder_, nullptr);
  }
  [[nodiscard]] const Plan& plan() const { return lab_->plan(); }

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

  std::optional<Lab> lab_;
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

}  // namespace
}  // namespace hapx::appliance::lab
