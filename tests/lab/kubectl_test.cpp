// SPDX-License-Identifier: Apache-2.0
// kubectl through the endpoint, while the service passes to another node: by order, by the death of
// all that runs on the holder, and by its cable. What is asked right after is answered; a watch and
// a log that is followed are told of their end, and can be opened again. Times are printed and
// recorded, never judged.
#include "kubectl.hpp"

#include <algorithm>
#include <iostream>

#include "appliance/lab/io/cable.hpp"

namespace hapx::appliance::lab {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

double in_seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

/// Longer than the client's own TCP keepalive (30 s to the first probe), and much shorter than the
/// quarter of an hour for which TCP would repeat itself.
template <class Condition>
bool at_length(Condition condition) {
  return eventually(condition) || eventually(condition) || eventually(condition);
}

enum class Passage { move, everything_killed, cable_pulled };

struct Case {
  const char* name;
  Passage passage;
};

class KubectlThroughTheEndpoint : public KubectlLab, public testing::WithParamInterface<Case> {
 protected:
  [[nodiscard]] std::vector<Following> follow(const Kubectl& kubectl,
                                              const std::string& again) const {
    std::vector<Following> all;
    all.emplace_back(kubectl, "watch" + again,
                     std::vector<std::string>{"get", "pods", "--watch", "--output=name"});
    all.emplace_back(
        kubectl, "raw-watch" + again,
        std::vector<std::string>{"get", "--raw", "/api/v1/namespaces/default/pods?watch=true"});
    all.emplace_back(kubectl, "log" + again, std::vector<std::string>{"logs", "--follow", "web"});
    return all;
  }
  static void expect_news(const std::vector<Following>& all) {
    for (const Following& each : all) {
      const std::size_t before = each.lines();
      EXPECT_TRUE(eventually([&] { return each.lines() >= before + 3; }))
          << each.name() << ": " << each.said();
    }
  }

  /// hapxd first, for it would use the moment in which it outlives its keeper.
  static void kill_everything(const NodePlan& node) {
    auto all = processes_in(node.netns);
    std::ranges::stable_partition(
        all, [](const Process& process) { return process.name == daemon_name; });
    for (const Process& process : all) send_signal(process, SIGKILL);
  }

  void pass_on(const NodePlan& from, const NodePlan& to) {
    switch (GetParam().passage) {
      case Passage::move:
        EXPECT_EQ(hapx(from, {"move", plan().service.text(), to.name.text()}), 0) << said_;
        break;
      case Passage::everything_killed:
        kill_everything(from);
        break;
      case Passage::cable_pulled:
        EXPECT_TRUE(set_carrier(plan().wire_netns, from.bridge_port, Carrier::down));
        break;
    }
  }
};

TEST_P(KubectlThroughTheEndpoint, IsAnsweredAndToldWhatWasCut) {
  start();
  if (HasFatalFailure()) return;
  const Kubectl kubectl(plan());
  const std::string name = holder_by(nodes()[0]);
  const NodePlan* from = node_of(plan(), name);
  ASSERT_NE(from, nullptr) << name;
  const NodePlan& to = nodes()[from == &nodes()[1] ? 2 : 1];
  const auto before = kubectl.ask({"get", "--raw", "/readyz"});
  ASSERT_TRUE(before.is_well) << before.said;
  const auto followed = follow(kubectl, "");
  expect_news(followed);

  const Instant began = boot_now();
  pass_on(*from, to);
  auto right_after = kubectl.ask({"get", "--raw", "/readyz"});
  // Where nothing listens any more the kernel refuses, as long as the lease lasts; kubectl gives
  // up.
  if (GetParam().passage == Passage::everything_killed && !right_after.is_well) {
    std::cout << GetParam().name << ": " << right_after.said;
    EXPECT_TRUE(eventually([&] {
      right_after = kubectl.ask({"get", "--raw", "/readyz"});
      return right_after.is_well;
    }));
  }
  EXPECT_TRUE(right_after.is_well) << right_after.said;
  EXPECT_TRUE(right_after.said.starts_with("ok apiserver")) << right_after.said;
  const Duration answered = boot_now() - began;
  ASSERT_TRUE(eventually([&] {
    const std::string holder = holder_by(to);
    return !holder.empty() && holder != name;
  }));
  std::cout << GetParam().name << ": kubectl get took " << in_seconds(before.took) << " s before, "
            << in_seconds(right_after.took) << " s right after, and was answered after "
            << in_seconds(answered) << " s\n";
  RecordProperty("get_ms", std::to_string(right_after.took / milliseconds(1)));

  // What goes on gets more lines than may have been on their way.
  std::vector<std::size_t> lines;
  for (const Following& each : followed) lines.push_back(each.lines() + 10);
  std::size_t living = 0;
  for (std::size_t i = 0; i < followed.size(); ++i) {
    const Following& each = followed[i];
    const auto goes_on = [&] { return each.lines() >= lines[i]; };
    EXPECT_TRUE(at_length([&] { return !each.lives() || goes_on(); }))
        << each.name() << " hangs: " << each.last_line();
    living += each.lives() ? 1 : 0;
    std::cout << GetParam().name << ": " << each.name()
              << (each.lives() ? " lives on" : " was cut, and had ended") << " after "
              << in_seconds(boot_now() - began) << " s (" << each.last_line() << ")\n"
              << std::flush;
  }
  RecordProperty("living", std::to_string(living));
  const auto again = follow(kubectl, "-again");
  expect_news(again);
}

class QuietWatch : public KubectlLab {};

// What the hours of the default are for, and that the long test would notice shorter ones.
TEST_F(QuietWatch, IsCutByShorterTimeouts) {
  start("      haproxy: {timeouts: {client: 2s, server: 2s, tunnel: 2s}}\n");
  if (HasFatalFailure()) return;
  const Kubectl kubectl(plan());
  const Following watch(kubectl, "watch", quiet_watch);
  ASSERT_TRUE(eventually([&] { return watch.lines() >= 2; })) << watch.said();
  EXPECT_TRUE(eventually([&] { return !watch.lives(); })) << watch.said();
  std::cout << "cut: " << watch.last_line() << "\n";
}

INSTANTIATE_TEST_SUITE_P(Lab, KubectlThroughTheEndpoint,
                         testing::Values(Case{"Move", Passage::move},
                                         Case{"EverythingKilled", Passage::everything_killed},
                                         Case{"CablePulled", Passage::cable_pulled}),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace hapx::appliance::lab
