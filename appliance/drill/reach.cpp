// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/reach.hpp"

#include <algorithm>

#include "config/wording.hpp"

namespace hapx::appliance::drill {
namespace {

constexpr std::string_view blanks = " \t\n";
constexpr std::string_view example = "ssh root@{address} hapx";

std::vector<std::string> words_in(std::string_view text) {
  std::vector<std::string> words;
  for (;;) {
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return words;
    text.remove_prefix(begin);
    const std::size_t end = std::min(text.find_first_of(blanks), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

/// True where there was something to replace.
bool replace_all(std::string& text, std::string_view what, const std::string& by) {
  bool is_found = false;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at)) {
    text.replace(at, what.size(), by);
    at += by.size();
    is_found = true;
  }
  return is_found;
}

}  // namespace

Result<std::vector<std::string>> command_for(std::string_view reach, const NodeConfig& node) {
  std::vector<std::string> words = words_in(reach);
  if (words.empty() || words.size() > reach_words_max) {
    return Error{ErrorKind::refused,
                 "--reach wants a command of 1 to " + std::to_string(reach_words_max) +
                     " words, like '" + std::string(example) + "'",
                 0};
  }
  bool is_of_node = false;
  for (std::string& word : words) {
    is_of_node |= replace_all(word, "{address}", to_string(node.address));
    is_of_node |= replace_all(word, "{node}", node.name.text());
  }
  if (!is_of_node) {
    return Error{ErrorKind::refused,
                 "--reach " + shown(reach) +
                     " would be the same for every node; write {address} or {node} where it "
                     "differs, as in '" +
                     std::string(example) + "'",
                 0};
  }
  words.insert(words.end(), {"drill", "agent"});
  return words;
}

Result<std::vector<std::string>> onlooker_command(std::string_view from) {
  std::vector<std::string> words = words_in(from);
  if (words.empty() || words.size() > reach_words_max) {
    return Error{ErrorKind::refused,
                 "--from wants a command of 1 to " + std::to_string(reach_words_max) +
                     " words, like 'ssh worker1 hapx'",
                 0};
  }
  words.insert(words.end(), {"drill", "agent"});
  return words;
}

std::string out_of_reach(const Plan& plan, const ClusterConfig& cluster,
                         const std::vector<NodeName>& reached) {
  const std::string how = "--reach '" + std::string(example) + "'";
  if (reached.empty()) {
    return "this machine is no node of " + shown(cluster.name.text()) +
           "; say how its nodes are reached, like " + how;
  }
  const auto is_reached = [&](const NodeName& node) {
    return std::ranges::find(reached, node) != reached.end();
  };
  for (const PlannedFault& planned : plan.faults) {
    if (planned.fault == Fault::hand_over) continue;
    const std::string name(name_of(planned.fault));
    if (planned.node && is_reached(*planned.node)) continue;
    if (planned.node) {
      return name + " is to strike " + planned.node->text() +
             ", which is not reached from here; say how, like " + how;
    }
    for (const NodeConfig& node : cluster.nodes) {
      if (node.role == Role::witness || is_reached(node.name)) continue;
      return name + " strikes whoever has the address, and " + node.name.text() +
             " is not reached from here; say how, like " + how + ", or name " +
             reached.front().text() + " in a plan";
    }
  }
  return "";
}

}  // namespace hapx::appliance::drill
