// SPDX-License-Identifier: Apache-2.0
#include "appliance/cloud-init/seed.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <utility>

#include "appliance/cloud-init/network_config.hpp"
#include "config/wording.hpp"
#include "config/yaml.hpp"
#include "membership/bytes.hpp"

namespace hapx::appliance::cloud_init {

namespace {

constexpr std::string_view heading = "#cloud-config\n";
constexpr const char* file_on_node = "/etc/hapx/hapx.yaml";

/// Of the operator's cloud-config; what else it says is cloud-init's matter.
Result<void> may_stand_beside_ours(const std::string& text, const std::string& file) {
  if (!text.starts_with(heading.substr(0, heading.size() - 1)))
    return refusal(file, {}, "a cloud-config begins with the line `#cloud-config`");
  const auto root = parse_yaml(text, file);
  if (!root) return root.error();
  for (const YamlEntry& entry : root->entries) {
    if (entry.key.text == "write_files" || entry.key.text == "hapx")
      return refusal(file, entry.key.where,
                     "hapx writes " + shown(entry.key.text) +
                         " itself, and cloud-init takes one of the two; leave it out here");
  }
  if (root->kind != YamlNode::Kind::map && root->kind != YamlNode::Kind::null)
    return refusal(file, root->where, "a cloud-config is a map of keys");
  return {};
}

/// As a YAML block that is read back as it is: the number says where its lines begin, whatever the
/// first of them begins with.
std::string file_entry(const std::string& path, const char* mode, std::string_view content) {
  std::string out = "  - path: " + path + "\n    permissions: '" + mode + "'\n    content: |2\n";
  while (!content.empty()) {
    const std::string_view line = content.substr(0, content.find('\n'));
    out += (line.empty() ? std::string() : "      " + std::string(line)) + '\n';
    content.remove_prefix(std::min(line.size() + 1, content.size()));
  }
  return out;
}

std::string key_lines(const ClusterKeys& keys) {
  return write_key(keys.first) + (keys.second ? write_key(*keys.second) : std::string());
}

std::string user_data(const ClusterConfig& config, const SeedWishes& wishes,
                      const std::string& keys) {
  std::string out = wishes.more.empty() ? std::string(heading) : wishes.more;
  if (out.back() != '\n') out += '\n';
  // The key first, the file last: hapxd's unit starts when the file appears.
  return out + "# The same for every node of " + config.name.text() +
         ": each finds itself by its host name.\nwrite_files:\n" +
         file_entry(config.key_file, "0400", keys) +
         file_entry(file_on_node, "0644", wishes.config_text);
}

std::string hexadecimal(std::uint64_t number) {
  std::array<char, 16> digits{};
  char* end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
  return {digits.data(), end};
}

std::uint64_t sum_of(const std::string& text) {
  return membership::fnv1a({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

}  // namespace

Result<std::vector<Seed>> seeds_of(const ClusterConfig& config, const SeedWishes& wishes) {
  if (!wishes.more.empty()) {
    if (auto good = may_stand_beside_ours(wishes.more, wishes.more_file); !good)
      return good.error();
  }
  const auto layout = layout_of(config, wishes.network);
  if (!layout) return layout.error();
  ClusterKeys stand_ins{stand_in_of(wishes.keys.first)};
  if (wishes.keys.second) stand_ins.second = stand_in_of(*wishes.keys.second);
  const std::string without_key = user_data(config, wishes, key_lines(stand_ins));
  std::vector<Seed> seeds;
  for (const NodeConfig& node : config.nodes) {
    Seed seed{.node = node.name,
              .user_data = user_data(config, wishes, key_lines(wishes.keys)),
              .meta_data = {},
              .network_config = network_config(*layout, node),
              .network_config_v1 = network_config_v1(*layout, node)};
    seed.meta_data = "instance-id: " + node.name.text() + '-' +
                     hexadecimal(sum_of(without_key + seed.network_config)) +
                     "\nlocal-hostname: " + node.name.text() + '\n';
    seeds.push_back(std::move(seed));
  }
  return seeds;
}

}  // namespace hapx::appliance::cloud_init
