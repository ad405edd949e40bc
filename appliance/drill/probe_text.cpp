// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/probe_text.hpp"

#include <boost/json.hpp>

#include "appliance/drill/fault.hpp"
#include "appliance/drill/statistics.hpp"
#include "config/wording.hpp"

namespace hapx::appliance::drill {
namespace {

namespace json = boost::json;

json::object as_json(const Service& service) {
  return {{"requests", service.requests},
          {"served", service.served},
          {"failed", service.failed},
          {"late", service.late},
          {"outageMs", milliseconds(service.outage)},
          {"latencyMedianMs", milliseconds(service.latency_median)},
          {"latencyMaxMs", milliseconds(service.latency_maximum)}};
}

/// "200 requests, 196 served, 3 failed, 1 late, slowest 1.05 s, outage 276 ms".
std::string words_of(const Service& service) {
  std::string text = counted(service.requests, "request");
  const bool is_all = service.served == service.requests;
  if (service.requests > 0) {
    text += is_all ? ", all served" : ", " + std::to_string(service.served) + " served";
  }
  if (service.failed > 0) text += ", " + std::to_string(service.failed) + " failed";
  if (service.late > 0) text += ", " + std::to_string(service.late) + " late";
  if (service.served > 0) text += ", slowest " + readable(service.latency_maximum);
  if (service.outage > resolution) text += ", outage " + readable(service.outage);
  return text;
}

/// "13:36:57Z" of "2026-11-28T13:36:57Z".
std::string time_of_day(Utc moment) {
  const std::string text = to_string(moment);
  return text.substr(text.find('T') + 1);
}

}  // namespace

bool is_undisturbed(const Service& service) {
  return service.requests > 0 && service.failed == 0 && service.late == 0 &&
         service.outage <= resolution;
}

std::string second_as_text(const Service& service, Utc begun) {
  return time_of_day(begun) + "  " + words_of(service) + "\n";
}

std::string second_as_json(const Service& service, Utc begun) {
  json::object line = as_json(service);
  line["at"] = to_string(begun);
  return json::serialize(line) + "\n";
}

std::string summary_as_text(const ProbeSummary& summary) {
  std::string text = to_string(summary.endpoint) + ", " +
                     to_string(std::chrono::floor<std::chrono::seconds>(summary.lasted)) + ": " +
                     words_of(summary.service);
  if (summary.service.outage > resolution) text += " at " + time_of_day(summary.dark_at);
  return text + "\n";
}

std::string summary_as_json(const ProbeSummary& summary) {
  json::object what = as_json(summary.service);
  what["address"] = to_string(summary.endpoint);
  what["lastedMs"] = milliseconds(summary.lasted);
  what["undisturbed"] = is_undisturbed(summary.service);
  what["darkAt"] = summary.service.outage > resolution
                       ? json::value(json::string(to_string(summary.dark_at)))
                       : json::value(nullptr);
  return json::serialize(json::object{{"summary", std::move(what)}}) + "\n";
}

}  // namespace hapx::appliance::drill
