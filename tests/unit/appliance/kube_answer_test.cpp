// SPDX-License-Identifier: Apache-2.0
#include "appliance/lab/kube_answer.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace hapx::appliance::lab {
namespace {

namespace json = boost::json;

KubeAnswer asked(const std::string& target, Condition condition = Condition::well) {
  return kube_answer("GET " + target + " HTTP/1.1\r\nHost: kubernetes\r\n", "apiserver2",
                     condition);
}

std::string body_of(const KubeAnswer& answer) {
  return answer.text.substr(answer.text.find("\r\n\r\n") + 4);
}

std::string text(const json::value& value) {
  return std::string(value.as_string());
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

json::value document_at(const std::string& target) {
  const auto answer = asked(target);
  EXPECT_TRUE(answer.text.starts_with("HTTP/1.1 200 OK\r\n")) << answer.text;
  EXPECT_TRUE(has(answer.text, "\r\nContent-Type: application/json\r\n")) << answer.text;
  return json::parse(body_of(answer));
}

TEST(KubeAnswer, SaysWhoAnswersToWhateverIsAsked) {
  for (const auto* target : {"/readyz", "/livez", "/", "/api/v1/nodes", "/api/v1/namespaces/a"}) {
    EXPECT_EQ(asked(target).text,
              "HTTP/1.1 200 OK\r\nServer: apiserver2\r\nContent-Type: text/plain\r\n"
              "Content-Length: 14\r\n\r\nok apiserver2\n")
        << target;
  }
  for (const auto* request : {"", " ", "\r\n", "GET", "GET ", "GET  HTTP/1.1"}) {
    EXPECT_EQ(body_of(kube_answer(request, "apiserver2", Condition::well)), "ok apiserver2\n");
  }
}

TEST(KubeAnswer, IsNotReadyAndServesBeforeItEnds) {
  const auto is_refused = [](const KubeAnswer& answer) {
    return answer.text.starts_with("HTTP/1.1 500 ") && !answer.stream;
  };
  const std::string watch = "/api/v1/namespaces/default/pods?watch=true";
  EXPECT_TRUE(is_refused(asked("/readyz?verbose", Condition::unready)));
  EXPECT_FALSE(is_refused(asked("/livez", Condition::unready)));
  EXPECT_FALSE(is_refused(asked(watch, Condition::unready)));
  EXPECT_TRUE(is_refused(asked("/livez", Condition::failing)));
  EXPECT_TRUE(is_refused(asked(watch, Condition::failing)));
}

TEST(KubeAnswer, LetsItselfBeDiscovered) {
  EXPECT_EQ(text(document_at("/api?timeout=32s").at("versions").at(0)), "v1");
  EXPECT_TRUE(document_at("/apis?timeout=32s").at("groups").as_array().empty());
  const auto resources = document_at("/api/v1?timeout=32s").at("resources").as_array();
  ASSERT_EQ(resources.size(), 2U);
  EXPECT_EQ(text(resources[0].at("name")), "pods");
  EXPECT_EQ(text(resources[1].at("name")), "pods/log");
  EXPECT_EQ(text(document_at("/version").at("gitVersion")), "v1.20.2+apiserver2");
}

TEST(KubeAnswer, HasOnePodInEachNamespace) {
  const auto list = document_at("/api/v1/namespaces/default/pods?limit=500");
  EXPECT_EQ(text(list.at("kind")), "PodList");
  EXPECT_EQ(text(list.at("items").at(0).at("metadata").at("namespace")), "default");
  EXPECT_EQ(text(document_at("/api/v1/namespaces/other/pods/web").at("metadata").at("name")),
            "web");
  EXPECT_EQ(body_of(asked("/api/v1/namespaces/default/pods/web/log")),
            "line 1, told by apiserver2\n");
  EXPECT_EQ(body_of(asked("/api/v1/namespaces/default/pods/other")), "ok apiserver2\n");
}

TEST(KubeAnswer, StreamsWhatIsWatchedAndFollowed) {
  const std::string folder = "/api/v1/namespaces/default/pods";
  const auto watch = asked(folder + "?resourceVersion=1&watch=true");
  EXPECT_TRUE(has(watch.text, "\r\nTransfer-Encoding: chunked\r\n")) << watch.text;
  EXPECT_EQ(body_of(watch), "");
  EXPECT_EQ(watch.stream, (KubeStream{StreamKind::watch, "default", stream_interval}));
  EXPECT_EQ(asked(folder + "/web/log?follow=true").stream,
            (KubeStream{StreamKind::log, "default", stream_interval}));
  EXPECT_EQ(asked("/api/v1/namespaces/quiet/pods?watch=1").stream,
            (KubeStream{StreamKind::watch, "quiet", quiet_interval}));
  EXPECT_FALSE(asked(folder + "?watch=false&unwatch=true&watch").stream);
}

TEST(KubeAnswer, SaysChunksOfTheirLength) {
  EXPECT_EQ(next_chunk({StreamKind::log, "default", stream_interval}, "apiserver2", 7),
            "1b\r\nline 7, told by apiserver2\n\r\n");
  const KubeStream watch{StreamKind::watch, "default", stream_interval};
  for (const auto& [number, type] : {std::pair(1U, "ADDED"), std::pair(2U, "MODIFIED")}) {
    const auto chunk = next_chunk(watch, "apiserver2", number);
    const auto size = std::stoul(chunk, nullptr, 16);
    const auto begin = chunk.find("\r\n") + 2;
    ASSERT_EQ(chunk.size(), begin + size + 2);
    const auto event = json::parse(chunk.substr(begin, size));
    EXPECT_EQ(text(event.at("type")), type);
    EXPECT_EQ(text(event.at("object").at("metadata").at("resourceVersion")),
              std::to_string(number));
  }
}

}  // namespace
}  // namespace hapx::appliance::lab
