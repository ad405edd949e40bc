// SPDX-License-Identifier: Apache-2.0
// How is a cluster made of two versions of hapx, and how is a node brought from one to the other?
//
// Each node has a hapxd file of its own, which is replaced as dpkg does it: another file under the
// same name, and SIGUSR2 to the keeper (images/deb/postinst). The earlier version is built by
// build_pinned.sh. Each node is asked by the hapx of its own version. What is done is watched by a
// client with a new request every 5 ms, and by a watcher on the wire.
#pragma once

#include <array>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "appliance/drill/outage.hpp"
#include "appliance/drill/statistics.hpp"
#include "ground.hpp"

namespace hapx::appliance::lab {

enum class Version { earlier, today };

inline std::string name_of(Version version) {
  return version == Version::earlier ? "earlier" : "today's";
}
inline void PrintTo(Version version, std::ostream* out) {
  *out << name_of(version);
}

using Versions = std::array<Version, 3>;  ///< of node1, node2, node3

/// A client and a watcher, from `since` on.
struct Audience {
  Onlooker onlooker;
  drill::Prober client;
  Instant since;
};

/// What they saw.
struct Impression {
  drill::Service service;
  drill::Wire wire;
  std::size_t failed_aside = 0;  ///< requests that failed, and no handover fell into them
};

class TwoVersions : public Ground {
 protected:
  static constexpr std::array<unsigned, 3> all = {1, 2, 3};
  /// Looked at before and after what is done.
  static constexpr Duration undisturbed = std::chrono::seconds(1);

  void SetUp() override {
    Ground::SetUp();
    if (IsSkipped()) return;
    if (!exists(programs(Version::earlier) + "/hapxd")) {
      GTEST_SKIP() << "NOT TRIED: two versions in one cluster. There is no earlier hapxd; "
                      "tests/lab/versions/build_pinned.sh builds it, or says why not";
    }
  }

  [[nodiscard]] static std::string programs(Version version) {
    return version == Version::earlier ? HAPX_PINNED : HAPX_PROGRAMS;
  }
  [[nodiscard]] Version version(unsigned number) const { return versions_[number - 1]; }
  /// One that has the other version.
  [[nodiscard]] unsigned one_unlike(unsigned number) const {
    const auto found = std::ranges::find_if(
        all, [&](unsigned other) { return version(other) != version(number); });
    return found == all.end() ? 0 : *found;
  }
  [[nodiscard]] static unsigned third(unsigned one, unsigned other) { return 6 - one - other; }

  /// Its program from now on, running or not.
  void install(unsigned number, Version version) {
    const std::string folder = file("program" + std::to_string(number));
    ASSERT_TRUE(make_folder(folder));
    std::error_code error;
    std::filesystem::copy_file(programs(version) + "/hapxd", folder + "/new", error);
    if (!error) std::filesystem::rename(folder + "/new", hapxd_of(number), error);
    ASSERT_FALSE(error) << error.message();
    versions_[number - 1] = version;
  }
  void turn_on(unsigned number) const { Ground::start(number, {.program = hapxd_of(number)}); }
  void power_on(unsigned number) {
    ASSERT_TRUE(lab_->power_on(node(number)));
    turn_on(number);
  }

  /// A cluster of these, well.
  void begin(const Versions& versions, const Wishes& wishes = {}) {
    ASSERT_NO_FATAL_FAILURE(build(wishes));
    for (const unsigned number : all) {
      ASSERT_NO_FATAL_FAILURE(install(number, versions[number - 1]));
      turn_on(number);
    }
    ASSERT_TRUE(comes_to_be_well());
  }

  /// The keeper and hapxd are what was installed last, and hapxd answers its hapx.
  [[nodiscard]] bool runs_what_is_installed(unsigned number) const {
    for (const std::string_view name : {keeper_name, daemon_name}) {
      const auto found = processes_in(node(number).netns, name);
      std::error_code error;
      if (found.size() != 1 ||
          !std::filesystem::equivalent("/proc/" + std::to_string(found[0].pid) + "/exe",
                                       hapxd_of(number), error)) {
        return false;
      }
    }
    return hapx(number, {"status"}).code < 3;
  }
  /// As images/deb/postinst does it; of several nodes, on all at once.
  void replace_in_flight(const std::vector<unsigned>& numbers, Version version) {
    for (const unsigned number : numbers) {
      ASSERT_NO_FATAL_FAILURE(install(number, version));
      const Outcome checked = hapx(number, {"config", "check", plan().config_file});
      ASSERT_EQ(checked.code, 0) << checked.errors;
    }
    for (const unsigned number : numbers) signal_all(number, {keeper_name}, SIGUSR2);
    for (const unsigned number : numbers) {
      ASSERT_TRUE(comes(node(number).name.text() + " runs " + name_of(version) + " hapxd",
                        [&] { return runs_what_is_installed(number); }));
    }
  }
  /// What `systemctl restart hapx-haproxy` does on a machine.
  void restart_haproxy_keeper(unsigned number) const {
    const auto before = processes(number, {haproxy_keeper_name});
    ASSERT_EQ(before.size(), 1U);
    send_signal(before[0], SIGKILL);
    comes("the next keeper of HAProxy", [&] {
      const auto now = processes_in(node(number).netns, haproxy_keeper_name);
      return now.size() == 1 && now[0].pid != before[0].pid;
    });
    comes("a HAProxy that is fit", [&] { return status(number).haproxy.fit; });
  }

  /// The hapx of the node's own version.
  [[nodiscard]] Outcome hapx(unsigned number, const std::vector<std::string>& words) const {
    return hapx_of(version(number), number, words);
  }
  [[nodiscard]] Outcome hapx_of(Version version, unsigned number,
                                const std::vector<std::string>& words) const {
    std::vector<std::string> command{programs(version) + "/hapx", "--socket",
                                     node(number).run_folder + "/hapxd.sock"};
    command.insert(command.end(), words.begin(), words.end());
    const auto outcome = run(command, {.patience = patience});
    EXPECT_TRUE(outcome) << outcome.error().sentence;
    return outcome ? *outcome : Outcome{3, "", ""};
  }
  /// An order that is obeyed.
  void order(unsigned number, const std::vector<std::string>& words) const {
    const Outcome outcome = hapx(number, words);
    EXPECT_EQ(outcome.code, 0) << words.front() << " at " << node(number).name.text() << ", "
                               << name_of(version(number)) << ": " << outcome.output
                               << outcome.errors;
  }
  [[nodiscard]] std::string service() const { return plan().service.text(); }

  [[nodiscard]] bool is_in_state(unsigned by, unsigned of, MemberState state) const {
    const Status seen = status(by);
    const auto found = std::ranges::find(seen.members, node(of).name, &MemberStatus::name);
    return found != seen.members.end() && found->state == state;
  }
  /// Every node hears all, sees a holder serve, and has nothing to complain of.
  bool comes_to_be_well() const {
    return std::ranges::all_of(all, [&](unsigned by) {
      return comes(node(by).name.text() + " sees that all is well", [&] {
        const Status seen = status(by);
        return seen.quorate && seen.degraded.empty() && seen.services.size() == 1 &&
               served(seen.services[0]) && hapx(by, {"status"}).code == 0 &&
               std::ranges::all_of(
                   all, [&](unsigned of) { return is_in_state(by, of, MemberState::online); });
      });
    });
  }
  /// Not so soon before or after another order that the watcher would take it for two holders.
  void bring_to(unsigned number, unsigned by) const {
    pause(drill::return_min * 2);
    comes("the service at " + node(number).name.text(), [&] {
      return serves(status(number)) ||
             hapx(by, {"move", service(), node(number).name.text()}).code == 0;
    });
    ASSERT_TRUE(comes_to_serve(number));
    pause(drill::return_min * 2);
  }

  [[nodiscard]] Audience audience() const {
    Onlooker onlooker = look_on();
    auto client = drill::Prober::start(plan());
    EXPECT_TRUE(client) << client.error().sentence;
    const Instant since = boot_now();
    comes("a client that is served", [&] {
      return std::ranges::any_of(client->requests(since), [](const drill::Request& request) {
        return request.fate == drill::Fate::served;
      });
    });
    pause(undisturbed);
    return {std::move(onlooker), std::move(client.value()), since};
  }
  /// Of all until now; printed. Whatever was done, the address had one holder at every instant, and
  /// a request fails only if the service went from one node to another while it was under way.
  Impression expect_served(const std::string& what, const Audience& by) const {
    pause(undisturbed);
    const Instant until = boot_now();
    pause(drill::request_patience + std::chrono::milliseconds(200));
    const auto requests = by.client.requests(by.since);
    Impression seen{drill::judge(requests, by.since, until), by.onlooker.wire(), 0};
    const auto& tenures = seen.wire.tenures;
    for (const drill::Request& request : requests) {
      if (request.fate != drill::Fate::failed || request.start > until) continue;
      const bool is_handed_over = std::ranges::any_of(tenures, [&](const drill::Tenure& tenure) {
        return &tenure != &tenures.front() && request.start <= tenure.first &&
               request.end >= (&tenure - 1)->last;
      });
      if (!is_handed_over) ++seen.failed_aside;
    }
    std::cout << what << ": " << seen.service.failed << " of " << seen.service.requests
              << " requests failed, " << seen.failed_aside << " of them with no handover; "
              << tenures.size() << " tenures; outage " << drill::readable(seen.service.outage)
              << ", slowest answer " << drill::readable(seen.service.latency_maximum)
              << "; the client's longest stall " << drill::readable(seen.service.longest_silence)
              << ", rounds shared " << seen.wire.rounds_shared << "\n";
    EXPECT_EQ(seen.failed_aside, 0U);
    EXPECT_TRUE(seen.wire.is_one_holder());
    EXPECT_GT(seen.wire.rounds_answered, 0U) << "the watcher heard nothing, so it proves nothing";
    return seen;
  }
  /// Nobody takes another version for another configuration.
  void expect_no_drift_was_told() const {
    for (const unsigned number : all) EXPECT_FALSE(log_has(number, "another configuration"));
  }

 private:
  [[nodiscard]] std::string hapxd_of(unsigned number) const {
    return file("program" + std::to_string(number) + "/hapxd");
  }

  Versions versions_{};
};

}  // namespace hapx::appliance::lab
