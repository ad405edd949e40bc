// SPDX-License-Identifier: Apache-2.0
#include "appliance/status_json_watch.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "appliance/json_reading.hpp"

namespace hapx::appliance {
namespace {

namespace json = boost::json;
using std::chrono::microseconds;
using std::chrono::milliseconds;

template <class Unit>
std::int64_t count_of(Duration duration) {
  return std::max<std::int64_t>(0, std::chrono::duration_cast<Unit>(duration).count());
}

/// More than a century is a century, so that nothing overflows.
template <class Unit>
Duration duration_at(const json::object& object, std::string_view key) {
  constexpr std::uint64_t century_ms = 3'155'760'000'000;
  constexpr auto century = static_cast<std::uint64_t>(Unit(milliseconds(century_ms)).count());
  return Unit(static_cast<std::int64_t>(std::min(number_at(object, key), century)));
}

const json::object& object_at(const json::object& object, std::string_view key) {
  static const json::object none;
  const json::value* value = object.if_contains(key);
  const json::object* inner = value ? value->if_object() : nullptr;
  return inner ? *inner : none;
}

json::object histogram(const Histogram& times) {
  json::array counts;
  for (const auto count : times.counts) counts.emplace_back(count);
  return {{"counts", std::move(counts)}, {"sumUs", count_of<microseconds>(times.sum)}};
}

Histogram histogram_from(const json::object& object) {
  Histogram times;
  times.sum = duration_at<microseconds>(object, "sumUs");
  const json::value* value = object.if_contains("counts");
  const json::array* counts = value ? value->if_array() : nullptr;
  if (counts == nullptr || counts->size() != times.counts.size()) return {};
  std::ranges::transform(*counts, times.counts.begin(), number_in);
  return times;
}

RivalStatus rival_from(const json::object& object) {
  RivalStatus rival{text_at(object, "mac"),
                    text_at(object, "kind"),
                    number_at(object, "claims"),
                    duration_at<milliseconds>(object, "firstAgoMs"),
                    duration_at<milliseconds>(object, "lastAgoMs"),
                    {}};
  each_object_at(object, "frames", [&](const json::object& frame) {
    rival.frames.push_back({duration_at<milliseconds>(frame, "agoMs"), text_at(frame, "bytes")});
  });
  return rival;
}

json::object vip(const VipStatus& shown) {
  return {{"address", json::string(printable(shown.address))},
          {"assigned", shown.assigned},
          {"leaseRemainingMs", count_of<milliseconds>(shown.lease_remaining)},
          {"takenAway", shown.taken_away},
          {"announcements", shown.announcements},
          {"announcementFailures", shown.announcement_failures},
          {"claims", shown.claims},
          {"clients", shown.clients},
          {"clientsWoken", shown.clients_woken},
          {"clientsSilent", shown.clients_silent},
          {"rivals", rivals_json(shown)}};
}

VipStatus vip_from(const json::object& object) {
  VipStatus shown;
  shown.address = text_at(object, "address");
  const json::value* assigned = object.if_contains("assigned");
  shown.assigned = assigned && assigned->is_bool() && assigned->get_bool();
  shown.lease_remaining = duration_at<milliseconds>(object, "leaseRemainingMs");
  shown.taken_away = number_at(object, "takenAway");
  shown.announcements = number_at(object, "announcements");
  shown.announcement_failures = number_at(object, "announcementFailures");
  shown.claims = number_at(object, "claims");
  shown.clients = number_at(object, "clients");
  shown.clients_woken = number_at(object, "clientsWoken");
  shown.clients_silent = number_at(object, "clientsSilent");
  each_object_at(object, "rivals",
                 [&](const json::object& rival) { shown.rivals.push_back(rival_from(rival)); });
  return shown;
}

json::object takeover(const TakeoverStatus& shown) {
  json::array phases;
  for (const PhaseTime& one : shown.phases) {
    phases.push_back(
        json::object{{"phase", to_string(one.phase)}, {"us", count_of<microseconds>(one.time)}});
  }
  return {{"service", json::string(printable(shown.service.text()))},
          {"from", json::string(printable(shown.from.text()))},
          {"reason", to_string(shown.reason)},
          {"failover", is_failover(shown.reason)},
          {"agoMs", count_of<milliseconds>(shown.ago)},
          {"wholeUs", count_of<microseconds>(whole(shown.phases))},
          {"phases", std::move(phases)}};
}

/// Absent if its reason is none that this version knows.
std::optional<TakeoverStatus> takeover_from(const json::object& object) {
  const std::string word = text_at(object, "reason");
  const auto reason = std::ranges::find_if(
      all_takeover_reasons, [&](TakeoverReason known) { return to_string(known) == word; });
  if (reason == all_takeover_reasons.end()) return std::nullopt;
  TakeoverStatus shown{ServiceName(text_at(object, "service")),
                       NodeName(text_at(object, "from")),
                       *reason,
                       duration_at<milliseconds>(object, "agoMs"),
                       {}};
  each_object_at(object, "phases", [&](const json::object& phase) {
    for (const PhaseRow& row : failover_phases()) {
      if (text_at(phase, "phase") != row.name) continue;
      shown.phases.push_back({row.phase, duration_at<microseconds>(phase, "us")});
    }
  });
  return shown;
}

}  // namespace

json::array rivals_json(const VipStatus& vip) {
  json::array out;
  for (const RivalStatus& rival : vip.rivals) {
    json::array frames;
    for (const FrameStatus& frame : rival.frames) {
      frames.push_back(json::object{{"agoMs", count_of<milliseconds>(frame.ago)},
                                    {"bytes", json::string(printable(frame.bytes))}});
    }
    out.push_back(json::object{{"mac", json::string(printable(rival.mac))},
                               {"kind", json::string(printable(rival.kind))},
                               {"claims", rival.claims},
                               {"firstAgoMs", count_of<milliseconds>(rival.first_ago)},
                               {"lastAgoMs", count_of<milliseconds>(rival.last_ago)},
                               {"frames", std::move(frames)}});
  }
  return out;
}

void add_watched(json::object& out, const ServiceStatus& service) {
  json::array vips;
  for (const VipStatus& each : service.vips) vips.emplace_back(vip(each));
  json::object takeovers;
  for (const auto& [reason, count] : service.takeovers) takeovers[to_string(reason)] = count;
  out["vips"] = std::move(vips);
  out["takeovers"] = std::move(takeovers);
}

void add_watched(json::object& out, const Status& status) {
  json::object phases;
  for (const auto& [phase, times] : status.takeover_times.phases) {
    phases[to_string(phase)] = histogram(times);
  }
  out["leaseMs"] = count_of<milliseconds>(status.lease);
  out["failoverTimes"] = json::object{{"whole", histogram(status.takeover_times.whole)},
                                      {"phases", std::move(phases)}};
  out["loopLag"] = histogram(status.loop_lag);
  json::array last;
  for (const TakeoverStatus& each : status.last_takeovers) last.emplace_back(takeover(each));
  out["lastTakeovers"] = std::move(last);
}

void read_watched(const json::object& object, ServiceStatus& service) {
  each_object_at(object, "vips",
                 [&](const json::object& each) { service.vips.push_back(vip_from(each)); });
  const json::object& takeovers = object_at(object, "takeovers");
  for (const auto reason : all_takeover_reasons) {
    const std::uint64_t count = number_at(takeovers, to_string(reason));
    if (count > 0) service.takeovers[reason] = count;
  }
}

void read_watched(const json::object& object, Status& status) {
  status.lease = duration_at<milliseconds>(object, "leaseMs");
  const json::object& times = object_at(object, "failoverTimes");
  status.takeover_times.whole = histogram_from(object_at(times, "whole"));
  const json::object& phases = object_at(times, "phases");
  for (const PhaseRow& row : failover_phases()) {
    if (!phases.contains(row.name)) continue;
    status.takeover_times.phases[row.phase] = histogram_from(object_at(phases, row.name));
  }
  status.loop_lag = histogram_from(object_at(object, "loopLag"));
  each_object_at(object, "lastTakeovers", [&](const json::object& each) {
    if (auto shown = takeover_from(each)) status.last_takeovers.push_back(std::move(*shown));
  });
}

}  // namespace hapx::appliance
