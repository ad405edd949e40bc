// SPDX-License-Identifier: Apache-2.0
#include "appliance/imports/service_list.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

#include "config/validate.hpp"
#include "config/wording.hpp"

namespace hapx::appliance::imports {
namespace {

constexpr std::uint16_t default_port = 6443;
/// More than what a node's stickiness outweighs: then a service goes back, as VRRP has it.
constexpr std::int64_t returning_step = 200;
constexpr std::int64_t staying_step = 50;

std::string where(const Place& place) {
  return place.line == 0 ? "" : " (" + place.file + ":" + std::to_string(place.line) + ")";
}

/// "kube-mast01:6443", "[2001:db8::1]:6443", or without a port.
std::optional<ApiServer> api_server_of(const std::string& text) {
  if (parse_ip(text)) return ApiServer{text, default_port};
  const auto colon = text.rfind(':');
  std::string host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  if (host.empty()) return std::nullopt;
  if (colon == std::string::npos) return ApiServer{host, default_port};
  const auto port = as_number(std::string_view(text).substr(colon + 1), 65535);
  if (!port || *port == 0) return std::nullopt;
  return ApiServer{host, static_cast<std::uint16_t>(*port)};
}

template <class T>
void tell(std::vector<Remark>& remarks, const std::optional<Said<T>>& said,
          const std::string& key) {
  if (said) take(remarks, said->place, said->words, key);
}

}  // namespace

void ServiceList::add(const SourceGroup& group) {
  std::optional<std::size_t> at;
  std::vector<std::pair<const SourceVip*, IpAddress>> vips;
  for (const SourceVip& vip : group.vips) {
    const auto address = parse_ip(vip.address);
    if (!address) continue;
    vips.emplace_back(&vip, *address);
    const auto spot = spots_.find(*address);
    if (!at && spot != spots_.end()) at = spot->second.group;
  }
  if (vips.empty()) return;
  if (!at) {
    at = groups_.size();
    groups_.push_back({group.name, {}, {}, {}});
  }
  for (const auto& [vip, address] : vips) add_vip(*at, *vip, address);
  auto& into = groups_[*at];
  into.preferences.insert(into.preferences.end(), group.preferences.begin(),
                          group.preferences.end());
  into.priorities.insert(into.priorities.end(), group.priorities.begin(), group.priorities.end());
}

void ServiceList::add_vip(std::size_t group, const SourceVip& vip, const IpAddress& address) {
  const auto [spot, is_new] = spots_.emplace(address, Spot{group, groups_[group].vips.size()});
  if (is_new) {
    groups_[group].vips.push_back(vip);
    return;
  }
  SourceVip& known = groups_[spot->second.group].vips[spot->second.vip];
  if (known.prefix.empty()) known.prefix = vip.prefix;
  if (known.interface.empty()) known.interface = vip.interface;
  const bool same = (vip.interface.empty() || vip.interface == known.interface) &&
                    (vip.prefix.empty() || vip.prefix == known.prefix);
  if (same) {
    take(plan_.remarks, vip.place, vip.address,
         "the same VIP as that of " + known.place.file + ":" + std::to_string(known.place.line));
  } else {
    leave_out(plan_.remarks, vip.place, vip.address + "/" + vip.prefix + " dev " + vip.interface,
              "prefix and interface are the same on all nodes, and those of " + known.place.file +
                  ":" + std::to_string(known.place.line) + " were taken");
  }
}

void ServiceList::wish_vip(const std::string& text) {
  const auto vip = parse_cidr(text);
  if (!vip) {
    plan_.missing.push_back(shown(text) +
                            " is no address with its network's prefix; write it like "
                            "--vip 192.168.4.20/27");
    return;
  }
  const std::string prefix = std::to_string(vip->prefix);
  const auto spot = spots_.find(vip->address);
  if (spot != spots_.end()) {
    groups_[spot->second.group].vips[spot->second.vip].prefix = prefix;
    return;
  }
  if (groups_.empty()) groups_.emplace_back();
  add_vip(0, {to_string(vip->address), prefix, "", {}}, vip->address);
}

/// They stand for those that were read; the port is still the frontend's.
void ServiceList::wish_api_servers(const Wishes& wishes) {
  if (wishes.api_servers.empty()) return;
  SourceFrontend given;
  if (!frontends_.empty()) {
    given = frontends_.front();
    for (const auto& server : std::exchange(given.servers, {})) {
      leave_out(given.remarks, server.place, server.words, "--apiserver says who they are");
    }
  }
  for (const std::string& text : wishes.api_servers) {
    if (const auto server = api_server_of(text)) {
      given.servers.push_back({*server, {}, text});
    } else {
      plan_.missing.push_back(shown(text) +
                              " is no kube-apiserver; write it like --apiserver "
                              "kube-mast01:6443");
    }
  }
  if (frontends_.empty()) {
    frontends_.push_back(std::move(given));
  } else {
    frontends_.front() = std::move(given);
  }
}

void ServiceList::check_vips(const Wishes& wishes) {
  if (groups_.empty()) {
    plan_.missing.emplace_back(
        "no virtual address is in what was read; give it with --vip ADDRESS/PREFIX");
  }
  bool told = false;
  for (SourceGroup& group : groups_) {
    for (SourceVip& vip : group.vips) {
      if (vip.prefix.empty()) {
        plan_.missing.push_back("the prefix of the VIP " + vip.address + where(vip.place) +
                                " isn't in what was read; give it with --vip " + vip.address +
                                "/PREFIX");
      }
      if (vip.interface.empty()) vip.interface = wishes.interface;
      if (!vip.interface.empty() || std::exchange(told, true)) continue;
      plan_.missing.push_back("the interface of the VIP " + vip.address + where(vip.place) +
                              " isn't in what was read; give it with --interface NAME");
    }
  }
}

/// At one of its addresses, else everywhere, else any.
std::size_t ServiceList::frontend_for(const SourceGroup& group) const {
  std::size_t best = 0;
  bool everywhere = false;
  for (std::size_t i = 0; i < frontends_.size(); ++i) {
    const auto& addresses = frontends_[i].addresses;
    const bool here = std::ranges::any_of(group.vips, [&](const SourceVip& vip) {
      return std::ranges::find(addresses, vip.address) != addresses.end();
    });
    if (here) return i;
    if (addresses.empty() && !everywhere) {
      best = i;
      everywhere = true;
    }
  }
  return best;
}

void ServiceList::plan(const Wishes& wishes, const NodeList& nodes) {
  for (const std::string& vip : wishes.vips) wish_vip(vip);
  wish_api_servers(wishes);
  if (groups_.size() > vips_max) {
    plan_.missing.push_back("there are " + std::to_string(groups_.size()) +
                            " groups of virtual addresses in what was read; hapx holds at most " +
                            std::to_string(vips_max) + " addresses");
    return;
  }
  check_vips(wishes);
  const bool any = std::ranges::any_of(
      frontends_, [](const SourceFrontend& frontend) { return !frontend.servers.empty(); });
  if (!any) {
    plan_.missing.emplace_back(
        "no kube-apiserver is in what was read; give each with --apiserver HOST[:PORT]");
  }
  std::set<std::size_t> used;
  for (const SourceGroup& group : groups_) {
    PlannedService service;
    service.vips = group.vips;
    const std::string path = "spec.services[" + std::to_string(plan_.services.size()) + "]";
    for (const SourceVip& vip : group.vips) {
      if (vip.place.line == 0) continue;
      take(plan_.remarks, vip.place, vip.address + "/" + vip.prefix + " dev " + vip.interface,
           path + ".vips[]");
    }
    prefer(group, nodes, service, path);
    prefer_by_priority(group, nodes, service, path);
    if (any) {
      const std::size_t at = frontend_for(group);
      take_frontend(frontends_[at], path, service.frontend);
      if (used.insert(at).second) {
        const auto& remarks = frontends_[at].remarks;
        plan_.remarks.insert(plan_.remarks.end(), remarks.begin(), remarks.end());
      }
    }
    plan_.services.push_back(std::move(service));
  }
  for (std::size_t i = 0; i < frontends_.size(); ++i) {
    if (used.contains(i) || frontends_[i].place.line == 0) continue;
    leave_out(plan_.remarks, frontends_[i].place, frontends_[i].name,
              "a service has one port, and another frontend was taken for it");
  }
}

bool ServiceList::is_witness(const std::string& name) const {
  return std::ranges::any_of(plan_.nodes, [&](const PlannedNode& node) {
    return node.name == name && node.role == Role::witness;
  });
}

void ServiceList::prefer(const SourceGroup& group, const NodeList& nodes, PlannedService& service,
                         const std::string& path) {
  for (const Preference& preference : group.preferences) {
    const std::string name = nodes.name_of(preference.node, "");
    if (name.empty()) {
      leave_out(plan_.remarks, preference.place, preference.words,
                "no node " + shown(preference.node) + " was read");
      continue;
    }
    if (is_witness(name)) {
      leave_out(plan_.remarks, preference.place, preference.words,
                shown(name) + " is a witness, which never has a service");
      continue;
    }
    service.location[name] += preference.score;
    take(plan_.remarks, preference.place, preference.words, path + ".location." + name);
  }
}

void ServiceList::prefer_by_priority(const SourceGroup& group, const NodeList& nodes,
                                     PlannedService& service, const std::string& path) {
  std::map<std::string, const Priority*> of;
  std::set<unsigned> values;
  bool returns = true;
  for (const Priority& priority : group.priorities) {
    const std::string name = nodes.name_of(priority.name, priority.address);
    if (name.empty() || is_witness(name) || !of.emplace(name, &priority).second) continue;
    values.insert(priority.value);
    returns = returns && priority.returns;
  }
  const bool known = of.size() > 1 && of.size() == group.priorities.size() && values.size() > 1;
  for (const Priority& priority : group.priorities) {
    const std::string words = "priority " + std::to_string(priority.value);
    if (!known) {
      leave_out(plan_.remarks, priority.place, words,
                values.size() == 1 && of.size() > 1
                    ? "it is the same on all nodes"
                    : "a node is preferred by `location`, for which the files of all nodes are "
                      "needed, each with its unicast_src_ip");
      continue;
    }
    take(plan_.remarks, priority.place, words, path + ".location");
  }
  if (!known) return;
  for (const auto& [name, priority] : of) {
    const auto rank = std::distance(values.begin(), values.find(priority->value));
    if (rank > 0) {
      service.location[name] += Score((returns ? returning_step : staying_step) * rank);
    }
  }
}

void ServiceList::take_frontend(const SourceFrontend& frontend, const std::string& path,
                                SourceFrontend& out) {
  auto& remarks = plan_.remarks;
  out = frontend;
  if (out.port.value == 0) out.port.value = default_port;
  if (out.port.place.line != 0) {
    take(remarks, out.port.place, out.port.words, path + ".port, at the VIPs alone");
  }
  std::set<std::pair<std::string, std::uint16_t>> seen;
  out.servers.clear();
  for (Said<ApiServer> server : frontend.servers) {
    if (server.value.port == 0) server.value.port = out.port.value;
    if (!seen.emplace(server.value.host, server.value.port).second) {
      leave_out(remarks, server.place, server.words, "it is there already");
      continue;
    }
    if (server.place.line != 0) take(remarks, server.place, server.words, path + ".apiServers[]");
    out.servers.push_back(std::move(server));
  }
  tell(remarks, out.check_interval, path + ".healthCheck.interval");
  tell(remarks, out.fall, path + ".healthCheck.fall");
  tell(remarks, out.rise, path + ".healthCheck.rise");
  tell(remarks, out.ca_file, path + ".healthCheck.caFile");
  tell(remarks, out.connect, path + ".haproxy.timeouts.connect");
  tell(remarks, out.client, path + ".haproxy.timeouts.client");
  tell(remarks, out.server, path + ".haproxy.timeouts.server");
  tell(remarks, out.tunnel, path + ".haproxy.timeouts.tunnel");
  tell(remarks, out.client_fin, path + ".haproxy.timeouts.clientFin");
  tell(remarks, out.max_connections, path + ".haproxy.maxConnections");
  for (const auto& line : out.extra_frontend) {
    take(remarks, line.place, line.words, path + ".haproxy.extraConfig.frontend");
  }
  for (const auto& line : out.extra_backend) {
    take(remarks, line.place, line.words, path + ".haproxy.extraConfig.backend");
  }
}

}  // namespace hapx::appliance::imports
