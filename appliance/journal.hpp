// SPDX-License-Identifier: Apache-2.0
// What happened lately, and why?
//
// The last decisions of this node as sentences with their reasons, in a ring of fixed size: what
// `hapx why` and `hapx get events` show. Node records, windows read. It is for people; nothing in
// the house decides by it. It is not a log: it dies with the process, and repeats are counted
// instead of kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "appliance/phase.hpp"
#include "appliance/status.hpp"
#include "config/archived.hpp"
#include "config/event_kind.hpp"
#include "config/ids.hpp"
#include "config/result.hpp"
#include "config/time.hpp"

namespace hapx::appliance {

struct JournalEntry {
  Instant at;
  EventKind kind = EventKind::life;
  std::optional<ServiceName> service;
  std::optional<FailoverPhase> phase;
  std::string sentence;  ///< what happened: "node1 is dead"
  std::string reason;    ///< because of what; may be empty

  friend bool operator==(const JournalEntry&, const JournalEntry&) = default;
};

class Journal {
 public:
  /// Limit: so many entries are kept; a new one pushes the oldest out.
  static constexpr std::size_t entries_max = 512;
  /// Limit: a longer sentence or reason is cut (at a character's border) and ends with "...".
  static constexpr std::size_t sentence_bytes_max = 512;

  struct Kept {
    JournalEntry entry;        ///< `at` is the first time
    std::uint64_t number = 0;  ///< counts from 1 and never again
    std::uint64_t times = 1;   ///< the same thing in a row
    Instant last;              ///< of those times
  };

  /// Keeps `entry`; the same as the last one but for its instant is counted there instead.
  void record(JournalEntry entry);

  /// Oldest first.
  [[nodiscard]] const std::deque<Kept>& entries() const { return entries_; }
  /// How many were recorded in all, repeats not counted.
  [[nodiscard]] std::uint64_t recorded() const { return recorded_; }

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(entries_, recorded_);
  }

  std::deque<Kept> entries_;
  std::uint64_t recorded_ = 0;
};

/// What is left of a Kept for a window: ages instead of instants, as another machine's clock needs.
struct EventLine {
  std::uint64_t number = 0;
  Duration age{0};
  std::string kind;
  std::string service;  ///< empty: of no single one
  std::string phase;    ///< empty: none
  std::string sentence;
  std::string reason;
  std::uint64_t times = 1;
  std::string at{};  ///< "2026-11-28T13:36:57.042Z"; empty: the time of day isn't known

  friend bool operator==(const EventLine&, const EventLine&) = default;
};

/// Oldest first. With a service: what concerns it alone, and what concerns all (members, quorum,
/// coordinator, fence, HAProxy, the life of hapxd). `utc_offset`: what our clock showed 0 at,
/// counted from 1970.
[[nodiscard]] std::vector<EventLine> event_lines(const Journal& journal, Instant now,
                                                 const std::optional<ServiceName>& service,
                                                 std::optional<Duration> utc_offset = {});

/// A JSON array, and its reading back (total; unknown keys are passed over).
[[nodiscard]] std::string events_to_json(const std::vector<EventLine>& lines);
[[nodiscard]] Result<std::vector<EventLine>> events_from_json(std::string_view text);

/// "2026-11-28T13:36:57.042Z"; empty if `utc_offset` is absent, or makes no moment of these
/// centuries.
[[nodiscard]] std::string time_of_day(Instant at, std::optional<Duration> utc_offset);

/// "0.031s", "12.300s", "4m05s", "3h07m": how long ago.
[[nodiscard]] std::string age_text(Duration age);
/// The sentence, its reason, and how often.
[[nodiscard]] std::string what_of(const EventLine& line);

/// One line each: age, kind, service, sentence (reason). Wide: with the time of day and the phase.
[[nodiscard]] std::string events_to_text(const std::vector<EventLine>& lines, Style style);

}  // namespace hapx::appliance
