// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/describe_text.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "appliance/cli/event_stream.hpp"
#include "appliance/cli/why_text.hpp"
#include "appliance/takeover.hpp"
#include "config/wording.hpp"

namespace hapx::appliance::cli {

namespace {

/// A page shows this many of the last events; a wide one all.
constexpr std::size_t events_shown = 10;

/// "  votes         1".
std::string fact(std::string name, const std::string& value) {
  constexpr std::size_t name_width = 14;
  if (name.size() < name_width) name.resize(name_width, ' ');
  return "  " + name + (value.empty() ? "-" : printable(value)) + "\n";
}

std::string milliseconds_text(Duration length) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(length).count()) +
         " ms";
}

std::string reasons_text(const Status& about, Style style) {
  std::string out;
  for (const std::string& reason : about.degraded) {
    out += paint("! ", Tone::warning, style) + printable(reason) + "\n";
  }
  return out;
}

std::string orders_text(const Status& about, Style style) {
  std::string out = about.orders.empty() ? "" : "\n" + orders_to_text(about, style);
  if (about.orders_state == OrdersState::unread) out += "\nstanding orders are not known yet\n";
  if (about.orders_state == OrdersState::stale) out += "\nstanding orders may be stale\n";
  return out;
}

std::string events_text(const std::vector<EventLine>& events, Style style) {
  if (events.empty()) return {};
  const bool all = style.detail == Detail::wide;
  return "\nlast events, oldest first:\n" +
         events_to_text(chosen(events, {}, all ? events.size() : events_shown), style);
}

std::string link_text(const Status& about, const MemberStatus& member) {
  std::string out(link_state(about, member));
  if (out == "one-way") out += ": it does not hear " + about.node.text();
  if (member.last_heard) out += ", heard " + age_text(*member.last_heard) + " ago";
  return out;
}

/// What a node knows of itself alone.
std::string here_text(const Status& about, Style style) {
  std::string out = fact(
      "fence", std::string(about.services.empty() ? "-" : to_string(about.services.front().fence)));
  const HaproxyStatus& haproxy = about.haproxy;
  std::string running(to_string(haproxy.state));
  if (haproxy.pid > 0) running += ", pid " + std::to_string(haproxy.pid);
  running += ", " + std::to_string(haproxy.restarts) + " restarts";
  if (!haproxy.fit) running += ", not fit" + (haproxy.reason.empty() ? "" : ": " + haproxy.reason);
  out += fact("HAProxy", running);
  out += fact("hapxd", about.version + ", up " + age_text(about.uptime));
  Table vips({"ADDRESS", "SERVICE", "ON THE INTERFACE", "LEASE LEFT", "ANNOUNCED", "TAKEN AWAY",
              "CLIENTS"});
  for (const ServiceStatus& service : about.services) {
    for (const VipStatus& vip : service.vips) {
      vips.add({{vip.address, Tone::strong},
                {service.name.text(), Tone::plain},
                {vip.assigned ? "yes" : "no", vip.assigned ? Tone::good : Tone::plain},
                {vip.lease_remaining > Duration(0) ? milliseconds_text(vip.lease_remaining) : "-",
                 Tone::plain},
                {std::to_string(vip.announcements), Tone::plain},
                {std::to_string(vip.taken_away), vip.taken_away > 0 ? Tone::warning : Tone::plain},
                {std::to_string(vip.clients), Tone::plain}});
    }
  }
  return vips.empty() ? out : out + "\n" + vips.text(style);
}

/// What the node is to each service.
std::string places_of_node(const Status& about, Style style) {
  Table table({"SERVICE", "VIP", "HAPROXY", "LINK", "API SERVERS", "MAY HOLD IT"});
  for (const ServiceStatus& service : about.services) {
    for (const ServiceOnNode& place : service.nodes) {
      table.add({{service.name.text(), Tone::strong},
                 {std::string(to_string(place.vip)), Tone::plain},
                 {std::string(to_string(place.haproxy)) + (place.haproxy_fit ? "" : " (not fit)"),
                  place.haproxy_fit ? Tone::plain : Tone::warning},
                 {place.link_up ? "up" : "down", place.link_up ? Tone::plain : Tone::bad},
                 {std::to_string(place.healthy_api_servers) + " of " +
                      std::to_string(place.api_servers) + " up",
                  Tone::plain},
                 {place.excluded.empty() ? "yes" : "no: " + std::string(exclusion(place)),
                  place.excluded.empty() ? Tone::plain : Tone::warning}});
    }
  }
  if (table.empty()) return {};
  return "\n" + table.text(style) + "\n" + fail_counts_to_text(about, style);
}

std::string takeovers_text(const ServiceStatus& service) {
  std::vector<std::string> words;
  for (const auto& [reason, count] : service.takeovers) {
    words.push_back(std::to_string(count) + " " + std::string(to_string(reason)));
  }
  return words.empty() ? "none" : joined(words);
}

std::string lease_text(const Status& about, const ServiceStatus& service) {
  if (service.lease_remaining) {
    return about.node.text() + " has it for " + milliseconds_text(*service.lease_remaining) +
           " more";
  }
  if (!service.holder) return "nobody is known to have it";
  return service.holder->text() + " has it; only there is known for how long";
}

}  // namespace

std::string node_to_text(const Status& about, const std::vector<EventLine>& events, Style style) {
  if (about.members.empty()) return {};
  const MemberStatus& member = about.members.front();
  std::vector<std::string> held;
  for (const ServiceStatus& service : about.services) {
    if (service.holder == member.name) held.push_back(service.name.text());
  }
  std::string out = paint("node " + member.name.text(), Tone::strong, style) + ": " +
                    std::string(to_string(member.state)) + ", as seen by " +
                    printable(about.node.text()) + "\n" + reasons_text(about, style);
  out += fact("role", member.role == Role::witness ? "witness" : "full");
  out += fact("votes", std::to_string(member.votes));
  out += fact("coordinates", about.coordinator == member.name ? "yes" : "no");
  out += fact("address", member.address);
  out += fact("link", link_text(about, member));
  if (!member.config_differs.empty()) {
    out +=
        fact("config", "not that of " + about.node.text() + ": " + joined(member.config_differs));
  }
  out += fact("holds", held.empty() ? "nothing" : joined(held));
  if (member.name == about.node && member.role != Role::witness) out += here_text(about, style);
  out += places_of_node(about, style) + orders_text(about, style);
  return out + events_text(events, style);
}

std::string service_to_text(const Status& about, const std::vector<EventLine>& events,
                            Style style) {
  if (about.services.empty()) return {};
  const ServiceStatus& service = about.services.front();
  const bool good = served(service);
  std::string out = paint("service " + service.name.text(), Tone::strong, style) + ": " +
                    paint(good ? "served by " + service.holder->text() : "NOT SERVED",
                          good ? Tone::good : Tone::bad, style) +
                    ", as seen by " + printable(about.node.text()) + "\n" +
                    reasons_text(about, style);
  out += fact("why", service.reason.empty() ? "no plan has reached this node yet" : service.reason);
  out += fact("moved", service.moved ? "yes, by an operator" : "no");
  out += fact("VIP", std::string(to_string(service.vip)));
  out += fact("HAProxy", std::string(to_string(service.haproxy)));
  out += fact("addresses", joined(service.addresses));
  out += fact("port", std::to_string(service.port));
  out += fact("lease", lease_text(about, service));
  out += fact("fence", std::string(to_string(service.fence)) + " (on " + about.node.text() + ")");
  out += fact("certificates", service.certificates_verified ? "verified" : "not verified");
  out += fact("came here", takeovers_text(service));
  out += "\n" + places_to_text(service, style) + "\n" + fail_counts_to_text(about, style);
  out += "\n" + backends_to_text(about, style) + orders_text(about, style);
  return out + events_text(events, style);
}

}  // namespace hapx::appliance::cli
