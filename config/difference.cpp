// SPDX-License-Identifier: Apache-2.0
#include "config/difference.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "config/change.hpp"
#include "config/tree.hpp"
#include "config/write.hpp"

namespace hapx {
namespace {

/// By what an item of a list is known: its name, its address, or itself.
std::string identity(const YamlNode& item) {
  for (const auto* key : {"name", "address"}) {
    if (const auto* value = item.find(key)) return value->scalar;
  }
  return item.scalar;
}

const YamlNode* find_item(const YamlNode& list, const std::string& wanted) {
  const auto found = std::ranges::find(list.items, wanted, identity);
  return found == list.items.end() ? nullptr : &*found;
}

YamlNode identities(const YamlNode& list) {
  YamlNode out = tree::list();
  for (const auto& item : list.items) out.items.push_back(tree::plain(identity(item)));
  return out;
}

class Comparison {
 public:
  explicit Comparison(std::vector<std::string> fixed) : fixed_(std::move(fixed)) {}

  /// Of two values at one place, either of which may be missing.
  void compare(const std::string& path, const YamlNode* before, const YamlNode* after) {
    if (before == nullptr || after == nullptr || before->kind != after->kind) {
      add(path, before, after);
    } else if (before->kind == YamlNode::Kind::map) {
      compare_maps(path, *before, *after);
    } else if (before->kind == YamlNode::Kind::list) {
      compare_lists(path, *before, *after);
    } else if (before->scalar != after->scalar) {
      add(path, before, after);
    }
  }

  [[nodiscard]] std::vector<Difference> take() { return std::move(found_); }

 private:
  void compare_maps(const std::string& path, const YamlNode& before, const YamlNode& after) {
    const auto inner = [&](const YamlKey& key) {
      return path.empty() ? key.text : path + '.' + key.text;
    };
    for (const auto& [key, value] : before.entries) {
      compare(inner(key), &value, after.find(key.text));
    }
    for (const auto& [key, value] : after.entries) {
      if (before.find(key.text) == nullptr) compare(inner(key), nullptr, &value);
    }
  }

  void compare_lists(const std::string& path, const YamlNode& before, const YamlNode& after) {
    for (const auto& item : before.items) {
      const auto name = identity(item);
      compare(path + '[' + name + ']', &item, find_item(after, name));
    }
    for (const auto& item : after.items) {
      const auto name = identity(item);
      if (find_item(before, name) == nullptr) compare(path + '[' + name + ']', nullptr, &item);
    }
    const auto old_order = identities(before);
    const auto new_order = identities(after);
    const bool reordered = !std::ranges::equal(old_order.items, new_order.items, {},
                                               &YamlNode::scalar, &YamlNode::scalar);
    const bool same_items = std::ranges::is_permutation(old_order.items, new_order.items, {},
                                                        &YamlNode::scalar, &YamlNode::scalar);
    // With an item more or less the order is another one anyhow.
    if (reordered && same_items) add(path + " (their order)", &old_order, &new_order);
  }

  void add(const std::string& path, const YamlNode* before, const YamlNode* after) {
    const auto is_around = [&](const std::string& place) {
      const auto next = path.size() > place.size() ? path[place.size()] : '\0';
      return path.starts_with(place) && (next == '\0' || next == '.' || next == '[' || next == ' ');
    };
    const auto of = [](const YamlNode* value) {
      return value == nullptr ? std::nullopt : std::optional(*value);
    };
    found_.push_back({path, of(before), of(after), std::ranges::any_of(fixed_, is_around)});
  }

  std::vector<std::string> fixed_;
  std::vector<Difference> found_;
};

}  // namespace

std::vector<Difference> differences(const ClusterConfig& before, const ClusterConfig& after) {
  Comparison comparison(compare(before, after).fixed);
  const auto old_tree = canonical_tree(before);
  const auto new_tree = canonical_tree(after);
  comparison.compare("", &old_tree, &new_tree);
  return comparison.take();
}

std::string one_line(const YamlNode& value) {
  if (value.kind == YamlNode::Kind::null) return "null";
  if (value.kind == YamlNode::Kind::scalar) return value.scalar;
  const bool is_map = value.kind == YamlNode::Kind::map;
  std::string out = is_map ? "{" : "[";
  const auto begin = out.size();
  for (const auto& [key, inner] : value.entries) {
    out += (out.size() > begin ? ", " : "") + key.text + ": " + one_line(inner);
  }
  for (const auto& item : value.items) {
    out += (out.size() > begin ? ", " : "") + one_line(item);
  }
  return out + (is_map ? "}" : "]");
}

}  // namespace hapx
