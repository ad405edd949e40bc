// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/difference_text.hpp"

#include <algorithm>
#include <utility>

#include "appliance/document.hpp"
#include "appliance/table.hpp"
#include "config/tree.hpp"

namespace hapx::appliance::cli {
namespace {

bool needs_new_start(const DiffReport& report) {
  return std::ranges::any_of(report.differences, &Difference::needs_new_start);
}

/// A node that comes or goes, or has other votes (docs/LEASE.md, rule 22).
bool changes_who_votes(const DiffReport& report) {
  return std::ranges::any_of(report.differences, [](const Difference& one) {
    return one.path.starts_with("spec.nodes[") &&
           (one.path.ends_with("]") || one.path.ends_with(".votes"));
  });
}

std::string change_in_words(const Difference& difference) {
  if (!difference.before) return "new: " + one_line(*difference.after);
  if (!difference.after) return "gone: " + one_line(*difference.before);
  return one_line(*difference.before) + " -> " + one_line(*difference.after);
}

std::string advice(const DiffReport& report) {
  if (needs_new_start(report)) {
    return "What bears a * can't be taken by a reload: under which name, key and port, and where, "
           "nodes find each other\nis agreed on by all of them. Stop hapxd everywhere, then start "
           "it with the new file.\n";
  }
  std::string out = "Taken by `systemctl reload hapxd`, node by node; the address stays.\n";
  if (changes_who_votes(report)) {
    out =
        "It changes who votes: `systemctl reload hapxd` on each node. It waits until all have it, "
        "and is then\ntaken by all at once; the address stays.\n";
  }
  if (report.replaces_haproxy) {
    out += "On each node another HAProxy takes over; open connections go on with the old one.\n";
  }
  return out;
}

}  // namespace

std::string to_text(const DiffReport& report) {
  if (report.differences.empty()) return report.file + ": what hapxd runs, nothing differs\n";
  std::size_t width = 0;
  for (const auto& one : report.differences) width = std::max(width, one.path.size());
  std::string out = report.file + " differs from what hapxd runs:\n";
  for (const auto& one : report.differences) {
    out += std::string(one.needs_new_start ? "* " : "  ") + printable(one.path) +
           std::string(width - one.path.size() + 2, ' ') + printable(change_in_words(one)) + '\n';
  }
  return out + advice(report);
}

std::string to_json(const DiffReport& report) {
  YamlNode list = tree::list();
  for (const auto& one : report.differences) {
    YamlNode item;
    tree::add(item, "path", tree::text(one.path));
    tree::add(item, "before", one.before.value_or(YamlNode{}));
    tree::add(item, "after", one.after.value_or(YamlNode{}));
    tree::add(item, "reload", tree::flag(!one.needs_new_start));
    list.items.push_back(std::move(item));
  }
  YamlNode document;
  tree::add(document, "file", tree::text(report.file));
  tree::add(document, "same", tree::flag(report.differences.empty()));
  tree::add(document, "reload", tree::flag(!needs_new_start(report)));
  tree::add(document, "changesWhoVotes", tree::flag(changes_who_votes(report)));
  tree::add(document, "replacesHaproxy", tree::flag(report.replaces_haproxy));
  tree::add(document, "differences", std::move(list));
  return json_from_tree(document);
}

}  // namespace hapx::appliance::cli
