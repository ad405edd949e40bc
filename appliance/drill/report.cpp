// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/report.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "appliance/drill/statistics.hpp"

namespace hapx::appliance::drill {
namespace {

/// Rows of a table, and the outages of which each shows what is typical and what was the worst.
template <class AnyRow>
class Tally {
 public:
  /// The row like this, which is new or has been counted to before, with one outage more.
  template <class IsLike>
  AnyRow& count(IsLike is_like, AnyRow fresh, Duration outage) {
    auto row = std::ranges::find_if(rows_, is_like);
    if (row == rows_.end()) {
      rows_.push_back(std::move(fresh));
      outages_.emplace_back();
      row = rows_.end() - 1;
    }
    outages_[static_cast<std::size_t>(row - rows_.begin())].push_back(outage);
    ++row->runs;
    return *row;
  }

  [[nodiscard]] std::vector<AnyRow> rows() && {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      rows_[i].outage_maximum = maximum(outages_[i]);
      rows_[i].outage_median = median(std::move(outages_[i]));
    }
    return std::move(rows_);
  }

 private:
  std::vector<AnyRow> rows_;
  std::vector<std::vector<Duration>> outages_;
};

}  // namespace

Instant shown_until(const Run& run) {
  const Instant soon = run.at + shown_before + shown_after;
  if (run.outage <= resolution) return soon;
  return std::max(soon, run.service.dark_until + shown_after);
}

Duration longest_outage(const Run& run) {
  Duration longest = std::max(run.outage, run.healing.outage);
  for (const Elsewhere& one : run.elsewhere) longest = std::max(longest, one.service.outage);
  return longest;
}

bool is_met(const Run& run) {
  return !run.objective || (run.is_served && longest_outage(run) <= *run.objective);
}

bool is_passed(const Run& run) {
  const bool is_told =
      std::ranges::all_of(run.elsewhere, [](const Elsewhere& one) { return one.trouble.empty(); });
  return run.trouble.empty() && run.is_served && run.wire.is_one_holder() && is_met(run) && is_told;
}

bool is_passed(const Report& report) {
  return std::ranges::all_of(report.runs, [](const Run& run) { return is_passed(run); });
}

bool is_kept(const Run& run, const Promise& promise) {
  if (!run.trouble.empty() || !run.is_served) return false;
  if (promise.outage_max && run.outage > *promise.outage_max) return false;
  if (promise.failed_max && run.service.failed > *promise.failed_max) return false;
  return !promise.latency_max || run.service.latency_maximum <= *promise.latency_max;
}

std::vector<Row> rows_of(const Report& report) {
  Tally<Row> tally;
  for (const Run& run : report.runs) {
    Row& row = tally.count(
        [&](const Row& one) { return one.fault == run.fault && one.objective == run.objective; },
        {.fault = run.fault, .objective = run.objective}, run.outage);
    if (run.is_served) ++row.served;
    if (run.wire.is_one_holder()) ++row.one_holder;
    if (is_met(run)) ++row.met;
    if (is_passed(run)) ++row.passed;
    if (is_kept(run, promise_of(run.fault, report.timing, report.links))) ++row.kept;
    row.healing_maximum = std::max(row.healing_maximum, run.healing.outage);
    row.failed_maximum = std::max(row.failed_maximum, run.service.failed);
    row.late_maximum = std::max(row.late_maximum, run.service.late);
    row.cut_maximum = std::max(row.cut_maximum, run.service.cut);
    row.latency_maximum = std::max(row.latency_maximum, run.service.latency_maximum);
  }
  return std::move(tally).rows();
}

std::string place_words(const Report& report) {
  if (report.cluster.empty()) return "lab '" + report.lab + "'";
  return "cluster '" + report.cluster + "'";
}

std::string objective_verdict(const Run& run) {
  if (is_met(run)) return "";
  if (!run.is_served) return "the service did not come back";
  const Duration longest = longest_outage(run);
  const auto elsewhere = std::ranges::find(run.elsewhere, longest,
                                           [](const Elsewhere& one) { return one.service.outage; });
  std::string where;
  if (longest > run.outage && longest == run.healing.outage) {
    where = " while it was undone";
  } else if (longest > run.outage && elsewhere != run.elsewhere.end()) {
    where = " as seen from " + elsewhere->from;
  }
  return "an outage of " + readable(longest) + where + ", and " + readable(*run.objective) +
         " is the objective";
}

std::vector<std::string> troubles_of(const Run& run) {
  std::vector<std::string> troubles;
  const std::string title = std::string(name_of(run.fault)) + " " + std::to_string(run.number);
  if (!run.trouble.empty()) troubles.push_back(title + ": " + run.trouble);
  const std::string missed = objective_verdict(run);
  if (run.trouble.empty() && !missed.empty()) troubles.push_back(title + ": " + missed);
  for (const Elsewhere& one : run.elsewhere) {
    if (!one.trouble.empty()) troubles.push_back(title + ": " + one.from + ": " + one.trouble);
  }
  return troubles;
}

std::vector<RowElsewhere> rows_elsewhere(const Report& report) {
  Tally<RowElsewhere> tally;
  for (const Run& run : report.runs) {
    for (const Elsewhere& one : run.elsewhere) {
      if (!one.trouble.empty()) continue;
      RowElsewhere& row = tally.count(
          [&](const RowElsewhere& each) {
            return each.from == one.from && each.fault == run.fault;
          },
          {.from = one.from, .fault = run.fault}, one.service.outage);
      row.failed_maximum = std::max(row.failed_maximum, one.service.failed);
      row.latency_maximum = std::max(row.latency_maximum, one.service.latency_maximum);
    }
  }
  return std::move(tally).rows();
}

std::string holder_verdict(const Report& report) {
  std::size_t conflicts = 0;
  std::size_t shared = 0;
  std::string seen;
  for (const Run& run : report.runs) {
    shared += run.wire.rounds_shared;
    conflicts += run.wire.conflict_count;
    if (seen.empty() && !run.wire.conflicts.empty()) {
      const Conflict& first = run.wire.conflicts.front();
      seen = to_string(first.one) + " and " + to_string(first.other) + " in run " +
             std::to_string(run.number) + " of " + std::string(name_of(run.fault));
    }
  }
  if (conflicts == 0) {
    return "one holder at every instant: yes" +
           (shared == 0 ? ""
                        : " (" + std::to_string(shared) + " handovers within one round of 5 ms)") +
           (report.unheard.empty()
                ? ""
                : " (as far as " + report.unheard + " hears, which does not hear itself)");
  }
  return "one holder at every instant: no (" + std::to_string(conflicts) + " times two, first " +
         seen + ")";
}

}  // namespace hapx::appliance::drill
