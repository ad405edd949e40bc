// SPDX-License-Identifier: Apache-2.0
// What the schema says of single keys. Whether it takes what the reader takes is asked by
// tests/documents, of a validator.
#include "config/json_schema.hpp"

#include <initializer_list>

#include <gtest/gtest.h>

#include "config/schema_table.hpp"

namespace hapx {
namespace {

/// Walks down; an empty scalar where there is nothing.
const YamlNode* at(const YamlNode& root, std::initializer_list<const char*> keys) {
  const YamlNode* node = &root;
  for (const auto* key : keys) {
    node = node->find(key);
    if (node == nullptr) return nullptr;
  }
  return node;
}

std::string scalar_at(const YamlNode& root, std::initializer_list<const char*> keys) {
  const YamlNode* node = at(root, keys);
  return node == nullptr ? "(nothing)" : node->scalar;
}

TEST(JsonSchema, DefaultsAreThoseOfTheCanonicalForm) {
  const YamlNode schema = json_schema();
  const YamlNode* spec = at(schema, {"properties", "spec", "properties"});
  ASSERT_NE(spec, nullptr);
  EXPECT_EQ(scalar_at(*spec, {"port", "default"}), "7405");
  EXPECT_FALSE(at(*spec, {"port", "default"})->quoted) << "a number";
  EXPECT_EQ(scalar_at(*spec, {"timing", "properties", "lease", "default"}), "300ms");
  EXPECT_TRUE(at(*spec, {"timing", "properties", "lease", "default"})->quoted);
  EXPECT_EQ(scalar_at(*spec, {"nodes", "items", "properties", "role", "default"}), "full");
  EXPECT_EQ(scalar_at(*spec, {"nodes", "items", "properties", "name", "default"}), "(nothing)");
  EXPECT_EQ(scalar_at(*spec, {"services", "items", "properties", "healthCheck", "properties",
                              "caFile", "default"}),
            "(nothing)");
}

TEST(JsonSchema, EveryMapRefusesUnknownKeysAndEveryKeyHasASentence) {
  std::size_t maps = 0;
  const auto look = [&](const auto& self, const YamlNode& node) -> void {
    if (const auto* properties = node.find("properties")) {
      ++maps;
      EXPECT_EQ(scalar_at(node, {"additionalProperties"}), "false");
      for (const auto& [key, value] : properties->entries) {
        EXPECT_FALSE(scalar_at(value, {"description"}).empty()) << key.text;
        self(self, value);
      }
    }
    if (const auto* items = node.find("items")) self(self, *items);
  };
  look(look, json_schema());
  EXPECT_EQ(maps, 20U)
      << "document, metadata, spec, node, service, vip, onFail, healthCheck, "
         "haproxy, timeouts, stats, extraConfig, timing, tieBreaker, arbiter, etcd, "
         "scheduling, metrics, hook, api";
}

}  // namespace
}  // namespace hapx
