// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/agent.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include <signal.h>
#include <unistd.h>

#include "appliance/drill/agent_words.hpp"
#include "appliance/drill/io/card.hpp"
#include "appliance/drill/io/dead_man.hpp"
#include "appliance/drill/io/drill_lock.hpp"
#include "appliance/drill/io/line_pipe.hpp"
#include "appliance/drill/io/node_faults.hpp"
#include "appliance/drill/io/prober.hpp"
#include "appliance/lab/io/interrupt.hpp"
#include "appliance/lab/io/lab.hpp"
#include "appliance/lab/io/process.hpp"
#include "appliance/lab/observation.hpp"
#include "config/io/clock.hpp"
#include "config/io/host.hpp"

namespace hapx::appliance::drill {
namespace {

/// Limit: no request is longer.
constexpr std::size_t request_bytes_max = 64 * 1024;
/// Of one question to hapx; an order that is waited for takes some seconds.
constexpr Duration ask_patience = std::chrono::seconds(8);
/// The dead man is there for an agent that is gone or stands still, not for one that is busy.
constexpr Duration dead_man_patience = std::chrono::seconds(2);
/// An interrupt that comes at a bad moment is seen after so long.
constexpr Duration look = std::chrono::milliseconds(100);

class Agent {
 public:
  Agent(const AgentOptions& options, int in, int out)
      : options_(options), line_(in, out, request_bytes_max) {}

  int run() {
    while (!lab::interrupted()) {
      if (announced_ && boot_now() >= announced_->at) {
        // If it fails, who ordered it sees that nothing happens.
        static_cast<void>(std::exchange(announced_, std::nullopt)->strike());
      }
      if (standing_ && boot_now() >= standing_->end) static_cast<void>(end_fault());
      Instant soon = boot_now() + look;
      if (announced_) soon = std::min(soon, announced_->at);
      auto line = line_.read(standing_ ? std::min(soon, standing_->end) : soon);
      if (!line) break;
      if (!*line) continue;
      if (!answer(**line)) break;
    }
    return end_fault() ? exit_well : exit_badly;
  }

 private:
  static constexpr int exit_well = 0;
  static constexpr int exit_badly = 1;

  /// A fault that has been done and not yet undone.
  struct Standing {
    NodeFault fault;
    DeadMan dead_man;
    Instant end;
  };

  /// One that nobody can tell of once it is done.
  struct Announced {
    std::function<Result<void>()> strike;
    Instant at;
  };

  /// False when nobody takes the answer.
  bool answer(const std::string& line) {
    const auto request = parse_agent_request(line);
    AgentAnswer said;
    if (request) {
      said = std::visit([this](const auto& what) { return do_(what); }, *request);
    } else {
      said = NotDone{request.error().sentence};
    }
    std::string text = to_line(said);
    if (text.size() > agent_line_bytes_max) text = to_line(NotDone{"hapx says too much here"});
    return static_cast<bool>(line_.write(text));
  }

  [[nodiscard]] Result<lab::Outcome> ask_hapx(const std::vector<std::string>& words) const {
    std::vector<std::string> command{lab::own_programs() + "/hapx", "--socket", options_.socket};
    command.insert(command.end(), words.begin(), words.end());
    return lab::run(command, {.patience = ask_patience});
  }

  AgentAnswer do_(const Greet& greet) {
    if (greet.language != agent_language) return speaks_otherwise(greet.language);
    const auto said = ask_hapx({"-o", "json", "status"});
    if (!said) return NotDone{said.error().sentence};
    const auto seen = lab::parse_observation(said->output);
    if (!seen) return NotDone{"no hapxd answers at " + options_.socket};
    Greeting greeting{agent_language, options_.version, NodeName(seen->node), ::geteuid() == 0,
                      std::nullopt};
    if (const auto card = card_of(greet.card.text())) greeting.mac = card->mac;
    if (greeting.may_strike && !lock_.is_open()) {
      const std::size_t end = options_.socket.rfind('/');
      auto lock = take_drill_lock(end == std::string::npos ? "." : options_.socket.substr(0, end));
      if (!lock) return NotDone{lock.error().sentence};
      lock_ = std::move(*lock);
    }
    return greeting;
  }

  [[nodiscard]] NotDone speaks_otherwise(unsigned language) const {
    return {"its hapx " + options_.version + " speaks another language of drills (" +
            std::to_string(agent_language) + ", not " + std::to_string(language) +
            "); install the same hapx everywhere"};
  }

  AgentAnswer do_(const Look& asked) {
    if (asked.language != agent_language) return speaks_otherwise(asked.language);
    prober_.reset();
    auto prober = Prober::start(View{{}, asked.endpoint, {}, {}});
    if (!prober) return NotDone{prober.error().sentence};
    prober_.emplace(std::move(*prober));
    const auto host = host_name();
    return Looking{agent_language, options_.version, host ? *host : "a machine without a name"};
  }

  AgentAnswer do_(const Tell& tell) const {
    if (!prober_) return NotDone{"nobody has asked it to look"};
    const Instant now = boot_now();
    const Instant from = now - tell.from;
    return Seen{judge(prober_->requests(from), from, now - tell.until, now - tell.struck)};
  }

  AgentAnswer do_(const AskHapx& asked) const {
    const auto said = ask_hapx(asked.words);
    if (!said) return NotDone{said.error().sentence};
    return HapxSaid{said->code, said->output, said->errors};
  }

  AgentAnswer do_(const Strike& order) {
    if (::geteuid() != 0) return NotDone{"only root may do that"};
    if (!lock_.is_open()) return NotDone{"a drill begins with a greeting"};
    if (standing_ || announced_) return NotDone{"one fault at a time"};
    auto fault = node_fault(order, [this] { return ask_hapx({"reload"}); });
    if (!fault) return NotDone{fault.error().sentence};
    if (fault->notice > Duration::zero()) {
      announced_.emplace(Announced{std::move(fault->strike), boot_now() + fault->notice});
      return Struck{-fault->notice};
    }
    // Before the fault: from its first instant on there is somebody who ends it.
    auto dead_man = DeadMan::arm(fault->undo, order.length + dead_man_patience);
    if (!dead_man) return NotDone{dead_man.error().sentence};
    const Instant at = boot_now();
    const auto done = fault->strike();
    standing_.emplace(Standing{std::move(*fault), std::move(*dead_man), at + order.length});
    undone_at_.reset();
    if (done) return Struck{boot_now() - at};
    static_cast<void>(end_fault());
    return NotDone{done.error().sentence};
  }

  AgentAnswer do_(const Undo&) {
    if (const auto ended = end_fault(); !ended) return NotDone{ended.error().sentence};
    const Instant now = boot_now();
    return Undone{now - undone_at_.value_or(now)};
  }

  AgentAnswer do_(const Remember& remember) const {
    const auto said = options_.remember(to_json(remember.drill));
    if (!said) return NotDone{said.error().sentence};
    return HapxSaid{0, *said, ""};
  }

  /// What could not be ended is left to the dead man, who tries it once more.
  Result<void> end_fault() {
    if (!standing_) return {};
    undone_at_ = boot_now();
    auto undone = standing_->fault.undo();
    if (undone) standing_->dead_man.let_go();
    standing_.reset();
    return undone;
  }

  const AgentOptions& options_;
  LinePipe line_;
  Descriptor lock_;
  std::optional<Standing> standing_;
  std::optional<Announced> announced_;
  std::optional<Prober> prober_;      ///< where it was asked to look on
  std::optional<Instant> undone_at_;  ///< of the last fault, if it has ended
};

}  // namespace

int run_agent(const AgentOptions& options, int in, int out) {
  const lab::InterruptWatch watch;
  ::signal(SIGPIPE, SIG_IGN);
  return Agent(options, in, out).run();
}

}  // namespace hapx::appliance::drill
