// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/runner.hpp"

#include <algorithm>

#include "appliance/drill/io/breaker.hpp"
#include "appliance/drill/io/prober.hpp"
#include "appliance/drill/io/watcher.hpp"
#include "appliance/lab/io/interrupt.hpp"
#include "config/io/clock.hpp"

namespace hapx::appliance::drill {
namespace {

using lab::Lab;
using lab::pause;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration well_patience = seconds(40);
constexpr Duration return_patience = seconds(20);
constexpr Duration baseline = milliseconds(500);
constexpr Duration look = milliseconds(20);
/// What is younger may still be on its way when the window is judged.
constexpr Duration young = milliseconds(200);

Error interruption() {
  return {ErrorKind::unavailable, "interrupted", 0};
}

struct Instruments {
  Prober prober;
  Watcher watcher;
};

/// Sleeps, and notes by how much it was woken too late.
bool pause_and_note(Duration duration, Duration& stall) {
  const Instant begin = boot_now();
  const bool is_calm = pause(duration);
  if (is_calm) stall = std::max(stall, boot_now() - begin - duration);
  return is_calm;
}

Result<Instruments> set_up(const lab::Plan& plan) {
  auto watcher = Watcher::start(plan);
  if (!watcher) return watcher.error();
  auto prober = Prober::start(plan);
  if (!prober) return prober.error();
  return Instruments{std::move(*prober), std::move(*watcher)};
}

std::string holder_now(const Lab& lab, const Watcher& watcher) {
  const auto last = watcher.last();
  if (!last || boot_now() - last->at > young) return "";
  const lab::NodePlan* node = lab::node_of(lab.plan(), last->mac);
  return node == nullptr ? to_string(last->mac) : node->name.text();
}

bool is_served_now(const Prober& prober) {
  const Instant now = boot_now();
  const Service service = judge(prober.requests(now - young), now - young, now);
  return service.requests > 0 && service.requests > service.failed && service.outage < young / 2;
}

/// Until the fault has had its time and the service is there: elsewhere, where it must move.
Result<void> await_return(Run& run, const Lab& lab, const Instruments& instruments,
                          const Break& done) {
  const Duration shown =
      std::max<Duration>(length_of(run.fault), lab.plan().timing.lease + seconds(1));
  const Instant deadline = done.at + shown + return_patience;
  while (boot_now() < deadline) {
    if (!pause_and_note(look, run.stall)) return interruption();
    if (boot_now() - done.at < shown || !is_served_now(instruments.prober)) continue;
    if (!is_moving(run.fault) || holder_now(lab, instruments.watcher) != done.struck) return {};
  }
  return Error{ErrorKind::unavailable, "the service did not come back", 0};
}

/// What shows from outside of a failover: the old holder falls silent, the new one claims the
/// address, a client is served.
std::vector<Phase> phases_of(const Run& run, Instant at, const MacAddress* struck) {
  std::vector<Phase> phases;
  const auto& tenures = run.wire.tenures;
  for (std::size_t i = 0; i + 1 < tenures.size(); ++i) {
    if (struck == nullptr || tenures[i].mac != *struck || tenures[i].last < at - baseline) continue;
    phases.push_back({"last answer of the old holder", tenures[i].last - at});
    phases.push_back({"first claim of the new one", tenures[i + 1].first - at});
    break;
  }
  phases.push_back({"served again", run.service.dark_until - at});
  return phases;
}

void judge_run(Run& run, const Lab& lab, const Instruments& instruments, const Break& done,
               Instant undone) {
  const Instant end = boot_now() - young;
  const bool is_cold = run.fault == Fault::cold_start;
  const Instant from = is_cold ? done.at : done.at - milliseconds(100);
  const std::vector<Request> requests = instruments.prober.requests(from);
  run.service = judge(requests, from, undone, done.at);
  run.healing = judge(requests, undone, std::max(end, undone));
  run.outage = run.service.outage;
  run.wire = judge(instruments.watcher.sightings(from - baseline), from - baseline, boot_now());
  const lab::NodePlan* struck = lab::node_of(lab.plan(), run.struck);
  if (is_moving(run.fault) || is_cold) {
    run.phases = phases_of(run, done.at, struck == nullptr ? nullptr : &struck->mac);
  }
}

Result<void> measure(Run& run, Lab& lab, const Progress& progress) {
  if (auto well = lab.wait_until_served(well_patience); !well) return well;
  const auto scene = prepare(run.fault, lab);
  if (!scene) return scene.error();
  auto instruments = set_up(lab.plan());
  if (!instruments) return instruments.error();
  if (!pause_and_note(baseline, run.stall)) return interruption();
  if (run.fault != Fault::cold_start && !is_served_now(instruments->prober)) {
    return Error{ErrorKind::unavailable, "a client is not served although all seems well", 0};
  }
  progress("struck");
  const auto done = inject(run.fault, lab, *scene);
  if (!done) return done.error();
  run.struck = done->struck;
  auto returned = await_return(run, lab, *instruments, *done);
  run.is_served = static_cast<bool>(returned);
  run.holder = holder_now(lab, instruments->watcher);
  const Instant undone = boot_now();
  progress(run.is_served ? "served again, being undone" : "not served, being undone");
  if (auto healed = done->undo(); !healed) returned = healed;
  if (returned) returned = lab.wait_until_served(well_patience);
  // Those that are on their way end meanwhile, one way or the other.
  if (returned && !pause(request_patience + young)) returned = interruption();
  judge_run(run, lab, *instruments, *done, undone);
  return returned;
}

}  // namespace

Run perform(Fault fault, unsigned number, Lab& lab, const Progress& progress) {
  Run run;
  run.fault = fault;
  run.number = number;
  if (auto done = measure(run, lab, progress); !done) run.trouble = done.error().sentence;
  return run;
}

}  // namespace hapx::appliance::drill
