// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/probe.hpp"

#include <algorithm>

#include "appliance/drill/io/machine.hpp"
#include "appliance/drill/io/prober.hpp"
#include "appliance/drill/probe_text.hpp"
#include "appliance/lab/io/interrupt.hpp"
#include "config/io/clock.hpp"

namespace hapx::appliance::drill {
namespace {

constexpr Duration second = std::chrono::seconds(1);
/// So much longer than the time that is looked at, for what still begins meanwhile.
constexpr Duration margin = std::chrono::seconds(10);
/// What began later may still be on its way, and is told of with the next second.
constexpr Duration settling = prompt_max;

Utc utc_of(Instant instant) {
  return utc_now() - (boot_now() - instant);
}

/// Until it is time, or somebody presses Ctrl-C; returns until when it looked.
Instant look(const ProbeOptions& options, const Prober& prober, Instant begun, std::ostream& out) {
  const bool is_json = options.output == lab::Output::json;
  const Instant end = begun + std::min(options.length, probe_max);
  Instant from = begun;
  while (from < end) {
    const Instant until = std::min(from + second, end);
    if (!lab::pause(until + settling - boot_now())) return std::max(from, boot_now() - settling);
    const Service service = judge(prober.requests(from), from, until);
    out << (is_json ? second_as_json(service, utc_of(from)) : second_as_text(service, utc_of(from)))
        << std::flush;
    from = until;
  }
  return end;
}

}  // namespace

int run_probe(const ProbeOptions& options, std::ostream& out, std::ostream& err) {
  const lab::InterruptWatch watch;
  const Duration longest = std::min(options.length, probe_max) + margin;
  const auto prober = Prober::start(View{{}, options.endpoint, {}, {}}, longest);
  if (!prober) {
    err << "hapx: " << prober.error().sentence << "\n";
    return lab::exit_failed;
  }
  const Instant begun = boot_now();
  const Instant until = look(options, *prober, begun, out);
  ProbeSummary summary{options.endpoint, until - begun, {}, {}};
  summary.service = judge(prober->requests(begun), begun, until);
  summary.dark_at = utc_of(summary.service.dark_from);
  const bool is_json = options.output == lab::Output::json;
  out << (is_json ? summary_as_json(summary) : summary_as_text(summary));
  const Service& seen = summary.service;
  const bool is_served = seen.served > 0;
  const bool is_met = !options.objective || seen.outage <= *options.objective;
  return is_served && is_met ? lab::exit_done : lab::exit_failed;
}

}  // namespace hapx::appliance::drill
