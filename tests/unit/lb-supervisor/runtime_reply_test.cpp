// SPDX-License-Identifier: Apache-2.0
#include "lb-supervisor/runtime_reply.hpp"

#include <random>

#include <gtest/gtest.h>

namespace hapx::lb_supervisor {
namespace {

// The columns are HAProxy's, in another order and number: they are found by name.
constexpr const char* head = "# pxname,svname,status,weight,type,check_status,last_chk,\n";

BackendsReported parse(const std::string& rows) {
  auto report = parse_servers(head + rows);
  EXPECT_TRUE(report.has_value());
  return report ? *report : BackendsReported{};
}

TEST(RuntimeReply, reads_servers_by_service) {
  const auto report = parse(
      "kube-apiserver,kube-mast01:6443,UP,1,2,L7OK,OK,\n"
      "kube-apiserver,fd00::1:6443,DOWN,1,2,L4CON,Connection refused,\n"
      "other,10.0.0.1:443,UP,1,2,L6OK,,\n\n");
  ASSERT_EQ(report.backends.size(), 2U);
  EXPECT_EQ(report.backends[0].service, ServiceName("kube-apiserver"));
  const std::vector<ServerHealth> servers{{"kube-mast01:6443", true, "L7OK", "readyz"},
                                          {"fd00::1:6443", false, "L4CON"}};
  EXPECT_EQ(report.backends[0].servers, servers);
  EXPECT_EQ(report.backends[1].service, ServiceName("other"));
}

TEST(RuntimeReply, knows_which_words_take_connections) {
  const auto up_of = [](const std::string& status) {
    return parse("s,h:1," + status + ",1,2,L4OK,,\n").backends.at(0).servers.at(0).up;
  };
  for (const char* status : {"UP", "UP 1/3", "no check"}) EXPECT_TRUE(up_of(status)) << status;
  for (const char* status :
       {"DOWN", "DOWN 1/2", "MAINT", "MAINT (resolution)", "DRAIN", "NOLB", "UPSIDE DOWN", ""}) {
    EXPECT_FALSE(up_of(status)) << status;
  }
}

TEST(RuntimeReply, tells_the_last_check_also_while_the_next_is_under_way) {
  EXPECT_EQ(parse("s,h:1,UP,1,2,* L7OK,,\n").backends.at(0).servers.at(0).check, "L7OK");
}

TEST(RuntimeReply, says_that_a_host_name_had_no_address) {
  EXPECT_EQ(parse("s,h:1,MAINT (resolution),1,2,,,\n").backends.at(0).servers.at(0).check,
            not_resolved);
}

TEST(RuntimeReply, gives_names_back_as_they_were) {
  const auto report = parse("a_20b,x_5Fy:1,UP,1,2,L4OK,,\n");
  EXPECT_EQ(report.backends.at(0).service, ServiceName("a b"));
  EXPECT_EQ(report.backends.at(0).servers.at(0).name, "x_y:1");
}

TEST(RuntimeReply, understands_quotes) {
  const auto report = parse("s,h:1,UP,1,2,\"L7STS, \"\"503\"\"\",,\n");
  EXPECT_EQ(report.backends.at(0).servers.at(0).check, "L7STS, \"503\"");
}

TEST(RuntimeReply, passes_over_rows_of_other_kinds_and_cut_ones) {
  const auto report = parse("_probe,FRONTEND,OPEN,,0,,,\ns,BACKEND,UP,1,1,,,\ns,h:1,UP\n");
  EXPECT_TRUE(report.backends.empty());
}

// HAProxy faces the clients; whoever has taken it over shall not keep hapxd from renewing by an
// answer that takes seconds to read.
TEST(RuntimeReply, reads_the_longest_answer_of_the_most_services) {
  std::string rows;
  std::size_t services = 0;
  while (rows.size() + 64 < reply_bytes_max - std::string(head).size()) {
    rows += std::to_string(services++) + ",,,,2,,\n";
  }
  const auto report = parse(rows + "7,last,UP,,2,,\n");
  ASSERT_EQ(report.backends.size(), services);
  EXPECT_EQ(report.backends[7].service, ServiceName("7"));
  EXPECT_EQ(report.backends[7].servers.at(1).name, "last");
}

TEST(RuntimeReply, refuses_what_is_no_table) {
  EXPECT_FALSE(parse_servers("").has_value());
  EXPECT_FALSE(parse_servers("Unknown command\n").has_value());
  EXPECT_FALSE(parse_servers("# pxname,svname\n").has_value());
  EXPECT_FALSE(parse_servers(std::string(reply_bytes_max + 1, '#')).has_value());
}

TEST(RuntimeReply, survives_any_bytes) {
  std::mt19937 random(1);
  const std::string letters = "# pxname,svstaue\"\n2UP_0A\x00\xff";
  for (int round = 0; round < 2000; ++round) {
    std::string text = round % 2 == 0 ? head : "";
    for (auto left = random() % 200; left > 0; --left) text += letters[random() % letters.size()];
    (void)parse_servers(text);
  }
}

TEST(RuntimeReply, tells_what_a_check_has_shown) {
  const auto report = parse_servers(
      "# pxname,svname,status,type,check_status,check_code,\n"
      "api,a:1,UP,2,L7OK,200,\napi,b:1,UP,2,* L7OK,403,\napi,c:1,NOLB,2,L7OKC,500,\n"
      "api,d:1,UP,2,L6OK,,\napi,e:1,UP,2,L4OK,,\napi,f:1,DOWN,2,L4TOUT,,\n");
  ASSERT_TRUE(report.has_value());
  const auto& servers = report->backends.at(0).servers;
  const std::vector<ServerHealth> expected{
      {"a:1", true, "L7OK", "readyz"}, {"b:1", true, "L7OK", "http"}, {"c:1", false, "L7OKC", ""},
      {"d:1", true, "L6OK", "tls"},    {"e:1", true, "L4OK", "tcp"},  {"f:1", false, "L4TOUT", ""}};
  EXPECT_EQ(servers, expected);
}

TEST(RuntimeReply, tells_that_the_code_is_not_told_while_the_next_check_is_under_way) {
  const auto report = parse_servers(
      "# pxname,svname,status,type,check_status,check_code,\n"
      "api,a:1,UP,2,* L7OK,0,\napi,b:1,UP,2,* L7OK,200,\n");
  ASSERT_TRUE(report.has_value());
  const auto& servers = report->backends.at(0).servers;
  EXPECT_TRUE(servers.at(0).is_being_checked);
  EXPECT_EQ(servers.at(0).level, "http");
  EXPECT_FALSE(servers.at(1).is_being_checked);
  EXPECT_EQ(servers.at(1).level, "readyz");
}

}  // namespace
}  // namespace hapx::lb_supervisor
