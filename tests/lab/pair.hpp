// SPDX-License-Identifier: Apache-2.0
// How are two nodes watched while something happens to one of them?
//
// From outside: a client that asks all the time, and an onlooker of the wire who would see two
// holders.
#pragma once

#include <algorithm>
#include <csignal>
#include <string>

#include "appliance/drill/statistics.hpp"
#include "ground.hpp"

namespace hapx::appliance::lab {

class Pair : public Ground {
 protected:
  /// `kind` is what begins each line that is printed.
  explicit Pair(std::string kind) : kind_(std::move(kind)) {}

  void TearDown() override {
    client_.reset();
    onlooker_.reset();
    Ground::TearDown();
  }

  /// Starts both nodes with this file, and waits until all is well.
  void begin(const std::string& config) {
    ASSERT_FALSE(HasFailure());
    start_all({.config_file = config});
    holder_ = settled({1, 2});
    ASSERT_NE(holder_, 0U);
    standby_ = 3 - holder_;
    EXPECT_TRUE(comes("a healthy cluster", [&] { return is_healthy(status(holder_)); }));
  }

  /// But for a commit of etcd's that took long: that is said for up to a minute, and has no effect.
  [[nodiscard]] static bool is_healthy(const Status& now) {
    return now.quorate && std::ranges::all_of(now.degraded, [](const std::string& reason) {
             return reason.starts_with("etcd took ");
           });
  }

  void begin_to_look() {
    onlooker_.emplace(look_on());
    auto client = drill::Prober::start(plan());
    ASSERT_TRUE(client) << client.error().sentence;
    client_.emplace(std::move(*client));
    ASSERT_TRUE(a_client_is_served(plan()));
    struck_ = boot_now();
  }

  /// What the client saw of it, and that there never were two.
  drill::Service tell_outage(const std::string& what) {
    EXPECT_TRUE(a_client_is_served(plan()));
    const auto outage = drill::judge(client_->requests(struck_), struck_, boot_now());
    std::cout << kind_ << ", " << what << ": outage " << drill::readable(outage.outage)
              << ", requests that failed " << outage.failed << "\n";
    RecordProperty("outage_us", std::to_string(outage.outage / std::chrono::microseconds(1)));
    const drill::Wire wire = onlooker_->wire();
    EXPECT_TRUE(wire.is_one_holder()) << wire.conflict_count << " times two holders";
    EXPECT_GT(wire.rounds_answered, 0U) << "the watcher heard nothing, so it proves nothing";
    return outage;
  }

  /// hapxd and its keeper, at once: neither sees the other one end.
  void kill_with_keeper(unsigned number) const {
    signal_all(number, {"hapx-keeper", "hapxd"}, SIGSTOP);
    signal_all(number, {"hapx-keeper", "hapxd"}, SIGKILL);
  }

  void in_wire(const std::string& line) const { do_in(plan().wire_netns, {"sh", "-c", line}); }
  /// Frames of the node's port are lost, all of them or its heartbeats; its cable stays.
  void lose(unsigned number, const std::string& match = "") const {
    const std::string& port = node(number).bridge_port;
    in_wire(
        "nft add table bridge lost && nft 'add chain bridge lost way { type filter hook forward "
        "priority 0; }' && nft add rule bridge lost way iifname " +
        port + ' ' + match + " drop && nft add rule bridge lost way oifname " + port + ' ' + match +
        " drop");
  }
  void find() const { in_wire("nft delete table bridge lost"); }

  unsigned holder_ = 0;
  unsigned standby_ = 0;
  Instant struck_{};

 private:
  std::string kind_;
  std::optional<Onlooker> onlooker_;
  std::optional<drill::Prober> client_;
};

}  // namespace hapx::appliance::lab
