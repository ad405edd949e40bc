// SPDX-License-Identifier: Apache-2.0
#include "appliance/document.hpp"

#include <utility>

#include <boost/json.hpp>

#include "appliance/table.hpp"
#include "config/tree.hpp"

namespace hapx::appliance {

namespace {

namespace json = boost::json;

/// Quoted only where YAML would otherwise read something else than this text.
YamlNode text_node(const std::string& text) {
  const bool plain = !text.empty() && text.find_first_not_of(
                                          "abcdefghijklmnopqrstuvwxyz"
                                          "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789_-./ ") == text.npos;
  const bool begins_with_a_letter =
      plain && ((text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z'));
  const bool word_of_yaml = text == "true" || text == "false" || text == "null" || text == "yes" ||
                            text == "no" || text == "on" || text == "off" || text == "y" ||
                            text == "n";
  return begins_with_a_letter && text.back() != ' ' && !word_of_yaml ? tree::plain(text)
                                                                     : tree::text(text);
}

YamlNode from_json(const json::value& value) {
  YamlNode node;
  switch (value.kind()) {
    case json::kind::null:
      return node;
    case json::kind::string: {
      const json::string& text = value.get_string();
      return text_node(std::string(text.begin(), text.end()));
    }
    case json::kind::array:
      node.kind = YamlNode::Kind::list;
      for (const json::value& item : value.get_array()) node.items.push_back(from_json(item));
      return node;
    case json::kind::object:
      node.kind = YamlNode::Kind::map;
      for (const auto& entry : value.get_object()) {
        node.entries.push_back({YamlKey{std::string(entry.key()), {}}, from_json(entry.value())});
      }
      return node;
    default:
      return tree::plain(json::serialize(value));
  }
}

json::value to_json(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::null:
      return nullptr;
    case YamlNode::Kind::list: {
      json::array out;
      for (const YamlNode& item : node.items) out.push_back(to_json(item));
      return out;
    }
    case YamlNode::Kind::map: {
      json::object out;
      for (const auto& [key, value] : node.entries) out[printable(key.text)] = to_json(value);
      return out;
    }
    case YamlNode::Kind::scalar:
      break;
  }
  if (!node.quoted) {
    boost::system::error_code error;
    json::value value = json::parse(node.scalar, error);
    if (!error && !value.is_structured() && !value.is_string()) return value;
  }
  return json::string(printable(node.scalar));
}

void indent(const json::value& value, std::size_t depth, std::string& out) {
  const std::string margin(2 * (depth + 1), ' ');
  const auto* object = value.if_object();
  const auto* array = value.if_array();
  const bool empty = object != nullptr ? object->empty() : array == nullptr || array->empty();
  if (empty) {
    out += json::serialize(value);
    return;
  }
  out += object != nullptr ? '{' : '[';
  const char* between = "\n";
  if (object != nullptr) {
    for (const auto& entry : *object) {
      out += between + margin + json::serialize(json::string(entry.key())) + ": ";
      indent(entry.value(), depth + 1, out);
      between = ",\n";
    }
  } else {
    for (const auto& item : *array) {
      out += between + margin;
      indent(item, depth + 1, out);
      between = ",\n";
    }
  }
  out += '\n' + std::string(2 * depth, ' ') + (object != nullptr ? '}' : ']');
}

}  // namespace

Result<YamlNode> tree_from_json(std::string_view text) {
  boost::system::error_code error;
  const json::value document = json::parse(json::string_view(text.data(), text.size()), error);
  if (error) return Error{ErrorKind::refused, "the answer is not JSON: " + error.message()};
  return from_json(document);
}

std::string json_from_tree(const YamlNode& root) {
  return json::serialize(to_json(root));
}

std::string indented_json_from_tree(const YamlNode& root) {
  std::string out;
  indent(to_json(root), 0, out);
  return out + '\n';
}

}  // namespace hapx::appliance
