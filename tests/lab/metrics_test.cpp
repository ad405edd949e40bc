// SPDX-License-Identifier: Apache-2.0
// The metrics of a real cluster: each node's page as Prometheus would read it, before and after a
// loss of power, and with the port in other hands.
#include <cstdlib>
#include <map>
#include <optional>
#include <sstream>

#include <sys/socket.h>

#include "appliance/lab/io/cable.hpp"
#include "appliance/lab/io/interrupt.hpp"
#include "appliance/lab/io/lab.hpp"
#include "appliance/lab/io/socket.hpp"
#include "config/io/clock.hpp"
#include "scratch_lab.hpp"

namespace hapx::appliance::lab {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Endpoint metrics_address{ipv4(127, 0, 0, 1), 9405};

/// A blocking socket in the namespace; nothing where there is none.
Descriptor socket_in(const std::string& netns) {
  Descriptor made;
  static_cast<void>(within(netns, [&]() -> Result<void> {
    made = Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return {};
  }));
  const timeval patience{5, 0};
  ::setsockopt(made.number(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(made.number(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  return made;
}

/// The body of GET /metrics on that node; nothing when it isn't answered with 200.
std::optional<std::string> scrape(const NodePlan& node) {
  const Descriptor client = socket_in(node.netns);
  const SocketAddress address = socket_address(metrics_address);
  if (::connect(client.number(), address.pointer(), address.length) != 0) return std::nullopt;
  const std::string request = "GET /metrics HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n";
  if (::send(client.number(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return {};
  std::string reply;
  char block[4096];
  for (ssize_t got = 0; (got = ::recv(client.number(), block, sizeof block, 0)) > 0;) {
    reply.append(block, static_cast<std::size_t>(got));
  }
  const auto end = reply.find("\r\n\r\n");
  if (!reply.starts_with("HTTP/1.1 200") || end == std::string::npos) return std::nullopt;
  return reply.substr(end + 4);
}

/// Series with its labels -> value.
std::map<std::string, double> series_of(const std::string& page) {
  std::map<std::string, double> series;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    const auto space = line.rfind(' ');
    if (line.starts_with('#') || space == std::string::npos) continue;
    series[line.substr(0, space)] = std::strtod(line.c_str() + space, nullptr);
  }
  return series;
}

std::map<std::string, double> series_at(const NodePlan& node) {
  const auto page = scrape(node);
  return page ? series_of(*page) : std::map<std::string, double>();
}

/// The same, or -1 where the page or the series is missing.
double value_at(const NodePlan& node, const std::string& series) {
  const auto all = series_at(node);
  const auto found = all.find(series);
  return found == all.end() ? -1 : found->second;
}

class Metrics : public ScratchLab {
 protected:
  void build(const Wishes& wishes) {
    auto built = Lab::build(wishes, HAPX_PROGRAMS);
    ASSERT_TRUE(built) << built.error().sentence;
    lab_.emplace(std::move(*built));
  }

  void start() {
    const auto started = lab_->start_all();
    ASSERT_TRUE(started) << started.error().sentence;
    const auto well = lab_->wait_until_served(seconds(30));
    ASSERT_TRUE(well) << well.error().sentence;
  }

  [[nodiscard]] const std::vector<NodePlan>& nodes() const { return lab_->plan().nodes; }

  [[nodiscard]] std::string holder_series(const NodePlan& node) const {
    return "hapx_vip_holder{service=\"" + lab_->plan().service.text() + "\",vip=\"" +
           to_string(lab_->plan().vip.address) + "\",node=\"" + node.name.text() + "\"}";
  }

  [[nodiscard]] std::string vip_series(const std::string& name) const {
    return name + "{service=\"" + lab_->plan().service.text() + "\",vip=\"" +
           to_string(lab_->plan().vip.address) + "\"}";
  }

  [[nodiscard]] std::string failovers(const std::string& reason) const {
    return "hapx_failovers_total{service=\"" + lab_->plan().service.text() + "\",reason=\"" +
           reason + "\"}";
  }

  /// Whom this node takes for the holder; nullptr unless its page names exactly one.
  [[nodiscard]] const NodePlan* holder_by(const NodePlan& teller) const {
    const NodePlan* holder = nullptr;
    const auto series = series_at(teller);
    for (const NodePlan& node : nodes()) {
      const auto found = series.find(holder_series(node));
      if (found == series.end() || found->second != 1) continue;
      if (holder != nullptr) return nullptr;
      holder = &node;
    }
    return holder;
  }

  static void expect_sound(const NodePlan& node) {
    const auto page = scrape(node);
    ASSERT_TRUE(page) << node.name.text();
    const auto checked = run({"promtool", "check", "metrics"}, {.input = *page});
    ASSERT_TRUE(checked) << checked.error().sentence;
    EXPECT_EQ(checked->code, 0) << checked->output << checked->errors;
    EXPECT_EQ(checked->output + checked->errors, "") << node.name.text();
  }

  /// Both the kernel and the page of a node say whether it has the address.
  [[nodiscard]] bool has_address(const NodePlan& node) const {
    const auto shown =
        run({"ip", "-brief", "address", "show", "to", to_string(lab_->plan().vip.address)},
            {.netns = node.netns});
    return shown && !shown->output.empty();
  }

  std::optional<Lab> lab_;
};

TEST_F(Metrics, OfEveryNodeAreSoundAndTrueBeforeAndAfterAPowerLoss) {
  build({.name = name(), .nodes = 3});
  start();
  const NodePlan* holder = nullptr;
  ASSERT_TRUE(eventually([&] { return (holder = holder_by(nodes()[0])) != nullptr; }));
  for (const NodePlan& node : nodes()) {
    EXPECT_TRUE(eventually([&] { return holder_by(node) == holder; })) << node.name.text();
    EXPECT_TRUE(eventually([&] {
      return value_at(node, vip_series("hapx_vip_assigned")) == (has_address(node) ? 1 : 0);
    })) << node.name.text();
    EXPECT_EQ(value_at(node, vip_series("hapx_vip_lease_remaining_seconds")) > 0, &node == holder);
    EXPECT_EQ(value_at(node, "hapx_quorate"), 1);
    EXPECT_EQ(value_at(node, "hapx_votes{type=\"heard\"}"), 3);
    EXPECT_EQ(value_at(node, "hapx_failover_seconds_count"), 0);
  }
  EXPECT_EQ(value_at(*holder, "hapx_haproxy_state{state=\"started\"}"), 1);
  EXPECT_GE(value_at(*holder, vip_series("hapx_vip_announcements_total")), 1);

  const NodePlan lost = *holder;
  const auto off = lab_->power_off(lost);
  ASSERT_TRUE(off) << off.error().sentence;
  const NodePlan* heir = nullptr;
  for (const NodePlan& node : nodes()) {
    if (node.name == lost.name) continue;
    ASSERT_TRUE(eventually([&] {
      heir = holder_by(node);
      return heir != nullptr && heir->name != lost.name;
    })) << node.name.text();
    EXPECT_EQ(
        value_at(node, "hapx_member_state{node=\"" + lost.name.text() + "\",state=\"offline\"}"),
        1);
    EXPECT_EQ(value_at(node, "hapx_votes{type=\"heard\"}"), 2);
    EXPECT_EQ(value_at(node, "hapx_quorate"), 1);
  }
  ASSERT_TRUE(eventually([&] { return value_at(*heir, "hapx_failover_seconds_count") == 1; }));
  for (const NodePlan& node : nodes()) {
    if (node.name == lost.name) continue;
    const double expected = node.name == heir->name ? 1 : 0;
    EXPECT_EQ(value_at(node, failovers("node-lost")), expected) << node.name.text();
    EXPECT_EQ(value_at(node, vip_series("hapx_vip_assigned")), expected);
  }
  const auto series = series_at(*heir);
  double sum = 0;
  for (const char* phase :
       {"peer-silent", "peer-dead", "placement-decided", "lease-won", "address-asked",
        "address-added", "haproxy-serving", "announcing", "announced"}) {
    const std::string label = "{phase=\"" + std::string(phase) + "\"}";
    EXPECT_EQ(series.at("hapx_failover_phase_seconds_count" + label), 1) << phase;
    sum += series.at("hapx_failover_phase_seconds_sum" + label);
    std::cout << phase << " " << series.at("hapx_failover_phase_seconds_sum" + label) * 1e3
              << " ms\n";
  }
  sum += series.at("hapx_failover_phase_seconds_sum{phase=\"lease-expired\"}");
  EXPECT_NEAR(sum, series.at("hapx_failover_seconds_sum"), 1e-6);
  EXPECT_GE(sum, 0.2) << "no less than the right of the lost node";
  std::cout << "whole " << sum * 1e3 << " ms\n";
}

TEST_F(Metrics, HaveEachWayToAPeer) {
  build({.name = name(), .nodes = 2, .links = 1});
  start();
  const auto series = [&](const IpAddress& address) {
    return "hapx_link_up{node=\"node2\",address=\"" + to_string(address) + "\"}";
  };
  const LinkPlan& link = nodes()[1].links.front();
  const std::string by_first = series(nodes()[1].address);
  const std::string by_second = series(link.address.address);
  EXPECT_TRUE(eventually([&] { return value_at(nodes()[0], by_second) == 1; }));
  EXPECT_EQ(value_at(nodes()[0], by_first), 1);
  const std::string wire = lab_->plan().wire_netns;
  ASSERT_TRUE(set_carrier(wire, link.bridge_port, Carrier::down));
  EXPECT_TRUE(eventually([&] { return value_at(nodes()[0], by_second) == 0; }));
  EXPECT_EQ(value_at(nodes()[0], by_first), 1);
  EXPECT_EQ(value_at(nodes()[0], "hapx_quorate"), 1);
  ASSERT_TRUE(set_carrier(wire, link.bridge_port, Carrier::up));
  EXPECT_TRUE(eventually([&] { return value_at(nodes()[0], by_second) == 1; }));
}

TEST_F(Metrics, PassPromtoolOnNodesAndWitness) {
  const auto there = run({"sh", "-c", "command -v promtool"}, {});
  if (!there || there->code != 0) GTEST_SKIP() << "promtool is not here (package prometheus)";
  build({.name = name(), .nodes = 3, .witness = true});
  start();
  for (const NodePlan& node : nodes()) expect_sound(node);
  EXPECT_EQ(value_at(nodes()[2], "hapx_haproxy_up"), -1) << "a witness runs none";
}

TEST_F(Metrics, WhosePortIsTakenCostTheServiceNothing) {
  build({.name = name(), .nodes = 3});
  const NodePlan& node = nodes()[0];
  Descriptor rival = socket_in(node.netns);
  const SocketAddress address = socket_address(metrics_address);
  ASSERT_EQ(::bind(rival.number(), address.pointer(), address.length), 0);
  ASSERT_EQ(::listen(rival.number(), 1), 0);
  const auto started = lab_->start_all();
  ASSERT_TRUE(started) << started.error().sentence;
  const auto well = lab_->wait_until_served(seconds(30));
  ASSERT_TRUE(well) << well.error().sentence;
  const auto told = lab_->ask(node, {"status"});
  ASSERT_TRUE(told) << told.error().sentence;
  EXPECT_EQ(told->code, 1) << told->output;
  const std::string sentence = "metrics are not served: [::]:9405 is taken by another program";
  EXPECT_NE(told->output.find(sentence), std::string::npos) << told->output;
  const auto log = read_file(node.log_file);
  ASSERT_TRUE(log);
  EXPECT_NE(log->find("[::]:9405 is taken by another program"), std::string::npos) << *log;
  EXPECT_EQ(value_at(nodes()[1], "hapx_quorate"), 1) << "the others' are served";

  rival = Descriptor();
  EXPECT_TRUE(eventually([&] { return value_at(node, "hapx_quorate") == 1; }));
  EXPECT_TRUE(eventually([&] {
    const auto again = lab_->ask(node, {"status"});
    return again && again->code == 0;
  }));
}

}  // namespace
}  // namespace hapx::appliance::lab
