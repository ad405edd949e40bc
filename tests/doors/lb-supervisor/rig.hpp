// SPDX-License-Identifier: Apache-2.0
// What does a door's test need around it?
//
// A network namespace of its own (so any port is free and nothing leaks), a run directory, a
// keeper that is a process of its own, and the room's machine with its doors on one loop: what
// hapxd does, in small.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <gtest/gtest.h>
#include <sys/types.h>

#include "lb-supervisor/haproxy_config.hpp"
#include "lb-supervisor/io/child_process.hpp"
#include "lb-supervisor/io/runtime_socket.hpp"
#include "lb-supervisor/io/self_probe.hpp"
#include "lb-supervisor/supervisor.hpp"

namespace hapx::lb_supervisor {

/// Generous: only a hanging test ever waits that long.
inline constexpr auto patience = std::chrono::seconds(20);

/// Moves this process into a fresh network namespace with lo up. An explanation if that is
/// forbidden here.
[[nodiscard]] std::optional<std::string> enter_fresh_network();
/// Adds an address to lo: "the VIP has come".
void add_address(const std::string& cidr);

/// An own directory under /tmp, removed at the end.
class RunDirectory {
 public:
  RunDirectory();
  ~RunDirectory();
  RunDirectory(const RunDirectory&) = delete;
  RunDirectory& operator=(const RunDirectory&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string read(const std::string& name) const;
  void write(const std::string& name, const std::string& text) const;

 private:
  std::string path_;
};

/// run_haproxy_keeper in a process of its own, as hapxd's main runs it.
class KeeperProcess {
 public:
  explicit KeeperProcess(const std::string& run_dir, const std::string& haproxy = "haproxy");
  ~KeeperProcess();
  KeeperProcess(const KeeperProcess&) = delete;
  KeeperProcess& operator=(const KeeperProcess&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  void kill(int signal) const;
  void cut_lifeline();
  /// Waits for its end and gives its exit status (negative: the signal).
  int wait();

 private:
  pid_t pid_ = -1;
  int lifeline_ = -1;
};

[[nodiscard]] bool is_running(pid_t pid);
/// Waits, without a loop of events, until `holds` or the patience ends.
[[nodiscard]] bool becomes_true(const std::function<bool()>& holds);
[[nodiscard]] std::string comm_of(pid_t pid);

/// Supervisor and doors on one loop.
class Rig {
 public:
  explicit Rig(const std::string& run_dir, SupervisorOptions options = {});

  void start(const RenderedHaproxy& rendered);
  /// Runs the loop until `holds`; false when the patience ends first.
  [[nodiscard]] bool run_until(const std::function<bool()>& holds);
  [[nodiscard]] bool run_until_warm() {
    return run_until([this] { return supervisor.warm(); });
  }
  void run_for(Duration duration);
  /// The next of this kind of news that was not looked at yet.
  [[nodiscard]] std::optional<HaproxyFailed> next_failure();

  [[nodiscard]] pid_t haproxy() const { return supervisor.status().pid.value_or(-1); }

  boost::asio::io_context io;
  Supervisor supervisor;
  std::vector<News> news;

 private:
  void take(Outcome outcome);
  void arm();

  std::optional<ChildProcess> child_;
  std::optional<SelfProbe> probe_;
  std::optional<RuntimeSocket> runtime_;
  boost::asio::steady_timer deadline_;
  std::size_t failures_seen_ = 0;
};

/// Each test in a fresh network namespace, or skipped with the reason.
class InFreshNetwork : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto reason = enter_fresh_network()) GTEST_SKIP() << *reason;
  }

  RunDirectory run_dir_;
};

/// One service "api" at `vip`:6443 with these servers at port 6443.
[[nodiscard]] ClusterConfig one_service(const std::string& vip,
                                        const std::vector<std::string>& servers,
                                        HealthCheckMode mode = HealthCheckMode::tcp);

/// Connects to `address`:6443 and reads to the end. The error's text if that fails.
struct Visit {
  std::string answer;
  std::string error;
  Duration took{0};
};
[[nodiscard]] Visit visit(const std::string& address, Duration time_out = std::chrono::seconds(10));

}  // namespace hapx::lb_supervisor
