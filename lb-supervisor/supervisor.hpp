// SPDX-License-Identifier: Apache-2.0
// What is to be done about our HAProxy now?
//
// The life of the child, told to us by its keeper, its probe and its own answers. HAProxy is kept
// warm wherever it may be needed: it runs, checks its kube-apiservers and listens at addresses
// that are not here yet. So to start serving is to look at it, and what can go wrong goes wrong
// before it matters. When it dies it is started again at once, when it freezes it is killed first;
// its listening sockets live in the keeper, so clients wait instead of being refused.
//
//              accepted          started           answered
//   checking ------------> starting ------> warming ------> warm
//    ^   |                    ^               |  |           | |
//    |   | refused            |   exited,     |  | too late  | | 2 probes failed
//    |   v                    |   failed      |  v           | v
//    +-- pausing -------------+ <-------------+-----> ending   |   (ending = killed, not gone yet;
//        (a growing pause)    ^ <--------------------------+---+    exited -> starting)
//
//   stopped: nothing is wanted.  unreachable: its keeper is gone, and HAProxy with it; the keeper's
//   return leads to warming (it still runs, with the text that is wanted), else to checking or
//   starting. While only the connection to the keeper is lost, a warm HAProxy stays warm as long as
//   it answers; then one failed probe is enough.
//
// A warm HAProxy with another text than the wanted one (left by an earlier hapxd, or a new config)
// stays warm and in service. Beside it another one is begun with the wanted text (replacement.hpp);
// when that answers it takes over, and the old one is retired: it goes on with the connections that
// it has. Where the texts differ in servers alone, the one that runs takes those (amendment.hpp),
// and another one is begun only if it does not. If nothing comes of it, the old one stays, is
// started again with its own text if it dies, and the next attempt follows. Only a HAProxy that
// isn't warm is ended first.
//
// While it is *left alone*, nothing leads to checking, starting, ending, or another text. One that
// is gone pauses without an end; one that runs and does not answer is warming, until it does.
//
// *Serving* is a state of our books: a service is served when somebody asked for it (`serve`) and
// HAProxy is warm. Nothing here knows about addresses or about who should hold them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "config/archived.hpp"
#include "config/ids.hpp"
#include "config/time.hpp"
#include "lb-supervisor/action.hpp"
#include "lb-supervisor/amendment.hpp"
#include "lb-supervisor/event.hpp"
#include "lb-supervisor/fitness.hpp"
#include "lb-supervisor/haproxy_config.hpp"
#include "lb-supervisor/outcome.hpp"
#include "lb-supervisor/replacement.hpp"
#include "lb-supervisor/restart_pace.hpp"

namespace hapx::lb_supervisor {

enum class HaproxyState : std::uint8_t {
  stopped,
  unreachable,
  checking,
  pausing,
  starting,
  warming,
  warm,
  ending,
};

/// The word of the diagram.
[[nodiscard]] std::string to_string(HaproxyState state);

struct SupervisorStatus {
  HaproxyState state = HaproxyState::stopped;
  std::optional<int> pid;
  std::uint64_t generation = 0;
  Fitness fitness;
  bool retries = false;            ///< it was refused or did not come up, and is tried again
  std::size_t draining = 0;        ///< retired ones that still have connections
  std::uint64_t replacements = 0;  ///< HaproxyReplaced since this hapxd began
  std::string
      not_replaced;  ///< why it runs with another text than the wanted one; empty: it doesn't
  std::uint64_t failures = 0;  ///< HaproxyFailed since this hapxd began
  std::uint64_t starts = 0;    ///< StartHaproxy since this hapxd began
  std::uint64_t restarts =
      0;  ///< those of them after a HAProxy had run, one found at start included
  std::vector<BackendHealth> backends;                  ///< HAProxy's last answer
  std::map<ServiceName, unsigned> healthy_api_servers;  ///< settled; absent until known
};

class Supervisor {
 public:
  explicit Supervisor(SupervisorOptions options = {});

  /// Wants a HAProxy with this text, from now on. What runs already with this text stays.
  [[nodiscard]] Outcome start(RenderedHaproxy rendered, Instant now);
  /// Wants none. What runs is ended.
  [[nodiscard]] Outcome stop(Instant now);

  /// From now on nothing is started, replaced or killed: what fails is told, and stays as it is. An
  /// empty reason ends that, and what is missing is begun.
  [[nodiscard]] Outcome leave_alone(const std::string& reason, Instant now);

  /// Asks HAProxy what it thinks of a text that isn't wanted yet, without a change. HaproxyExamined
  /// answers; at once and with no refusal where HAProxy can't be asked now.
  [[nodiscard]] Outcome examine(RenderedHaproxy rendered, Instant now);

  /// Wants the service served: HaproxyServing comes now if HAProxy is warm, else (and again after
  /// each failure) once it is.
  [[nodiscard]] Outcome serve(const ServiceName& service);
  /// Wants it served no more. Nothing is waited for: it stays warm.
  void rest(const ServiceName& service);
  [[nodiscard]] bool serves(const ServiceName& service) const;

  [[nodiscard]] Outcome step(const KeeperConnected& event, Instant now);
  [[nodiscard]] Outcome step(const KeeperLost& event, Instant now);
  [[nodiscard]] Outcome step(const HaproxyConfigAccepted& event, Instant now);
  [[nodiscard]] Outcome step(const HaproxyConfigRefused& event, Instant now);
  [[nodiscard]] Outcome step(const HaproxyStarted& event, Instant now);
  [[nodiscard]] Outcome step(const HaproxyStartFailed& event, Instant now);
  [[nodiscard]] Outcome step(const HaproxyExited& event, Instant now);
  [[nodiscard]] Outcome step(const HaproxyProbed& event, Instant now);
  [[nodiscard]] Outcome step(const HaproxyProbeFailed& event, Instant now);
  /// While no kube-apiserver is up and some host name has no address (a name server that came
  /// later than we), HAProxy is started again now and then: it has nothing to lose.
  /// Limit: a name without an address beside servers that are up waits for the next start.
  [[nodiscard]] Outcome step(const BackendsReported& event, Instant now);
  /// Time has passed; does whatever is due. Harmless when nothing is.
  [[nodiscard]] Outcome step(Instant now);
  [[nodiscard]] std::optional<Instant> next_deadline() const;

  [[nodiscard]] bool warm() const { return std::holds_alternative<Warm>(state_); }
  [[nodiscard]] Fitness fitness() const;
  [[nodiscard]] std::optional<unsigned> healthy_api_servers(const ServiceName& service) const;
  [[nodiscard]] SupervisorStatus status() const;

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(state_, wanted_, current_, accepted_, replacement_, replace_at_, servers_, amendment_,
         amendment_failed_, wanted_accepted_, not_replaced_, draining_, examination_,
         left_alone_for_, connected_, trouble_, process_, generation_, restart_pace_, refusal_pace_,
         look_up_pace_, look_up_at_, asked_, failures_, starts_, restarts_, replacements_, has_run_,
         is_found_, last_told_, backends_, counts_, all_checked_);
  }

  struct Stopped {};
  struct Unreachable {};
  struct Checking {
    Instant until;
  };
  struct Pausing {
    std::optional<Instant> until;  ///< absent: for as long as it is left alone
  };
  struct Starting {
    Instant ask_again;
  };
  struct Warming {
    Instant since;
    Instant until;
    Probing probing;
  };
  struct Warm {
    Instant since;
    Probing probing;
    ProbeRecord probes;
    Instant next_ask;
  };
  struct Ending {
    Instant ask_again;
    Duration pause;  ///< before the next start
  };
  using State =
      std::variant<Stopped, Unreachable, Checking, Pausing, Starting, Warming, Warm, Ending>;

  void proceed(Instant now, Outcome& outcome);
  void proceed_after(Duration pause, Instant now, Outcome& outcome);
  void become_checking(Instant now, Outcome& outcome);
  void become_starting(Instant now, Outcome& outcome);
  void become_warming(Instant now, Instant until);
  void become_warm(Instant now, Outcome& outcome);
  void become_ending(Duration pause, Instant now, Outcome& outcome);
  void give_up_process(Instant now, Outcome& outcome);
  void tell_failure(const std::string& how, Instant now, Outcome& outcome);
  void refuse(const std::string& reason, Instant now, Outcome& outcome);
  void probe(Probing& probing, Instant now, Outcome& outcome);
  void probe_failed(const std::string& reason, Instant now, Outcome& outcome);
  void step_probing(Probing& probing, Instant now, Outcome& outcome);
  void step_starting(Starting& starting, Instant now, Outcome& outcome);
  void settle(Instant now, Outcome& outcome);
  [[nodiscard]] bool is_telling(const BackendHealth& backend) const;
  void look_up_again(Instant now, Outcome& outcome);
  void end_examination(std::string refusal, Outcome& outcome);
  void start_what_is_wanted();
  void give_up_other_text();
  [[nodiscard]] bool runs_what_is_wanted() const;
  [[nodiscard]] bool left_alone() const { return !left_alone_for_.empty(); }
  void replace(Instant now, Outcome& outcome);
  bool amend(Instant now, Outcome& outcome);
  void follow_amendment(const std::vector<BackendHealth>& told, Instant now, Outcome& outcome);
  void abandon_replacement(Outcome& outcome);
  void follow_replacement(Instant now, Outcome& outcome);
  void take_over(const Process& next, Instant now, Outcome& outcome);
  /// The attempt that is under way, if it has this generation.
  [[nodiscard]] Replacement* attempt_of(std::uint64_t generation);

  SupervisorOptions options_;
  State state_;
  std::optional<RenderedHaproxy> wanted_;
  std::optional<RenderedHaproxy> current_;  ///< what runs, or is to run first
  bool accepted_ = false;                   ///< HAProxy accepted `current_`
  std::optional<Replacement> replacement_;  ///< with `wanted_`, while warm
  std::optional<Instant> replace_at_;       ///< the next attempt
  std::optional<TextWithServers> servers_;  ///< of `wanted_`; absent: they can't be changed
  struct Amendment {
    Instant until;
    bool changed = false;  ///< something had to be done
  };
  std::optional<Amendment> amendment_;  ///< towards `wanted_`, while warm
  bool amendment_failed_ = false;       ///< of `wanted_`: it takes another HAProxy
  bool wanted_accepted_ = false;        ///< HAProxy accepted `wanted_`
  std::string not_replaced_;            ///< the last HaproxyNotReplaced
  std::set<std::uint64_t> draining_;
  struct Examination {
    RenderedHaproxy rendered;
    std::uint64_t generation = 0;
    Instant until;
  };
  std::optional<Examination> examination_;
  std::string left_alone_for_;                               ///< why; empty: it is looked after
  bool connected_ = false;                                   ///< to the keeper
  std::string trouble_ = "its keeper has not answered yet";  ///< the last bad news, for the reason
  std::optional<Process> process_;                           ///< what runs, as far as we know
  std::uint64_t generation_ = 0;                             ///< the highest ever named
  RestartPace restart_pace_;
  RestartPace refusal_pace_;
  RestartPace look_up_pace_;
  std::optional<Instant> look_up_at_;  ///< set while no server is up and a name has no address
  std::set<ServiceName> asked_;
  std::uint64_t failures_ = 0;
  std::uint64_t starts_ = 0;
  std::uint64_t restarts_ = 0;
  std::uint64_t replacements_ = 0;
  bool has_run_ = false;
  bool is_found_ = false;  ///< an earlier hapxd left it, and its servers were not looked at yet
  std::string last_told_;  ///< the last HaproxyNotReady; empty: it was warm since
  std::vector<BackendHealth> backends_;
  std::map<ServiceName, SettledCount> counts_;
  bool all_checked_ = false;  ///< the last answer had no server without a first check
};

}  // namespace hapx::lb_supervisor
