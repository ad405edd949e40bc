// SPDX-License-Identifier: Apache-2.0
#include "appliance/imports/cib_xml.hpp"

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include <pugixml.hpp>

#include "appliance/imports/statement.hpp"
#include "config/wording.hpp"
#include "config/yaml.hpp"

namespace hapx::appliance::imports {
namespace {

constexpr std::size_t holders_depth_max = 4;  ///< a primitive in a group in a clone

/// Where in the text a byte is.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') ends_.push_back(i);
    }
  }

  [[nodiscard]] Location locate(std::ptrdiff_t offset) const {
    const auto at =
        std::min(static_cast<std::size_t>(std::max<std::ptrdiff_t>(offset, 0)), text_.size());
    const auto line = std::lower_bound(ends_.begin(), ends_.end(), at) - ends_.begin();
    const std::size_t begin = line == 0 ? 0 : ends_[static_cast<std::size_t>(line) - 1] + 1;
    const auto characters = std::ranges::count_if(text_.substr(begin, at - begin), [](char c) {
      return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
    });
    return {static_cast<std::size_t>(line) + 1, static_cast<std::size_t>(characters) + 1};
  }

 private:
  std::string_view text_;
  std::vector<std::size_t> ends_;
};

std::string_view name_of(const pugi::xml_node& node) {
  return node.name();
}

std::string attribute(const pugi::xml_node& node, const char* name) {
  return node.attribute(name).value();
}

class Reader {
 public:
  explicit Reader(const Lines& lines) : lines_(lines) {}

  [[nodiscard]] Cib take() { return std::move(cib_); }

  void read(const pugi::xml_node& root) {
    if (name_of(root) == "configuration") return read_configuration(root);
    for (const pugi::xml_node& child : root.children()) {
      if (name_of(child) == "configuration") {
        read_configuration(child);
      } else {
        add_other(child);
      }
    }
  }

 private:
  [[nodiscard]] std::size_t line_of(const pugi::xml_node& node) const {
    return lines_.locate(node.offset_debug()).line;
  }

  /// Comments and texts say nothing of their own.
  void add_other(const pugi::xml_node& node) {
    if (node.type() != pugi::node_element) return;
    std::string text(name_of(node));
    if (const auto id = attribute(node, "id"); !id.empty()) text += " " + id;
    std::string_view word = name_of(node);
    if (word == "rsc_order") word = "order";
    cib_.others.push_back({std::string(word), std::move(text), line_of(node)});
  }

  void read_configuration(const pugi::xml_node& configuration) {
    for (const pugi::xml_node& part : configuration.children()) {
      const auto name = name_of(part);
      if (name == "crm_config") {
        for (const pugi::xml_node& set : part.children()) read_settings(set, cib_.properties);
      } else if (name == "rsc_defaults") {
        for (const pugi::xml_node& set : part.children()) read_settings(set, cib_.defaults);
      } else if (name == "nodes") {
        for (const pugi::xml_node& node : part.children()) read_node(node);
      } else if (name == "resources") {
        for (const pugi::xml_node& resource : part.children()) read_resource(resource, 0);
      } else if (name == "constraints") {
        for (const pugi::xml_node& constraint : part.children()) read_constraint(constraint);
      } else if (!part.first_child().empty() || part.first_attribute()) {
        add_other(part);
      }
    }
  }

  /// The <nvpair>s of a set; anything else in it (a rule) is told.
  void read_settings(const pugi::xml_node& set, Settings& settings) {
    for (const pugi::xml_node& pair : set.children()) {
      if (name_of(pair) == "nvpair") {
        settings.push_back({attribute(pair, "name"), attribute(pair, "value"), line_of(pair)});
      } else {
        add_other(pair);
      }
    }
  }

  void read_node(const pugi::xml_node& element) {
    if (name_of(element) != "node") return add_other(element);
    CibNode node{attribute(element, "id"), attribute(element, "uname"), {}, line_of(element)};
    for (const pugi::xml_node& set : element.children()) read_settings(set, node.attributes);
    cib_.nodes.push_back(std::move(node));
  }

  void read_resource(const pugi::xml_node& element, std::size_t depth) {
    const auto kind = name_of(element);
    if (kind == "primitive") return read_primitive(element);
    const bool holds = kind == "group" || kind == "clone" || kind == "master";
    if (!holds || depth == holders_depth_max) return add_other(element);
    CibHolder holder{std::string(kind), attribute(element, "id"), {}, {}, line_of(element)};
    for (const pugi::xml_node& child : element.children()) {
      if (name_of(child) == "meta_attributes") {
        read_settings(child, holder.meta);
      } else if (child.type() == pugi::node_element) {
        holder.members.push_back(attribute(child, "id"));
        read_resource(child, depth + 1);
      }
    }
    cib_.holders.push_back(std::move(holder));
  }

  void read_primitive(const pugi::xml_node& element) {
    CibResource resource;
    resource.line = line_of(element);
    resource.id = attribute(element, "id");
    for (const char* part : {"class", "provider", "type"}) {
      const auto value = attribute(element, part);
      if (!value.empty()) resource.agent += (resource.agent.empty() ? "" : ":") + value;
    }
    for (const pugi::xml_node& child : element.children()) {
      const auto name = name_of(child);
      if (name == "instance_attributes") {
        read_settings(child, resource.params);
      } else if (name == "meta_attributes") {
        read_settings(child, resource.meta);
      } else if (name == "operations") {
        for (const pugi::xml_node& operation : child.children()) {
          read_operation(operation, resource);
        }
      } else {
        add_other(child);
      }
    }
    cib_.resources.push_back(std::move(resource));
  }

  void read_operation(const pugi::xml_node& element, CibResource& resource) {
    if (name_of(element) != "op") return add_other(element);
    CibOperation operation{attribute(element, "name"), {}, line_of(element)};
    for (const pugi::xml_attribute& one : element.attributes()) {
      const std::string_view name = one.name();
      if (name == "name" || name == "id") continue;
      operation.settings.push_back({std::string(name), one.value(), operation.line});
    }
    for (const pugi::xml_node& child : element.children()) {
      read_settings(child, operation.settings);
    }
    resource.operations.push_back(std::move(operation));
  }

  void read_constraint(const pugi::xml_node& element) {
    const auto kind = name_of(element);
    if (kind == "rsc_location") return read_location(element);
    if (kind == "rsc_colocation") return read_colocation(element);
    add_other(element);
  }

  /// The resources that a constraint names, by attributes or in sets.
  static std::vector<std::string> resources_of(const pugi::xml_node& element,
                                               std::initializer_list<const char*> attributes) {
    std::vector<std::string> out;
    for (const char* name : attributes) {
      if (const auto id = attribute(element, name); !id.empty()) out.push_back(id);
    }
    for (const pugi::xml_node& set : element.children("resource_set")) {
      for (const pugi::xml_node& one : set.children("resource_ref")) {
        out.push_back(attribute(one, "id"));
      }
    }
    return out;
  }

  void read_location(const pugi::xml_node& element) {
    CibLocation location;
    location.line = line_of(element);
    location.id = attribute(element, "id");
    location.resources = resources_of(element, {"rsc"});
    location.score = attribute(element, "score");
    location.node = attribute(element, "node");
    const pugi::xml_node rule = element.child("rule");
    const pugi::xml_node only = rule.first_child();
    const bool by_name = !only.next_sibling() && name_of(only) == "expression" &&
                         attribute(only, "attribute") == "#uname" &&
                         attribute(only, "operation") == "eq" && !rule.next_sibling("rule");
    if (by_name) {
      location.score = attribute(rule, "score");
      location.node = attribute(only, "value");
    }
    cib_.locations.push_back(std::move(location));
  }

  void read_colocation(const pugi::xml_node& element) {
    cib_.colocations.push_back({attribute(element, "id"), attribute(element, "score"),
                                resources_of(element, {"rsc", "with-rsc"}), line_of(element)});
  }

  const Lines& lines_;
  Cib cib_;
};

/// Whether there are at most so many elements; a walk without recursion.
bool is_small(const pugi::xml_node& root) {
  std::size_t count = 0;
  pugi::xml_node node = root;
  while (node) {
    if (++count > source_statements_max) return false;
    if (node.first_child()) {
      node = node.first_child();
      continue;
    }
    while (node && node != root && !node.next_sibling()) node = node.parent();
    node = node == root ? pugi::xml_node() : node.next_sibling();
  }
  return true;
}

}  // namespace

Result<Cib> parse_cib(std::string_view text, std::string_view file) {
  if (const auto good = check_source(text, file); !good) return good.error();
  const Lines lines(text);
  pugi::xml_document document;
  const pugi::xml_parse_result parsed =
      document.load_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_utf8);
  if (!parsed) {
    return refusal(file, lines.locate(parsed.offset),
                   std::string("this is no XML that can be read: ") + parsed.description());
  }
  const pugi::xml_node root = document.document_element();
  const Location where = lines.locate(root.offset_debug());
  if (name_of(root) != "cib" && name_of(root) != "configuration") {
    return refusal(file, where, "this XML is no CIB: it begins with " + shown(name_of(root)));
  }
  if (!is_small(root)) {
    return refusal(file, where, "there are more elements than any cluster has");
  }
  Reader reader(lines);
  reader.read(root);
  return reader.take();
}

}  // namespace hapx::appliance::imports
