// SPDX-License-Identifier: Apache-2.0
// The status as an operator reads it.
#include <algorithm>
#include <chrono>

#include "appliance/journal.hpp"
#include "appliance/status.hpp"
#include "config/wording.hpp"

namespace hapx::appliance {

namespace {

Tone tone_of(MemberState state) {
  switch (state) {
    case MemberState::online:
      return Tone::good;
    case MemberState::standby:
      return Tone::warning;
    case MemberState::maintenance:
      return Tone::warning;
    case MemberState::offline:
      return Tone::bad;
  }
  return Tone::plain;
}

Tone tone_of(ResourceStatus state) {
  switch (state) {
    case ResourceStatus::started:
      return Tone::good;
    case ResourceStatus::warm:
      return Tone::faint;
    case ResourceStatus::starting:
      return Tone::warning;
    case ResourceStatus::stopping:
      return Tone::warning;
    case ResourceStatus::stopped:
      return Tone::warning;
    case ResourceStatus::failed:
      return Tone::bad;
  }
  return Tone::plain;
}

Cell word(ResourceStatus state) {
  return {std::string(to_string(state)), tone_of(state)};
}

std::string rough_text(Duration length) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(length).count();
  if (seconds < 60) return std::to_string(seconds) + "s";
  if (seconds < 3600)
    return std::to_string(seconds / 60) + "m" + std::to_string(seconds % 60) + "s";
  const auto hours = seconds / 3600;
  if (hours < 48) return std::to_string(hours) + "h" + std::to_string(seconds / 60 % 60) + "m";
  return std::to_string(hours / 24) + "d" + std::to_string(hours % 24) + "h";
}

std::string lease_text(const ServiceStatus& service) {
  if (!service.lease_remaining) return "-";
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(*service.lease_remaining).count();
  return std::to_string(std::max<std::int64_t>(0, left)) + " ms";
}

std::string heard_text(const MemberStatus& member) {
  return member.last_heard ? age_text(*member.last_heard) + " ago" : "-";
}

/// How many of them each node's HAProxy finds healthy: "node1 3/3, node2 2/3".
std::string sights_text(const ServiceStatus& service) {
  std::vector<std::string> sights;
  for (const ServiceOnNode& place : service.nodes) {
    sights.push_back(place.node.text() + " " + std::to_string(place.healthy_api_servers) + "/" +
                     std::to_string(place.api_servers));
  }
  return sights.empty() ? "-" : joined(sights);
}

std::string headline(const Status& status, Style style) {
  const auto verdict = [&]() -> std::pair<std::string_view, Tone> {
    switch (health(status)) {
      case Health::healthy:
        return {"healthy", Tone::good};
      case Health::degraded:
        return {"degraded", Tone::warning};
      case Health::no_service:
        return {"NOT SERVING", Tone::bad};
      case Health::unknown:
        break;
    }
    return {"unknown", Tone::bad};
  }();
  return paint(status.cluster.text(), Tone::strong, style) + ": " +
         paint(verdict.first, verdict.second, style) + ", as seen by " +
         printable(status.node.text()) + " (hapx " + printable(status.version) + ", up " +
         rough_text(status.uptime) + ")\n";
}

std::string quorum_line(const Status& status, Style style) {
  unsigned all = 0;
  unsigned here = 0;
  for (const MemberStatus& member : status.members) {
    all += member.votes;
    if (member.state != MemberState::offline) here += member.votes;
  }
  if (status.arbiter) {
    ++all;
    if (status.arbiter->answers) ++here;
  }
  return "quorum: " +
         (status.quorate ? paint("yes", Tone::good, style) : paint("NO", Tone::bad, style)) + " (" +
         std::to_string(here) + " of " + std::to_string(all) + " votes" +
         (status.two_nodes && status.two_nodes->alone && here < all ? ", and evidence" : "") +
         ")   coordinator: " +
         (status.coordinator ? printable(status.coordinator->text())
                             : paint("none", Tone::warning, style)) +
         "\n";
}

/// Nothing unless an etcd has the third vote.
std::string arbiter_line(const Status& status, Style style) {
  if (!status.arbiter) return "";
  const ArbiterStatus& arbiter = *status.arbiter;
  std::string names;
  for (const std::string& endpoint : arbiter.endpoints)
    names += (names.empty() ? "" : ", ") + printable(endpoint);
  std::string speed;
  if (arbiter.commits_in) {
    const auto commit = std::chrono::ceil<std::chrono::milliseconds>(*arbiter.commits_in);
    speed = " (commits in " + hapx::to_string(Duration(commit)) + ")";
  }
  return "third vote: etcd " +
         (arbiter.answers ? paint("answers", Tone::good, style) + speed
                          : paint("does not answer", Tone::bad, style)) +
         ": " + names + "\n";
}

/// Nothing before the first drill.
std::string drill_line(const Status& status, Style style) {
  if (!status.drill) return "";
  const PastDrill& drill = *status.drill;
  return "last drill: " +
         paint(summary_of(drill), drill.is_passed ? Tone::plain : Tone::bad, style) + " (" +
         printable(drill.started) + ")\n";
}

/// What was unusual about our own HAProxy and every recorded failure; nothing when all is well.
std::string trouble_text(const Status& status, Style style) {
  std::string out;
  const bool witness =
      std::any_of(status.members.begin(), status.members.end(), [&](const MemberStatus& member) {
        return member.name == status.node && member.role == Role::witness;
      });
  if (!witness && !status.haproxy.fit) {
    out += "\nhaproxy here: " + paint("not fit", Tone::bad, style) +
           (status.haproxy.reason.empty() ? "" : ", " + printable(status.haproxy.reason)) + "\n";
  }
  Table failures({"FAILURES OF", "NODE", "VIP", "HAPROXY", "EXCLUDED BECAUSE"});
  for (const ServiceStatus& service : status.services) {
    for (const ServiceOnNode& place : service.nodes) {
      if (place.vip_failures + place.haproxy_failures == 0 && place.excluded.empty()) continue;
      failures.add(
          {{service.name.text(), Tone::plain},
           {place.node.text(), Tone::plain},
           {fail_count_text(place.vip_failures), place.vip_failures ? Tone::warning : Tone::faint},
           {fail_count_text(place.haproxy_failures),
            place.haproxy_failures ? Tone::warning : Tone::faint},
           {std::string(exclusion(place)), Tone::plain}});
    }
  }
  if (!failures.empty()) out += "\n" + failures.text(style);
  return out;
}

}  // namespace

std::string members_to_text(const Status& status, Style style) {
  const bool wide = style.detail == Detail::wide;
  std::vector<std::string> headings{"NODE", "STATE", "ROLE", "VOTES", "ADDRESS", "HOLDS"};
  if (wide) headings.insert(headings.end(), {"LINK", "LAST HEARD"});
  Table table(std::move(headings));
  for (const MemberStatus& member : status.members) {
    std::vector<std::string> held;
    for (const ServiceStatus& service : status.services) {
      if (service.holder == member.name) held.push_back(service.name.text());
    }
    std::string state(to_string(member.state));
    if (member.state != MemberState::offline && member.suspect) state += " (suspect)";
    if (member.state != MemberState::offline && !member.hears_us) state += " (hears us not)";
    std::string role = member.role == Role::witness ? "witness" : "full";
    if (status.coordinator == member.name) role += ", coordinator";
    table.add({{member.name.text(), Tone::strong},
               {state, member.suspect ? Tone::warning : tone_of(member.state)},
               {role, Tone::plain},
               {std::to_string(member.votes), Tone::plain},
               {member.address, Tone::plain},
               {held.empty() ? "-" : joined(held), Tone::plain},
               {std::string(link_state(status, member)), Tone::plain},
               {heard_text(member), Tone::plain}});
  }
  return table.text(style);
}

std::string services_to_text(const Status& status, Style style) {
  std::vector<std::string> headings{"SERVICE", "HOLDER", "VIP",       "HAPROXY",
                                    "LEASE",   "FENCE",  "ADDRESSES", "PORT"};
  if (style.detail == Detail::wide) headings.insert(headings.end(), {"MOVED", "WHY THERE"});
  Table table(std::move(headings));
  for (const ServiceStatus& service : status.services) {
    table.add({{service.name.text(), Tone::strong},
               {service.holder ? service.holder->text() : "none",
                service.holder ? Tone::plain : Tone::bad},
               word(service.vip),
               word(service.haproxy),
               {lease_text(service), Tone::plain},
               {std::string(to_string(service.fence)),
                service.fence == FenceStatus::bpf ? Tone::plain : Tone::warning},
               {joined(service.addresses), Tone::plain},
               {std::to_string(service.port), Tone::plain},
               {service.moved ? "yes" : "no", Tone::plain},
               {service.reason.empty() ? "-" : service.reason, Tone::plain}});
  }
  return table.text(style);
}

std::string backends_to_text(const Status& status, Style style) {
  std::vector<std::string> headings{"BACKEND", "SERVER", "STATE", "LEVEL", "CHECK"};
  if (style.detail == Detail::wide) headings.insert(headings.end(), {"SEEN HEALTHY BY"});
  Table table(std::move(headings));
  for (const ServiceStatus& service : status.services) {
    const std::string sights = sights_text(service);
    const std::string unverified = service.certificates_verified ? "" : " (not verified)";
    for (const ServerStatus& server : service.backends) {
      table.add({{service.name.text(), Tone::strong},
                 {server.name, Tone::plain},
                 {server.up ? "up" : "down", server.up ? Tone::good : Tone::bad},
                 {server.level.empty() ? "-" : server.level, Tone::plain},
                 {server.check + unverified, Tone::faint},
                 {sights, Tone::plain}});
    }
    if (service.backends.empty()) {
      table.add({{service.name.text(), Tone::strong},
                 {"(not known on this node)", Tone::faint},
                 {},
                 {},
                 {},
                 {sights, Tone::plain}});
    }
  }
  return table.text(style);
}

/// A row for each address at which it may be heard.
void add_ways(Table& table, const MemberStatus& member) {
  for (const LinkStatus& link : member.links) {
    table.add({{"", Tone::plain},
               {link.address, Tone::plain},
               {link.heard ? "heard" : "silent", link.heard ? Tone::good : Tone::warning}});
  }
}

std::string links_to_text(const Status& status, Style style) {
  const bool wide = style.detail == Detail::wide;
  std::vector<std::string> headings{"NODE", "ADDRESS", "LINK", "LAST HEARD", "HEARS THIS NODE"};
  if (wide) headings.insert(headings.end(), {"STATE", "VOTES"});
  Table table(std::move(headings));
  for (const MemberStatus& member : status.members) {
    const std::string_view link = link_state(status, member);
    const bool here = member.name == status.node;
    const bool good = here || link == "up";
    table.add({{member.name.text(), Tone::strong},
               {member.address, Tone::plain},
               {std::string(link), good                                   ? Tone::good
                                   : member.state == MemberState::offline ? Tone::bad
                                                                          : Tone::warning},
               {heard_text(member), Tone::plain},
               {here              ? "-"
                : member.hears_us ? "yes"
                                  : "no",
                here || member.hears_us ? Tone::plain : Tone::warning},
               {std::string(to_string(member.state)), tone_of(member.state)},
               {std::to_string(member.votes), Tone::plain}});
    add_ways(table, member);
  }
  return table.text(style);
}

std::string fail_counts_to_text(const Status& status, Style style) {
  Table table({"SERVICE", "NODE", "VIP", "HAPROXY", "LAST FAILURE", "FORGOTTEN", "MAY HOLD IT"});
  for (const ServiceStatus& service : status.services) {
    for (const ServiceOnNode& place : service.nodes) {
      const bool fails = place.vip_failures + place.haproxy_failures > 0;
      Duration ago = Duration::max();
      if (place.vip_failures > 0) ago = place.vip_failed_ago;
      if (place.haproxy_failures > 0) ago = std::min(ago, place.haproxy_failed_ago);
      const Duration left = std::max(Duration(0), status.failure_timeout - ago);
      const std::string when =
          status.failure_timeout > Duration(0) ? "in " + rough_text(left) : "by cleanup";
      table.add({{service.name.text(), Tone::strong},
                 {place.node.text(), Tone::plain},
                 {fail_count_text(place.vip_failures),
                  place.vip_failures > 0 ? Tone::warning : Tone::plain},
                 {fail_count_text(place.haproxy_failures),
                  place.haproxy_failures > 0 ? Tone::warning : Tone::plain},
                 {fails ? rough_text(ago) + " ago" : "-", Tone::plain},
                 {fails ? when : "-", Tone::plain},
                 {place.excluded.empty() ? "yes" : "no: " + std::string(exclusion(place)),
                  place.excluded.empty() ? Tone::plain : Tone::warning}});
    }
  }
  return table.text(style);
}

std::string summary_to_text(const Status& status, Style style) {
  std::string out = headline(status, style) + quorum_line(status, style) +
                    arbiter_line(status, style) + drill_line(status, style);
  for (const std::string& reason : status.degraded) {
    out += paint("! ", Tone::warning, style) + printable(reason) + "\n";
  }
  return out;
}

std::string inactive_to_text(const Status& status, Style style) {
  Table table({"INACTIVE", "SERVICE", "STATE", "NO NODE, BECAUSE"});
  for (const ServiceStatus& service : status.services) {
    std::vector<std::string> against;
    for (const ServiceOnNode& place : service.nodes) {
      if (place.excluded.empty()) continue;
      against.push_back(place.node.text() + " " + std::string(exclusion(place)));
    }
    const auto add = [&](const char* resource, ResourceStatus state) {
      if (service.holder && state == ResourceStatus::started) return;
      table.add({{resource, Tone::strong},
                 {service.name.text(), Tone::plain},
                 word(state),
                 {against.empty() ? "-" : joined(against), Tone::plain}});
    };
    add("VIP", service.vip);
    add("HAProxy", service.haproxy);
  }
  return table.empty() ? "" : table.text(style);
}

std::string to_text(const Status& status, Style style) {
  std::string out = summary_to_text(status, style);
  out += "\n" + members_to_text(status, style);
  if (!status.services.empty()) {
    out += "\n" + services_to_text(status, style) + "\n" + backends_to_text(status, style);
  }
  if (!status.orders.empty()) out += "\n" + orders_to_text(status, style);
  out += trouble_text(status, style);
  if (std::any_of(status.services.begin(), status.services.end(),
                  [](const ServiceStatus& service) { return !service.reason.empty(); })) {
    out += "\n";
  }
  for (const ServiceStatus& service : status.services) {
    if (!service.reason.empty()) out += printable(service.reason) + "\n";
  }
  return out;
}

}  // namespace hapx::appliance
