// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "appliance/imports/cib.hpp"
#include "appliance/imports/reasons.hpp"
#include "config/net.hpp"
#include "config/schema.hpp"

namespace hapx::appliance::imports {
namespace {

using namespace std::string_view_literals;

constexpr std::array address_agents{"IPaddr2"sv, "IPaddr"sv, "IPv6addr"sv};
constexpr std::array ping_agents{"ping"sv, "pingd"sv};

/// "ocf:heartbeat:IPaddr2": "IPaddr2".
std::string_view last_part(std::string_view agent) {
  return agent.substr(agent.rfind(':') == agent.npos ? 0 : agent.rfind(':') + 1);
}

bool is_address(const CibResource& resource) {
  return std::ranges::find(address_agents, last_part(resource.agent)) != address_agents.end();
}

bool is_haproxy(const CibResource& resource) {
  return last_part(resource.agent) == "haproxy";
}

/// "27", or "255.255.255.224"; empty: neither.
std::string prefix_of(std::string_view text) {
  if (as_number(text, 128)) return std::string(text);
  const auto mask = parse_ip(text);
  if (!mask || mask->family != Family::ipv4) return "";
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < 4; ++i) bits = bits << 8U | mask->bytes[i];
  unsigned length = 0;
  while (length < 32 && (bits & (0x80000000U >> length)) != 0) ++length;
  const bool good = length == 32 || bits << length == 0;
  return good ? std::to_string(length) : "";
}

/// Which resources are on one node by what the CIB says.
class Unions {
 public:
  void unite(const std::string& a, const std::string& b) {
    const std::string root_a = root(a);
    const std::string root_b = root(b);
    if (root_a != root_b) parent_[root_b] = root_a;
  }
  /// Shortens the way while it is gone, so that no chain stays long.
  [[nodiscard]] std::string root(std::string id) {
    for (auto up = parent_.find(id); up != parent_.end(); up = parent_.find(id)) {
      const auto above = parent_.find(up->second);
      if (above == parent_.end()) return up->second;
      up->second = above->second;
      id = up->second;
    }
    return id;
  }

 private:
  std::map<std::string, std::string> parent_;  ///< who has none is a root
};

class Reader {
 public:
  Reader(const Cib& cib, std::string_view file) : cib_(cib) { source_.file = file; }

  [[nodiscard]] Source read() {
    for (const CibNode& node : cib_.nodes) read_node(node);
    for (const Setting& property : cib_.properties) read_property(property);
    for (const Setting& setting : cib_.defaults) read_meta(setting);
    for (const CibHolder& holder : cib_.holders) read_holder(holder);
    for (const CibColocation& colocation : cib_.colocations) read_colocation(colocation);
    for (const CibResource& resource : cib_.resources) read_resource(resource);
    for (const CibLocation& location : cib_.locations) read_location(location);
    for (const CibElement& other : cib_.others) {
      leave_out(other.line, other.text, why_not(reasons::cib_elements, other.word));
    }
    return std::move(source_);
  }

 private:
  [[nodiscard]] Place place(std::size_t line) const { return {source_.file, line}; }

  void leave_out(std::size_t line, std::string_view words, std::string_view why) {
    imports::leave_out(source_.remarks, place(line), words, why);
  }

  template <class T>
  void say(std::vector<Said<T>>& list, const Setting& setting, T value) {
    list.push_back({std::move(value), place(setting.line), setting.text()});
  }

  void read_node(const CibNode& node) {
    source_.nodes.push_back({node.name, node.id, {}, {}, place(node.line)});
    for (const Setting& setting : node.attributes) {
      leave_out(setting.line, setting.text(), why_not(reasons::cib_properties, setting.name));
    }
  }

  void read_property(const Setting& property) {
    if (property.name == "no-quorum-policy") return read_policy(property);
    if (property.name == "cluster-name" && !property.value.empty()) {
      return say(source_.clusters, property, property.value);
    }
    if (property.name == "default-resource-stickiness" || property.name == "resource-stickiness") {
      return read_meta(property, "resource-stickiness");
    }
    leave_out(property.line, property.text(), why_not(reasons::cib_properties, property.name));
  }

  void read_policy(const Setting& property) {
    if (property.value == "ignore") return say(source_.policies, property, NoQuorumPolicy::ignore);
    if (property.value == "stop") return say(source_.policies, property, NoQuorumPolicy::stop);
    leave_out(property.line, property.text(),
              "without quorum a lease can't be renewed, so hapx stops what is there");
  }

  void read_meta(const Setting& setting) { read_meta(setting, setting.name); }

  /// Of a resource, or of all of them: hapx has one for all. `name`: what it is called today.
  void read_meta(const Setting& setting, std::string_view name) {
    if (name == "resource-stickiness" || name == "migration-threshold") {
      const auto score = as_score(setting.value);
      if (!score || *score < Score(0)) {
        return leave_out(setting.line, setting.text(), "it must be 0 or more here");
      }
      return say(name == "resource-stickiness" ? source_.stickiness : source_.migration_threshold,
                 setting, *score);
    }
    if (name == "failure-timeout") {
      const auto time = as_duration(setting.value, std::chrono::seconds(1));
      if (!time) return leave_out(setting.line, setting.text(), "it is no time that can be read");
      return say(source_.failure_timeout, setting, *time);
    }
    leave_out(setting.line, setting.text(), why_not(reasons::cib_meta, name));
  }

  void read_holder(const CibHolder& holder) {
    const bool group = holder.kind == "group";
    const std::string text = holder.kind + " " + holder.id;
    if (group) {
      for (const std::string& member : holder.members) together_.unite(holder.id, member);
      leave_out(holder.line, text, "always so: a service's addresses and HAProxy are on one node");
    } else {
      several_.insert(holder.id);
      several_.insert(holder.members.begin(), holder.members.end());
      leave_out(holder.line, text, why_not(reasons::cib_elements, holder.kind));
    }
    for (const Setting& setting : holder.meta) read_meta(setting);
  }

  void read_colocation(const CibColocation& colocation) {
    const std::string text = "colocation " + colocation.id;
    const auto score = as_score(colocation.score);
    if (score != Score::infinity()) {
      return leave_out(colocation.line, text,
                       "services are on one node always, or each where `location` has it");
    }
    std::string first;
    for (const std::string& resource : colocation.resources) {
      if (several_.contains(resource)) continue;
      if (first.empty()) first = resource;
      together_.unite(first, resource);
    }
    leave_out(colocation.line, text,
              "always so: a service's addresses and HAProxy are on one node");
  }

  void read_resource(const CibResource& resource) {
    if (is_address(resource)) return read_address(resource);
    const std::string text = "primitive " + resource.id + " " + resource.agent;
    const auto agent =
        resource.agent.starts_with("stonith:") ? "stonith"sv : last_part(resource.agent);
    leave_out(resource.line, text, why_not(reasons::cib_agents, agent));
    if (is_haproxy(resource)) {
      for (const Setting& setting : resource.params) {
        leave_out(setting.line, setting.text(), "hapx writes HAProxy's config, and runs it");
      }
      for (const Setting& setting : resource.meta) read_meta(setting);
      for (const CibOperation& operation : resource.operations) {
        read_operation(operation, source_.haproxy_on_fail,
                       "hapx probes HAProxy many times a second, by a listener of its own");
      }
    }
    if (std::ranges::find(ping_agents, agent) == ping_agents.end()) return;
    for (const Setting& setting : resource.params) {
      if (setting.name == "host_list") read_hosts(setting);
    }
  }

  /// "192.168.4.1 192.168.4.2".
  void read_hosts(const Setting& setting) {
    std::string_view left = setting.value;
    while (!left.empty()) {
      const auto end = left.find_first_of(" ,");
      const auto host = left.substr(0, end);
      left.remove_prefix(end == left.npos ? left.size() : end + 1);
      if (parse_ip(host)) say(source_.outsiders, setting, std::string(host));
    }
  }

  void read_address(const CibResource& resource) {
    SourceVip vip;
    vip.place = place(resource.line);
    for (const Setting& setting : resource.params) {
      if (setting.name == "ip" || setting.name == "ipv6addr") {
        const auto slash = setting.value.find('/');
        vip.address = setting.value.substr(0, slash);
        if (slash != std::string::npos) vip.prefix = setting.value.substr(slash + 1);
        vip.place = place(setting.line);
      } else if (setting.name == "cidr_netmask" && !prefix_of(setting.value).empty()) {
        vip.prefix = prefix_of(setting.value);
      } else if (setting.name == "nic") {
        vip.interface = setting.value.substr(0, setting.value.find(':'));
      } else {
        leave_out(setting.line, setting.text(), why_not(reasons::cib_address, setting.name));
      }
    }
    for (const Setting& setting : resource.meta) read_meta(setting);
    for (const CibOperation& operation : resource.operations) {
      read_operation(operation, source_.vip_on_fail, "the kernel tells at once that it has gone");
    }
    if (!parse_ip(vip.address)) {
      return leave_out(resource.line, "primitive " + resource.id, "it names no IP address");
    }
    const std::string root = together_.root(resource.id);
    const auto [at, is_new] = groups_.emplace(root, source_.groups.size());
    if (is_new) source_.groups.push_back({resource.id, {}, {}, {}});
    source_.groups[at->second].vips.push_back(std::move(vip));
  }

  void read_operation(const CibOperation& operation, std::vector<Said<OnFail>>& on_fail,
                      std::string_view why) {
    const bool monitor = operation.name == "monitor";
    std::string text = "op " + operation.name;
    for (const Setting& setting : operation.settings) {
      const auto word = schema::value_of(schema::on_fails, setting.value);
      if (setting.name == "on-fail" && monitor && word) {
        say(on_fail, setting, *word);
      } else if (setting.name == "on-fail") {
        leave_out(setting.line, setting.text(),
                  monitor ? "hapx shoots no node: the kernel holds the lease"
                          : "what fails to start or to stop is tried again, and counted");
      } else {
        text += " " + setting.text();
      }
    }
    leave_out(operation.line, text,
              monitor ? why : "how long it may take to start and to stop is hapx's to say");
  }

  void read_location(const CibLocation& location) {
    const std::string text = "location " + location.id;
    if (location.id.starts_with("cli-")) {
      return leave_out(location.line, text,
                       "an order has left it; `hapx move` and `hapx ban` leave none");
    }
    if (location.node.empty()) {
      return leave_out(location.line, text, "`location` has a score for a node, and no rules");
    }
    const auto score = as_score(location.score);
    if (!score) return leave_out(location.line, text, "its score can't be read");
    bool any = false;
    for (const std::string& resource : location.resources) {
      SourceGroup* group = group_of(resource);
      if (group == nullptr) continue;
      any = true;
      group->preferences.push_back({location.node, *score, place(location.line), text});
    }
    if (!any) leave_out(location.line, text, "it is about no address that was read");
  }

  /// Where an address is; or the only one, for what is with it anyway.
  SourceGroup* group_of(const std::string& resource) {
    const auto found = groups_.find(together_.root(resource));
    if (found != groups_.end()) return &source_.groups[found->second];
    const auto named = std::ranges::find(cib_.resources, resource, &CibResource::id);
    const bool with_it =
        several_.contains(resource) || (named != cib_.resources.end() && is_haproxy(*named));
    return with_it && source_.groups.size() == 1 ? &source_.groups.front() : nullptr;
  }

  const Cib& cib_;
  Source source_;
  Unions together_;
  std::set<std::string> several_;              ///< what runs on several nodes: clones and the like
  std::map<std::string, std::size_t> groups_;  ///< which of the source a root is
};

}  // namespace

Source source_of(const Cib& cib, std::string_view file) {
  return Reader(cib, file).read();
}

}  // namespace hapx::appliance::imports
