// SPDX-License-Identifier: Apache-2.0
#include "appliance/imports/imported.hpp"

#include <string_view>
#include <utility>

#include "appliance/document.hpp"
#include "config/schema.hpp"
#include "config/tree.hpp"
#include "config/utf8.hpp"
#include "config/wording.hpp"
#include "config/write.hpp"

namespace hapx::appliance::imports {
namespace {

using tree::add;
using tree::list;
using tree::plain;
using tree::text;

constexpr const char* credentials_file = "/etc/hapx/stats.credentials";

std::string heading_of(const std::vector<Source>& sources) {
  std::vector<std::string> files;
  for (const Source& source : sources) files.push_back(printable(source.file));
  return "# The cluster's file, the same on every node. `hapx import` has made it of\n# " +
         joined(files) +
         ".\n# What is left out has its default: `hapx config show` tells all of them.\n";
}

YamlNode node_of(const PlannedNode& node) {
  YamlNode out;
  add(out, "name", plain(node.name));
  add(out, "address", plain(node.addresses.front()));
  if (node.role != Role::full) {
    add(out, "role", plain(schema::word_of(schema::roles, node.role)));
  }
  if (node.votes && *node.votes != 1) add(out, "votes", plain(std::to_string(*node.votes)));
  if (node.addresses.size() > 1) {
    YamlNode links = list();
    for (std::size_t i = 1; i < node.addresses.size(); ++i) {
      links.items.push_back(plain(node.addresses[i]));
    }
    add(out, "links", std::move(links));
  }
  return out;
}

YamlNode vips_of(const PlannedService& service) {
  YamlNode vips = list();
  for (const SourceVip& vip : service.vips) {
    YamlNode one;
    add(one, "address", plain(vip.address + "/" + vip.prefix));
    add(one, "interface", plain(vip.interface));
    vips.items.push_back(std::move(one));
  }
  return vips;
}

template <class T>
void add_said(YamlNode& map, std::string_view key, const std::optional<Said<T>>& said) {
  using hapx::to_string;
  using std::to_string;
  if (said) add(map, key, plain(to_string(said->value)));
}

void add_map(YamlNode& map, std::string_view key, YamlNode value) {
  if (!value.entries.empty()) add(map, key, std::move(value));
}

void add_lines(YamlNode& map, std::string_view key, const std::vector<std::string>& lines) {
  if (lines.empty()) return;
  YamlNode out = list();
  for (const std::string& line : lines) out.items.push_back(text(line));
  add(map, key, std::move(out));
}

std::vector<std::string> values_of(const std::vector<Said<std::string>>& lines) {
  std::vector<std::string> out;
  for (const auto& line : lines) out.push_back(line.value);
  return out;
}

/// `first`: what is said of HAProxy as a whole stands with the first service.
YamlNode haproxy_of(const Plan& plan, const SourceFrontend& frontend, bool first) {
  YamlNode timeouts;
  add_said(timeouts, "connect", frontend.connect);
  add_said(timeouts, "client", frontend.client);
  add_said(timeouts, "server", frontend.server);
  add_said(timeouts, "tunnel", frontend.tunnel);
  add_said(timeouts, "clientFin", frontend.client_fin);
  YamlNode out;
  add_map(out, "timeouts", std::move(timeouts));
  add_said(out, "maxConnections", frontend.max_connections);
  if (first && plan.stats) {
    YamlNode stats;
    add(stats, "port", plain(std::to_string(*plan.stats)));
    add(stats, "credentialsFile", plain(credentials_file));
    add(out, "stats", std::move(stats));
  }
  YamlNode extra;
  if (first) add_lines(extra, "global", plan.extra_global);
  add_lines(extra, "frontend", values_of(frontend.extra_frontend));
  add_lines(extra, "backend", values_of(frontend.extra_backend));
  add_map(out, "extraConfig", std::move(extra));
  return out;
}

YamlNode check_of(const SourceFrontend& frontend) {
  YamlNode check;
  if (frontend.ca_file) add(check, "caFile", text(frontend.ca_file->value));
  add_said(check, "interval", frontend.check_interval);
  add_said(check, "fall", frontend.fall);
  add_said(check, "rise", frontend.rise);
  return check;
}

YamlNode service_of(const Plan& plan, std::size_t index) {
  const PlannedService& service = plan.services[index];
  const SourceFrontend& frontend = service.frontend;
  YamlNode out;
  add(out, "name",
      plain(index == 0 ? "kube-apiserver" : "kube-apiserver-" + std::to_string(index + 1)));
  add(out, "vips", vips_of(service));
  add(out, "port", plain(std::to_string(frontend.port.value)));
  YamlNode servers = list();
  for (const auto& server : frontend.servers) {
    servers.items.push_back(plain(write_api_server(server.value)));
  }
  add(out, "apiServers", std::move(servers));
  YamlNode location;
  for (const auto& [node, score] : service.location)
    add(location, node, plain(hapx::to_string(score)));
  add_map(out, "location", std::move(location));
  YamlNode on_fail;
  const auto add_on_fail = [&](std::string_view key, const std::optional<OnFail>& value) {
    if (value && *value != OnFail::restart) {
      add(on_fail, key, plain(schema::word_of(schema::on_fails, *value)));
    }
  };
  add_on_fail("vip", plan.vip_on_fail);
  add_on_fail("haproxy", plan.haproxy_on_fail);
  add_map(out, "onFail", std::move(on_fail));
  add_map(out, "healthCheck", check_of(frontend));
  add_map(out, "haproxy", haproxy_of(plan, frontend, index == 0));
  return out;
}

YamlNode document_of(const Plan& plan) {
  YamlNode nodes = list();
  for (const PlannedNode& node : plan.nodes) nodes.items.push_back(node_of(node));
  YamlNode services = list();
  for (std::size_t i = 0; i < plan.services.size(); ++i) {
    services.items.push_back(service_of(plan, i));
  }
  YamlNode spec;
  add(spec, "nodes", std::move(nodes));
  add(spec, "services", std::move(services));
  if (!plan.tie_breaker.empty()) {
    add(spec, "noQuorumPolicy",
        plain(schema::word_of(schema::no_quorum_policies, NoQuorumPolicy::ignore)));
    YamlNode tie_breaker;
    add(tie_breaker, "address", plain(plan.tie_breaker));
    add(tie_breaker, "interface", plain(plan.tie_breaker_interface));
    add(spec, "tieBreaker", std::move(tie_breaker));
  }
  YamlNode scheduling;
  if (plan.stickiness)
    add(scheduling, "resourceStickiness", plain(hapx::to_string(*plan.stickiness)));
  if (plan.migration_threshold) {
    add(scheduling, "migrationThreshold", plain(hapx::to_string(*plan.migration_threshold)));
  }
  if (plan.failure_timeout) {
    add(scheduling, "failureTimeout", plain(hapx::to_string(*plan.failure_timeout)));
  }
  add_map(spec, "scheduling", std::move(scheduling));
  YamlNode metadata;
  add(metadata, "name", plain(plan.cluster));
  YamlNode document;
  add(document, "apiVersion", plain(schema::api_version));
  add(document, "kind", plain(schema::kind));
  add(document, "metadata", std::move(metadata));
  add(document, "spec", std::move(spec));
  return document;
}

/// Without "file:line:column: ", since nobody has seen that file.
std::string without_place(const std::string& sentence, std::string_view file) {
  const auto end = sentence.find(": ");
  if (!sentence.starts_with(file) || end == std::string::npos) return sentence;
  return sentence.substr(end + 2);
}

std::string without_quotes(const std::string& words) {
  const bool quoted = words.size() > 1 && words.front() == '`' && words.back() == '`';
  return quoted ? words.substr(1, words.size() - 2) : words;
}

YamlNode tree_of(const std::vector<Remark>& remarks, Remark::What what) {
  YamlNode out = list();
  for (const Remark& remark : remarks) {
    if (remark.what != what) continue;
    YamlNode one;
    add(one, "file", text(remark.place.file));
    add(one, "line", plain(std::to_string(remark.place.line)));
    add(one, "words", text(without_quotes(remark.words)));
    add(one, what == Remark::What::taken ? "became" : "why", text(remark.reason));
    out.items.push_back(std::move(one));
  }
  return out;
}

}  // namespace

Imported import_all(const std::vector<Source>& sources, const Wishes& wishes) {
  constexpr std::string_view nameless = "imported";
  Plan plan = gather(sources, wishes);
  Imported out;
  out.remarks = std::move(plan.remarks);
  out.refusals = std::move(plan.missing);
  if (!out.refusals.empty()) return out;
  std::string made = heading_of(sources) + write_yaml(document_of(plan));
  CheckedConfig checked = check_config(made, nameless);
  for (const Error& refusal : checked.refusals) {
    out.refusals.push_back(without_place(refusal.sentence, nameless));
  }
  if (!checked.config) return out;
  out.config = std::move(checked.config);
  out.text = std::move(made);
  return out;
}

std::string to_sentence(const Remark& remark) {
  const bool taken = remark.what == Remark::What::taken;
  return remark.place.file + ":" + std::to_string(remark.place.line) + ": " + remark.words +
         (taken ? " became " : " is left out: ") + remark.reason;
}

std::string to_json(const Imported& imported, const std::vector<Source>& sources,
                    const std::string& written) {
  YamlNode files = list();
  for (const Source& source : sources) {
    YamlNode one;
    add(one, "file", text(source.file));
    add(one, "kind", text(source.kind));
    files.items.push_back(std::move(one));
  }
  YamlNode document;
  add(document, "sources", std::move(files));
  add(document, "file", written.empty() ? YamlNode{} : text(written));
  const auto made = parse_yaml(imported.text, "imported");
  add(document, "config", made ? *made : YamlNode{});
  add(document, "taken", tree_of(imported.remarks, Remark::What::taken));
  add(document, "leftOut", tree_of(imported.remarks, Remark::What::left_out));
  return json_from_tree(document);
}

}  // namespace hapx::appliance::imports
