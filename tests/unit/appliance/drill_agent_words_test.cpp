// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "appliance/drill/agent_words.hpp"

namespace hapx::appliance::drill {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using testing::HasSubstr;

const Strike freeze{Fault::daemon_freeze,
                    milliseconds(150),
                    {ipv4(192, 168, 4, 20), 27},
                    InterfaceName("eth0"),
                    7405};

TEST(AgentWords, ARequestIsReadAsItWasWritten) {
  const std::vector<AgentRequest> requests{
      Greet{agent_language, InterfaceName("enp0s3.41")},
      AskHapx{{"-o", "json", "status"}},
      AskHapx{{"move", "kube-apiserver", "node2"}},
      freeze,
      Undo{},
      Remember{{"2026-11-30T12:00:00Z",
                "",
                "weekly",
                "0.1.0",
                true,
                {{"hand-over", 2, 2, milliseconds(4), milliseconds(6)}}}},
      Look{agent_language, {ipv4(192, 168, 4, 20), 6443}},
      Look{agent_language, parse_endpoint("[2001:db8::20]:6443").value()},
      Tell{milliseconds(3100), milliseconds(3000), microseconds(200)},
  };
  for (const AgentRequest& request : requests) {
    const std::string line = to_line(request);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    const auto read = parse_agent_request(line);
    ASSERT_TRUE(read) << line << ": " << read.error().sentence;
    EXPECT_EQ(*read, request) << line;
    EXPECT_FALSE(parse_agent_answer(line)) << "no line means something in both directions";
  }
}

Service all_seen() {
  Service service;
  service.requests = 600;
  service.served = 590;
  service.failed = 7;
  service.cut = 3;
  service.late = 2;
  service.outage = milliseconds(290);
  service.latency_median = microseconds(1100);
  service.latency_maximum = milliseconds(1004);
  return service;
}

TEST(AgentWords, AnAnswerIsReadAsItWasWritten) {
  const std::vector<AgentAnswer> answers{
      Greeting{agent_language, "1.0.0", NodeName("node1"), true, MacAddress{{2, 0, 0, 0, 0, 1}}},
      Greeting{2, "9.9", NodeName("node1"), false, std::nullopt},
      HapxSaid{3, "line one\nline two\n", "hapx: no\n"},
      Struck{microseconds(41)},
      Struck{microseconds(-200'000)},
      Undone{microseconds(1'500'000)},
      NotDone{"a drill is under way here, by process 7"},
      Looking{agent_language, "1.0.0", "worker1"},
      Seen{all_seen()},
  };
  for (const AgentAnswer& answer : answers) {
    const std::string line = to_line(answer);
    EXPECT_EQ(line.find('\n'), std::string::npos) << "also where it tells of several";
    const auto read = parse_agent_answer(line);
    ASSERT_TRUE(read) << line << ": " << read.error().sentence;
    EXPECT_EQ(*read, answer) << line;
    EXPECT_FALSE(parse_agent_request(line));
  }
}

TEST(AgentWords, WhatIsNoLineOfADrillIsRefusedInOneSentence) {
  for (const char* line :
       {"", "{}", "[]", "null", "Welcome to Debian!", "{\"greet\":1}", "{\"greet\":{}}",
        "{\"undo\":{},\"ask\":{}}", "{\"strike\":{\"fault\":\"earthquake\"}}",
        "{\"struck\":{\"agoUs\":-1000001}}", "{\"struck\":{\"agoUs\":1.5}}",
        "{\"greeting\":{\"language\":1}}", "{\"look\":{\"language\":1,\"endpoint\":\"vip\"}}",
        "{\"look\":{\"language\":1,\"endpoint\":\"192.168.4.20:0\"}}",
        "{\"tell\":{\"fromAgoUs\":1,\"struckAgoUs\":1,\"untilAgoUs\":2}}",
        "{\"looking\":{\"language\":1}}", "{\"seen\":{\"requests\":-1}}",
        "{\"refused\":{\"sentence\":\"\"}}"}) {
    const auto request = parse_agent_request(line);
    ASSERT_FALSE(request) << line;
    EXPECT_THAT(request.error().sentence, HasSubstr("is no request of a drill"));
    const auto answer = parse_agent_answer(line);
    ASSERT_FALSE(answer) << line;
    EXPECT_THAT(answer.error().sentence, HasSubstr("is no answer of a drill"));
  }
}

TEST(AgentWords, HapxIsAskedNothingThatADrillDoesNotNeed) {
  for (const auto& words : std::vector<std::vector<std::string>>{{"release-all"},
                                                                 {"-o", "json", "keygen", "/x"},
                                                                 {"-o", "json"},
                                                                 {"lab", "down"},
                                                                 {"--socket", "status"},
                                                                 {"status", "\x1b[2J"}}) {
    const auto line = "{\"ask\":{\"words\":[\"" + words.front() + "\"" +
                      (words.size() > 1 ? ",\"" + words.back() + "\"" : "") + "]}}";
    EXPECT_FALSE(parse_agent_request(line)) << line;
  }
  EXPECT_FALSE(parse_agent_request(R"({"ask":{"words":[]}})"));
  EXPECT_FALSE(parse_agent_request(R"({"ask":{"words":["-o","json","keygen","/x"]}})"));
}

TEST(AgentWords, AFaultHasAnEnd) {
  Strike endless = freeze;
  endless.length = std::chrono::hours(1);
  EXPECT_FALSE(parse_agent_request(to_line(endless)));
  endless.length = milliseconds(-1);
  EXPECT_FALSE(parse_agent_request(to_line(endless)));
}

TEST(AgentWords, NoTerminalObeysAnAgent) {
  const auto read = parse_agent_answer(R"({"said":{"code":0,"output":"\u001b[2J\n","errors":""}})");
  ASSERT_TRUE(read);
  EXPECT_EQ(std::get<HapxSaid>(*read).output, "?[2J\n");
  const auto refused = parse_agent_answer(R"({"refused":{"sentence":"a\nb"}})");
  ASSERT_TRUE(refused);
  EXPECT_EQ(std::get<NotDone>(*refused).sentence, "a?b");
}

}  // namespace
}  // namespace hapx::appliance::drill
