// SPDX-License-Identifier: Apache-2.0
// The rules of a plan: what no cluster can do, and what this one can't.
#include <algorithm>

#include "appliance/drill/plan.hpp"
#include "config/wording.hpp"

namespace hapx::appliance::drill {
namespace {

std::string path_of(std::size_t index, std::string_view key) {
  return "spec.faults[" + std::to_string(index) + "]" + (key.empty() ? "" : "." + std::string(key));
}

unsigned links_of(const ClusterConfig& cluster) {
  return cluster.nodes.empty() ? 0 : static_cast<unsigned>(cluster.nodes.front().links.size());
}

class Judge {
 public:
  Judge(const Plan& plan, const ClusterConfig& cluster) : plan_(plan), cluster_(cluster) {}

  std::vector<Finding> findings() {
    judge_whole();
    for (std::size_t i = 0; i < plan_.faults.size(); ++i) {
      judge_objective(i);
      judge_length(i);
      judge_node(i);
      judge_redundancy(i);
      judge_count(i);
    }
    return std::move(findings_);
  }

 private:
  void find(std::string path, std::string or_else, std::string sentence) {
    findings_.push_back({std::move(path), std::move(or_else), std::move(sentence)});
  }

  [[nodiscard]] std::string name(std::size_t i) const {
    return std::string(name_of(plan_.faults[i].fault));
  }

  void judge_whole() {
    if (plan_.faults.empty()) {
      find("spec.faults", "spec", "a plan without a fault tests nothing; name one, like hand-over");
    }
    if (plan_.count < 1 || plan_.count > repetitions_max) {
      find("spec.count", "spec", "a fault is done 1 to 100 times");
    }
    if (plan_.pause > pause_max) find("spec.pause", "spec", "a pause is at most 1h");
    if (plan_.objective) judge_range(*plan_.objective, "spec.objective", "spec");
    std::size_t runs = 0;
    for (const PlannedFault& planned : plan_.faults) runs += planned.count.value_or(plan_.count);
    if (runs > runs_max) {
      find("spec.faults", "spec",
           "these are " + std::to_string(runs) + " runs, and a plan has at most " +
               std::to_string(runs_max));
    }
  }

  void judge_range(Duration objective, const std::string& path, const std::string& or_else) {
    if (objective < resolution || objective > objective_max) {
      find(path, or_else,
           "an objective is from " + to_string(resolution) +
               " (a client that asks every 5ms sees "
               "no finer) to " +
               to_string(objective_max) + ", not " + to_string(objective));
    }
  }

  void judge_objective(std::size_t i) {
    const PlannedFault& planned = plan_.faults[i];
    const auto objective = planned.objective ? planned.objective : plan_.objective;
    if (planned.objective) judge_range(*planned.objective, path_of(i, "objective"), path_of(i, ""));
    const auto shortest = shortest_of(planned.fault, cluster_.timing, links_of(cluster_));
    if (!objective || !shortest || *objective >= *shortest) return;
    find(path_of(i, "objective"), "spec.objective",
         "the objective " + to_string(*objective) + " can't be met for " + name(i) +
             ": nobody may have the address before the lease of whoever falls silent has ended, " +
             to_string(*shortest) + "; ask for more, or shorten the lease in hapx.yaml");
  }

  void judge_length(std::size_t i) {
    const PlannedFault& planned = plan_.faults[i];
    if (!planned.length) return;
    if (length_of(planned.fault) == Duration::zero()) {
      find(path_of(i, "length"), path_of(i, ""), name(i) + " does not last; remove its length");
    } else if (*planned.length <= Duration::zero() || *planned.length > length_max) {
      find(path_of(i, "length"), path_of(i, ""),
           "a fault lasts up to " + to_string(length_max) + ", not " + to_string(*planned.length));
    } else if (is_moving(planned.fault) && *planned.length <= cluster_.timing.lease) {
      find(path_of(i, "length"), path_of(i, ""),
           name(i) + " is to move the address, and that takes longer than the lease, " +
               to_string(cluster_.timing.lease) + "; make it longer");
    }
  }

  void judge_node(std::size_t i) {
    const PlannedFault& planned = plan_.faults[i];
    if (!planned.node) return;
    const Victim victim = words_of(planned.fault).victim;
    if (victim != Victim::holder && victim != Victim::peer) {
      find(path_of(i, "node"), path_of(i, ""),
           name(i) + " strikes " + std::string(victim_words(victim)) + "; remove the node");
      return;
    }
    const auto found = std::ranges::find(cluster_.nodes, *planned.node, &NodeConfig::name);
    if (found == cluster_.nodes.end()) {
      std::vector<std::string_view> names;
      for (const NodeConfig& node : cluster_.nodes) names.push_back(node.name.text());
      find(path_of(i, "node"), path_of(i, ""),
           "the cluster has no node " + shown(planned.node->text()) +
               suggestion(planned.node->text(), names, "there are " + listed(names, "and")));
    } else if (found->role == Role::witness) {
      find(path_of(i, "node"), path_of(i, ""),
           shown(planned.node->text()) + " is a witness and never holds the address; name another");
    }
  }

  /// A drill is refused when what it would test isn't there.
  void judge_redundancy(std::size_t i) {
    const PlannedFault& planned = plan_.faults[i];
    const auto is_full = [](const NodeConfig& node) { return node.role == Role::full; };
    const auto full = std::ranges::count_if(cluster_.nodes, is_full);
    const bool needs_another = is_moving(planned.fault) || takes_a_vote(planned.fault);
    if (needs_another && full < 2) {
      find(path_of(i, ""), "spec.faults",
           name(i) + " needs a second node that can have the address, and the cluster has " +
               std::to_string(full));
      return;
    }
    unsigned votes = 0;
    unsigned most = 0;
    for (const NodeConfig& node : cluster_.nodes) {
      votes += node.votes;
      if (node.role == Role::full) most = std::max(most, node.votes);
    }
    const bool has_majority_without = 2 * (votes - most) > votes;
    const bool may_go_alone = cluster_.no_quorum_policy == NoQuorumPolicy::ignore;
    if (!takes_a_vote(planned.fault) || has_majority_without || may_go_alone) return;
    find(path_of(i, ""), "spec.faults",
         name(i) + " takes " + counted(most, "vote") + " of " + std::to_string(votes) +
             ", and what is left is no majority: nobody could go on; it needs a third node (or a "
             "witness)");
  }

  void judge_count(std::size_t i) {
    const PlannedFault& planned = plan_.faults[i];
    if (planned.count && (*planned.count < 1 || *planned.count > repetitions_max)) {
      find(path_of(i, "count"), path_of(i, ""), "a fault is done 1 to 100 times");
    }
    const auto end = plan_.faults.begin() + static_cast<std::ptrdiff_t>(i);
    const bool is_again = std::any_of(plan_.faults.begin(), end, [&](const PlannedFault& before) {
      return before.fault == planned.fault && before.node == planned.node;
    });
    if (is_again) {
      find(path_of(i, ""), "spec.faults",
           name(i) + " stands here twice; write it once, with `count`");
    }
  }

  const Plan& plan_;
  const ClusterConfig& cluster_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> judge(const Plan& plan, const ClusterConfig& cluster) {
  return Judge(plan, cluster).findings();
}

}  // namespace hapx::appliance::drill
