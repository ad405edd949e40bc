// SPDX-License-Identifier: Apache-2.0
#include "appliance/lab/observation.hpp"

#include <algorithm>

#include <boost/json.hpp>

namespace hapx::appliance::lab {
namespace {

namespace json = boost::json;

std::optional<std::string> optional_text(const json::object& object, std::string_view key) {
  const json::value* found = object.if_contains(key);
  if (found == nullptr || !found->is_string()) return std::nullopt;
  std::string text(found->get_string());
  if (text.empty()) return std::nullopt;
  return text;
}

std::string text_of(const json::object& object, std::string_view key) {
  return optional_text(object, key).value_or("");
}

/// Calls `take` with each element of the list under `key`; without a list, never.
template <class Take>
void each_of(const json::object& object, std::string_view key, Take take) {
  const json::value* found = object.if_contains(key);
  if (found == nullptr || !found->is_array()) return;
  for (const json::value& element : found->get_array()) take(element);
}

/// A reason is a sentence, or an object that carries one.
std::string reason_of(const json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  return json::serialize(value);
}

}  // namespace

Result<Observation> parse_observation(std::string_view text) {
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  if (error || !value.is_object()) {
    return Error{ErrorKind::refused, "the status of a node is not a JSON object", 0};
  }
  const json::object& root = value.get_object();
  Observation seen;
  seen.node = text_of(root, "node");
  const json::value* quorate = root.if_contains("quorate");
  seen.quorate = quorate != nullptr && quorate->is_bool() && quorate->get_bool();
  seen.coordinator = optional_text(root, "coordinator");
  each_of(root, "degraded", [&](const json::value& v) { seen.degraded.push_back(reason_of(v)); });
  each_of(root, "members", [&](const json::value& v) {
    if (!v.is_object()) return;
    seen.members.push_back({text_of(v.get_object(), "name"), text_of(v.get_object(), "state")});
  });
  each_of(root, "services", [&](const json::value& v) {
    if (!v.is_object()) return;
    const json::object& service = v.get_object();
    seen.services.push_back({text_of(service, "name"), optional_text(service, "holder"),
                             text_of(service, "vip"), text_of(service, "haproxy"),
                             text_of(service, "fence")});
  });
  return seen;
}

std::string missing_in(const Observation& seen, std::size_t nodes) {
  if (!seen.quorate) return seen.node + " has no quorum";
  if (!seen.coordinator) return seen.node + " knows no coordinator";
  const auto online = std::ranges::count(seen.members, "online", &ObservedMember::state);
  if (static_cast<std::size_t>(online) != nodes) {
    return seen.node + " sees " + std::to_string(online) + " of " + std::to_string(nodes) +
           " nodes online";
  }
  if (seen.services.empty()) return seen.node + " knows no service";
  for (const ObservedService& service : seen.services) {
    if (!service.holder) return seen.node + " knows no holder of " + service.name;
    if (service.vip != "started" || service.haproxy != "started") {
      return service.name + " on " + *service.holder + ": vip " + service.vip + ", haproxy " +
             service.haproxy + " (as " + seen.node + " sees it)";
    }
  }
  return "";
}

}  // namespace hapx::appliance::lab
