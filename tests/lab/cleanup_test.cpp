// SPDX-License-Identifier: Apache-2.0
// Failures on a real cluster: shown on another node than they happened on, forgotten on all.
#include <algorithm>

#include "appliance/lab/io/process.hpp"
#include "serving_lab.hpp"

namespace hapx::appliance::lab {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Failures : public ServingLab {
 protected:
  [[nodiscard]] std::string service() const { return plan().service.text(); }
  [[nodiscard]] const NodePlan& node(const std::string& name) const {
    return *std::ranges::find_if(nodes(),
                                 [&](const NodePlan& one) { return one.name.text() == name; });
  }

  /// As JSON says it: how often HAProxy failed on `of`, as `by` knows.
  [[nodiscard]] bool counts(const NodePlan& by, const std::string& of, int failures) {
    return hapx(by, {"failcount", "-o", "json"}) == 0 &&
           says("\"node\":\"" + of + "\",\"vip\":0,\"haproxy\":" + std::to_string(failures) + ",");
  }
  /// Kills HAProxy there as often, when it serves, and waits until the node says so.
  void kill_haproxy(const NodePlan& where, int times) {
    for (int i = 1; i <= times; ++i) {
      ASSERT_TRUE(eventually([&] { return holder_by(where) == where.name.text(); })) << said_;
      ASSERT_TRUE(eventually([&] {
        const auto running = processes_in(where.netns, "haproxy");
        return !running.empty() && send_signal(running.front(), SIGKILL);
      }));
      ASSERT_TRUE(eventually([&] { return counts(where, where.name.text(), i); })) << said_;
    }
  }
};

TEST_F(Failures, OfOneNodeAreShownAndForgottenOnOrderOfAnother) {
  start();
  const std::string worn = holder_by(nodes()[0]);
  const NodePlan& asked =
      *std::ranges::find_if(nodes(), [&](const NodePlan& one) { return one.name.text() != worn; });
  kill_haproxy(node(worn), 3);
  ASSERT_TRUE(eventually([&] {
    const std::string now_on = holder_by(asked);
    return !now_on.empty() && now_on != worn;
  })) << "migrationThreshold is 3";
  for (const NodePlan& by : nodes()) {
    EXPECT_TRUE(eventually([&] { return counts(by, worn, 3); })) << by.name.text() << said_;
  }
  EXPECT_EQ(hapx(asked, {"failcount", service()}), 0);
  EXPECT_TRUE(says("no: ")) << said_;
  EXPECT_EQ(hapx(asked, {"move", service(), worn}), 1) << said_;
  EXPECT_EQ(hapx(asked, {"describe", "node", worn}), 0);
  EXPECT_TRUE(says("node " + worn + ": online, as seen by " + asked.name.text())) << said_;

  EXPECT_EQ(hapx(asked, {"cleanup", "nonsense"}), 1) << said_;
  ASSERT_EQ(hapx(asked, {"cleanup", service()}), 0) << said_;
  EXPECT_TRUE(says("are forgotten on node1, node2, node3")) << said_;
  for (const NodePlan& by : nodes()) {
    EXPECT_TRUE(eventually([&] { return counts(by, worn, 0); })) << by.name.text() << said_;
  }
  EXPECT_EQ(hapx(node(worn), {"events", "--service", service(), "-n", "20"}), 0);
  EXPECT_TRUE(says("asked at " + asked.name.text())) << said_;
  ASSERT_TRUE(eventually([&] { return hapx(asked, {"move", service(), worn}) == 0; })) << said_;
  EXPECT_TRUE(eventually([&] { return holder_by(asked) == worn; }));
}

/// What an operator reads after a failover, on the node that took over.
TEST_F(Failures, OfANodeAreTenLinesOnTheNextHolder) {
  start();
  const std::string lost = holder_by(nodes()[0]);
  const NodePlan& other =
      *std::ranges::find_if(nodes(), [&](const NodePlan& one) { return one.name.text() != lost; });
  ASSERT_TRUE(lab_->power_off(node(lost)));
  std::string next;
  ASSERT_TRUE(eventually([&] {
    next = holder_by(other);
    return !next.empty() && next != lost;
  }));
  ASSERT_TRUE(eventually([&] {
    return hapx(node(next), {"events", "-n", "12"}) == 0 && says(" is announced");
  })) << said_;
  for (const std::string& words :
       {lost + " is dead", std::string("won the lease of"), std::string(" is here"),
        "HAProxy serves " + service(), std::string(" is announced")}) {
    EXPECT_TRUE(says(words)) << words << " in\n" << said_;
  }
  ASSERT_EQ(hapx(node(next), {"get", "links"}), 0);
  EXPECT_TRUE(says("silent")) << said_;
  ASSERT_EQ(hapx(node(next), {"describe", "service", service()}), 0);
  EXPECT_TRUE(says("1 node-lost")) << said_;
}

}  // namespace
}  // namespace hapx::appliance::lab
