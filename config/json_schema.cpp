// SPDX-License-Identifier: Apache-2.0
#include "config/json_schema.hpp"

#include <string>
#include <string_view>
#include <utility>

#include "config/schema_table.hpp"
#include "config/score.hpp"
#include "config/tree.hpp"

namespace hapx {
namespace {

using schema::Count;
using schema::Field;
using schema::Map;
using schema::Need;
using schema::Shape;

class Object {
 public:
  Object& add(std::string_view key, YamlNode value) {
    tree::add(node_, key, std::move(value));
    return *this;
  }
  Object& add(std::string_view key, std::string_view value) { return add(key, tree::text(value)); }
  Object& add(std::string_view key, std::int64_t value) {
    return add(key, tree::plain(std::to_string(value)));
  }
  Object& add_all(const YamlNode& other) {
    for (const auto& [key, value] : other.entries) add(key.text, value);
    return *this;
  }

  [[nodiscard]] YamlNode take() { return std::move(node_); }

 private:
  YamlNode node_ = tree::map();
};

YamlNode either(YamlNode a, YamlNode b) {
  auto both = tree::list();
  both.items.push_back(std::move(a));
  both.items.push_back(std::move(b));
  return Object().add("anyOf", std::move(both)).take();
}

YamlNode texts(std::string_view pattern) {
  return Object().add("type", "string").add("pattern", pattern).take();
}

/// A name may look like a number, or like true: the reader takes a text wherever one is due.
YamlNode names(std::string_view pattern) {
  auto types = tree::list();
  for (const auto* type : {"string", "number", "boolean"}) types.items.push_back(tree::text(type));
  return Object().add("type", std::move(types)).add("pattern", pattern).take();
}

YamlNode one_of(std::span<const std::string_view> words) {
  auto list = tree::list();
  for (const auto word : words) list.items.push_back(tree::text(word));
  return Object().add("enum", std::move(list)).take();
}

YamlNode whole_number(std::int64_t least, std::int64_t most) {
  return Object().add("type", "integer").add("minimum", least).add("maximum", most).take();
}

/// Go's durations (config/time); a zero needs no unit, and is then a number.
YamlNode duration() {
  return either(texts(R"(^\+?(0|(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h))+)$)"),
                Object().add("const", 0).take());
}

YamlNode score() {
  return either(whole_number(-Score::infinity_value, Score::infinity_value),
                texts("^[+-]?INFINITY$"));
}

YamlNode map_schema(const Map& map, const YamlNode* standard);

YamlNode shape_schema(const Field& field, const YamlNode* standard) {
  switch (field.shape) {
    case Shape::word:
      return one_of(field.words);
    case Shape::label:
      return names("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$");
    case Shape::interface:
      return names(R"(^[^/: \x00-\x1f\x7f]{1,15}$)");
    case Shape::address:
      return texts("^[0-9A-Fa-f.:]+$");
    case Shape::prefix:
      return texts("^[0-9A-Fa-f.:]+/[0-9]{1,3}$");
    case Shape::listen:
      return texts(R"(^(off|([0-9.]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5})$)");
    case Shape::api_server:
      return texts(R"(^[A-Za-z0-9.:\[\]-]+$)");
    case Shape::etcd_endpoint:
      return texts(R"(^https://([0-9.]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?/?$)");
    case Shape::path:
      return texts("^/");
    case Shape::number:
      return whole_number(static_cast<std::int64_t>(field.least),
                          static_cast<std::int64_t>(field.most));
    case Shape::duration:
      return duration();
    case Shape::score:
      return score();
    case Shape::scores:
      return Object().add("type", "object").add("additionalProperties", score()).take();
    case Shape::line:
      return texts(R"(^[^\x00-\x1f\x7f]{1,1000}$)");
    case Shape::common_name:
      return names(R"(^[^\x00-\x1f\x7f]{1,64}$)");
    case Shape::argument:
      return names(R"(^[^\x00]{0,4096}$)");
    case Shape::url:
      return texts(R"(^https?://[^@/?#\x00-\x20\x7f]+([/?][^#\x00-\x20\x7f]*)?$)");
    case Shape::map:
      return map_schema(*field.inner, standard);
  }
  return {};
}

YamlNode field_schema(const Field& field, const YamlNode* standard) {
  Object out;
  out.add("description", field.meaning);
  if (field.count == Count::list) {
    out.add("type", "array")
        .add("minItems", static_cast<std::int64_t>(field.least))
        .add("maxItems", static_cast<std::int64_t>(field.most))
        .add("items", shape_schema(field, standard));
    return out.take();
  }
  out.add_all(shape_schema(field, standard));
  if (schema::has_default(field, standard)) {
    const bool number = field.shape == Shape::number || field.shape == Shape::score;
    out.add("default", number ? tree::plain(standard->scalar) : tree::text(standard->scalar));
  }
  return out.take();
}

YamlNode map_schema(const Map& map, const YamlNode* standard) {
  Object properties;
  auto required = tree::list();
  for (const auto& field : map.fields) {
    properties.add(field.key, field_schema(field, schema::value_at(standard, field)));
    if (field.need == Need::required) required.items.push_back(tree::text(field.key));
  }
  Object out;
  out.add("type", "object").add("properties", properties.take());
  if (!required.items.empty()) out.add("required", std::move(required));
  return out.add("additionalProperties", tree::plain("false")).take();
}

}  // namespace

YamlNode json_schema() {
  const YamlNode standard = schema::smallest_file();
  return Object()
      .add("$schema", "http://json-schema.org/draft-07/schema#")
      .add("title", "hapx.yaml")
      .add("description",
           "A cluster of hapx: the same file on every node. `hapx config check` also judges how "
           "values fit together.")
      .add_all(map_schema(schema::document(), &standard))
      .take();
}

}  // namespace hapx
