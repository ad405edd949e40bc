// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/difference_text.hpp"

#include <algorithm>
#include <utility>

#include "appliance/document.hpp"
#include "appliance/table.hpp"

namespace hapx::appliance::cli {
namespace {

bool needs_new_start(const DiffReport& report) {
  return std::ranges::any_of(report.differences, &Difference::needs_new_start);
}

std::string change_in_words(const Difference& difference) {
  if (!difference.before) return "new: " + one_line(*difference.after);
  if (!difference.after) return "gone: " + one_line(*difference.before);
  return one_line(*difference.before) + " -> " + one_line(*difference.after);
}

std::string advice(const DiffReport& report) {
  if (needs_new_start(report)) {
    return "What bears a * can't be taken by a reload: who votes, and under which name, key and "
           "port, is agreed\non by all nodes. Stop hapxd on all of them, then start it with the "
           "new file everywhere.\n";
  }
  std::string out = "Taken by `systemctl reload hapxd`, node by node; the address stays.\n";
  if (report.replaces_haproxy) {
    out += "HAProxy is replaced on each node: new connections wait a moment, open ones are cut.\n";
  }
  return out;
}

YamlNode scalar(std::string text, bool quoted) {
  YamlNode node;
  node.kind = YamlNode::Kind::scalar;
  node.scalar = std::move(text);
  node.quoted = quoted;
  return node;
}

YamlNode flag(bool value) {
  return scalar(value ? "true" : "false", false);
}

void add(YamlNode& map, const char* key, YamlNode value) {
  map.kind = YamlNode::Kind::map;
  map.entries.push_back({YamlKey{key, {}}, std::move(value)});
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
  YamlNode list;
  list.kind = YamlNode::Kind::list;
  for (const auto& one : report.differences) {
    YamlNode item;
    add(item, "path", scalar(one.path, true));
    add(item, "before", one.before.value_or(YamlNode{}));
    add(item, "after", one.after.value_or(YamlNode{}));
    add(item, "reload", flag(!one.needs_new_start));
    list.items.push_back(std::move(item));
  }
  YamlNode document;
  add(document, "file", scalar(report.file, true));
  add(document, "same", flag(report.differences.empty()));
  add(document, "reload", flag(!needs_new_start(report)));
  add(document, "replacesHaproxy", flag(report.replaces_haproxy));
  add(document, "differences", std::move(list));
  return json_from_tree(document);
}

}  // namespace hapx::appliance::cli
