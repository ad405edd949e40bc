// SPDX-License-Identifier: Apache-2.0
// What would HAProxy and its keeper do?
//
// One HAProxy in service at most, and one that may succeed it, each started with a generation and a
// text, warm after a while, that can crash, freeze, or refuse its text; and a keeper that starts
// it, sees it die, and outlives hapxd. It tells what happens as the events that the real door would
// report, each with a delay: the caller delivers them, or drops them when nobody is there to hear.
// It carries no traffic: whoever wants to know whether a client is served asks accepts().
//
//   start --> [starting] --warm-up--> [accepting] <--> [frozen]
//                  \________ kill, crash ______|__________|----> gone
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "appliance/sim/clock.hpp"
#include "appliance/sim/random.hpp"
#include "config/cluster_config.hpp"
#include "lb-supervisor/action.hpp"
#include "lb-supervisor/event.hpp"

namespace hapx::appliance::sim {

using HaproxyEvent =
    std::variant<lb_supervisor::KeeperConnected, lb_supervisor::KeeperLost,
                 lb_supervisor::HaproxyConfigAccepted, lb_supervisor::HaproxyConfigRefused,
                 lb_supervisor::HaproxyStarted, lb_supervisor::HaproxyStartFailed,
                 lb_supervisor::HaproxyExited, lb_supervisor::HaproxyProbed,
                 lb_supervisor::HaproxyProbeFailed, lb_supervisor::BackendsReported>;

/// What the keeper will say, and how long from now.
struct Later {
  Duration after{0};
  HaproxyEvent event;
};

class Haproxy {
 public:
  Haproxy(const std::vector<ServiceConfig>& services, std::uint64_t seed);

  // What hapxd may ask.

  [[nodiscard]] Later connect();
  [[nodiscard]] Later check(const lb_supervisor::CheckHaproxyConfig& request);
  [[nodiscard]] Later start(const lb_supervisor::StartHaproxy& request, Moment now);
  /// Nothing is said now; the old one's end comes later.
  [[nodiscard]] std::vector<Later> retire(const lb_supervisor::RetireHaproxy& request);
  /// Nothing is said if no such generation runs.
  [[nodiscard]] std::vector<Later> kill(std::uint64_t generation);
  [[nodiscard]] Later probe(std::uint64_t generation, Moment now);
  /// Nothing is said, as the real one says nothing.
  void amend(const lb_supervisor::AmendHaproxy& request, Moment now);
  /// Nothing is said by a frozen one, or by none.
  [[nodiscard]] std::vector<Later> ask_backends(std::uint64_t generation, Moment now);

  // What the world sees.

  [[nodiscard]] bool accepts(Moment now) const;
  [[nodiscard]] bool runs() const { return child_.has_value(); }
  /// When a starting one begins to accept.
  [[nodiscard]] std::optional<Moment> next_edge(Moment now) const;

  // What the world does.

  /// The process in service is gone; what its keeper says of it.
  [[nodiscard]] std::vector<Later> crash(const std::string& how);
  void freeze(bool frozen);
  /// The keeper is gone and takes HAProxy along.
  [[nodiscard]] Later lose_keeper();
  /// A new keeper starts with nothing.
  void restart_keeper() {
    child_.reset();
    successor_.reset();
  }
  void set_installed(bool installed) { installed_ = installed; }
  void set_config_refused(bool refused) { config_refused_ = refused; }
  [[nodiscard]] bool broken() const {
    return !installed_ || config_refused_ || (child_ && child_->frozen);
  }
  void set_server(const std::string& name, bool up) { down_[name] = !up; }

 private:
  struct Server {
    std::string name;
    bool set_aside = false;
  };
  struct Backend {
    ServiceName service;
    std::vector<Server> servers;
  };
  struct Child {
    std::uint64_t generation = 0;
    int pid = 0;
    std::string config;
    std::vector<lb_supervisor::ListenSocket> sockets;
    Moment accepting_from;
    std::vector<Backend> backends;
    bool frozen = false;
  };

  [[nodiscard]] const Child* find(std::uint64_t generation) const;
  [[nodiscard]] std::vector<Backend> backends_of(const std::string& config) const;

  std::vector<Backend> backends_;  ///< of a text that is none of ours
  Random random_;
  std::optional<Child> child_;      ///< in service
  std::optional<Child> successor_;  ///< begun beside it
  int last_pid_ = 1000;
  bool installed_ = true;
  bool config_refused_ = false;
  std::map<std::string, bool> down_;
};

}  // namespace hapx::appliance::sim
