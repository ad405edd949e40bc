// SPDX-License-Identifier: Apache-2.0
// Does the command socket answer every request, and take an order only as it was meant?
//
// An input is "METHOD TARGET", a line's end, and the body. Exactly one answer with the request's
// number; a move only by POST, of a service and to a node that the file names, no witness; all else
// a document, or one sentence why not.
#include "appliance/api.hpp"

#include <algorithm>

#include "fuzz.hpp"
#include "shown.hpp"

namespace hapx::fuzz {
namespace {

using namespace appliance;

constexpr std::uint64_t number = 7;

/// What a small cluster knows of itself.
struct Knowledge {
  Knowledge() {
    config.name = ClusterName("kube-demo");
    config.nodes = {{NodeName("node1"), ipv4(10, 0, 0, 1), Role::full, 1},
                    {NodeName("node2"), ipv4(10, 0, 0, 2), Role::full, 1},
                    {NodeName("node3"), ipv4(10, 0, 0, 3), Role::witness, 1}};
    ServiceConfig service;
    service.name = ServiceName("api");
    service.vips = {{{ipv4(10, 0, 0, 9), 24}, InterfaceName("eth0")}};
    service.api_servers = {{"master", 6443}};
    config.services.push_back(service);
    ServiceStatus shown;
    shown.name = service.name;
    status.services.push_back(shown);
    status.cluster = config.name;
    status.node = NodeName("node1");
    journal.record({Instant{}, EventKind::lease, service.name, std::nullopt, "won", ""});
  }

  Status status;
  Journal journal;
  ClusterConfig config;
  std::string haproxy_config = "global\n";
};

const Knowledge& known() {
  static const Knowledge knowledge;
  return knowledge;
}

void judge(const RequestArrived& request, const MoveOrder& order) {
  must(request.method == "POST", "only POST gives orders");
  must(order.id == number, "an order remembers who gave it");
  must(order.service == ServiceName("api"), "an order is for a service of the file");
  must(request.target == "/v1/services/api/move", "and has one address");
  must(!order.to || order.to == NodeName("node1") || order.to == NodeName("node2"),
       "a service moves to a node of the file that is no witness");
}

void judge(const RequestArrived& request, const CleanupOrder& order) {
  must(request.method == "POST", "only POST gives orders");
  must(order.id == number, "an order remembers who gave it");
  must(order.service == ServiceName("api"), "an order is for a service of the file");
  must(request.target == "/v1/services/api/cleanup", "and has one address");
  must(!order.node || order.node == NodeName("node1") || order.node == NodeName("node2"),
       "failures are forgotten on a node of the file that is no witness");
}

void judge(const RequestArrived& request, const ReloadOrder& order) {
  must(request.method == "POST", "only POST gives orders");
  must(order.id == number, "an order remembers who gave it");
  must(request.target == "/v1/reload", "and has one address");
}

void judge(const RequestArrived& request, const GoAloneOrder& order) {
  must(request.method == "POST", "only POST gives orders");
  must(order.id == number, "an order remembers who gave it");
  must(request.target == "/v1/go-alone", "and has one address");
}

void judge(const RequestArrived& request, const RecordingOrder& order) {
  must(request.method == "POST", "only POST gives orders");
  must(order.id == number, "an order remembers who gave it");
  must(request.target == "/v1/recording", "and has one address");
}

void judge(const RequestArrived& request, const DrillOrder& order) {
  must(request.method == "POST", "only POST gives orders");
  must(order.id == number, "an order remembers who gave it");
  must(request.target == "/v1/drill", "and has one address");
  must(beginning_of(order.drill).has_value(), "a drill says when it began");
  must(order.drill.faults.size() <= remembered_faults_max, "and is bounded");
}

void judge(const RequestArrived& request, const RecordOrder& order) {
  using membership::OrderKind;
  using membership::RecordChange;
  const bool gives = order.change.verb == RecordChange::Verb::give;
  const auto& subject = order.change.subject;
  must(order.id == number, "an order remembers who gave it");
  must(request.method == (gives ? "POST" : "DELETE"), "POST gives, DELETE lifts");
  const bool all_bans = !gives && subject.kind == OrderKind::ban && subject.node.empty();
  must(is_whole(subject) || all_bans, "a standing order is about something");
  must(subject.node.empty() || subject.node == NodeName("node1") ||
           subject.node == NodeName("node2"),
       "it is about a node of the file that is no witness");
  must(subject.service.empty() || subject.service == ServiceName("api"),
       "and about a service of the file");
  must(!order.change.time || (gives && *order.change.time >= membership::order_time_min &&
                              *order.change.time <= membership::order_time_max),
       "its time is bounded");
  must(!order.change.by.empty() && order.change.by.size() <= membership::by_bytes_max,
       "it says who gave it");
  must_be_a_sentence(order.change.by);
}

void judge(const RequestArrived& request, const Respond& answer) {
  must(answer.id == number, "an answer goes to who asked");
  must(answer.status == 200 || (answer.status >= 400 && answer.status <= 414),
       "an answer has a fitting status");
  must(answer.status != 200 || request.method == "GET", "only GET reads");
  must(answer.body.size() <= 16 * 1024, "an answer is bounded");
  if (answer.content_type != "application/json") {
    return must(answer.body == known().haproxy_config, "only haproxy.cfg is no JSON");
  }
  must_be_shown(answer.body);
  const boost::json::value document = must_be_json(answer.body);
  if (answer.status == 200) return;
  const auto& refusal = document.as_object();
  must(refusal.size() == 1, "a refusal says one thing");
  must(!refusal.at("error").as_string().empty(), "namely why");
}

}  // namespace

void try_input(Bytes bytes) {
  Input input(bytes);
  RequestArrived request;
  request.id = number;
  request.method = input.text_until(' ');
  request.target = input.text_until('\n');
  request.body = text_of(input.rest());
  const ApiAnswer answer =
      handle(request, {known().status, known().journal, known().config, known().haproxy_config,
                       Instant(std::chrono::seconds(9))});
  std::visit([&](const auto& given) { judge(request, given); }, answer);
}

}  // namespace hapx::fuzz
