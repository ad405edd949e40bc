// SPDX-License-Identifier: Apache-2.0
#include "appliance/api.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <boost/json.hpp>

#include "appliance/about.hpp"
#include "appliance/document.hpp"
#include "config/assert.hpp"
#include "config/wording.hpp"
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

/// The path is there, and not for this method.
Respond wrong_method(const RequestArrived& request, const std::string& methods) {
  std::string words = methods;
  if (const auto comma = words.find(", "); comma != std::string::npos)
    words.replace(comma, 2, " and ");
  Respond answer = refusal(request.id, 405, request.target + " takes " + words + " only");
  answer.allow = methods;
  return answer;
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

/// "; did you mean `node1`? nodes: node1, node2".
template <class Named>
std::string hint(std::string_view name, const std::vector<Named>& things, const char* what) {
  std::vector<std::string_view> names;
  for (const Named& thing : things) names.push_back(thing.name.text());
  const auto near = nearest(name, names);
  return "; " + (near ? "did you mean " + shown(*near) + "? " : std::string()) + what + ": " +
         names_of(things);
}

Respond unknown_service(std::uint64_t id, const ClusterConfig& config, std::string_view name) {
  return refusal(id, 404,
                 "there is no service \"" + std::string(name) + "\"" +
                     hint(name, config.services, "services"));
}

/// A node that may hold services.
Result<NodeName> read_node(std::string_view name, const ClusterConfig& config) {
  const auto node =
      std::find_if(config.nodes.begin(), config.nodes.end(),
                   [&](const NodeConfig& other) { return other.name.text() == name; });
  if (node == config.nodes.end()) {
    return Error{ErrorKind::refused, "there is no node \"" + std::string(name) + "\"" +
                                         hint(name, config.nodes, "nodes")};
  }
  if (node->role == Role::witness) {
    return Error{ErrorKind::refused,
                 node->name.text() + " is a witness: it votes, and holds no service"};
  }
  return node->name;
}

std::vector<EventLine> lines(const ApiContext& context, const std::optional<ServiceName>& service) {
  return event_lines(context.journal, context.now, service, context.utc_offset);
}

/// The status with this service alone.
Status narrowed(Status status, const std::optional<ServiceName>& service) {
  if (service) {
    std::erase_if(status.services,
                  [&](const ServiceStatus& other) { return other.name != *service; });
  }
  return status;
}

/// GET of a word about one service, or about all.
std::optional<Respond> of_service(const RequestArrived& request, const ApiContext& context,
                                  std::string_view word,
                                  const std::optional<ServiceName>& service) {
  if (word == "events") return success(request.id, events_to_json(lines(context, service)));
  if (word == "why") {
    return success(request.id,
                   told_to_json({narrowed(context.status, service), lines(context, service)}));
  }
  if (word == "failcounts") {
    return success(request.id, fail_counts_to_json(narrowed(context.status, service)));
  }
  return std::nullopt;
}

/// All about one node, a witness included.
Respond about_node(const RequestArrived& request, const ApiContext& context,
                   std::string_view name) {
  for (const NodeConfig& node : context.config.nodes) {
    if (node.name.text() != name) continue;
    return success(request.id,
                   told_to_json({about(context.status, node.name),
                                 about(lines(context, {}), context.status, node.name)}));
  }
  return refusal(
      request.id, 404,
      "there is no node \"" + std::string(name) + "\"" + hint(name, context.config.nodes, "nodes"));
}

Respond about_service(const RequestArrived& request, const ApiContext& context,
                      std::string_view name) {
  const ServiceConfig* service = find_service(context.config, name);
  if (!service) return unknown_service(request.id, context.config, name);
  return success(request.id, told_to_json({about(context.status, service->name),
                                           lines(context, service->name)}));
}

/// The canonical form, as JSON.
Respond config(const RequestArrived& request, const ApiContext& context) {
  const Result<YamlNode> tree = parse_yaml(write_config(context.config), "hapx.yaml");
  HAPX_ASSERT(tree.has_value());  // what write_config promises
  return success(request.id, json_from_tree(*tree));
}

/// Who is named by {"to": "node2"}, where "to" is `key`; an empty body names nobody.
Result<std::optional<NodeName>> read_named_node(const std::string& body, const std::string& key,
                                                const ClusterConfig& config) {
  if (body.empty()) return std::optional<NodeName>();
  boost::system::error_code error;
  const json::value document = json::parse(body, error);
  if (error) return Error{ErrorKind::refused, "the body is not JSON: " + error.message()};
  const json::object* object = document.if_object();
  if (!object)
    return Error{ErrorKind::refused,
                 "the body must be an object like {\"" + key + "\": \"node2\"}"};
  std::optional<NodeName> to;
  for (const auto& entry : *object) {
    const json::string* name = entry.value().if_string();
    if (entry.key() != key || !name) {
      return Error{ErrorKind::refused, "the body may only have \"" + key + "\" with a node's name"};
    }
    to = NodeName(std::string(name->begin(), name->end()));
  }
  if (!to) return to;
  const Result<NodeName> node = read_node(to->text(), config);
  if (!node) return node.error();
  return to;
}

ApiAnswer move(const RequestArrived& request, const ApiContext& context, std::string_view name) {
  const ServiceConfig* service = find_service(context.config, name);
  if (!service) return unknown_service(request.id, context.config, name);
  Result<std::optional<NodeName>> to = read_named_node(request.body, "to", context.config);
  if (!to) return refusal(request.id, 400, to.error().sentence);
  return MoveOrder{request.id, service->name, std::move(*to)};
}

ApiAnswer clean_up(const RequestArrived& request, const ApiContext& context,
                   std::string_view name) {
  const ServiceConfig* service = find_service(context.config, name);
  if (!service) return unknown_service(request.id, context.config, name);
  Result<std::optional<NodeName>> node = read_named_node(request.body, "node", context.config);
  if (!node) return refusal(request.id, 400, node.error().sentence);
  return CleanupOrder{request.id, service->name, std::move(*node)};
}

/// What stands in the body of a standing order.
struct OrderBody {
  std::optional<Duration> time;
  std::string by;
  std::optional<std::string> node;
};

/// The first bytes of `text`, and no half character at the end.
std::string cut(const std::string& text, std::size_t bytes_max) {
  std::size_t end = std::min(text.size(), bytes_max);
  while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) {
    --end;
  }
  return text.substr(0, end);
}

Result<Duration> read_time(const std::string& text) {
  const Result<Duration> time = parse_duration(text);
  if (!time) return Error{ErrorKind::refused, "ttl: " + time.error().sentence};
  if (*time < membership::order_time_min || *time > membership::order_time_max) {
    return Error{ErrorKind::refused, "ttl: " + shown(text) + " is not between " +
                                         hapx::to_string(membership::order_time_min) + " and " +
                                         hapx::to_string(membership::order_time_max)};
  }
  return *time;
}

Result<OrderBody> read_order_body(const RequestArrived& request, const NodeName& here) {
  const std::string who = request.from.value_or("somebody@" + here.text());
  OrderBody out{std::nullopt, cut(who, membership::by_bytes_max), std::nullopt};
  if (request.body.empty()) return out;
  boost::system::error_code error;
  const json::value document = json::parse(request.body, error);
  if (error) return Error{ErrorKind::refused, "the body is not JSON: " + error.message()};
  const json::object* object = document.if_object();
  if (!object)
    return Error{ErrorKind::refused, "the body must be an object like {\"ttl\": \"30m\"}"};
  for (const auto& entry : *object) {
    const json::string* value = entry.value().if_string();
    const std::string text = value ? std::string(value->begin(), value->end()) : std::string();
    if (value && entry.key() == "ttl" && request.method == "POST") {
      const Result<Duration> time = read_time(text);
      if (!time) return time.error();
      out.time = *time;
    } else if (value && entry.key() == "by" && !text.empty()) {
      // Over the network it is who has shown a certificate, whatever he says.
      if (!request.from) out.by = cut(printable(text), membership::by_bytes_max);
    } else if (value && entry.key() == "node") {
      out.node = text;
    } else {
      return Error{
          ErrorKind::refused,
          request.method == "POST"
              ? "the body may only have \"ttl\", \"by\" and, of a ban, \"node\", each a text"
              : "the body of a DELETE may only have \"by\", a text"};
    }
  }
  return out;
}

/// Gives or lifts, as the method says.
ApiAnswer change_record(const RequestArrived& request, const ApiContext& context,
                        membership::Subject subject) {
  using membership::OrderKind;
  using membership::RecordChange;
  const Result<OrderBody> body = read_order_body(request, context.status.node);
  if (!body) return refusal(request.id, 400, body.error().sentence);
  const bool gives = request.method == "POST";
  const bool names_node = subject.kind == OrderKind::ban && gives;
  if (body->node.has_value() != names_node) {
    return refusal(request.id, 400,
                   names_node ? "the body must name a node: {\"node\": \"node2\"}"
                              : "only the body of a new ban names a node");
  }
  if (names_node) {
    const Result<NodeName> node = read_node(*body->node, context.config);
    if (!node) return refusal(request.id, 400, node.error().sentence);
    subject.node = *node;
  }
  return RecordOrder{
      request.id,
      {gives ? RecordChange::Verb::give : RecordChange::Verb::lift, subject, body->by, body->time}};
}

/// Whether some order bans this service, though no file names it any more.
bool is_banned_somewhere(const Status& status, std::string_view service) {
  return std::any_of(status.orders.begin(), status.orders.end(),
                     [&](const OrderStatus& order) { return order.service == service; });
}

/// What gives and lifts standing orders; nothing if that is none of their addresses.
std::optional<ApiAnswer> standing_order(const RequestArrived& request, const ApiContext& context,
                                        const std::vector<std::string_view>& path) {
  using membership::Subject;
  const bool maintenance = path.size() == 2 && path[1] == "maintenance";
  const bool standby = path.size() == 4 && path[1] == "nodes" && path[3] == "standby";
  const bool ban =
      (path.size() == 4 || path.size() == 5) && path[1] == "services" && path[3] == "ban";
  if (!maintenance && !standby && !ban) return std::nullopt;
  const bool lifts = request.method == "DELETE";
  if (!lifts && (request.method != "POST" || path.size() == 5)) {
    return wrong_method(request, path.size() == 5 ? "DELETE" : "POST, DELETE");
  }
  if (maintenance) return change_record(request, context, Subject::maintenance());
  if (standby) {
    const Result<NodeName> node = read_node(path[2], context.config);
    if (!node) return refusal(request.id, 404, node.error().sentence);
    return change_record(request, context, Subject::standby(*node));
  }
  const bool is_known = find_service(context.config, path[2]) != nullptr;
  if (!is_known && !(lifts && is_banned_somewhere(context.status, path[2]))) {
    return unknown_service(request.id, context.config, path[2]);
  }
  Subject subject = Subject::ban(ServiceName(std::string(path[2])), {});
  if (path.size() == 5) {
    const Result<NodeName> node = read_node(path[4], context.config);
    if (!node) return refusal(request.id, 404, node.error().sentence);
    subject.node = *node;
  }
  return change_record(request, context, std::move(subject));
}

/// Who may give orders over the network.
bool is_operator(const std::string& name, const ClusterConfig& config) {
  return config.api &&
         std::ranges::find(config.api->operators, name) != config.api->operators.end();
}

ApiAnswer remember(const RequestArrived& request) {
  auto drill = remembered_drill_from_json(request.body);
  if (!drill) return refusal(request.id, 400, drill.error().sentence);
  return DrillOrder{request.id, std::move(*drill)};
}

/// What a GET of one word answers; nothing if there is no such word.
std::optional<Respond> read(const RequestArrived& request, const ApiContext& context,
                            std::string_view word) {
  if (word == "status") return success(request.id, to_json(context.status));
  if (word == "members") return success(request.id, members_to_json(context.status));
  if (word == "services") return success(request.id, services_to_json(context.status));
  if (word == "backends") return success(request.id, backends_to_json(context.status));
  if (word == "links") return success(request.id, links_to_json(context.status));
  if (word == "conflicts") return success(request.id, conflicts_to_json(context.status));
  if (word == "orders") return success(request.id, orders_to_json(context.status));
  if (word == "config") return config(request, context);
  if (word == "haproxy.cfg") return success(request.id, context.haproxy_config, Format::plain);
  return of_service(request, context, word, std::nullopt);
}

ApiAnswer route(const RequestArrived& request, const ApiContext& context,
                const std::vector<std::string_view>& path) {
  const bool reading = request.method == "GET";
  const auto only = [&](const char* method) { return wrong_method(request, method); };
  if (path.size() == 2 && path[1] == "go-alone") {
    return request.method == "POST" ? ApiAnswer(GoAloneOrder{request.id}) : only("POST");
  }
  if (path.size() == 2 && path[1] == "drill") {
    return request.method == "POST" ? remember(request) : only("POST");
  }
  if (path.size() == 2 && path[1] == "recording") {
    return request.method == "POST" ? ApiAnswer(RecordingOrder{request.id}) : only("POST");
  }
  if (path.size() == 2 && path[1] == "reload") {
    return request.method == "POST" ? ApiAnswer(ReloadOrder{request.id}) : only("POST");
  }
  if (path.size() == 2) {
    std::optional<Respond> answer = read(request, context, path[1]);
    if (answer) return reading ? std::move(*answer) : only("GET");
  }
  if (path.size() == 3 && (path[1] == "nodes" || path[1] == "services")) {
    if (!reading) return only("GET");
    return path[1] == "nodes" ? about_node(request, context, path[2])
                              : about_service(request, context, path[2]);
  }
  if (path.size() == 3) {
    const ServiceConfig* service = find_service(context.config, path[2]);
    const auto name = service ? std::optional(service->name) : std::nullopt;
    if (auto answer = of_service(request, context, path[1], name)) {
      if (!reading) return only("GET");
      return service ? std::move(*answer) : unknown_service(request.id, context.config, path[2]);
    }
  }
  if (path.size() == 4 && path[1] == "services" && path[3] == "move") {
    return request.method == "POST" ? move(request, context, path[2]) : only("POST");
  }
  if (path.size() == 4 && path[1] == "services" && path[3] == "cleanup") {
    return request.method == "POST" ? clean_up(request, context, path[2]) : only("POST");
  }
  if (auto answer = standing_order(request, context, path)) return std::move(*answer);
  return refusal(request.id, 404, "there is nothing at " + request.target);
}

}  // namespace

ApiAnswer handle(const RequestArrived& request, const ApiContext& context) {
  if (request.from && request.method != "GET" && !is_operator(*request.from, context.config)) {
    return refusal(request.id, 403,
                   "a certificate of " + shown(*request.from) +
                       " may only look: spec.api.operators does not name it");
  }
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
  if (outcome == OrderOutcome::unknown) return refusal(id, 504, sentence);
  return success(id, json::serialize(json::object{{"answer", json::string(printable(sentence))}}));
}

Respond api_reload_answer(std::uint64_t id, const std::vector<std::string>& taking) {
  json::array parts;
  for (const std::string& part : taking) parts.emplace_back(printable(part));
  const std::string sentence = taking.empty() ? "the file says what is in force already"
                                              : "the changed file is taken: " + joined(taking);
  return success(id, json::serialize(json::object{{"answer", json::string(printable(sentence))},
                                                  {"taking", std::move(parts)}}));
}

Respond api_staged_answer(std::uint64_t id, const std::vector<std::string>& waits_for) {
  json::array waits;
  for (const std::string& what : waits_for) waits.emplace_back(printable(what));
  const std::string sentence =
      "the changed file waits, for it changes who votes: for " + joined(waits_for);
  return success(id, json::serialize(json::object{{"answer", json::string(printable(sentence))},
                                                  {"taking", json::array()},
                                                  {"waitsFor", std::move(waits)}}));
}

}  // namespace hapx::appliance
