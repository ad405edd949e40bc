// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/why_text.hpp"

#include <algorithm>

#include "appliance/table.hpp"

namespace hapx::appliance::cli {

namespace {

/// "last failover to node1: 5.300s ago, from node2 (node-lost), 61.6 ms: peer-silent 61.3, ...".
std::string last_takeover(const Status& status, const ServiceName& service) {
  const auto last = std::ranges::find(status.last_takeovers, service, &TakeoverStatus::service);
  if (last == status.last_takeovers.end()) return {};
  std::string phases;
  for (const PhaseTime& phase : last->phases) {
    phases += (phases.empty() ? ": " : ", ") + std::string(to_string(phase.phase)) + " " +
              milliseconds_text(phase.time);
  }
  return std::string("last ") + (is_failover(last->reason) ? "failover" : "handover") + " to " +
         printable(status.node.text()) + ": " + age_text(last->ago) + " ago, from " +
         printable(last->from.text()) + " (" + std::string(to_string(last->reason)) + "), " +
         milliseconds_text(whole(last->phases)) + " ms" + phases + "\n";
}

std::string headline(const ServiceStatus& service, Style style) {
  if (!service.reason.empty()) return paint(service.reason, Tone::strong, style) + "\n";
  const std::string where =
      service.holder ? "is on " + service.holder->text() : "is on no node that we know of";
  return paint(service.name.text() + " " + where, Tone::strong, style) +
         " (no plan has reached this node yet)\n";
}

}  // namespace

std::string places_to_text(const ServiceStatus& service, Style style) {
  Table table({"NODE", "VIP", "HAPROXY", "LINK", "API SERVERS", "FAILURES", "MAY HOLD IT"});
  for (const ServiceOnNode& place : service.nodes) {
    const std::uint64_t failures =
        std::uint64_t{place.vip_failures} + std::uint64_t{place.haproxy_failures};
    table.add({{place.node.text(), service.holder == place.node ? Tone::good : Tone::plain},
               {std::string(to_string(place.vip)), Tone::plain},
               {std::string(to_string(place.haproxy)) + (place.haproxy_fit ? "" : " (not fit)"),
                place.haproxy_fit ? Tone::plain : Tone::warning},
               {place.link_up ? "up" : "down", place.link_up ? Tone::plain : Tone::bad},
               {std::to_string(place.healthy_api_servers) + " of " +
                    std::to_string(place.api_servers) + " up",
                Tone::plain},
               {fail_count_text(failures), failures > 0 ? Tone::warning : Tone::plain},
               {place.excluded.empty() ? "yes" : "no: " + std::string(exclusion(place)),
                place.excluded.empty() ? Tone::plain : Tone::warning}});
  }
  return table.empty() ? "" : table.text(style);
}

std::string why_to_text(const Status& status, const std::vector<EventLine>& events, Style style) {
  std::string out;
  for (const ServiceStatus& service : status.services) {
    if (!out.empty()) out += "\n";
    out += headline(service, style) + places_to_text(service, style) +
           last_takeover(status, service.name);
  }
  if (status.services.empty()) out += "the configuration has no services\n";
  if (!status.quorate) {
    out +=
        "\n" + paint("no quorum: ", Tone::bad, style) + "this node may know less than the others\n";
  }
  if (!events.empty()) out += "\nwhat led there, oldest first:\n" + events_to_text(events, style);
  return out;
}

}  // namespace hapx::appliance::cli
