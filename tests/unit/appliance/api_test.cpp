// SPDX-License-Identifier: Apache-2.0
#include "appliance/api.hpp"

#include <variant>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "appliance/document.hpp"

namespace hapx::appliance {
namespace {

using testing::HasSubstr;

class Api : public testing::Test {
 protected:
  Api() {
    config_.name = ClusterName("kube-demo");
    config_.nodes = {{NodeName("node1"), ipv4(10, 0, 0, 1), Role::full, 1},
                     {NodeName("node2"), ipv4(10, 0, 0, 2), Role::full, 1},
                     {NodeName("node3"), ipv4(10, 0, 0, 3), Role::witness, 1}};
    for (const char* name : {"api", "other"}) {
      ServiceConfig service;
      service.name = ServiceName(name);
      service.vips = {{{ipv4(10, 0, 0, 9), 24}, InterfaceName("eth0")}};
      service.api_servers = {{"master", 6443}};
      config_.services.push_back(service);
      ServiceStatus status;
      status.name = service.name;
      status_.services.push_back(status);
    }
    status_.cluster = config_.name;
    status_.node = NodeName("node1");
    journal_.record({Instant{}, EventKind::lease, ServiceName("api"), std::nullopt, "won", ""});
    journal_.record({Instant{}, EventKind::lease, ServiceName("other"), std::nullopt, "lost", ""});
  }

  ApiAnswer ask(std::string method, std::string target, std::string body = "") {
    return handle({7, std::move(method), std::move(target), std::move(body)}, context());
  }

  [[nodiscard]] ApiContext context() const {
    return {status_, journal_, config_, haproxy_config_, Instant(std::chrono::seconds(9))};
  }

  Respond respond(std::string method, std::string target, std::string body = "") {
    const ApiAnswer answer = ask(std::move(method), std::move(target), std::move(body));
    const auto* respond = std::get_if<Respond>(&answer);
    EXPECT_NE(respond, nullptr);
    return respond ? *respond : Respond{};
  }

  Status status_;
  Journal journal_;
  ClusterConfig config_;
  std::string haproxy_config_ = "global\n";
};

TEST_F(Api, AnswersEveryReadingRoute) {
  for (const char* target :
       {"status", "members", "links", "services", "backends", "orders", "events", "events/api",
        "why", "why/api", "failcounts", "failcounts/api", "nodes/node1", "nodes/node3",
        "services/api", "config"}) {
    const Respond answer = respond("GET", std::string("/v1/") + target);
    EXPECT_EQ(answer.id, 7U);
    EXPECT_EQ(answer.status, 200U) << target;
    EXPECT_EQ(answer.content_type, "application/json") << target;
    EXPECT_TRUE(tree_from_json(answer.body).has_value()) << target << ": " << answer.body;
  }
}

TEST_F(Api, GivesHaproxysConfigAsText) {
  const Respond answer = respond("GET", "/v1/haproxy.cfg");
  EXPECT_EQ(answer.body, "global\n");
  EXPECT_THAT(answer.content_type, HasSubstr("text/plain"));
}

TEST_F(Api, WhyOfOneServiceLeavesTheOthersOut) {
  const Respond answer = respond("GET", "/v1/why/api");
  const Result<Status> status = status_from_json(answer.body);
  ASSERT_TRUE(status.has_value());
  ASSERT_EQ(status->services.size(), 1U);
  EXPECT_EQ(status->services[0].name.text(), "api");
  EXPECT_THAT(answer.body, HasSubstr("\"won\""));
  EXPECT_THAT(answer.body, testing::Not(HasSubstr("\"lost\"")));
  EXPECT_THAT(respond("GET", "/v1/why").body, HasSubstr("\"lost\""));
}

TEST_F(Api, TellsAboutOneThing) {
  status_.members.resize(3);
  status_.members[0].name = NodeName("node1");
  status_.members[1].name = NodeName("node2");
  status_.members[2].name = NodeName("node3");
  status_.orders = {{"standby", "node2", "", "me@x", "", ""},
                    {"ban", "node1", "api", "me@x", "", ""}};
  const Result<Status> node = status_from_json(respond("GET", "/v1/nodes/node2").body);
  ASSERT_TRUE(node.has_value());
  ASSERT_EQ(node->members.size(), 1U);
  EXPECT_EQ(node->members[0].name.text(), "node2");
  ASSERT_EQ(node->orders.size(), 1U);
  EXPECT_EQ(node->orders[0].kind, "standby");
  const Respond service = respond("GET", "/v1/services/api");
  EXPECT_THAT(service.body, HasSubstr("\"won\""));
  EXPECT_THAT(service.body, testing::Not(HasSubstr("\"lost\"")));
  EXPECT_THAT(respond("GET", "/v1/nodes/nod3").body, HasSubstr("did you mean `node3`?"));
  EXPECT_THAT(respond("GET", "/v1/services/apo").body, HasSubstr("did you mean `api`?"));
  for (const char* target :
       {"/v1/failcounts/apo", "/v1/events/apo", "/v1/nodes/", "/v1/services/"}) {
    EXPECT_EQ(respond("GET", target).status, 404U) << target;
  }
  for (const char* target :
       {"/v1/failcounts", "/v1/events/api", "/v1/services/api", "/v1/orders"}) {
    EXPECT_EQ(respond("POST", target).status, 405U) << target;
  }
}

TEST_F(Api, TellsEventsWithTheTimeOfDayWhereThatIsKnown) {
  EXPECT_THAT(respond("GET", "/v1/events").body, HasSubstr("\"at\":null"));
  const auto answer =
      handle({7, "GET", "/v1/events", ""},
             {status_, journal_, config_, haproxy_config_, Instant(std::chrono::seconds(9)),
              Duration(std::chrono::milliseconds(1'700'000'000'042))});
  EXPECT_THAT(std::get<Respond>(answer).body, HasSubstr("\"at\":\"2023-11-14T22:13:20.042Z\""));
}

TEST_F(Api, UnderstandsAMove) {
  EXPECT_EQ(std::get<MoveOrder>(ask("POST", "/v1/services/api/move", R"({"to": "node2"})")),
            (MoveOrder{7, ServiceName("api"), NodeName("node2")}));
  EXPECT_EQ(std::get<MoveOrder>(ask("POST", "/v1/services/other/move")),
            (MoveOrder{7, ServiceName("other"), std::nullopt}));
  EXPECT_EQ(std::get<MoveOrder>(ask("POST", "/v1/services/api/move", "{}")),
            (MoveOrder{7, ServiceName("api"), std::nullopt}));
}

TEST_F(Api, RefusesAMoveItCannotUnderstand) {
  const auto refused = [&](const std::string& body) {
    const Respond answer = respond("POST", "/v1/services/api/move", body);
    EXPECT_EQ(answer.status, 400U) << body;
    return answer.body;
  };
  EXPECT_THAT(refused(R"({"to": "node9"})"),
              HasSubstr("did you mean `node1`? nodes: node1, node2, node3"));
  EXPECT_THAT(refused(R"({"to": "node3"})"), HasSubstr("witness"));
  EXPECT_THAT(refused(R"({"too": "node2"})"), HasSubstr("to"));
  EXPECT_THAT(refused(R"({"to": 2})"), HasSubstr("to"));
  EXPECT_THAT(refused("[]"), HasSubstr("object"));
  EXPECT_THAT(refused("node2"), HasSubstr("not JSON"));
  refused(std::string(60'000, '['));
  EXPECT_EQ(respond("POST", "/v1/services/nobody/move").status, 404U);
}

TEST_F(Api, UnderstandsACleanup) {
  EXPECT_EQ(std::get<CleanupOrder>(ask("POST", "/v1/services/api/cleanup")),
            (CleanupOrder{7, ServiceName("api"), std::nullopt}));
  EXPECT_EQ(std::get<CleanupOrder>(ask("POST", "/v1/services/api/cleanup", R"({"node": "node2"})")),
            (CleanupOrder{7, ServiceName("api"), NodeName("node2")}));
  const auto refused = [&](const std::string& body) {
    const Respond answer = respond("POST", "/v1/services/api/cleanup", body);
    EXPECT_EQ(answer.status, 400U) << body;
    return answer.body;
  };
  EXPECT_THAT(refused(R"({"node": "nod2"})"), HasSubstr("did you mean `node2`?"));
  EXPECT_THAT(refused(R"({"node": "node3"})"), HasSubstr("witness"));
  EXPECT_THAT(refused(R"({"to": "node2"})"), HasSubstr("node"));
  EXPECT_EQ(respond("POST", "/v1/services/apo/cleanup").status, 404U);
  EXPECT_EQ(respond("GET", "/v1/services/api/cleanup").status, 405U);
}

TEST_F(Api, UnderstandsWhatCameOfADrill) {
  const PastDrill drill{"2026-11-30T12:00:00Z",
                        "",
                        "weekly",
                        "0.1.0",
                        true,
                        {{"hand-over", 1, 1, Duration(0), std::chrono::milliseconds(6)}}};
  EXPECT_EQ(std::get<DrillOrder>(ask("POST", "/v1/drill", to_json(drill))), (DrillOrder{7, drill}));
  EXPECT_EQ(respond("GET", "/v1/drill").status, 405U);
  for (const char* body : {"", "{}", "[]", R"({"passed": true, "summary": []})"}) {
    EXPECT_EQ(respond("POST", "/v1/drill", body).status, 400U) << body;
  }
}

TEST_F(Api, UnderstandsStandingOrders) {
  using membership::RecordChange;
  using membership::Subject;
  const NodeName node2("node2");
  const ServiceName api("api");
  const auto order = [&](const char* method, const char* target, const char* body = "") {
    const RecordOrder given = std::get<RecordOrder>(ask(method, target, body));
    EXPECT_EQ(given.id, 7U);
    return given.change;
  };
  const std::string here = "somebody@node1";
  EXPECT_EQ(order("POST", "/v1/nodes/node2/standby"),
            (RecordChange{RecordChange::Verb::give, Subject::standby(node2), here, {}}));
  EXPECT_EQ(order("POST", "/v1/nodes/node2/standby", R"({"ttl": "30m", "by": "root@x"})"),
            (RecordChange{RecordChange::Verb::give, Subject::standby(node2), "root@x",
                          std::chrono::minutes(30)}));
  EXPECT_EQ(order("DELETE", "/v1/nodes/node2/standby"),
            (RecordChange{RecordChange::Verb::lift, Subject::standby(node2), here, {}}));
  EXPECT_EQ(order("POST", "/v1/maintenance", "{}").subject, Subject::maintenance());
  EXPECT_EQ(order("DELETE", "/v1/maintenance").verb, RecordChange::Verb::lift);
  EXPECT_EQ(order("POST", "/v1/services/api/ban", R"({"node": "node2"})").subject,
            Subject::ban(api, node2));
  EXPECT_EQ(order("DELETE", "/v1/services/api/ban").subject, Subject::ban(api, {}));
  EXPECT_EQ(order("DELETE", "/v1/services/api/ban/node2").subject, Subject::ban(api, node2));
}

TEST_F(Api, WhoGivesAnOrderIsBoundedAndPrintable) {
  const std::string body = R"({"by": ")" + std::string(200, 'x') + R"("})";
  const auto order = std::get<RecordOrder>(ask("POST", "/v1/maintenance", body));
  EXPECT_EQ(order.change.by.size(), membership::by_bytes_max);
  const auto odd = std::get<RecordOrder>(ask("POST", "/v1/maintenance", R"({"by": "a\nb"})"));
  EXPECT_EQ(odd.change.by.find('\n'), std::string::npos);
}

TEST_F(Api, SaysWhichMethodsThereAre) {
  const auto allow = [&](const char* method, const char* target) {
    const Respond answer = respond(method, target);
    EXPECT_EQ(answer.status, 405U) << target;
    return answer.allow;
  };
  EXPECT_EQ(allow("POST", "/v1/status"), "GET");
  EXPECT_EQ(allow("GET", "/v1/reload"), "POST");
  EXPECT_EQ(allow("GET", "/v1/recording"), "POST");
  EXPECT_EQ(allow("PUT", "/v1/maintenance"), "POST, DELETE");
  EXPECT_EQ(allow("POST", "/v1/services/api/ban/node2"), "DELETE");
  EXPECT_EQ(respond("GET", "/v1/nothing").allow, "");
  EXPECT_THAT(respond("GET", "/v1/maintenance").body, HasSubstr("takes POST and DELETE only"));
  EXPECT_THAT(respond("DELETE", "/v1/maintenance", R"({"ttl": "30m"})").body,
              HasSubstr("the body of a DELETE may only have \\\"by\\\", a text"));
}

TEST_F(Api, OverTheNetworkAnybodyLooksAndOperatorsGiveOrders) {
  config_.api.emplace();
  config_.api->operators = {"alice"};
  const auto asks = [&](const std::optional<std::string>& from, const std::string& method,
                        const std::string& target, const std::string& body = "") {
    return handle({7, method, target, body, Window::command, {}, from}, context());
  };
  for (const char* from : {"alice", "bob", ""})
    EXPECT_EQ(std::get<Respond>(asks(from, "GET", "/v1/status")).status, 200U) << from;
  EXPECT_TRUE(std::holds_alternative<MoveOrder>(asks("alice", "POST", "/v1/services/api/move")));
  for (const char* from : {"bob", "", "Alice", "alice "}) {
    for (const char* method : {"POST", "DELETE", "PUT", "HEAD", "get"}) {
      const auto answer = asks(from, method, "/v1/services/api/move");
      const auto* refused = std::get_if<Respond>(&answer);
      ASSERT_NE(refused, nullptr) << from << method;
      EXPECT_EQ(refused->status, 403U);
      EXPECT_THAT(refused->body, HasSubstr("spec.api.operators does not name it"));
    }
  }
  config_.api.reset();
  EXPECT_EQ(std::get<Respond>(asks("alice", "POST", "/v1/reload")).status, 403U);
  EXPECT_EQ(std::get<Respond>(asks("alice", "POST", "/v1/recording")).status, 403U);
  EXPECT_TRUE(std::holds_alternative<RecordingOrder>(asks(std::nullopt, "POST", "/v1/recording")));
  EXPECT_TRUE(std::holds_alternative<ReloadOrder>(asks(std::nullopt, "POST", "/v1/reload")));
}

TEST_F(Api, AnOrderOverTheNetworkIsByWhoHasShownACertificate) {
  config_.api.emplace();
  config_.api->operators = {"alice"};
  for (const char* body : {"", R"({"by": "the director", "ttl": "30m"})"}) {
    const auto answer = handle(
        {7, "POST", "/v1/nodes/node2/standby", body, Window::command, {}, "alice"}, context());
    const auto* order = std::get_if<RecordOrder>(&answer);
    ASSERT_NE(order, nullptr) << body;
    EXPECT_EQ(order->change.by, "alice");
  }
}

TEST_F(Api, RefusesAStandingOrderItCannotUnderstand) {
  const auto refused = [&](const char* target, const std::string& body, unsigned status = 400) {
    const Respond answer = respond("POST", target, body);
    EXPECT_EQ(answer.status, status) << body;
    return answer.body;
  };
  EXPECT_THAT(refused("/v1/nodes/nod1/standby", "", 404), HasSubstr("did you mean `node1`?"));
  EXPECT_THAT(refused("/v1/nodes/node3/standby", "", 404), HasSubstr("witness"));
  EXPECT_THAT(refused("/v1/services/apu/ban", "", 404), HasSubstr("did you mean `api`?"));
  EXPECT_THAT(refused("/v1/services/api/ban", ""), HasSubstr("must name a node"));
  EXPECT_THAT(refused("/v1/services/api/ban", R"({"node": "node7"})"),
              HasSubstr("there is no node"));
  EXPECT_THAT(refused("/v1/maintenance", R"({"node": "node1"})"), HasSubstr("only"));
  EXPECT_THAT(refused("/v1/maintenance", R"({"ttl": "1"})"), HasSubstr("unit"));
  EXPECT_THAT(refused("/v1/maintenance", R"({"ttl": "1ms"})"), HasSubstr("between 1s and 8760h"));
  EXPECT_THAT(refused("/v1/maintenance", R"({"ttl": "9000h"})"), HasSubstr("between"));
  EXPECT_THAT(refused("/v1/maintenance", R"({"tll": "1h"})"), HasSubstr("ttl"));
  EXPECT_THAT(refused("/v1/maintenance", R"({"ttl": 5})"), HasSubstr("text"));
  EXPECT_EQ(respond("DELETE", "/v1/maintenance", R"({"ttl": "1h"})").status, 400U);
  EXPECT_EQ(respond("GET", "/v1/maintenance").status, 405U);
  EXPECT_EQ(respond("POST", "/v1/services/api/ban/node2").status, 405U);
  EXPECT_EQ(respond("POST", "/v1/nodes/node1").status, 405U);
}

/// The service left the file, and the order is still there.
TEST_F(Api, ABanOfAServiceThatIsGoneCanBeLifted) {
  EXPECT_EQ(respond("DELETE", "/v1/services/gone/ban").status, 404U);
  status_.orders = {{"ban", "node1", "gone", "root@x", "2026-11-28T13:36:57Z", ""}};
  EXPECT_TRUE(std::holds_alternative<RecordOrder>(ask("DELETE", "/v1/services/gone/ban")));
}

TEST_F(Api, SaysNoInOneSentence) {
  EXPECT_EQ(respond("POST", "/v1/status").status, 405U);
  EXPECT_EQ(respond("DELETE", "/v1/why/api").status, 405U);
  EXPECT_EQ(respond("GET", "/v1/services/api/move").status, 405U);
  for (const char* target : {"", "/", "//", "v1/status", "/v2/status", "/v1", "/v1/", "/v1/nothing",
                             "/v1/status/", "/v1/why/api/more", "/v1/why/", "*"}) {
    const Respond answer = respond("GET", target);
    EXPECT_EQ(answer.status, 404U) << target;
    EXPECT_THAT(answer.body, testing::StartsWith("{\"error\":\"")) << target;
  }
  EXPECT_THAT(respond("GET", "/v1/why/nobody").body, HasSubstr("services: api, other"));
  EXPECT_EQ(respond("GET", "/v1/status?x=1").status, 400U);
}

TEST_F(Api, BoundsWhatItReads) {
  EXPECT_EQ(respond("GET", "/v1/" + std::string(2000, 'x')).status, 414U);
  EXPECT_EQ(respond("POST", "/v1/services/api/move", std::string(70'000, ' ')).status, 413U);
  EXPECT_TRUE(tree_from_json(respond("GET", "/v1/\xff\"\x01").body).has_value());
}

TEST(ApiOrderAnswer, SaysWhatBecameOfTheOrder) {
  const Respond done = api_order_answer(3, OrderOutcome::accepted, "api moves to node2");
  EXPECT_EQ(done.id, 3U);
  EXPECT_EQ(done.status, 200U);
  EXPECT_EQ(done.body, "{\"answer\":\"api moves to node2\"}\n");
  EXPECT_EQ(api_order_answer(3, OrderOutcome::refused, "it is in standby").status, 409U);
  EXPECT_EQ(api_order_answer(3, OrderOutcome::unknown, "nobody answered").status, 504U);
}

TEST(ApiDocument, TurnsJsonIntoATreeAndBack) {
  const std::string text =
      R"({"a":[1,-2,2.5E0,true,null,"true","7","x: y",""],"b":{"c":[],"d":{}}})";
  const Result<YamlNode> tree = tree_from_json(text);
  ASSERT_TRUE(tree.has_value());
  EXPECT_EQ(json_from_tree(*tree), text);
  const Result<YamlNode> again = parse_yaml(write_yaml(*tree), "-");
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(json_from_tree(*again), text);
}

}  // namespace
}  // namespace hapx::appliance
