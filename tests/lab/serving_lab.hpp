// SPDX-License-Identifier: Apache-2.0
// How does a test get a cluster of three that serves, and how does it ask it?
#pragma once

#include <chrono>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "scratch_lab.hpp"

namespace hapx::appliance::lab {

class ServingLab : public ScratchLab {
 protected:
  /// With these lines at the end of the service in hapx.yaml.
  void start(const std::string& more = "") {
    auto built = Lab::build({.name = name(), .nodes = 3, .family = family_}, HAPX_PROGRAMS);
    ASSERT_TRUE(built) << built.error().sentence;
    lab_.emplace(std::move(*built));
    ASSERT_TRUE(write_file(plan().config_file, render_config(plan()) + more));
    const auto started = lab_->start_all();
    ASSERT_TRUE(started) << started.error().sentence;
    const auto well = lab_->wait_until_served(std::chrono::seconds(30));
    ASSERT_TRUE(well) << well.error().sentence;
  }
  [[nodiscard]] const Plan& plan() const { return lab_->plan(); }
  [[nodiscard]] const std::vector<NodePlan>& nodes() const { return plan().nodes; }

  /// Runs hapx for a node; its exit status, or -1.
  int hapx(const NodePlan& node, const std::vector<std::string>& words) {
    const auto outcome = lab_->ask(node, words);
    EXPECT_TRUE(outcome) << outcome.error().sentence;
    if (outcome) said_ = outcome->output + outcome->errors;
    return outcome ? outcome->code : -1;
  }
  /// Whether hapx said so last.
  [[nodiscard]] bool says(const std::string& words) const {
    return said_.find(words) != std::string::npos;
  }
  /// Who serves, as this node sees it; empty: nobody.
  [[nodiscard]] std::string holder_by(const NodePlan& node) const {
    const auto seen = lab_->observe(node);
    if (!seen || seen->services.empty()) return {};
    const auto& service = seen->services.front();
    const bool served = service.vip == "started" && service.haproxy == "started";
    return served ? service.holder.value_or("") : "";
  }

  /// Whether this node's HAProxy gives it new connections.
  [[nodiscard]] bool is_up(const NodePlan& node, const ApiserverPlan& server) const {
    const auto outcome = lab_->ask(node, {"get", "backends"});
    if (!outcome) return false;
    std::istringstream lines(outcome->output);
    for (std::string line; std::getline(lines, line);) {
      if (line.find(to_string(server.address)) == std::string::npos) continue;
      return line.find(" up ") != std::string::npos;
    }
    return false;
  }

  Family family_ = Family::ipv4;
  std::optional<Lab> lab_;
  std::string said_;  ///< by hapx, last
};

}  // namespace hapx::appliance::lab
