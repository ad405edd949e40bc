// SPDX-License-Identifier: Apache-2.0
// The words of etcd 3.4's own JSON gateway, and what is close to them.
#include "appliance/etcd.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace hapx::appliance {
namespace {

namespace json = boost::json;
using membership::ArbiterAnswered;
using membership::ArbiterEntry;
using membership::AskArbiter;

const std::string prefix = "/hapx/c/";  // L2hhcHgvYy8=

std::vector<std::uint8_t> bytes(std::string_view text) {
  return {text.begin(), text.end()};
}

const std::string header =
    R"("header":{"cluster_id":"10144879847569953045","member_id":"1","revision":"7"})";

std::string answer_with(const std::string& kvs, const std::string& before = "") {
  return "{" + header + "," + before + R"("responses":[{"response_range":{"header":{},"kvs":[)" +
         kvs + "]}}]}";
}

/// "/hapx/c/a" = "hi", written last in revision 2.
const std::string entry_a =
    R"({"key":"L2hhcHgvYy9h","create_revision":"2","mod_revision":"2","value":"aGk="})";

std::string refusal_of(const std::string& body, unsigned status = 200) {
  const auto answer = decode_etcd_answer(status, body, prefix);
  return answer ? "" : answer.error().sentence;
}

TEST(Etcd, OursIsWhatBeginsWithTheClustersName) {
  EXPECT_EQ(etcd_prefix(ClusterName("kube-demo")), "/hapx/kube-demo/");
}

TEST(Etcd, OnlyToLookAsksForEverythingThatIsOurs) {
  const auto request = etcd_request(AskArbiter{1, {}, Duration(0)}, prefix);
  ASSERT_TRUE(request);
  const std::string range =
      R"({"request_range":{"key":"L2hhcHgvYy8=","range_end":"L2hhcHgvYzA=","limit":"201"}})";
  EXPECT_EQ(*request, R"({"compare":[],"success":[)" + range + R"(],"failure":[)" + range + "]}");
}

TEST(Etcd, ASwapComparesWritesAndThenLooks) {
  const auto request =
      etcd_request(AskArbiter{1, {{"a", 0, bytes("hi")}, {"b", 12, {}}}, Duration(0)}, prefix);
  ASSERT_TRUE(request);
  const json::value said = json::parse(*request);
  EXPECT_EQ(said.at("compare"), json::parse(R"([
    {"target":"MOD","result":"EQUAL","key":"L2hhcHgvYy9h","mod_revision":"0"},
    {"target":"MOD","result":"EQUAL","key":"L2hhcHgvYy9i","mod_revision":"12"}])"));
  const json::array& success = said.at("success").as_array();
  ASSERT_EQ(success.size(), 3U);
  EXPECT_EQ(success[0], json::parse(R"({"request_put":{"key":"L2hhcHgvYy9h","value":"aGk="}})"));
  EXPECT_EQ(success[1], json::parse(R"({"request_put":{"key":"L2hhcHgvYy9i","value":""}})"));
  EXPECT_TRUE(success[2].as_object().contains("request_range"));
  ASSERT_EQ(said.at("failure").as_array().size(), 1U);
  EXPECT_EQ(said.at("failure").as_array()[0], success[2]);
}

TEST(Etcd, WhatCouldNotBeReadBackIsNotWritten) {
  const auto written = [](std::size_t key, std::size_t value) {
    const AskArbiter question{
        1, {{std::string(key, 'k'), 0, std::vector<std::uint8_t>(value)}}, Duration(0)};
    return etcd_request(question, prefix).has_value();
  };
  EXPECT_TRUE(written(etcd_key_bytes_max, etcd_value_bytes_max));
  EXPECT_FALSE(written(etcd_key_bytes_max + 1, 1));
  EXPECT_FALSE(written(1, etcd_value_bytes_max + 1));
}

TEST(Etcd, EveryValueIsReadBackAsItWasWritten) {
  std::vector<std::uint8_t> value;
  for (unsigned i = 0; i < 300; ++i) {
    const auto request = etcd_request(AskArbiter{1, {{"a", 0, value}}, Duration(0)}, prefix);
    ASSERT_TRUE(request);
    const json::value said = json::parse(*request);
    const std::string text(said.at("success").at(0).at("request_put").at("value").as_string());
    const auto answer = decode_etcd_answer(
        200, answer_with(R"({"key":"L2hhcHgvYy9h","mod_revision":"2","value":")" + text + "\"}"),
        prefix);
    ASSERT_TRUE(answer) << answer.error().sentence;
    EXPECT_EQ(answer->entries, (std::vector<ArbiterEntry>{{"a", 2, value}}));
    value.push_back(static_cast<std::uint8_t>(i * 37 + 250));
  }
}

TEST(Etcd, AnEmptyStoreLeavesOutWhatIsEmpty) {
  const auto answer = decode_etcd_answer(
      200, "{" + header + R"(,"succeeded":true,"responses":[{"response_range":{"header":{}}}]})",
      prefix);
  ASSERT_TRUE(answer) << answer.error().sentence;
  EXPECT_TRUE(answer->swapped);
  EXPECT_EQ(answer->store, 10144879847569953045U);
  EXPECT_EQ(answer->revision, 7);
  EXPECT_TRUE(answer->entries.empty());
}

TEST(Etcd, ASwapThatSucceededTellsWhatIsThereAfterIt) {
  const auto answer = decode_etcd_answer(200,
                                         "{" + header +
                                             R"(,"succeeded":true,"responses":[
      {"response_put":{"header":{"revision":"2"}}},{"response_range":{"kvs":[)" +
                                             entry_a + R"(],"count":"1"}}]})",
                                         prefix);
  ASSERT_TRUE(answer) << answer.error().sentence;
  EXPECT_TRUE(answer->swapped);
  EXPECT_EQ(answer->entries, (std::vector<ArbiterEntry>{{"a", 2, bytes("hi")}}));
}

TEST(Etcd, WithoutSucceededNothingWasWritten) {
  const auto answer = decode_etcd_answer(200, answer_with(entry_a), prefix);
  ASSERT_TRUE(answer) << answer.error().sentence;
  EXPECT_FALSE(answer->swapped);
  EXPECT_EQ(answer->entries.size(), 1U);
}

TEST(Etcd, AnEmptyValueIsLeftOut) {
  const auto answer =
      decode_etcd_answer(200, answer_with(R"({"key":"L2hhcHgvYy9h","mod_revision":"2"})"), prefix);
  ASSERT_TRUE(answer) << answer.error().sentence;
  EXPECT_TRUE(answer->entries.at(0).value.empty());
}

TEST(Etcd, ARefusalIsToldInItsOwnWords) {
  EXPECT_EQ(refusal_of(R"({"error":"etcdserver: no leader","message":"etcdserver: no leader",)"
                       R"("code":14})",
                       503),
            "etcd says: etcdserver: no leader");
  EXPECT_EQ(refusal_of(R"({"code":3,"message":"etcdserver: key is not provided"})", 400),
            "etcd says: etcdserver: key is not provided");
  EXPECT_EQ(refusal_of(R"({"error":"connection closed","code":14})", 503),
            "etcd says: connection closed; does the member's own certificate allow clientAuth, "
            "which its JSON gateway needs?");
  EXPECT_EQ(refusal_of(R"({"error":"use of closed network connection","code":14})", 503),
            "etcd says: use of closed network connection; does the member's own certificate allow "
            "clientAuth, which its JSON gateway needs?");
  EXPECT_EQ(refusal_of(R"({"error":"a\nb\u001b[31m"})", 500), "etcd says: a?b?[31m");
  EXPECT_LT(refusal_of(R"({"error":")" + std::string(5000, 'x') + "\"}", 500).size(), 300U);
  EXPECT_EQ(refusal_of("404 page not found", 404),
            "it answers with HTTP status 404; is this etcd?");
  EXPECT_EQ(refusal_of(answer_with(entry_a), 500),
            "it answers with HTTP status 500; is this etcd?");
}

TEST(Etcd, WhatIsNoAnswerIsRefused) {
  const std::string cannot = "etcd's answer can't be read: ";
  const std::string key_a = R"("key":"L2hhcHgvYy9h")";
  const std::pair<std::string, std::string> cases[] = {
      {"", "it is no JSON object; is this etcd?"},
      {"<html>", "it is no JSON object; is this etcd?"},
      {"[]", "it is no JSON object; is this etcd?"},
      {std::string(100, '['), "it is no JSON object; is this etcd?"},
      {"{}", "it does not say which store it is of"},
      {R"({"header":{"cluster_id":1,"revision":"7"}})", "it does not say which store it is of"},
      {R"({"header":{"cluster_id":"1","revision":"-7"}})", "it does not say which store it is of"},
      {R"({"header":{"cluster_id":"1","revision":"9223372036854775808"}})",
       "it does not say which store it is of"},
      {"{" + header + "}", "it does not say what the store has"},
      {"{" + header + R"(,"responses":[{"response_put":{}}]})",
       "it does not say what the store has"},
      {"{" + header + R"(,"responses":[{"response_range":{"kvs":{}}}]})",
       "its entries are no list"},
      {answer_with("", R"("succeeded":"yes",)"), "it does not say whether it succeeded"},
      {answer_with("1"), "it has an entry that is none"},
      {answer_with("{" + key_a + "}"), "it has an entry without a revision"},
      {answer_with("{" + key_a + R"(,"mod_revision":"2x"})"), "it has an entry without a revision"},
      {answer_with("{" + key_a + R"(,"mod_revision":"8"})"), "an entry is newer than its store"},
      {answer_with("{" + key_a + R"(,"mod_revision":"2","value":"aGk"})"),
       "it has an entry that is not in base64"},
      {answer_with("{" + key_a + R"(,"mod_revision":"2","value":"aGl="})"),
       "it has an entry that is not in base64"},
      {answer_with("{" + key_a + R"(,"mod_revision":"2","value":"===="})"),
       "it has an entry that is not in base64"},
      {answer_with("{" + key_a + R"(,"mod_revision":"2","value":"a=k="})"),
       "it has an entry that is not in base64"},
      {answer_with("{" + key_a + R"(,"mod_revision":"2","value":5})"),
       "it has an entry that is not in base64"},
      {answer_with(R"({"key":"L290aGVyL2E=","mod_revision":"2"})"),
       "it has an entry that does not begin with ours"},
      {answer_with(entry_a + "," + entry_a), "its entries are not in order"},
  };
  for (const auto& [body, reason] : cases) EXPECT_EQ(refusal_of(body), cannot + reason) << body;
}

TEST(Etcd, WhatIsTooLongIsRefused) {
  const auto has = [](const std::string& sentence, const std::string& part) {
    return sentence.find(part) != std::string::npos;
  };
  EXPECT_TRUE(has(refusal_of(std::string(etcd_answer_bytes_max + 1, ' ')), "it is longer than"));
  const std::string long_value(4 * (etcd_value_bytes_max / 3 + 1), 'A');
  EXPECT_TRUE(has(refusal_of(answer_with(R"({"key":"L2hhcHgvYy9h","mod_revision":"2","value":")" +
                                         long_value + "\"}")),
                  "a value below /hapx/c/ is longer than any of ours; remove it"));
  const std::string long_key = "L2hhcHgvYy9h" + std::string(4 * (etcd_key_bytes_max / 3 + 1), 'A');
  EXPECT_TRUE(has(refusal_of(answer_with(R"({"key":")" + long_key + R"(","mod_revision":"2"})")),
                  "a key below /hapx/c/ is longer than any of ours; remove it"));
}

TEST(Etcd, MoreEntriesThanOursCanBeAreRefused) {
  const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::string kvs;
  std::string fewer;
  for (std::size_t i = 0; i <= etcd_entries_max; ++i) {
    fewer = kvs;
    kvs += std::string(i == 0 ? "" : ",") + R"({"key":"L2hhcHgvYy9hA)" + digits[i / 26] +
           digits[i % 26] + R"(A","mod_revision":"2"})";
  }
  EXPECT_EQ(refusal_of(answer_with(fewer)), "");
  EXPECT_EQ(refusal_of(answer_with(kvs)),
            "etcd's answer can't be read: there are more than 200 entries below /hapx/c/; remove "
            "those that aren't hapx's");
}

}  // namespace
}  // namespace hapx::appliance
