// SPDX-License-Identifier: Apache-2.0
#include "appliance/api.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <boost/json.hpp>

#include "appliance/document.hpp"
#include "config/assert.hpp"
#include "config/write.hpp"
#include "config/yaml.hpp"

namespace hapx::appliance {

namespace {

namespace json = boost::json;

enum class Format : std::uint8_t { json, plain };

Respond success(std::uint64_t id, std::string body, Format format = Format::json) {
  body += format == Format::json ? "\n" : "";
  return {id, 200, format == Format::json ? "application/json" : "text/plain; charset=utf-8",
          std::move(body)};
}

Respond refusal(std::uint64_t id, unsigned status, const std::string& sentence) {
  return {id, status, "application/json",
          json::serialize(json::object{{"error", json::string(printable(sentence))}}) + "\n"};
}

std::vector<std::string_view> segments(std::string_view path) {
  std::vector<std::string_view> out;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::size_t end = std::min(path.find('/'), path.size());
    out.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return out;
}

template <class Named>
std::string names_of(const std::vector<Named>& things) {
  std::string out;
  for (const Named& thing : things) out += (out.empty() ? "" : ", ") + thing.name.text();
  return out.empty() ? "none" : out;
}

const ServiceConfig* find_service(const ClusterConfig& config, std::string_view name) {
  for (const ServiceConfig& service : config.services) {
    if (service.name.text() == name) return &service;
  }
  return nullptr;
}

Respond unknown_service(std::uint64_t id, const ClusterConfig& config, std::string_view name) {
  return refusal(
      id, 404,
      "there is no service \"" + std::string(name) + "\"; services: " + names_of(config.services));
}

Respond why(const RequestArrived& request, const ApiContext& context,
            const std::optional<ServiceName>& service) {
  Status asked = context.status;
  if (service) {
    std::erase_if(asked.services,
                  [&](const ServiceStatus& other) { return other.name != *service; });
  }
  std::string body = to_json(asked);
  body.pop_back();  // the brace that closes the status; the events join it
  body += ",\"events\":" + events_to_json(event_lines(context.journal, context.now, service)) + "}";
  return success(request.id, std::move(body));
}

/// The canonical form, as JSON.
Respond config(const RequestArrived& request, const ApiContext& context) {
  const Result<YamlNode> tree = parse_yaml(write_config(context.config), "hapx.yaml");
  HAPX_ASSERT(tree.has_value());  // what write_config promises
  return success(request.id, json_from_tree(*tree));
}

/// Who is named by {"to": "node2"}; an empty body names nobody.
Result<std::optional<NodeName>> read_destination(const std::string& body,
                                                 const ClusterConfig& config) {
  if (body.empty()) return std::optional<NodeName>();
  boost::system::error_code error;
  const json::value document = json::parse(body, error);
  if (error) return Error{ErrorKind::refused, "the body is not JSON: " + error.message()};
  const json::object* object = document.if_object();
  if (!object)
    return Error{ErrorKind::refused, "the body must be an object like {\"to\": \"node2\"}"};
  std::optional<NodeName> to;
  for (const auto& entry : *object) {
    const json::string* name = entry.value().if_string();
    if (entry.key() != "to" || !name) {
      return Error{ErrorKind::refused, "the body may only have \"to\" with a node's name"};
    }
    to = NodeName(std::string(name->begin(), name->end()));
  }
  if (!to) return to;
  const auto node = std::find_if(config.nodes.begin(), config.nodes.end(),
                                 [&](const NodeConfig& other) { return other.name == *to; });
  if (node == config.nodes.end()) {
    return Error{ErrorKind::refused,
                 "there is no node \"" + to->text() + "\"; nodes: " + names_of(config.nodes)};
  }
  if (node->role == Role::witness) {
    return Error{ErrorKind::refused, to->text() + " is a witness: it votes, and holds no service"};
  }
  return to;
}

ApiAnswer move(const RequestArrived& request, const ApiContext& context, std::string_view name) {
  const ServiceConfig* service = find_service(context.config, name);
  if (!service) return unknown_service(request.id, context.config, name);
  Result<std::optional<NodeName>> to = read_destination(request.body, context.config);
  if (!to) return refusal(request.id, 400, to.error().sentence);
  return MoveOrder{request.id, service->name, std::move(*to)};
}

/// What a GET of one word answers; nothing if there is no such word.
std::optional<Respond> read(const RequestArrived& request, const ApiContext& context,
                            std::string_view word) {
  if (word == "status") return success(request.id, to_json(context.status));
  if (word == "members") return success(request.id, members_to_json(context.status));
  if (word == "services") return success(request.id, services_to_json(context.status));
  if (word == "backends") return success(request.id, backends_to_json(context.status));
  if (word == "events") {
    return success(request.id,
                   events_to_json(event_lines(context.journal, context.now, std::nullopt)));
  }
  if (word == "why") return why(request, context, std::nullopt);
  if (word == "config") return config(request, context);
  if (word == "haproxy.cfg") return success(request.id, context.haproxy_config, Format::plain);
  return std::nullopt;
}

ApiAnswer route(const RequestArrived& request, const ApiContext& context,
                const std::vector<std::string_view>& path) {
  const bool reading = request.method == "GET";
  const auto only = [&](std::string_view method) {
    return refusal(request.id, 405, request.target + " takes " + std::string(method) + " only");
  };
  if (path.size() == 2) {
    std::optional<Respond> answer = read(request, context, path[1]);
    if (answer) return reading ? std::move(*answer) : only("GET");
  }
  if (path.size() == 3 && path[1] == "why") {
    if (!reading) return only("GET");
    const ServiceConfig* service = find_service(context.config, path[2]);
    if (!service) return unknown_service(request.id, context.config, path[2]);
    return why(request, context, service->name);
  }
  if (path.size() == 4 && path[1] == "services" && path[3] == "move") {
    return request.method == "POST" ? move(request, context, path[2]) : only("POST");
  }
  return refusal(request.id, 404, "there is nothing at " + request.target);
}

}  // namespace

ApiAnswer handle(const RequestArrived& request, const ApiContext& context) {
  if (request.target.size() > api_target_bytes_max) {
    return refusal(request.id, 414, "the target is longer than 1024 bytes");
  }
  if (request.body.size() > api_body_bytes_max) {
    return refusal(request.id, 413, "the body is longer than 64 KiB");
  }
  if (request.target.find('?') != std::string::npos) {
    return refusal(request.id, 400, "no target here takes a query (\"?...\")");
  }
  const bool absolute = !request.target.empty() && request.target.front() == '/';
  const auto path = absolute ? segments(request.target) : std::vector<std::string_view>();
  if (path.size() < 2 || path.front() != "v1") {
    return refusal(request.id, 404,
                   "there is nothing at \"" + request.target + "\"; try GET /v1/status");
  }
  return route(request, context, path);
}

Respond api_order_answer(std::uint64_t id, OrderOutcome outcome, const std::string& sentence) {
  if (outcome == OrderOutcome::refused) return refusal(id, 409, sentence);
  return success(id, json::serialize(json::object{{"answer", json::string(printable(sentence))}}));
}

}  // namespace hapx::appliance
