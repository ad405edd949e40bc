// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/first_file.hpp"

#include <string_view>
#include <utility>

#include "config/schema.hpp"
#include "config/tree.hpp"
#include "config/wording.hpp"
#include "config/yaml.hpp"

namespace hapx::appliance::cli {
namespace {

using tree::add;
using tree::list;
using tree::plain;

constexpr const char* heading =
    "# The cluster's file, the same on every node. What is left out has its default:\n"
    "# `hapx config show` tells all of them, hapx.yaml(5) what they mean.\n";

/// "node1=192.168.4.11".
YamlNode node_of(const std::string& wish, Role role) {
  const auto equals = wish.find('=');
  YamlNode node;
  add(node, "name", plain(wish.substr(0, equals)));
  add(node, "address", plain(equals == std::string::npos ? "" : wish.substr(equals + 1)));
  if (role != Role::full) add(node, "role", plain(schema::word_of(schema::roles, role)));
  return node;
}

YamlNode service_of(const FileWishes& wishes) {
  YamlNode vip;
  add(vip, "address", plain(wishes.vip));
  add(vip, "interface", plain(wishes.interface));
  auto vips = list();
  vips.items.push_back(std::move(vip));
  auto servers = list();
  for (const auto& server : wishes.api_servers) servers.items.push_back(plain(server));
  YamlNode service;
  add(service, "name", plain(wishes.service));
  add(service, "vips", std::move(vips));
  add(service, "port", plain(wishes.port));
  add(service, "apiServers", std::move(servers));
  return service;
}

std::string text_of(const FileWishes& wishes) {
  auto nodes = list();
  for (const auto& node : wishes.nodes) nodes.items.push_back(node_of(node, Role::full));
  for (const auto& node : wishes.witnesses) nodes.items.push_back(node_of(node, Role::witness));
  auto services = list();
  services.items.push_back(service_of(wishes));
  YamlNode metadata;
  add(metadata, "name", plain(wishes.cluster));
  YamlNode spec;
  add(spec, "nodes", std::move(nodes));
  add(spec, "services", std::move(services));
  if (!wishes.profile.empty()) {
    YamlNode timing;
    add(timing, "profile", plain(wishes.profile));
    add(spec, "timing", std::move(timing));
  }
  if (!wishes.key_file.empty()) add(spec, "keyFile", plain(wishes.key_file));
  YamlNode document;
  add(document, "apiVersion", plain(schema::api_version));
  add(document, "kind", plain(schema::kind));
  add(document, "metadata", std::move(metadata));
  add(document, "spec", std::move(spec));
  return heading + write_yaml(document);
}

/// Without "file:line:column: ", since nobody has seen that file.
std::string without_place(const std::string& sentence, std::string_view file) {
  if (!sentence.starts_with(file)) return sentence;
  const auto end = sentence.find(": ");
  return end == std::string::npos ? sentence : sentence.substr(end + 2);
}

}  // namespace

FirstFile first_file(const FileWishes& wishes) {
  constexpr std::string_view nameless = "new";
  FirstFile out;
  for (const auto* group : {&wishes.nodes, &wishes.witnesses}) {
    for (const auto& node : *group) {
      if (node.find('=') != std::string::npos) continue;
      out.checked.refusals.push_back(
          {ErrorKind::refused, shown(node) + " names no address; write a node like "
                                             "node1=192.168.4.11"});
    }
  }
  if (!out.checked.refusals.empty()) return out;
  out.text = text_of(wishes);
  out.checked = check_config(out.text, nameless);
  for (auto& refusal : out.checked.refusals) {
    refusal.sentence = without_place(refusal.sentence, nameless);
  }
  return out;
}

}  // namespace hapx::appliance::cli
