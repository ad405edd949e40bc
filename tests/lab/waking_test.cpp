// SPDX-License-Identifier: Apache-2.0
// Clients that only listen hear within a moment that the node they were connected to is gone.
//
// They are watches of which nothing is sent after the beginning: nothing of theirs would ever tell
// them. Times are printed and recorded, never judged.
#include <algorithm>
#include <csignal>
#include <iostream>
#include <list>

#include "clients.hpp"
#include "serving_lab.hpp"

namespace hapx::appliance::lab {
namespace {

constexpr std::size_t watches_count = 100;

/// Many watches, in a thread of its own, and when each heard that its connection is over.
class Listeners {
 public:
  explicit Listeners(const Plan& plan) {
    thread_ = thread_among_clients(plan, [this, &plan] { run(plan); });
    while (!begun_) std::this_thread::sleep_for(milliseconds(1));
  }
  ~Listeners() {
    stopped_ = true;
    thread_.join();
  }
  Listeners(const Listeners&) = delete;
  Listeners& operator=(const Listeners&) = delete;

  [[nodiscard]] std::size_t living() const { return living_; }
  /// When each of those that are over heard of it.
  [[nodiscard]] std::vector<Instant> ends() {
    const std::lock_guard lock(mutex_);
    return ends_;
  }

 private:
  void run(const Plan& plan) {
    const auto context = TlsContext::client();
    std::list<Client> clients;
    for (std::size_t i = 0; context && i < watches_count; ++i) {
      Client client(plan, *context);
      const Instant deadline = boot_now() + seconds(10);
      if (client.begin(deadline).empty() && client.watch(deadline).empty())
        clients.push_back(std::move(client));
    }
    living_ = clients.size();
    begun_ = true;
    while (!stopped_) {
      const Instant now = boot_now();
      std::erase_if(clients, [&](Client& client) {
        const Progress progress = client.hear();
        if (progress == Progress::wants_read || progress == Progress::wants_write) return false;
        const std::lock_guard lock(mutex_);
        ends_.push_back(now);
        return true;
      });
      living_ = clients.size();
      std::this_thread::sleep_for(milliseconds(1));
    }
  }

  std::atomic<bool> stopped_ = false;
  std::atomic<bool> begun_ = false;
  std::atomic<std::size_t> living_ = 0;
  std::mutex mutex_;
  std::vector<Instant> ends_;
  std::thread thread_;
};

class Waking : public ServingLab, public testing::WithParamInterface<Family> {
 protected:
  void start() {
    ::signal(SIGPIPE, SIG_IGN);
    if (!kernel_has(GetParam())) GTEST_SKIP() << "no IPv6 in this kernel";
    family_ = GetParam();
    ServingLab::start();
    if (HasFatalFailure()) return;
    const std::string holder = holder_by(nodes()[0]);
    holder_ = &*std::ranges::find_if(
        nodes(), [&](const NodePlan& node) { return node.name.text() == holder; });
    other_ = &*std::ranges::find_if(
        nodes(), [&](const NodePlan& node) { return node.name.text() != holder; });
  }

  /// All have heard; the times are counted from `began`.
  void expect_all_woken(Listeners& listeners, Instant began, const std::string& what) {
    ASSERT_TRUE(eventually([&] { return listeners.living() == 0; })) << listeners.living();
    const auto ends = listeners.ends();
    ASSERT_EQ(ends.size(), watches_count);
    const auto [first, last] = std::ranges::minmax(ends);
    const auto in_ms = [&](Instant end) {
      return std::chrono::duration<double, std::milli>(end - began).count();
    };
    std::cout << what << ", IPv" << (GetParam() == Family::ipv4 ? 4 : 6) << ": " << watches_count
              << " idle clients knew after " << in_ms(first) << " to " << in_ms(last) << " ms\n";
    RecordProperty("last_ms", std::to_string(in_ms(last)));
  }
  /// The node that serves now says so.
  void expect_proof() {
    std::string next;
    ASSERT_TRUE(eventually([&] {
      next = holder_by(*other_);
      return !next.empty() && next != holder_->name.text();
    }));
    const auto& by = *std::ranges::find_if(
        nodes(), [&](const NodePlan& node) { return node.name.text() == next; });
    const std::string proof = "all " + std::to_string(watches_count) +
                              " clients of the holder before have woken, and find " +
                              to_string(plan().vip.address);
    EXPECT_TRUE(eventually([&] {
      return hapx(by, {"why", plan().service.text()}) == 0 && says(proof);
    })) << said_;
  }

  const NodePlan* holder_ = nullptr;
  const NodePlan* other_ = nullptr;
};

TEST_P(Waking, AfterALossOfPower) {
  start();
  if (HasFatalFailure() || IsSkipped()) return;
  Listeners listeners(plan());
  ASSERT_EQ(listeners.living(), watches_count);
  pause(seconds(3));  // until the list is told
  ASSERT_EQ(listeners.living(), watches_count);
  const Instant began = boot_now();
  ASSERT_TRUE(lab_->power_off(*holder_));
  expect_all_woken(listeners, began, "loss of power");
  expect_proof();
}

TEST_P(Waking, AfterAMove) {
  start();
  if (HasFatalFailure() || IsSkipped()) return;
  Listeners listeners(plan());
  ASSERT_EQ(listeners.living(), watches_count);
  pause(seconds(3));
  const Instant began = boot_now();
  ASSERT_EQ(hapx(*other_, {"move", plan().service.text()}), 0) << said_;
  expect_all_woken(listeners, began, "move");
  expect_proof();
}

INSTANTIATE_TEST_SUITE_P(Lab, Waking, testing::Values(Family::ipv4, Family::ipv6), family_name);

}  // namespace
}  // namespace hapx::appliance::lab
