// SPDX-License-Identifier: Apache-2.0
// What operators get wrong, in a real cluster: each is refused with its reason where it was said,
// and the other nodes show that nothing has come of it.
// (A line that `haproxy -c` refuses stands in haproxy_test.cpp.)
#include <algorithm>
#include <csignal>

#include "appliance/lab/io/process.hpp"
#include "clients.hpp"
#include "serving_lab.hpp"

namespace hapx::appliance::lab {
namespace {

struct Said {
  std::vector<std::string> words;
  std::string answer;  ///< what the refusal must say
  int status = 1;
};

class BadInput : public ServingLab {
 protected:
  void start() {
    ::signal(SIGPIPE, SIG_IGN);  // a client here may write to a connection that was cut
    ASSERT_NO_FATAL_FAILURE(ServingLab::start());
    holder_ = node_of(plan(), holder_by(nodes()[0]));
    ASSERT_NE(holder_, nullptr);
  }

  void expect_refused(const NodePlan& asked, const std::vector<Said>& all) {
    for (const Said& said : all) {
      const std::string line = asked.name.text() + ": " + testing::PrintToString(said.words);
      EXPECT_EQ(hapx(asked, said.words), said.status) << line << "\n" << said_;
      EXPECT_TRUE(says(said.answer)) << line << "\n" << said_;
    }
  }
  /// Whether the record is empty, as every node shows it.
  [[nodiscard]] bool nothing_is_ordered() {
    return std::ranges::all_of(nodes(), [&](const NodePlan& by) {
      return hapx(by, {"get", "orders", "-o", "json"}) == 0 && !says("\"kind\"");
    });
  }
  void expect_nothing_has_changed() {
    EXPECT_TRUE(nothing_is_ordered()) << said_;
    EXPECT_TRUE(eventually([&] { return lab_->missing().empty(); })) << lab_->missing();
    for (const NodePlan& by : nodes()) EXPECT_EQ(holder_by(by), holder_->name.text());
  }

  void reload(const NodePlan& node, const std::string& text) const {
    ASSERT_TRUE(write_file(plan().config_file, text));
    for (const Process& keeper : processes_in(node.netns, keeper_name)) {
      EXPECT_TRUE(send_signal(keeper, SIGHUP));
    }
  }
  [[nodiscard]] static std::string log_of(const NodePlan& node) {
    const auto text = read_file(node.log_file);
    return text ? *text : "";
  }
  [[nodiscard]] static bool logs(const NodePlan& node, const std::string& words) {
    return eventually([&] { return log_of(node).find(words) != std::string::npos; });
  }
  [[nodiscard]] static std::vector<pid_t> daemons_on(const NodePlan& node) {
    std::vector<pid_t> pids;
    for (const Process& one : processes_in(node.netns, daemon_name)) pids.push_back(one.pid);
    return pids;
  }

  const NodePlan* holder_ = nullptr;
};

TEST_F(BadInput, ANameThatIsNotInTheFileIsRefusedWithTheNearestOne) {
  start();
  const std::string service = plan().service.text();
  const std::string near_node = "did you mean `node1`? nodes: node1, node2, node3";
  const std::string near_service = "did you mean `" + service + "`?";
  for (const NodePlan& asked : nodes()) {
    expect_refused(asked, {{{"standby", "nod1"}, near_node},
                           {{"online", "nod1"}, near_node},
                           {{"move", service, "nod1"}, near_node},
                           {{"ban", service, "nod1"}, near_node},
                           {{"clear", service, "nod1"}, near_node},
                           {{"cleanup", service, "--node", "nod1"}, near_node},
                           {{"describe", "node", "nod1"}, near_node},
                           {{"move", "kube-apiserve"}, near_service},
                           {{"ban", "kube-apiserve", "node1"}, near_service},
                           {{"clear", "kube-apiserve"}, near_service},
                           {{"cleanup", "kube-apiserve"}, near_service},
                           {{"why", "kube-apiserve"}, near_service},
                           {{"describe", "service", "kube-apiserve"}, near_service},
                           {{"standby", "../node1"}, "node"},
                           {{"stanby", "node1"}, "did you mean `standby`?", 64}});
  }
  expect_nothing_has_changed();
}

TEST_F(BadInput, ATimeOutOfRangeIsRefusedAndTheOrderIsNotGiven) {
  start();
  const std::string service = plan().service.text();
  const std::string range = "is not between 1s and 8760h";
  for (const NodePlan& asked : nodes()) {
    expect_refused(asked, {{{"standby", "node1", "--ttl", "999ms"}, range},
                           {{"standby", "node1", "--ttl", "0s"}, range},
                           {{"ban", service, "node1", "--ttl", "8761h"}, range},
                           {{"maintenance", "on", "--ttl", "8761h"}, range},
                           {{"maintenance", "on", "--ttl", "30"}, "its unit is missing", 64},
                           {{"standby", "node1", "--ttl", "soon"}, "is not a duration", 64},
                           {{"ban", service, "node1", "--ttl", "-5s"}, "not be negative", 64}});
  }
  expect_nothing_has_changed();
}

TEST_F(BadInput, WithoutQuorumEveryOrderIsRefusedAndNoneIsCarriedOutLater) {
  start();
  const NodePlan& left = *holder_;
  const std::string service = plan().service.text();
  for (const NodePlan& node : nodes()) {
    if (node.name == left.name) continue;
    ASSERT_TRUE(lab_->power_off(node));
  }
  ASSERT_TRUE(eventually([&] {
    const auto seen = lab_->observe(left);
    return seen && !seen->quorate;
  }));
  const std::string why = "there is no quorum: fewer than half of the votes are here";
  const std::string here = left.name.text();
  expect_refused(left, {{{"move", service}, why},
                        {{"move", service, here}, why},
                        {{"standby", here}, why},
                        {{"online", here}, why},
                        {{"maintenance", "on"}, why},
                        {{"maintenance", "off"}, why},
                        {{"ban", service, here, "--ttl", "1h"}, why},
                        {{"clear", service}, why},
                        {{"status"}, why.substr(9, 9), 2}});
  EXPECT_EQ(hapx(left, {"cleanup", service}), 0) << "each node counts its own: " << said_;
  EXPECT_TRUE(says("forgotten on " + here + "; offline, and not asked: ")) << said_;

  for (const NodePlan& node : nodes()) {
    if (node.name == left.name) continue;
    ASSERT_TRUE(lab_->power_on(node));
    ASSERT_TRUE(lab_->start(node));
  }
  EXPECT_TRUE(eventually([&] { return lab_->missing().empty(); })) << lab_->missing();
  EXPECT_TRUE(nothing_is_ordered()) << said_;
}

TEST_F(BadInput, AnOrderForAShortTimeIsObeyedAndThenGoneWithoutATrace) {
  start();
  const std::string there = holder_->name.text();
  const NodePlan& asked = *std::ranges::find_if(
      nodes(), [&](const NodePlan& node) { return node.name != holder_->name; });
  ASSERT_EQ(hapx(asked, {"standby", there, "--ttl", "8s", "--wait"}), 0) << said_;
  EXPECT_TRUE(says(there + " is in standby until ")) << said_;
  std::string next;
  EXPECT_TRUE(eventually([&] {
    next = holder_by(*holder_);
    return !next.empty() && next != there;
  })) << "the one that was told shows it, too";

  EXPECT_TRUE(eventually([&] { return nothing_is_ordered(); })) << said_;
  EXPECT_TRUE(eventually([&] { return lab_->missing().empty(); })) << lab_->missing();
  for (const NodePlan& by : nodes()) EXPECT_EQ(holder_by(by), next) << "nothing moves back for it";
  const auto seen = lab_->observe(asked);
  ASSERT_TRUE(seen && seen->coordinator);
  ASSERT_EQ(hapx(*node_of(plan(), *seen->coordinator), {"events"}), 0);
  EXPECT_TRUE(says("standby of " + there + " has ended (its time is over)")) << said_;
  EXPECT_EQ(hapx(asked, {"online", there}), 0) << "to lift what is gone is no fault";
  EXPECT_TRUE(says("is not in standby")) << said_;
}

/// `haproxy -c` binds nothing, so only the HAProxy that begins beside the one in service finds out.
TEST_F(BadInput, ALineThatHaproxyCannotBindLeavesTheOldOneInService) {
  start();
  const std::string good = render_config(plan());
  const std::string text =
      good + "      haproxy: {extraConfig: {frontend: [\"bind 192.168.4.99:7000\"]}}\n";
  const std::string blame =
      "hapx.yaml, line " + std::to_string(std::count(text.begin(), text.end(), '\n')) +
      ", service " + plan().service.text() + ", extraConfig.frontend, `bind 192.168.4.99:7000`";
  Requests requests(plan(), 500);
  for (const NodePlan& node : nodes()) reload(node, text);
  for (const NodePlan& node : nodes()) {
    EXPECT_TRUE(eventually([&] { return hapx(node, {"status"}) == 1 && says(blame); }))
        << node.name.text() << " does not say " << blame << "\n"
        << said_;
    EXPECT_TRUE(says("HAProxy goes on with the config that it had")) << said_;
  }
  // Before that one may ask a node to which the holder's next hapxd is just a stranger.
  for (const NodePlan& node : nodes()) EXPECT_EQ(holder_by(node), holder_->name.text());
  for (const NodePlan& node : nodes()) reload(node, good);
  expect_nothing_has_changed();
  const Tally asked = requests.stop();
  EXPECT_EQ(asked.failures, 0U) << asked.sample;
  EXPECT_GT(asked.attempts, 50U);
}

TEST_F(BadInput, AFileWithoutTheNodeItselfIsRefusedByAReloadAndByAStart) {
  start();
  std::string text = render_config(plan());
  const std::size_t begin = text.find("    - {name: " + holder_->name.text() + ",");
  ASSERT_NE(begin, std::string::npos);
  text.erase(begin, text.find('\n', begin) + 1 - begin);
  Requests requests(plan(), 50);
  const auto before = daemons_on(*holder_);
  reload(*holder_, text);
  EXPECT_TRUE(logs(*holder_, "it doesn't name this node, " + holder_->name.text()))
      << log_of(*holder_);
  EXPECT_EQ(daemons_on(*holder_), before) << "the same process goes on";
  EXPECT_EQ(hapx(*holder_, {"config", "diff", plan().config_file}), 2);
  EXPECT_TRUE(says("spec.nodes[" + holder_->name.text() + "]")) << said_;
  expect_nothing_has_changed();
  const Tally asked = requests.stop();
  EXPECT_EQ(asked.failures, 0U) << asked.sample;
  EXPECT_GT(asked.attempts, 0U);

  ASSERT_TRUE(lab_->power_off(*holder_));
  ASSERT_TRUE(lab_->power_on(*holder_));
  ASSERT_TRUE(lab_->start(*holder_));
  EXPECT_TRUE(logs(*holder_, "there is no node `" + holder_->name.text() + "`"))
      << log_of(*holder_);
  EXPECT_TRUE(eventually([&] { return processes_in(holder_->netns).empty(); }));
  ASSERT_TRUE(write_file(plan().config_file, render_config(plan())));
  ASSERT_TRUE(lab_->start(*holder_));
  EXPECT_TRUE(eventually([&] { return lab_->missing().empty(); })) << lab_->missing();
}

}  // namespace
}  // namespace hapx::appliance::lab
