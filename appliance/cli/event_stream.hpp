// SPDX-License-Identifier: Apache-2.0
// Which of the events that hapxd tells does the operator want to see, and which are new?
//
// hapxd tells all that it keeps, whenever it is asked. Whoever follows asks again and again, and
// shows what was not there before. A hapxd that was restarted counts its events anew; that is
// noticed by the last one that was seen: it isn't there any more, or is another.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "appliance/journal.hpp"
#include "config/time.hpp"

namespace hapx::appliance::cli {

/// The last `count` of those that are not older than `since`; absent: no limit.
[[nodiscard]] std::vector<EventLine> chosen(std::vector<EventLine> lines,
                                            std::optional<Duration> since,
                                            std::optional<std::size_t> count);

class EventStream {
 public:
  /// Of all that hapxd tells now, what it has not told before. An event that came again (and was
  /// counted instead of kept) is new, too.
  [[nodiscard]] std::vector<EventLine> fresh(const std::vector<EventLine>& lines);

 private:
  std::optional<EventLine> last_;
};

/// One line of a stream, without headings: time of day, kind, service, what. Ends with a newline.
[[nodiscard]] std::string event_to_line(const EventLine& line, Style style);

}  // namespace hapx::appliance::cli
