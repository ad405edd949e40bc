// SPDX-License-Identifier: Apache-2.0
// Standing orders on a real cluster: given on one node, obeyed on another, and still there when all
// nodes have lost their power at once.
#include <algorithm>
#include <vector>

#include "appliance/lab/io/process.hpp"
#include "serving_lab.hpp"

namespace hapx::appliance::lab {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class StandingOrders : public ServingLab {
 protected:
  [[nodiscard]] std::string state_by(const NodePlan& node, const std::string& member) const {
    const auto seen = lab_->observe(node);
    if (!seen) return {};
    for (const ObservedMember& one : seen->members) {
      if (one.name == member) return one.state;
    }
    return {};
  }
};

TEST_F(StandingOrders, AreObeyedElsewhereAndOutliveThePowerOfAll) {
  start();
  const std::string holder = holder_by(nodes()[0]);
  const auto is_holder = [&](const NodePlan& node) { return node.name.text() == holder; };
  const NodePlan& asked = *std::find_if_not(nodes().begin(), nodes().end(), is_holder);
  ASSERT_EQ(hapx(asked, {"standby", holder, "--ttl", "2h", "--wait"}), 0) << said_;
  EXPECT_NE(said_.find(holder + " is in standby until "), std::string::npos) << said_;
  for (const NodePlan& node : nodes()) {
    EXPECT_TRUE(eventually([&] { return state_by(node, holder) == "standby"; }))
        << node.name.text();
  }
  EXPECT_NE(holder_by(asked), holder);
  EXPECT_EQ(hapx(asked, {"status"}), 1) << "degraded: " << said_;
  EXPECT_NE(said_.find("is in standby until"), std::string::npos) << said_;
  EXPECT_EQ(hapx(asked, {"move", lab_->plan().service.text(), holder}), 1) << said_;

  for (const NodePlan& node : nodes()) ASSERT_TRUE(lab_->power_off(node));
  for (const NodePlan& node : nodes()) ASSERT_TRUE(lab_->power_on(node));
  for (const NodePlan& node : nodes()) ASSERT_TRUE(lab_->start(node));
  for (const NodePlan& node : nodes()) {
    EXPECT_TRUE(eventually([&] { return state_by(node, holder) == "standby"; }))
        << node.name.text();
    EXPECT_TRUE(eventually([&] { return !holder_by(node).empty(); })) << node.name.text();
    EXPECT_NE(holder_by(node), holder);
  }
  ASSERT_EQ(hapx(asked, {"online", holder, "--wait"}), 0) << said_;
  EXPECT_TRUE(eventually([&] { return lab_->missing().empty(); })) << lab_->missing();
}

/// Each of these is given on another node than the last one, and never on the one that it is about.
TEST_F(StandingOrders, BansAndMovesAreObeyedWhereverTheyAreGiven) {
  start();
  const std::string service = plan().service.text();
  const std::string banned = holder_by(nodes()[0]);
  std::vector<const NodePlan*> others;
  for (const NodePlan& node : nodes()) {
    if (node.name.text() != banned) others.push_back(&node);
  }
  ASSERT_EQ(others.size(), 2U);
  ASSERT_EQ(hapx(*others[0], {"ban", service, banned, "--ttl", "1h", "--wait"}), 0) << said_;
  for (const NodePlan& node : nodes()) {
    EXPECT_TRUE(eventually([&] {
      const std::string holder = holder_by(node);
      return !holder.empty() && holder != banned;
    })) << node.name.text();
    EXPECT_TRUE(eventually([&] {
      return hapx(node, {"get", "orders"}) == 0 && says("ban");
    })) << said_;
  }
  EXPECT_EQ(hapx(*others[1], {"move", service, banned}), 1) << said_;
  EXPECT_TRUE(says("ban")) << said_;

  ASSERT_EQ(hapx(*others[1], {"clear", service}), 0) << said_;
  EXPECT_NE(holder_by(*others[0]), banned) << "nothing moves without a reason";
  ASSERT_TRUE(eventually([&] {
    return hapx(*others[0], {"move", service, banned}) == 0;
  })) << said_;
  for (const NodePlan& node : nodes()) {
    EXPECT_TRUE(eventually([&] { return holder_by(node) == banned; })) << node.name.text();
  }
  EXPECT_TRUE(eventually([&] { return lab_->missing().empty(); })) << lab_->missing();
}

TEST_F(StandingOrders, AreKeptByARestartInFlightAndRefusedWithoutQuorum) {
  start();
  const NodePlan& first = nodes()[0];
  ASSERT_EQ(hapx(first, {"maintenance", "on"}), 0) << said_;
  for (const NodePlan& node : nodes()) {
    for (const Process& process : processes_in(node.netns, daemon_name)) {
      EXPECT_TRUE(send_signal(process, SIGKILL)) << node.name.text();
    }
  }
  EXPECT_TRUE(eventually([&] { return state_by(first, "node1") == "maintenance"; }));
  ASSERT_TRUE(eventually([&] { return hapx(first, {"maintenance", "off"}) == 0; })) << said_;
  EXPECT_TRUE(eventually([&] { return lab_->missing().empty(); })) << lab_->missing();

  ASSERT_TRUE(lab_->power_off(nodes()[1]));
  ASSERT_TRUE(lab_->power_off(nodes()[2]));
  ASSERT_TRUE(eventually([&] {
    const auto seen = lab_->observe(first);
    return seen && !seen->quorate;
  }));
  EXPECT_EQ(hapx(first, {"ban", lab_->plan().service.text(), "node1"}), 1);
  EXPECT_NE(said_.find("there is no quorum"), std::string::npos) << said_;
  EXPECT_EQ(hapx(first, {"standby", "nod1"}), 1);
  EXPECT_NE(said_.find("did you mean `node1`"), std::string::npos) << said_;
}

}  // namespace
}  // namespace hapx::appliance::lab
