// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/outage.hpp"

#include <algorithm>

#include "appliance/drill/statistics.hpp"

namespace hapx::appliance::drill {
namespace {

bool is_prompt(const Request& request) {
  return request.fate == Fate::served && request.end - request.start <= prompt_max;
}

void note_gap(Service& service, Instant from, Instant until) {
  if (until - from <= service.outage) return;
  service.outage = until - from;
  service.dark_from = from;
  service.dark_until = until;
}

}  // namespace

Service judge(std::span<const Request> requests, Instant from, Instant until, Instant struck) {
  Service service;
  std::vector<Duration> latencies;
  Instant last_served = from;
  Instant last_start = from;
  for (const Request& request : requests) {
    if (request.start < from || request.start > until) continue;
    ++service.requests;
    service.longest_silence = std::max(service.longest_silence, request.start - last_start);
    last_start = request.start;
    if (request.fate == Fate::failed) ++(request.start < struck ? service.cut : service.failed);
    if (request.fate != Fate::served) continue;
    ++service.served;
    latencies.push_back(request.end - request.start);
    if (!is_prompt(request)) {
      ++service.late;
      continue;
    }
    note_gap(service, last_served, request.start);
    last_served = request.start;
  }
  note_gap(service, last_served, until);
  service.latency_maximum = maximum(latencies);
  service.latency_median = median(std::move(latencies));
  return service;
}

}  // namespace hapx::appliance::drill
