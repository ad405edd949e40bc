// SPDX-License-Identifier: Apache-2.0
// Which HAProxies run, and on what duty?
//
// At most one is in service, and at most one, begun beside it on the same listening sockets, may
// succeed it. Any others drain: they were in service, and go on with the connections that they had
// until those end, their time is over, or too many drain. Who does what, and when, is said by
// hapxd; here it is carried out. All die with the process that started them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <poll.h>

#include "config/time.hpp"
#include "lb-supervisor/io/child.hpp"
#include "lb-supervisor/io/listening_sockets.hpp"
#include "lb-supervisor/keeper_message.hpp"

namespace hapx::lb_supervisor {

/// CLOCK_MONOTONIC.
[[nodiscard]] Duration monotonic();

class Haproxies {
 public:
  using Tell = std::function<void(const KeeperAnswer&)>;

  /// `program` is a path or a name, `run_dir` holds configs and HAProxy's own sockets. The
  /// descriptor `lock` is inherited by each, so that it ends with the last of them.
  Haproxies(std::string run_dir, std::string program, Tell tell)
      : run_dir_(std::move(run_dir)), program_(std::move(program)), tell_(std::move(tell)) {}
  void share(int lock) { lock_ = lock; }
  /// Removes what the HAProxies of an earlier keeper left. REQUIRES: none of them runs.
  void remove_old_sockets() const;

  // What is asked for; answered through `tell`.
  void start(StartHaproxy request);
  void retire(const RetireHaproxy& request);
  void kill(const KillHaproxy& request);
  /// `haproxy -c`; its answer is the caller's business.
  [[nodiscard]] Result<Child> check(const CheckHaproxyConfig& request);
  /// Nobody waits for it any more.
  void end_successor();

  /// What a new client is told. The config in service is beside it.
  [[nodiscard]] KeeperConnected what_runs() const;
  [[nodiscard]] const std::string* config_in_service() const;

  // The caller waits. What was appended is looked at from `place` on.
  void append_to(std::vector<pollfd>& polled) const;
  void look_at(const std::vector<pollfd>& polled, std::size_t place);
  [[nodiscard]] std::optional<Duration> next_deadline() const;

 private:
  enum class Duty { service, successor, draining };
  struct Running {
    Child child;
    std::uint64_t generation = 0;
    std::string config;
    std::vector<ListenSocket> sockets;
    Duty duty = Duty::service;
    Duration until = Duration::max();  ///< of one that drains; then it is killed
    std::string last_words{};
  };
  enum class Purpose { check, run };

  [[nodiscard]] Result<Child> start_child(const char* config_name, const std::string& config,
                                          const std::vector<ListenSocket>& sockets,
                                          std::uint64_t generation, Purpose purpose);
  [[nodiscard]] const Running* find(Duty duty) const;
  [[nodiscard]] Running* find(Duty duty);
  [[nodiscard]] const Running* find(std::uint64_t generation) const;
  void put_in_service(Running& running) const;
  void close_unused_sockets();
  void remove_sockets_of(std::uint64_t generation) const;
  void remove_what_begins_with(const std::string& prefix) const;
  void end(std::size_t place);
  [[nodiscard]] std::string path(const std::string& name) const { return run_dir_ + "/" + name; }

  std::string run_dir_;
  std::string program_;
  Tell tell_;
  int lock_ = -1;
  ListeningSockets sockets_;
  std::vector<Running> haproxies_;  ///< the oldest first
};

}  // namespace hapx::lb_supervisor
