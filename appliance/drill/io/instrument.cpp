// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/instrument.hpp"

#include <cerrno>

#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

namespace hapx::appliance::drill {
namespace {

/// Where it is not permitted the instrument measures with a coarser beat, and says so by its own
/// longest silence.
void raise_priority() {
  sched_param parameters{};
  parameters.sched_priority = ::sched_get_priority_min(SCHED_RR);
  ::sched_setscheduler(0, SCHED_RR, &parameters);
}

}  // namespace

Result<Instrument> Instrument::start(const std::string& netns, const std::string& name,
                                     const lab::Body& body) {
  auto pid = lab::fork_into(netns, name, lab::Bond::child, [&](const auto& ready) {
    raise_priority();
    return body(ready);
  });
  if (!pid) return pid.error();
  return Instrument(*pid);
}

Instrument::~Instrument() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Instant next_beat(Instant last, Instant now, Duration beat) {
  const Instant next = last + beat;
  return next > now ? next : now + beat;
}

}  // namespace hapx::appliance::drill
