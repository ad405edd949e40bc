// SPDX-License-Identifier: Apache-2.0
// How does a test get a recording of a real Node?
//
// One of two nodes, of which the other one never comes: it beats, claims and waits. What the world
// would tell it a test tells it.
#pragma once

#include <chrono>
#include <string>

#include "appliance/node.hpp"
#include "appliance/recording/flight_recorder.hpp"
#include "appliance/recording/recording.hpp"

namespace hapx::appliance {

inline ClusterKey recorded_key() {
  ClusterKey key{};
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(17 + 31 * i * i);
  return key;
}

inline NodeOptions recorded_options(const std::string& version) {
  NodeOptions options;
  options.config.name = ClusterName("kube-demo");
  options.config.nodes = {{NodeName("node1"), ipv4(192, 168, 4, 11), Role::full, 1},
                          {NodeName("node2"), ipv4(192, 168, 4, 12), Role::full, 1}};
  ServiceConfig kube;
  kube.name = ServiceName("kube-apiserver");
  kube.vips = {{{ipv4(192, 168, 4, 20), 27}, InterfaceName("eth0")}};
  kube.api_servers = {{"kube-mast01", 6443}};
  options.config.services = {kube};
  options.self = NodeName("node1");
  options.boot.bytes = {1, 2, 3};
  options.incarnation = {7};
  options.keys = {recorded_key()};
  options.haproxy_paths = lb_supervisor::haproxy_paths("/run/hapx");
  options.seed = 11;
  options.version = version;
  return options;
}

class RecordedNode {
 public:
  /// What the clock shows at `began`.
  static constexpr Duration utc_offset = std::chrono::seconds(1'795'873'017 - 3600);

  explicit RecordedNode(const std::string& version)
      : now_(std::chrono::hours(1)), node_(recorded_options(version), now_) {
    hear(Started{});
    hear(membership::WallClockSet{utc_offset});
  }

  Actions hear(const Event& event) {
    now_ += std::chrono::milliseconds(1);
    return recorder_.step(node_, event, now_);
  }

  /// Wakes it at its deadlines.
  void run_for(Duration length) {
    const Instant end = now_ + length;
    for (auto due = node_.next_deadline(); due && *due <= end; due = node_.next_deadline()) {
      now_ = std::max(now_, *due);
      static_cast<void>(recorder_.step(node_, DeadlineReached{}, now_));
    }
    now_ = end;
  }

  [[nodiscard]] Recording recording(const std::string& occasion = "a test asked") const {
    return recorder_.recording(node_, occasion);
  }
  /// As in its file.
  [[nodiscard]] std::vector<std::uint8_t> bytes() const {
    return encode_recording(recording(), node_.options().keys);
  }
  [[nodiscard]] Instant now() const { return now_; }
  [[nodiscard]] Node& node() { return node_; }

 private:
  Instant now_;
  Node node_;
  FlightRecorder recorder_;
};

}  // namespace hapx::appliance
