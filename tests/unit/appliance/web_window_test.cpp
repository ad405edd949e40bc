// SPDX-License-Identifier: Apache-2.0
// What somebody who only looks may ask, and what becomes of the rest.
#include "appliance/web_window.hpp"

#include <string>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "appliance/web/web_file.hpp"

namespace hapx::appliance {
namespace {

namespace json = boost::json;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

RequestArrived asking(const std::string& method, const std::string& target) {
  return {7, method, target, {}, Window::metrics};
}

/// The document in a message of the stream.
json::object document(const std::string& message) {
  constexpr std::string_view before = "data: ";
  EXPECT_THAT(message, StartsWith(std::string(before)));
  EXPECT_THAT(message, EndsWith("\n\n"));
  const std::string text = message.substr(before.size(), message.size() - before.size() - 2);
  EXPECT_EQ(text.find('\n'), std::string::npos) << "a second line would be no data";
  return json::parse(text).as_object();
}

TEST(WebWindow, HasThePageAndWhatItIsMadeOf) {
  for (const web::WebFile& file : web::web_files()) {
    for (const char* method : {"GET", "HEAD"}) {
      const auto answer = page_answer(asking(method, std::string(file.target)));
      ASSERT_TRUE(answer) << file.target;
      EXPECT_EQ(answer->id, 7U);
      EXPECT_EQ(answer->status, 200U);
      EXPECT_EQ(answer->window, Window::metrics);
      EXPECT_EQ(answer->body, file.text);
      EXPECT_THAT(answer->content_type, EndsWith("; charset=utf-8"));
      EXPECT_FALSE(answer->goes_on);
    }
    EXPECT_FALSE(page_answer(asking("POST", std::string(file.target)))) << file.target;
  }
  EXPECT_EQ(page_answer(asking("GET", "/"))->content_type, "text/html; charset=utf-8");
  for (const char* target :
       {"", "//", "/page.html", "/page.js/", "/../page.js", "/page.js?", "page.js"})
    EXPECT_FALSE(page_answer(asking("GET", target))) << target;
}

/// What the browser is told to forbid would not work: nothing from elsewhere, nothing inline.
TEST(WebWindow, ThePageNeedsNothingButItsFiles) {
  for (const web::WebFile& file : web::web_files()) {
    const std::string text(file.text);
    for (const char* word : {"<style", " style=", "onclick=", "onload=", "@import", "url(",
                             "innerHTML", "eval(", "https://"}) {
      EXPECT_THAT(text, Not(HasSubstr(word))) << file.target;
    }
    std::size_t at = 0;
    while ((at = text.find("http://", at)) != std::string::npos) {
      EXPECT_EQ(text.substr(at, 18), "http://www.w3.org/") << file.target << ": only a namespace";
      ++at;
    }
  }
}

TEST(WebWindow, RefusesAllElse) {
  for (const char* target : {"/", "/metrics", "/stream", "/page.js"}) {
    const Respond refused = window_refusal(asking("DELETE", target));
    EXPECT_EQ(refused.status, 405U) << target;
    EXPECT_EQ(refused.body, "this can only be read: GET it\n");
    EXPECT_EQ(refused.window, Window::metrics);
    EXPECT_EQ(refused.allow.empty(), refused.status != 405U);
  }
  for (const char* target :
       {"", "/metrics/", "/Metrics", "/metrics?a=b", "/v1/status", "/stream/"}) {
    const Respond refused = window_refusal(asking("GET", target));
    EXPECT_EQ(refused.status, 404U) << target;
    EXPECT_EQ(refused.id, 7U);
    EXPECT_EQ(refused.content_type, "text/plain; charset=utf-8");
  }
}

TEST(WebWindow, AStreamBeginsWithAMessageAndGoesOn) {
  EXPECT_TRUE(asks_for_stream(asking("GET", "/stream")));
  EXPECT_FALSE(asks_for_stream(asking("HEAD", "/stream"))) << "it would have no end";
  EXPECT_FALSE(asks_for_stream(asking("GET", "/stream?")));
  const Respond answer = stream_answer(asking("GET", "/stream"), "data: 1\n\n");
  EXPECT_TRUE(answer.goes_on);
  EXPECT_EQ(answer.content_type, "text/event-stream");
  EXPECT_EQ(answer.body, "retry: 500\n\ndata: 1\n\n");
  const Respond refused = stream_refusal(asking("GET", "/stream"));
  EXPECT_EQ(refused.status, 503U);
  EXPECT_FALSE(refused.goes_on);
}

TEST(WebWindow, AMessageHasTheStatusAndTheLastEvents) {
  Status status;
  status.cluster = ClusterName("kube-demo");
  status.node = NodeName("node1");
  status.degraded = {"a line\nand another \"one\""};
  std::vector<EventLine> events;
  for (std::uint64_t i = 1; i <= told_events_max + 5; ++i) {
    events.push_back({i, Duration(0), "life", "", "", "it happened\n\ndata: not", "", 1, ""});
  }
  const json::object told = document(stream_message("2026-11-28T13:36:57.042Z", status, events));
  EXPECT_EQ(told.at("at"), "2026-11-28T13:36:57.042Z");
  const auto back = status_from_json(json::serialize(told.at("status")));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->node, status.node);
  const json::array& lines = told.at("events").as_array();
  ASSERT_EQ(lines.size(), told_events_max);
  EXPECT_EQ(lines.front().at("number").to_number<int>(), 6);
  EXPECT_EQ(lines.back().at("number").to_number<int>(), int{told_events_max + 5});
  EXPECT_EQ(document(stream_message("", status, {})).at("events").as_array().size(), 0U);
}

}  // namespace
}  // namespace hapx::appliance
