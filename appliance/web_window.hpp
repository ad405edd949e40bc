// SPDX-License-Identifier: Apache-2.0
// What may somebody who only looks ask, and what is he told?
//
// In the metrics' window there are the metrics, a page for people (appliance/web), and a stream of
// what that page shows: the whole state again and again, so that whoever missed some is none the
// wiser for it. Everything here can be read by whoever reaches the port, and nothing be changed.
//
//   GET /metrics        appliance/metrics.hpp
//   GET / and others    the page's files
//   GET /stream         server-sent events (HTML, section 9.2), each {"at": ..., "status": ...,
//                       "events": [...]}: what `hapx status -o json` has and the last of
//                       `hapx events -o json`
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "appliance/action.hpp"
#include "appliance/event.hpp"
#include "appliance/journal.hpp"
#include "appliance/status.hpp"
#include "config/time.hpp"

namespace hapx::appliance {

/// Limit: streams at a time; the next one gets stream_refusal.
inline constexpr std::size_t readers_max = 32;
/// Limit: of the journal, the last so many go into a message.
inline constexpr std::size_t told_events_max = 60;
/// A reader hears so often at least, and no more often than that, whatever happens.
inline constexpr Duration message_interval_max = std::chrono::seconds(1);
inline constexpr Duration message_interval_min = std::chrono::milliseconds(100);

/// One of the page's files; nothing if none is asked for.
[[nodiscard]] std::optional<Respond> page_answer(const RequestArrived& request);

[[nodiscard]] bool asks_for_stream(const RequestArrived& request);
/// The beginning of a stream, with its first message.
[[nodiscard]] Respond stream_answer(const RequestArrived& request, const std::string& message);
/// 503 and a plain sentence: there are readers_max of them.
[[nodiscard]] Respond stream_refusal(const RequestArrived& request);

/// One event of the stream. `at`: the time of day; may be empty.
[[nodiscard]] std::string stream_message(const std::string& at, const Status& status,
                                         std::vector<EventLine> events);

/// What is none of all that: 404 or 405 and a plain sentence.
[[nodiscard]] Respond window_refusal(const RequestArrived& request);

}  // namespace hapx::appliance
