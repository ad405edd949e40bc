// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/runner.hpp"

#include <algorithm>

#include "appliance/drill/io/machine.hpp"
#include "appliance/drill/io/prober.hpp"
#include "appliance/drill/io/stranger.hpp"
#include "appliance/drill/io/watcher.hpp"
#include "appliance/drill/story.hpp"
#include "appliance/journal.hpp"
#include "appliance/lab/io/interrupt.hpp"
#include "config/io/clock.hpp"

namespace hapx::appliance::drill {
namespace {

using lab::pause;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration well_patience = seconds(40);
/// So long a client's requests may be late before the fault, as they are on a busy machine.
constexpr Duration calm_patience = seconds(15);
constexpr Duration baseline = milliseconds(500);
constexpr Duration look = milliseconds(20);
/// Requests count from so long before the fault.
constexpr Duration before_fault = milliseconds(100);
/// What is younger may still be on its way when the window is judged.
constexpr Duration young = milliseconds(200);

Error interruption() {
  return {ErrorKind::unavailable, "interrupted", 0};
}

using Named = std::map<MacAddress, std::string>::value_type;

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

Result<Instruments> set_up(const View& view) {
  auto watcher = Watcher::start(view);
  if (!watcher) return watcher.error();
  auto prober = Prober::start(view);
  if (!prober) return prober.error();
  return Instruments{std::move(*prober), std::move(*watcher)};
}

bool is_served_now(const Prober& prober) {
  const Instant now = boot_now();
  const Service service = judge(prober.requests(now - young), now - young, now);
  return service.requests > 0 && service.requests > service.failed && service.outage < young / 2;
}

/// Who answers for the address. What nobody answers for and is served is held by the node that the
/// client can't hear.
std::string holder_now(const PlaceFacts& facts, const Instruments& instruments) {
  const auto last = instruments.watcher.last();
  if (!last || boot_now() - last->at > young) {
    return is_served_now(instruments.prober) ? facts.unheard : "";
  }
  const auto node = facts.names.find(last->mac);
  return node == facts.names.end() ? to_string(last->mac) : node->second;
}

/// So long a fault is left alone: its own time, or what a client needs to see that nothing happens.
Duration time_of(const PlannedFault& planned, const Timing& timing) {
  const Duration length = length_of(planned);
  // A shorter one than usual was asked for, and is to be undone when it says.
  if (planned.length) return length;
  return std::max<Duration>(length, timing.lease + seconds(1));
}

/// How long it may last at most, if nobody says a word. What has no length of its own ends when
/// the service is back.
Duration longest_of(const PlannedFault& planned, Duration shown) {
  return length_of(planned) > Duration::zero() ? shown : shown + return_patience;
}

/// Looks at the undisturbed service. On a busy machine the first answers are late, and nothing
/// could be said of a fault in their midst.
Result<void> await_baseline(Run& run, const Prober& prober) {
  const Instant deadline = boot_now() + calm_patience;
  do {
    if (!pause_and_note(baseline, run.stall)) return interruption();
    if (run.fault == Fault::cold_start || is_served_now(prober)) return {};
  } while (boot_now() < deadline);
  return Error{ErrorKind::unavailable, "a client is not served although all seems well", 0};
}

/// Until the fault has had its time and the service is there: elsewhere, where it must move.
Result<void> await_return(Run& run, Duration shown, const PlaceFacts& facts,
                          const Instruments& instruments, const Break& done, const Telling& tell) {
  const Instant deadline = done.at + shown + return_patience;
  while (boot_now() < deadline) {
    if (!pause_and_note(look, run.stall)) return interruption();
    tell("struck");
    if (boot_now() - done.at < shown || !is_served_now(instruments.prober)) continue;
    if (!is_moving(run.fault) || holder_now(facts, instruments) != done.struck) return {};
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

/// The requests around the time without service.
std::vector<Request> excerpt_of(const Run& run, const std::vector<Request>& requests) {
  const Instant from = run.at - shown_before;
  const Instant until = shown_until(run);
  std::vector<Request> kept;
  for (const Request& request : requests) {
    if (request.start < from || request.start > until) continue;
    if (kept.size() == requests_shown_max) break;
    kept.push_back(request);
  }
  return kept;
}

/// A fault may end by itself before anybody tells it to.
bool was_dark_until_undone(const Run& run) {
  return run.service.dark_until >= run.undone && run.service.outage > young;
}

/// When what is done strikes a client: of an order not when it was given, but when the address
/// moves by it.
Instant struck_at(const Run& run, const Break& done) {
  if (run.fault != Fault::hand_over) return done.at;
  const auto& tenures = run.wire.tenures;
  const auto next =
      std::ranges::find_if(tenures, [&](const Tenure& tenure) { return tenure.first > done.at; });
  return next == tenures.end() ? done.at : next->first;
}

void judge_run(Run& run, const PlaceFacts& facts, const Instruments& instruments, const Break& done,
               Instant undone) {
  const Instant end = boot_now() - young;
  const bool is_cold = run.fault == Fault::cold_start;
  const Instant from = is_cold ? done.at : done.at - before_fault;
  const std::vector<Request> requests = instruments.prober.requests(from);
  // Nobody's own: whether the cluster's nodes are one at a time is the question.
  auto sightings = instruments.watcher.sightings(from - baseline);
  run.strangers = std::erase_if(sightings, [](const Sighting& s) { return s.mac == stranger_mac; });
  run.wire = judge(std::move(sightings), from - baseline, boot_now());
  run.service = judge(requests, from, undone, struck_at(run, done));
  run.healing = judge(requests, undone, std::max(end, undone));
  run.outage = run.service.outage;
  run.at = done.at;
  run.undone = undone;
  run.requests = excerpt_of(run, requests);
  const auto struck = std::ranges::find(facts.names, run.struck, &Named::second);
  if (is_moving(run.fault) || is_cold) {
    run.phases = phases_of(run, done.at, struck == facts.names.end() ? nullptr : &struck->first);
  }
}

/// A failure on purpose is none that hapx should remember: it would bar the node from the service.
Result<void> forget_failures(Place& place) {
  for (const std::string& node : place.facts().nodes) {
    if (!place.is_reached(node)) continue;
    const auto answer = place.ask(node, {"cleanup", place.facts().service.text()});
    if (!answer) return answer.error();
    if (answer->code == 0) return {};
    return Error{ErrorKind::failed, "`hapx cleanup` was refused: " + answer->errors, 0};
  }
  return {};
}

/// What the next holder says of it; nothing where it can't be asked.
std::vector<Phase> story_told(const Run& run, Place& place) {
  const auto& nodes = place.facts().nodes;
  const bool is_known = std::ranges::count(nodes, run.holder) > 0;
  if (!is_known || run.phases.empty() || !place.is_reached(run.holder)) return {};
  const auto answer = place.ask(run.holder, {"-o", "json", "events"});
  if (!answer || answer->code != 0) return {};
  const auto lines = events_from_json(answer->output);
  if (!lines) return {};
  std::vector<JournalMoment> moments;
  for (const EventLine& line : *lines) moments.push_back({line.phase, line.at});
  const Duration ago = boot_now() - run.at;
  return story_of(moments, utc_now() - ago, run.phases.back().after + shown_after);
}

Result<void> measure(Run& run, const PlannedFault& planned, Place& place, const Telling& tell) {
  const PlaceFacts& facts = place.facts();
  tell("waiting until all is well");
  if (auto well = place.wait_until_well(well_patience); !well) return well;
  const auto scene = place.prepare(planned);
  if (!scene) return scene.error();
  place.begin_to_look();
  auto instruments = set_up(facts.view);
  if (!instruments) return instruments.error();
  if (auto served = await_baseline(run, instruments->prober); !served) return served;
  const Duration shown = time_of(planned, facts.timing);
  const auto done = place.inject(run.fault, longest_of(planned, shown), *scene);
  if (!done) return done.error();
  tell("struck");
  run.struck = done->struck;
  auto returned = await_return(run, shown, facts, *instruments, *done, tell);
  run.is_served = static_cast<bool>(returned);
  run.holder = holder_now(facts, *instruments);
  tell(run.is_served ? "served again, being undone" : "not served, being undone");
  const Instant now = boot_now();
  const auto healed = done->undo();
  if (!healed) returned = healed.error();
  const Duration patience = ends_machine(run.fault) ? facts.boot_patience : well_patience;
  if (returned) returned = place.wait_until_well(patience);
  if (returned && is_counted(run.fault)) returned = forget_failures(place);
  // Those that are on their way end meanwhile, one way or the other.
  if (returned && !pause(request_patience + young)) returned = interruption();
  judge_run(run, facts, *instruments, *done, healed ? *healed : now);
  run.story = story_told(run, place);
  run.elsewhere =
      place.seen_elsewhere(run.at - before_fault, struck_at(run, *done), boot_now() - young);
  if (returned && was_dark_until_undone(run)) {
    run.is_served = false;
    return Error{ErrorKind::unavailable, "the service came back only when the fault had ended", 0};
  }
  return returned;
}

}  // namespace

Duration expected_time(const PlannedFault& planned, const Timing& timing) {
  constexpr Duration healing = seconds(1);
  return baseline + time_of(planned, timing) + healing + request_patience + young;
}

Run perform(const Step& step, Place& place, const Telling& tell) {
  Run run;
  run.fault = step.planned.fault;
  run.number = step.number;
  run.objective = step.planned.objective;
  if (auto done = measure(run, step.planned, place, tell); !done) {
    run.trouble = done.error().sentence;
  }
  return run;
}

}  // namespace hapx::appliance::drill
