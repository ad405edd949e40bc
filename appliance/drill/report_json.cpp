// SPDX-License-Identifier: Apache-2.0
// The report for programs. Durations are in milliseconds, as numbers; keys end in the unit.
#include <boost/json.hpp>

#include "appliance/drill/report.hpp"
#include "appliance/drill/statistics.hpp"
#include "config/utf8.hpp"

namespace hapx::appliance::drill {
namespace {

namespace json = boost::json;

json::object as_json(const Service& service) {
  return {{"requests", service.requests},
          {"failed", service.failed},
          {"cut", service.cut},
          {"late", service.late},
          {"outageMs", milliseconds(service.outage)},
          {"latencyMedianMs", milliseconds(service.latency_median)},
          {"latencyMaxMs", milliseconds(service.latency_maximum)},
          {"longestSilenceMs", milliseconds(service.longest_silence)}};
}

json::value or_null(const std::optional<Duration>& duration) {
  return duration ? json::value(milliseconds(*duration)) : json::value(nullptr);
}

/// `at`: the instant from which times are counted.
json::object as_json(const Wire& wire, Instant at) {
  json::array tenures;
  for (const Tenure& tenure : wire.tenures) {
    tenures.push_back(json::object{{"mac", to_string(tenure.mac)},
                                   {"firstMs", milliseconds(tenure.first - at)},
                                   {"lastedMs", milliseconds(tenure.last - tenure.first)}});
  }
  return {{"oneHolder", wire.is_one_holder()},
          {"conflicts", wire.conflict_count},
          {"roundsAnswered", wire.rounds_answered},
          {"roundsShared", wire.rounds_shared},
          {"tenures", std::move(tenures)}};
}

json::array as_json(const std::vector<Phase>& phases) {
  json::array list;
  for (const Phase& phase : phases) {
    list.push_back(json::object{{"name", phase.name}, {"afterMs", milliseconds(phase.after)}});
  }
  return list;
}

json::array as_json(const std::vector<Elsewhere>& elsewhere) {
  json::array list;
  for (const Elsewhere& one : elsewhere) {
    list.push_back(json::object{{"from", printable(one.from)},
                                {"service", as_json(one.service)},
                                {"trouble", printable(one.trouble)}});
  }
  return list;
}

json::object as_json(const Run& run, const Report& report) {
  return {{"fault", name_of(run.fault)},
          {"number", run.number},
          {"struck", run.struck},
          {"holder", run.holder},
          {"passed", is_passed(run)},
          {"kept", is_kept(run, promise_of(run.fault, report.timing, report.links))},
          {"objectiveMs", or_null(run.objective)},
          {"met", is_met(run)},
          {"servedAgain", run.is_served},
          {"outageMs", milliseconds(run.outage)},
          {"service", as_json(run.service)},
          {"healing", as_json(run.healing)},
          {"wire", as_json(run.wire, run.at)},
          {"phases", as_json(run.phases)},
          {"story", as_json(run.story)},
          {"elsewhere", as_json(run.elsewhere)},
          {"strangersClaims", run.strangers},
          {"longestStallMs", milliseconds(run.stall)},
          {"trouble", printable(run.trouble)}};
}

json::object as_json(const Row& row) {
  return {{"fault", name_of(row.fault)},
          {"runs", row.runs},
          {"servedAgain", row.served},
          {"oneHolder", row.one_holder},
          {"kept", row.kept},
          {"objectiveMs", or_null(row.objective)},
          {"met", row.met},
          {"passed", row.passed},
          {"outageMedianMs", milliseconds(row.outage_median)},
          {"outageMaxMs", milliseconds(row.outage_maximum)},
          {"healingOutageMaxMs", milliseconds(row.healing_maximum)},
          {"failedMax", row.failed_maximum},
          {"lateMax", row.late_maximum},
          {"cutMax", row.cut_maximum},
          {"latencyMaxMs", milliseconds(row.latency_maximum)}};
}

json::object as_json(const Machine& machine) {
  return {{"kernel", printable(machine.kernel)},
          {"processor", printable(machine.processor)},
          {"cores", machine.cores},
          {"memoryBytes", machine.memory_bytes}};
}

}  // namespace

std::string render_json(const Report& report) {
  json::array rows;
  for (const Row& row : rows_of(report)) rows.push_back(as_json(row));
  json::array runs;
  for (const Run& run : report.runs) runs.push_back(as_json(run, report));
  json::array footprints;
  for (const Footprint& footprint : report.footprints) {
    footprints.push_back(json::object{{"node", footprint.node},
                                      {"memoryBytes", footprint.memory_bytes},
                                      {"processorShare", footprint.processor_share}});
  }
  const json::value started =
      report.started ? json::value(json::string(to_string(*report.started))) : nullptr;
  return json::serialize(json::object{{"lab", printable(report.lab)},
                                      {"cluster", printable(report.cluster)},
                                      {"seenFrom", printable(report.seen_from)},
                                      {"unheard", printable(report.unheard)},
                                      {"plan", report.plan},
                                      {"seed", report.seed ? json::value(*report.seed) : nullptr},
                                      {"startedAt", started},
                                      {"version", report.machine.hapx},
                                      {"haproxyVersion", printable(report.machine.haproxy)},
                                      {"machine", as_json(report.machine)},
                                      {"nodes", report.nodes},
                                      {"witness", report.has_witness},
                                      {"ipVersion", report.family == Family::ipv6 ? 6 : 4},
                                      {"links", report.links},
                                      {"beatMs", milliseconds(report.beat)},
                                      {"profile", report.profile},
                                      {"leaseMs", milliseconds(report.timing.lease)},
                                      {"heartbeatMs", milliseconds(report.timing.heartbeat)},
                                      {"passed", is_passed(report)},
                                      {"summary", std::move(rows)},
                                      {"runs", std::move(runs)},
                                      {"idle", std::move(footprints)}}) +
         "\n";
}

}  // namespace hapx::appliance::drill
