// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/io/again.hpp"

#include "appliance/cli/io/speech.hpp"
#include "appliance/lab/io/interrupt.hpp"

namespace hapx::appliance::cli {

namespace {

/// Ctrl-C is not noticed while an answer is waited for.
constexpr Duration answer_time_max = std::chrono::seconds(1);

}  // namespace

int ask_again(const GlobalOptions& global, const Surroundings& around, const std::string& target,
              Duration interval, const ShowAnswer& show) {
  const lab::InterruptWatch watch;
  for (;;) {
    const auto answer = ask_for(global.socket, {"GET", target, "", answer_time_max});
    if (lab::interrupted()) return exit_interrupted;
    if (const std::optional<int> status = show(answer)) return *status;
    around.out.flush();
    if (!around.out) return exit_done;  // nobody reads any more
    if (!lab::pause(interval)) return exit_interrupted;
  }
}

void Complaints::say(const Surroundings& around, const std::string& sentence) {
  if (sentence == said_) return;
  said_ = sentence;
  complain(around, sentence + "; asking again until it does");
  around.err.flush();
}

}  // namespace hapx::appliance::cli
