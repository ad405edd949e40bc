// SPDX-License-Identifier: Apache-2.0
// The status as a JSON document, and back.
#include <algorithm>
#include <chrono>
#include <limits>

#include <boost/json.hpp>

#include "appliance/json_reading.hpp"
#include "appliance/status.hpp"
#include "appliance/status_json_watch.hpp"
#include "appliance/status_orders.hpp"

namespace hapx::appliance {

namespace {

namespace json = boost::json;

std::int64_t milliseconds(Duration duration) {
  return std::max<std::int64_t>(
      0, std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

json::value milliseconds_or_null(const std::optional<Duration>& duration) {
  return duration ? json::value(milliseconds(*duration)) : json::value(nullptr);
}

/// Whatever it says, it is valid JSON: bytes that are no UTF-8 become '?'.
json::value text(std::string_view words) {
  return json::string(printable(words));
}

json::array texts(const std::vector<std::string>& words) {
  json::array out;
  for (const std::string& each : words) out.push_back(text(each));
  return out;
}

template <class T>
json::value name_or_null(const std::optional<T>& name) {
  return name ? text(name->text()) : json::value(nullptr);
}

json::array ways_of(const MemberStatus& member) {
  json::array out;
  for (const LinkStatus& link : member.links)
    out.push_back(json::object{{"address", text(link.address)}, {"heard", link.heard}});
  return out;
}

json::array members(const Status& status) {
  json::array out;
  for (const MemberStatus& member : status.members) {
    out.push_back(json::object{{"name", text(member.name.text())},
                               {"state", text(to_string(member.state))},
                               {"votes", member.votes},
                               {"role", member.role == Role::witness ? "witness" : "full"},
                               {"address", text(member.address)},
                               {"coordinator", status.coordinator == member.name},
                               {"suspect", member.suspect},
                               {"hearsUs", member.hears_us},
                               {"lastHeardMs", milliseconds_or_null(member.last_heard)},
                               {"hasLeft", member.has_left},
                               {"configDiffers", texts(member.config_differs)},
                               {"countsOtherwise", member.counts_otherwise},
                               {"ways", ways_of(member)}});
  }
  return out;
}

json::array servers(const ServiceStatus& service) {
  json::array out;
  for (const ServerStatus& server : service.backends) {
    out.push_back(json::object{{"name", text(server.name)},
                               {"state", server.up ? "up" : "down"},
                               {"check", text(server.check)},
                               {"level", text(server.level)}});
  }
  return out;
}

json::array places(const ServiceStatus& service) {
  json::array out;
  for (const ServiceOnNode& place : service.nodes) {
    out.push_back(json::object{{"name", text(place.node.text())},
                               {"vip", text(to_string(place.vip))},
                               {"haproxy", text(to_string(place.haproxy))},
                               {"vipFailures", place.vip_failures},
                               {"haproxyFailures", place.haproxy_failures},
                               {"linkUp", place.link_up},
                               {"haproxyFit", place.haproxy_fit},
                               {"healthyApiServers", place.healthy_api_servers},
                               {"apiServers", place.api_servers},
                               {"excluded", text(place.excluded)},
                               {"vipFailedAgoMs", milliseconds(place.vip_failed_ago)},
                               {"haproxyFailedAgoMs", milliseconds(place.haproxy_failed_ago)}});
  }
  return out;
}

json::array services(const Status& status) {
  json::array out;
  for (const ServiceStatus& service : status.services) {
    json::array addresses;
    for (const std::string& address : service.addresses) addresses.push_back(text(address));
    json::object shown{{"name", text(service.name.text())},
                       {"holder", name_or_null(service.holder)},
                       {"vip", text(to_string(service.vip))},
                       {"haproxy", text(to_string(service.haproxy))},
                       {"leaseRemainingMs", milliseconds_or_null(service.lease_remaining)},
                       {"fence", text(to_string(service.fence))},
                       {"addresses", std::move(addresses)},
                       {"port", service.port},
                       {"certificatesVerified", service.certificates_verified},
                       {"backends", servers(service)},
                       {"reason", text(service.reason)},
                       {"moved", service.moved},
                       {"nodes", places(service)}};
    add_watched(shown, service);
    out.push_back(std::move(shown));
  }
  return out;
}

json::array backends(const Status& status) {
  json::array out;
  for (const ServiceStatus& service : status.services) {
    out.push_back(json::object{{"service", text(service.name.text())},
                               {"certificatesVerified", service.certificates_verified},
                               {"servers", servers(service)}});
  }
  return out;
}

// Reading back: each of these tells what stands under `key`, or the default when that is missing or
// of another kind.

template <class Int>
Int bounded_at(const json::object& object, json::string_view key) {
  return static_cast<Int>(
      std::min<std::uint64_t>(number_at(object, key), std::numeric_limits<Int>::max()));
}

/// Milliseconds as a Duration; more than a century is a century, so that nothing overflows.
Duration milliseconds_at(const json::object& object, json::string_view key) {
  constexpr std::uint64_t century_ms = 3'155'760'000'000;
  return std::chrono::milliseconds(
      static_cast<std::int64_t>(std::min(number_at(object, key), century_ms)));
}

std::optional<Duration> maybe_milliseconds_at(const json::object& object, json::string_view key) {
  const json::value* value = object.if_contains(key);
  if (!value || !value->is_number()) return std::nullopt;
  return milliseconds_at(object, key);
}

template <class Enum>
Enum word_at(const json::object& object, json::string_view key, Enum missing, Enum last) {
  const std::string word = text_at(object, key);
  for (unsigned i = 0; i <= static_cast<unsigned>(last); ++i) {
    if (to_string(static_cast<Enum>(i)) == word) return static_cast<Enum>(i);
  }
  return missing;
}

ResourceStatus resource_at(const json::object& object, json::string_view key) {
  return word_at(object, key, ResourceStatus::stopped, ResourceStatus::failed);
}

std::optional<NodeName> node_at(const json::object& object, json::string_view key) {
  std::string name = text_at(object, key);
  return name.empty() ? std::nullopt : std::optional(NodeName(std::move(name)));
}

std::vector<std::string> texts_at(const json::object& object, json::string_view key) {
  std::vector<std::string> words;
  for (const json::value& each : list_at(object, key)) {
    if (const json::string* word = each.if_string()) words.emplace_back(word->begin(), word->end());
  }
  return words;
}

MemberStatus member_from(const json::object& object) {
  MemberStatus member;
  member.name = NodeName(text_at(object, "name"));
  member.state = word_at(object, "state", MemberState::offline, MemberState::offline);
  member.role = text_at(object, "role") == "witness" ? Role::witness : Role::full;
  member.votes = bounded_at<unsigned>(object, "votes");
  member.address = text_at(object, "address");
  member.suspect = flag_at(object, "suspect", false);
  member.hears_us = flag_at(object, "hearsUs", true);
  member.last_heard = maybe_milliseconds_at(object, "lastHeardMs");
  member.has_left = flag_at(object, "hasLeft", false);
  member.config_differs = texts_at(object, "configDiffers");
  member.counts_otherwise = flag_at(object, "countsOtherwise", false);
  each_object_at(object, "ways", [&](const json::object& link) {
    member.links.push_back({text_at(link, "address"), flag_at(link, "heard", false)});
  });
  return member;
}

ElectorateStatus electorate_from(const json::object& object) {
  return {number_at(object, "generation"), flag_at(object, "settled", true),
          flag_at(object, "staged", false), texts_at(object, "waitsFor")};
}

TwoNodesStatus two_nodes_from(const json::object& object) {
  return {text_at(object, "tieBreaker"),   text_at(object, "tieBreakerTrouble"),
          text_at(object, "other"),        flag_at(object, "met", false),
          flag_at(object, "alone", false), text_at(object, "reason")};
}

ArbiterStatus arbiter_from(const json::object& object) {
  ArbiterStatus arbiter{texts_at(object, "endpoints"), flag_at(object, "answers", false),
                        text_at(object, "trouble"), std::nullopt};
  if (object.contains("commitMs")) arbiter.commits_in = milliseconds_at(object, "commitMs");
  return arbiter;
}

ServiceOnNode place_from(const json::object& object) {
  ServiceOnNode place;
  place.node = NodeName(text_at(object, "name"));
  place.vip = resource_at(object, "vip");
  place.haproxy = resource_at(object, "haproxy");
  place.vip_failures = bounded_at<std::uint32_t>(object, "vipFailures");
  place.haproxy_failures = bounded_at<std::uint32_t>(object, "haproxyFailures");
  place.link_up = flag_at(object, "linkUp", false);
  place.haproxy_fit = flag_at(object, "haproxyFit", false);
  place.healthy_api_servers = bounded_at<std::uint32_t>(object, "healthyApiServers");
  place.api_servers = bounded_at<std::uint32_t>(object, "apiServers");
  place.excluded = text_at(object, "excluded");
  place.vip_failed_ago = milliseconds_at(object, "vipFailedAgoMs");
  place.haproxy_failed_ago = milliseconds_at(object, "haproxyFailedAgoMs");
  return place;
}

ServiceStatus service_from(const json::object& object) {
  ServiceStatus service;
  service.name = ServiceName(text_at(object, "name"));
  service.holder = node_at(object, "holder");
  service.vip = resource_at(object, "vip");
  service.haproxy = resource_at(object, "haproxy");
  service.lease_remaining = maybe_milliseconds_at(object, "leaseRemainingMs");
  service.fence = word_at(object, "fence", FenceStatus::none, FenceStatus::lifetime);
  for (const json::value& address : list_at(object, "addresses")) {
    if (const json::string* text = address.if_string()) {
      service.addresses.emplace_back(text->begin(), text->end());
    }
  }
  service.port = bounded_at<std::uint16_t>(object, "port");
  service.certificates_verified = flag_at(object, "certificatesVerified", true);
  each_object_at(object, "backends", [&](const json::object& server) {
    service.backends.push_back({text_at(server, "name"), text_at(server, "state") == "up",
                                text_at(server, "check"), text_at(server, "level")});
  });
  service.reason = text_at(object, "reason");
  service.moved = flag_at(object, "moved", false);
  each_object_at(object, "nodes",
                 [&](const json::object& place) { service.nodes.push_back(place_from(place)); });
  read_watched(object, service);
  return service;
}

HaproxyStatus haproxy_from(const json::object& object) {
  HaproxyStatus haproxy;
  haproxy.state = resource_at(object, "state");
  haproxy.pid = bounded_at<int>(object, "pid");
  haproxy.fit = flag_at(object, "fit", false);
  haproxy.reason = text_at(object, "reason");
  haproxy.restarts = number_at(object, "restarts");
  haproxy.draining = number_at(object, "draining");
  haproxy.not_replaced = text_at(object, "notReplaced");
  return haproxy;
}

}  // namespace

std::string to_json(const Status& status) {
  json::object counters;
  for (const auto& [name, count] : status.counters) counters[printable(name)] = count;
  json::object document{
      {"cluster", text(status.cluster.text())},
      {"node", text(status.node.text())},
      {"quorate", status.quorate},
      {"coordinator", name_or_null(status.coordinator)},
      {"degraded", texts(status.degraded)},
      {"members", members(status)},
      {"services", services(status)},
      {"haproxy", json::object{{"state", text(to_string(status.haproxy.state))},
                               {"pid", status.haproxy.pid},
                               {"fit", status.haproxy.fit},
                               {"reason", text(status.haproxy.reason)},
                               {"restarts", status.haproxy.restarts},
                               {"draining", status.haproxy.draining},
                               {"notReplaced", text(status.haproxy.not_replaced)}}},
      {"counters", std::move(counters)},
      {"version", text(status.version)},
      {"uptimeMs", milliseconds(status.uptime)},
      {"failureTimeoutMs", milliseconds(status.failure_timeout)}};
  document["electorate"] = json::object{{"generation", status.electorate.generation},
                                        {"settled", status.electorate.settled},
                                        {"staged", status.electorate.staged},
                                        {"waitsFor", texts(status.electorate.waits_for)}};
  if (const auto& two = status.two_nodes) {
    document["twoNodes"] = json::object{{"tieBreaker", text(two->tie_breaker)},
                                        {"tieBreakerTrouble", text(two->tie_breaker_trouble)},
                                        {"other", text(two->other)},
                                        {"met", two->met},
                                        {"alone", two->alone},
                                        {"reason", text(two->reason)}};
  }
  if (const auto& arbiter = status.arbiter) {
    json::object shown{{"kind", "etcd"},
                       {"endpoints", texts(arbiter->endpoints)},
                       {"answers", arbiter->answers},
                       {"trouble", text(arbiter->trouble)}};
    if (arbiter->commits_in)
      shown["commitMs"] =
          milliseconds(std::chrono::ceil<std::chrono::milliseconds>(*arbiter->commits_in));
    document["arbiter"] = std::move(shown);
  }
  document["drill"] = status.drill ? json::value(as_json(*status.drill)) : nullptr;
  add_orders(document, status);
  add_watched(document, status);
  return json::serialize(document);
}

std::string members_to_json(const Status& status) {
  return json::serialize(members(status));
}
std::string services_to_json(const Status& status) {
  return json::serialize(services(status));
}
std::string backends_to_json(const Status& status) {
  return json::serialize(backends(status));
}

std::string links_to_json(const Status& status) {
  json::array out;
  for (const MemberStatus& member : status.members) {
    const bool here = member.name == status.node;
    out.push_back(
        json::object{{"node", text(member.name.text())},
                     {"address", text(member.address)},
                     {"link", text(link_state(status, member))},
                     {"lastHeardMs", milliseconds_or_null(member.last_heard)},
                     {"hearsUs", here ? json::value(nullptr) : json::value(member.hears_us)},
                     {"ways", ways_of(member)}});
  }
  return json::serialize(out);
}

std::string fail_counts_to_json(const Status& status) {
  json::array out;
  for (const ServiceStatus& service : status.services) {
    for (const ServiceOnNode& place : service.nodes) {
      out.push_back(json::object{{"service", text(service.name.text())},
                                 {"node", text(place.node.text())},
                                 {"vip", place.vip_failures},
                                 {"haproxy", place.haproxy_failures},
                                 {"vipFailedAgoMs", milliseconds(place.vip_failed_ago)},
                                 {"haproxyFailedAgoMs", milliseconds(place.haproxy_failed_ago)},
                                 {"excluded", text(place.excluded)}});
    }
  }
  return json::serialize(out);
}

Result<Status> status_from_json(std::string_view text) {
  boost::system::error_code error;
  const json::value document = json::parse(json::string_view(text.data(), text.size()), error);
  if (error) return Error{ErrorKind::refused, "the status is not JSON: " + error.message()};
  const json::object* object = document.if_object();
  if (!object || !object->contains("cluster") || !object->contains("node")) {
    return Error{ErrorKind::refused, "the status is JSON, but names neither cluster nor node"};
  }
  Status status;
  status.cluster = ClusterName(text_at(*object, "cluster"));
  status.node = NodeName(text_at(*object, "node"));
  status.quorate = flag_at(*object, "quorate", false);
  status.coordinator = node_at(*object, "coordinator");
  status.degraded = texts_at(*object, "degraded");
  each_object_at(*object, "members", [&](const json::object& member) {
    status.members.push_back(member_from(member));
  });
  each_object_at(*object, "services", [&](const json::object& service) {
    status.services.push_back(service_from(service));
  });
  const json::value* haproxy = object->if_contains("haproxy");
  if (haproxy && haproxy->is_object()) status.haproxy = haproxy_from(haproxy->get_object());
  const json::value* counters = object->if_contains("counters");
  if (counters && counters->is_object()) {
    for (const auto& counter : counters->get_object()) {
      status.counters[std::string(counter.key())] =
          number_at(counters->get_object(), counter.key());
    }
  }
  status.version = text_at(*object, "version");
  status.uptime = milliseconds_at(*object, "uptimeMs");
  status.failure_timeout = milliseconds_at(*object, "failureTimeoutMs");
  const json::value* electorate = object->if_contains("electorate");
  if (electorate && electorate->is_object()) {
    status.electorate = electorate_from(electorate->get_object());
  }
  const json::value* two_nodes = object->if_contains("twoNodes");
  if (two_nodes && two_nodes->is_object())
    status.two_nodes = two_nodes_from(two_nodes->get_object());
  const json::value* arbiter = object->if_contains("arbiter");
  if (arbiter && arbiter->is_object()) status.arbiter = arbiter_from(arbiter->get_object());
  const json::value* drill = object->if_contains("drill");
  if (drill && drill->is_object()) status.drill = past_drill_from(drill->get_object());
  read_orders(*object, status);
  read_watched(*object, status);
  return status;
}

}  // namespace hapx::appliance
