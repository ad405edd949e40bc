// SPDX-License-Identifier: Apache-2.0
#include "appliance/scheduler_reason.hpp"

#include <algorithm>
#include <optional>

namespace hapx::appliance {
namespace {

std::string reason_of(Unmanaged unmanaged, Resource resource) {
  const std::string name = display_name(resource);
  switch (unmanaged) {
    case Unmanaged::maintenance_mode:
      return "the cluster is in maintenance";
    case Unmanaged::maintenance_node:
      return "its node is in maintenance";
    case Unmanaged::stop_failed:
      return name + " could not be stopped, an operator must look at it";
    case Unmanaged::monitor_failed:
      return name + " has failed and onFail is block";
  }
  return {};
}

std::string reason_of(const Deliberation& d, Absence absence, const NodeName& node) {
  switch (absence) {
    case Absence::none:
      return {};
    case Absence::witness:
      return "it is a witness";
    case Absence::offline:
      return "it is offline";
    case Absence::standby: {
      const std::string& origin = find_node(d.facts, node)->origin;
      return origin.empty() ? "it is in standby" : "it is in standby (" + origin + ")";
    }
    case Absence::maintenance:
      return "it is in maintenance";
    case Absence::obstacle: {
      const std::string obstacle = readiness_of(d.service, node).obstacle;
      return obstacle.empty() ? "the interface of its VIP has no carrier" : obstacle;
    }
    case Absence::emptied:
      break;
  }
  const StandbyCause& cause = d.present.emptied_nodes.at(node);
  return std::string(display_name(cause.resource)) + " of " + cause.service.text() +
         " has failed there and onFail is standby";
}

const PresentResource& running_resource(const Deliberation& d, Resource resource) {
  return resource == Resource::vip ? d.running.vip : d.running.haproxy;
}

/// "its HAProxy has failed 3 times of 3 allowed".
std::string failures(const Deliberation& d, Resource resource, const NodeName& node) {
  const PresentResource& running = running_resource(d, resource);
  const std::string subject = "its " + std::string(display_name(resource));
  if (running.at == node && running.failed == FailedOperation::stop) {
    return subject + " could not be stopped";
  }
  const Score count = running.fail_counts.at(node);
  if (count == Score::infinity()) return subject + " could not be started or stopped";
  const char* times = count == Score(1) ? " time of " : " times of ";
  return subject + " has failed " + to_string(count) + times +
         to_string(d.facts.cluster.migration_threshold) + " allowed";
}

/// Why a term of -INFINITY stands there.
std::string reason_of_ban(const Deliberation& d, const ScoreTerm& term, const NodeName& node) {
  switch (term.because) {
    case Because::failed_too_often:
      return failures(d, term.resource, node);
    case Because::must_stop:
      return std::string(display_name(term.resource)) + " has failed and onFail is stop";
    case Because::haproxy_unfit:
      return "its HAProxy is not fit to serve";
    case Because::location:
      return "it is banned by location";
    case Because::banned:
      return "it is banned (" + d.service.bans.at(node) + ")";
    case Because::runs_here:
    case Because::unmanaged_here:
    case Because::moved_here:
      break;
  }
  return {};
}

/// The first thing that bars `resource` from the node, if anything does.
std::optional<std::string> find_ban(const Deliberation& d, Resource resource,
                                    const NodeName& node) {
  for (const ScoreTerm& term : d.scores.nodes.at(node).terms) {
    if (term.resource == resource && term.amount == Score::minus_infinity()) {
      return reason_of_ban(d, term, node);
    }
  }
  return std::nullopt;
}

/// The terms that made a finite score: "stickiness 200, location 50".
std::string list_terms(const NodeScore& score, bool haproxy_left_out) {
  Score stickiness;
  std::string others;
  for (const ScoreTerm& term : score.terms) {
    if (haproxy_left_out && term.resource == Resource::haproxy) continue;
    if (term.because == Because::runs_here) stickiness += term.amount;
    if (term.because == Because::unmanaged_here) {
      others += std::string(", ") + display_name(term.resource) + " can't leave";
    }
    if (term.because == Because::location) others += ", location " + to_string(term.amount);
    if (term.because == Because::moved_here) others += ", moved there by an operator";
  }
  if (stickiness > Score(0)) return "stickiness " + to_string(stickiness) + others;
  return others.empty() ? others : others.substr(2);
}

std::string in_parentheses(const std::string& text) {
  return text.empty() ? text : " (" + text + ")";
}

std::uint32_t healthy_at(const Deliberation& d, const NodeName& node) {
  return readiness_of(d.service, node).healthy_api_servers;
}

/// Another candidate was dropped because it sees fewer.
bool outsees(const Deliberation& d, const NodeName& node) {
  return std::ranges::any_of(d.scores.nodes, [&](const auto& entry) {
    return entry.second.candidate() && healthy_at(d, entry.first) < healthy_at(d, node);
  });
}

/// Why the chosen node was chosen: "runs there already (stickiness 200)".
std::string praise(const Deliberation& d, const NodeName& node) {
  const NodeScore& score = d.scores.nodes.at(node);
  const std::string terms = in_parentheses(list_terms(score, d.scores.haproxy_left_out));
  const std::string sight =
      "sees the most healthy apiservers (" + std::to_string(healthy_at(d, node)) + ")";
  switch (d.choice.decided_by) {
    case DecidedBy::unmanaged:
      return reason_of(*d.running.vip.unmanaged, Resource::vip);
    case DecidedBy::api_servers:
      return sight;
    default:
      break;
  }
  if (d.running.vip.at == node) return "runs there already" + terms;
  // Where several see the most, something else decides between them.
  const std::string first = outsees(d, node) ? sight + ", " : "";
  switch (d.choice.decided_by) {
    case DecidedBy::sole_candidate:
      return "no other node may run it" + terms;
    case DecidedBy::score:
      return first + "highest score " + to_string(score.total) + terms;
    case DecidedBy::load:
      return first + "carries the least load among equals" + terms;
    default:
      return first + "first by name among equals" + terms;
  }
}

/// Why a candidate was not chosen.
std::string compare(const Deliberation& d, const NodeName& node) {
  const NodeName& chosen = *d.choice.vip;
  const NodeScore& score = d.scores.nodes.at(node);
  const std::string name = chosen.text();
  if (d.choice.decided_by == DecidedBy::unmanaged) return "the VIP stays on " + name;
  if (is_outseen(d.service, node, healthy_at(d, chosen))) {
    return "sees " + std::to_string(healthy_at(d, node)) + " healthy apiservers, " + name +
           " sees " + std::to_string(healthy_at(d, chosen));
  }
  const NodeScore& best = d.scores.nodes.at(chosen);
  if (score.total < best.total) {
    return "score " + to_string(score.total) + " against " + to_string(best.total) + " on " + name;
  }
  if (load_of(d.load, node) > load_of(d.load, chosen)) {
    return "as good as " + name + " but carries more load";
  }
  if (d.running.vip.at == chosen) return "as good as " + name + ", where it runs already";
  return "as good as " + name + ", which comes first by name";
}

std::string exclude(const Deliberation& d, const NodeName& node) {
  const NodeScore& score = d.scores.nodes.at(node);
  if (!score.available()) return reason_of(d, score.absence, node);
  if (const auto ban = find_ban(d, Resource::vip, node)) return *ban;
  if (!d.scores.haproxy_left_out) {
    if (const auto ban = find_ban(d, Resource::haproxy, node)) return *ban;
  }
  return "its score is negative: " + to_string(score.total) +
         in_parentheses(list_terms(score, d.scores.haproxy_left_out));
}

std::string no_quorum(const Deliberation& d) {
  const bool stop = d.facts.cluster.no_quorum_policy == NoQuorumPolicy::stop;
  return std::string("there is no quorum and noQuorumPolicy is ") + (stop ? "stop" : "freeze");
}

/// Why the VIP does not end where it was chosen to be.
std::string why_overruled(const Deliberation& d) {
  const PresentResource& haproxy = d.running.haproxy;
  const bool held = haproxy.at && !haproxy.managed() && d.running.vip.at;
  return held ? reason_of(*haproxy.unmanaged, Resource::haproxy) : no_quorum(d);
}

NodeVerdict judge(const Deliberation& d, const Placement& placement, const NodeName& node) {
  const NodeScore& score = d.scores.nodes.at(node);
  NodeVerdict verdict{.node = node,
                      .standing = Standing::excluded,
                      .score = score.total,
                      .vip_own = score.vip,
                      .haproxy_own = score.haproxy,
                      .reason = node.text() + ": "};
  const bool overruled = placement.vip != d.choice.vip;
  if (placement.vip == node) {
    verdict.standing = Standing::chosen;
    verdict.reason += "chosen, " + (overruled ? why_overruled(d) : praise(d, node));
  } else if (overruled && placement.vip && score.candidate()) {
    verdict.standing = Standing::candidate;
    verdict.reason += "not chosen, the VIP stays on " + placement.vip->text();
  } else if (overruled && d.choice.vip == node) {
    verdict.standing = Standing::candidate;
    verdict.reason += "not chosen, " + why_overruled(d);
  } else if (score.candidate() && d.choice.vip) {
    verdict.standing = Standing::candidate;
    verdict.reason += "not chosen, " + compare(d, node);
  } else if (score.candidate()) {
    // No place was looked for: an unmanaged VIP that is stopped stays so.
    verdict.reason += "excluded, " + reason_of(*d.running.vip.unmanaged, Resource::vip);
  } else {
    verdict.reason += "excluded, " + exclude(d, node);
  }
  return verdict;
}

std::string explain_vip(const Deliberation& d, const std::optional<NodeName>& vip) {
  const PresentResource& running = d.running.vip;
  const bool overruled = vip != d.choice.vip;
  if (vip) {
    const std::string name = vip->text();
    if (overruled) return " stays on " + name + ": " + why_overruled(d);
    return (running.managed() ? " is on " : " stays on ") + name + ": " + praise(d, *vip);
  }
  if (!running.managed()) {
    return " is left stopped: " + reason_of(*running.unmanaged, Resource::vip);
  }
  if (running.must_stop) return " is stopped: VIP has failed and onFail is stop";
  return " is stopped: " + (overruled ? why_overruled(d) : std::string("no node may run it"));
}

/// Why HAProxy is not where its VIP is.
std::string explain_haproxy(const Deliberation& d, const Placement& placement) {
  const PresentResource& running = d.running.haproxy;
  if (!running.managed()) return reason_of(*running.unmanaged, Resource::haproxy);
  if (running.must_stop) return "it has failed and onFail is stop";
  if (d.choice.vip && !d.choice.haproxy) {
    const NodeScore& there = d.scores.nodes.at(*d.choice.vip);
    if (!there.available()) return reason_of(d, there.absence, *d.choice.vip);
    return find_ban(d, Resource::haproxy, *d.choice.vip).value_or("its score is negative");
  }
  if (d.running.vip.failed && !d.running.vip.managed()) return "its VIP has failed";
  if (!d.facts.cluster.have_quorum) return no_quorum(d);
  return placement.vip ? "its VIP is elsewhere" : "its VIP is stopped";
}

}  // namespace

std::vector<NodeVerdict> judge_nodes(const Deliberation& deliberation, const Placement& placement) {
  std::vector<NodeVerdict> verdicts;
  for (const NodeFacts& node : deliberation.facts.nodes) {
    verdicts.push_back(judge(deliberation, placement, node.name));
  }
  return verdicts;
}

std::string explain_placement(const Deliberation& deliberation, const Placement& placement) {
  std::string sentence =
      deliberation.service.name.text() + explain_vip(deliberation, placement.vip);
  if (placement.haproxy == placement.vip) return sentence;
  sentence += placement.haproxy ? "; HAProxy is on " + placement.haproxy->text()
                                : std::string("; HAProxy is stopped");
  return sentence + ": " + explain_haproxy(deliberation, placement);
}

}  // namespace hapx::appliance
