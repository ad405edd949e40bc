// SPDX-License-Identifier: Apache-2.0
// The page of metrics: word for word for one status, and the rules that every page keeps.
#include "appliance/metrics.hpp"

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "appliance/open_metrics.hpp"

namespace hapx::appliance {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

Histogram histogram(std::initializer_list<Duration> lengths) {
  Histogram times;
  for (const Duration length : lengths) times.observe(length);
  return times;
}

/// As node1, which took the service over from node2, sees it; the other service is nowhere.
Status watched() {
  Status status;
  status.cluster = ClusterName("kube-demo");
  status.node = NodeName("node1");
  status.version = "0.1.0";
  status.uptime = milliseconds(192'500);
  status.lease = milliseconds(300);
  status.quorate = true;
  status.coordinator = NodeName("node3");
  status.degraded = {"node2 is offline", "web is not served: no node holds it"};
  status.members = {
      {NodeName("node1"), MemberState::online, Role::full, 1, "192.168.4.11", false, true},
      {NodeName("node2"), MemberState::offline, Role::full, 1, "192.168.4.12", false, false},
      {NodeName("node3"), MemberState::online, Role::witness, 1, "192.168.4.13", true, true}};
  status.members[2].links = {{"192.168.4.13", true}, {"10.0.0.13", false}};
  ServiceStatus service;
  service.name = ServiceName("kube-apiserver");
  service.holder = NodeName("node1");
  service.vip = ResourceStatus::started;
  service.haproxy = ResourceStatus::started;
  service.fence = FenceStatus::bpf;
  service.addresses = {"192.168.4.20/27"};
  service.backends = {{"kube-mast01:6443", true, "L7OK", "readyz"},
                      {"kube-mast02:6443", false, "L4CON"}};
  service.nodes = {{NodeName("node1"), ResourceStatus::started, ResourceStatus::started, 0, 1, true,
                    true, 1, 2, ""},
                   {NodeName("node2"), ResourceStatus::stopped, ResourceStatus::stopped, 1'000'000,
                    0, false, false, 0, 2, "node2: excluded, it is offline"}};
  service.vips = {{"192.168.4.20", true, milliseconds(271), 2, 14, 1}};
  service.takeovers = {{TakeoverReason::node_lost, 2}, {TakeoverReason::ordered, 1}};
  ServiceStatus web;
  web.name = ServiceName("web");
  web.fence = FenceStatus::bpf;
  web.addresses = {"192.168.4.21/27"};
  web.nodes = {service.nodes[0], service.nodes[1]};
  web.vips = {{"192.168.4.21", false, Duration(0), 0, 0, 0}};
  status.services = {service, web};
  status.services[0].nodes[0].haproxy_failed_ago = std::chrono::seconds(15);
  status.services[0].nodes[1].vip_failed_ago = std::chrono::seconds(130);
  status.orders = {{"standby", "node2", "", "me@node1", "2026-11-28T13:36:57Z",
                    "2026-11-28T14:06:57Z", std::chrono::minutes(10), std::chrono::minutes(20)},
                   {"ban", "node1", "web", "me@node1", "2026-11-28T13:46:57Z", "", Duration(0)}};
  status.orders_state = OrdersState::stale;
  status.two_nodes = {"192.168.4.1", "doesn't answer", "silent", true, false, "because"};
  status.arbiter = {{"https://10.0.0.31:2379"}, true, "", std::chrono::microseconds(3400)};
  status.haproxy = {ResourceStatus::started, 4711, true, "", 3, 1};
  status.counters = {{"announcements_failed", 1},
                     {"arbiter_failures", 6},
                     {"datagrams_refused.replayed", 3},
                     {"datagrams_refused.wrong key", 0},
                     {"fence_restored", 1},
                     {"haproxy_failures", 2},
                     {"haproxy_reloads", 4},
                     {"haproxy_reloads_failed", 1},
                     {"name_conflicts", 0},
                     {"plans", 5},
                     {"recordings", 2},
                     {"recordings_failed", 1},
                     {"reloads_refused", 0},
                     {"rights_lost", 1}};
  status.drill = {"2026-11-30T12:00:00Z",
                  "",
                  "weekly",
                  "0.1.0",
                  false,
                  {{"hand-over", 3, 3, milliseconds(4), milliseconds(6)},
                   {"vip-delete", 2, 1, milliseconds(5), milliseconds(1200)},
                   {"hand-over", 1, 1, milliseconds(10), milliseconds(10)}}};
  status.takeover_times.whole = histogram({milliseconds(310), milliseconds(290)});
  status.takeover_times.phases = {
      {FailoverPhase::peer_silent, histogram({milliseconds(125), milliseconds(120)})},
      {FailoverPhase::announced, histogram({microseconds(40), microseconds(4000)})}};
  status.loop_lag = histogram({microseconds(80), microseconds(80), microseconds(350)});
  return status;
}

std::string read_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// Name -> type, and that each has its HELP.
std::map<std::string, std::string> families_of(const std::string& page) {
  std::map<std::string, std::string> families;
  std::set<std::string> helped;
  for (const std::string& line : lines_of(page)) {
    std::istringstream words(line);
    std::string hash, what, name, rest;
    words >> hash >> what >> name >> rest;
    if (hash != "#") continue;
    if (what == "HELP" && !rest.empty()) helped.insert(name);
    if (what != "TYPE") continue;
    EXPECT_TRUE(helped.contains(name)) << name << " has no HELP before its TYPE";
    EXPECT_TRUE(families.emplace(name, rest).second) << name << " is there twice";
  }
  return families;
}

/// Word for word what is in that file.
void expect_golden(const std::string& text, const std::string& name) {
  const std::string golden = HAPX_SOURCE_DIR "/tests/unit/appliance/golden/" + name;
  if (text == read_file(golden)) return;
  const std::string fresh = testing::TempDir() + name;
  std::ofstream(fresh) << text;
  ADD_FAILURE() << "compare: diff " << golden << " " << fresh;
}

TEST(MetricsPage, IsWordForWordThis) {
  expect_golden(metrics_text(watched()), "metrics.txt");
  expect_golden(open_metrics(metrics_text(watched())), "metrics.openmetrics.txt");
}

TEST(MetricsPage, KeepsToTheRulesOfNames) {
  const auto families = families_of(metrics_text(watched()));
  EXPECT_GT(families.size(), 25U);
  for (const auto& [name, type] : families) {
    EXPECT_THAT(name, testing::MatchesRegex("hapx_[a-z_]+")) << name;
    EXPECT_EQ(name.ends_with("_total"), type == "counter") << name;
    EXPECT_EQ(name.ends_with("_seconds"), type == "histogram" || name.ends_with("_seconds"))
        << name;
    EXPECT_TRUE(type == "gauge" || type == "counter" || type == "histogram") << type;
  }
}

/// docs/metrics.md has a row for each: | `name` | type | ...
TEST(MetricsPage, IsWhatTheDocumentSays) {
  std::map<std::string, std::string> documented;
  for (const std::string& line : lines_of(read_file(HAPX_SOURCE_DIR "/docs/metrics.md"))) {
    if (!line.starts_with("| `hapx_")) continue;
    const auto name_end = line.find_first_of("`{", 3);
    const auto type_begin = line.find("| ", name_end) + 2;
    const std::string name = line.substr(3, name_end - 3);
    EXPECT_TRUE(
        documented.emplace(name, line.substr(type_begin, line.find(' ', type_begin) - type_begin))
            .second)
        << name << " is documented twice";
  }
  EXPECT_EQ(documented, families_of(metrics_text(watched())));
}

TEST(MetricsPage, OfAWitnessSaysNothingOfWhatItHasNot) {
  Status status = watched();
  status.node = NodeName("node3");
  for (auto& service : status.services) {
    service.vips.clear();
    service.backends.clear();
  }
  const std::string page = metrics_text(status);
  EXPECT_THAT(page, HasSubstr("hapx_quorate 1\n"));
  EXPECT_THAT(
      page,
      HasSubstr(R"(hapx_vip_holder{service="kube-apiserver",vip="192.168.4.20",node="node1"} 1)"));
  for (const char* absent : {"hapx_haproxy", "hapx_fence_state", "hapx_vip_assigned",
                             "hapx_failover", "hapx_apiserver", "hapx_vip_lease"}) {
    EXPECT_THAT(page, Not(HasSubstr(absent)));
  }
}

TEST(MetricsPage, CountsEveryKindOfOrderFromTheBeginning) {
  const std::string page = metrics_text({});
  for (const char* line :
       {"hapx_standing_orders{kind=\"standby\"} 0\n",
        "hapx_standing_orders{kind=\"maintenance\"} 0\n", "hapx_standing_orders{kind=\"ban\"} 0\n",
        "hapx_record_state{state=\"read\"} 1\n"}) {
    EXPECT_THAT(page, HasSubstr(line));
  }
  EXPECT_THAT(page, Not(HasSubstr("hapx_standing_order_age_seconds")));
  Status status = watched();
  status.orders[0].age.reset();
  EXPECT_THAT(metrics_text(status), Not(HasSubstr("_age_seconds{kind=\"standby\"")))
      << "an age that nobody knows is none";
}

TEST(MetricsPage, OfNothingIsStillAPage) {
  const std::string page = metrics_text({});
  EXPECT_THAT(page, HasSubstr("hapx_quorate 0\n"));
  EXPECT_TRUE(page.ends_with('\n'));
}

TEST(MetricsPage, HasOneHolderAtMost) {
  Status status = watched();
  status.services[0].holder.reset();
  const std::string page = metrics_text(status);
  EXPECT_THAT(page, Not(testing::ContainsRegex("hapx_vip_holder\\{[^}]*\\} 1")));
}

TEST(MetricsPage, HasASeriesForEachWayToAPeerAndNoneToItself) {
  Status status = watched();
  status.members[0].links = {{"192.168.4.11", false}, {"10.0.0.11", false}};
  status.members[1].state = MemberState::standby;
  const std::string page = metrics_text(status);
  EXPECT_THAT(page, Not(HasSubstr("hapx_link_up{node=\"node1\"")));
  EXPECT_THAT(page, HasSubstr("hapx_link_up{node=\"node2\",address=\"192.168.4.12\"} 1\n"))
      << "one address: the way is the peer";
  EXPECT_THAT(page, HasSubstr("hapx_link_up{node=\"node3\",address=\"10.0.0.13\"} 0\n"));
}

TEST(MetricsPage, EscapesWhatStandsInALabel) {
  Status status = watched();
  status.services[0].backends[0].name = "a\"b\\c\nd";
  EXPECT_THAT(metrics_text(status), HasSubstr(R"(apiserver="a\"b\\c\nd"} 1)"));
}

RequestArrived asking(const std::string& method, const std::string& target) {
  return {7, method, target, {}, Window::metrics};
}

TEST(MetricsRequest, IsForThemOrForSomethingElse) {
  EXPECT_TRUE(asks_for_metrics(asking("GET", "/metrics")));
  EXPECT_TRUE(asks_for_metrics(asking("HEAD", "/metrics")));
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "get", ""}) {
    EXPECT_FALSE(asks_for_metrics(asking(method, "/metrics"))) << method;
  }
  for (const char* target : {"/", "", "/metrics/", "/Metrics", "/metrics?a=b", "/v1/status"}) {
    EXPECT_FALSE(asks_for_metrics(asking("GET", target))) << target;
  }
  const Respond page = metrics_answer(asking("GET", "/metrics"), "the page");
  EXPECT_EQ(page.status, 200U);
  EXPECT_EQ(page.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(page.window, Window::metrics);
}

TEST(MetricsRequest, MayAskForOpenMetrics) {
  RequestArrived request = asking("GET", "/metrics");
  request.accept =  // as Prometheus 2.42 asks
      "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75"
      ",text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
  const Respond page = metrics_answer(request, metrics_text(watched()));
  EXPECT_EQ(page.content_type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
  EXPECT_THAT(page.body, EndsWith("\n# EOF\n"));
  request.accept = "text/plain;version=0.0.4";
  EXPECT_THAT(metrics_answer(request, metrics_text(watched())).body, Not(HasSubstr("# EOF")));
}

TEST(OpenMetrics, DiffersWhereItsStandardDoes) {
  EXPECT_EQ(open_metrics("# HELP a_total How many.\n"
                         "# TYPE a_total counter\n"
                         "a_total{le=\"1\"} 3\n"
                         "# HELP b Of b_total counter.\n"
                         "# TYPE b gauge\n"
                         "b{x=\"y\"} 1\n"
                         "# HELP c How long.\n"
                         "# TYPE c histogram\n"
                         "c_count{} 2\n"
                         "c_bucket{x=\"le=\",le=\"0.3\"} 1\n"
                         "c_bucket{le=\"1\"} 1\n"
                         "c_bucket{le=\"+Inf\"} 2\n"),
            "# HELP a How many.\n"
            "# TYPE a counter\n"
            "a_total{le=\"1\"} 3\n"
            "# HELP b Of b_total counter.\n"
            "# TYPE b gauge\n"
            "b{x=\"y\"} 1\n"
            "# HELP c How long.\n"
            "# TYPE c histogram\n"
            "c_count{} 2\n"
            "c_bucket{x=\"le=\",le=\"0.3\"} 1\n"
            "c_bucket{le=\"1.0\"} 1\n"
            "c_bucket{le=\"+Inf\"} 2\n"
            "# EOF\n");
  EXPECT_EQ(open_metrics(""), "# EOF\n");
}

}  // namespace
}  // namespace hapx::appliance
