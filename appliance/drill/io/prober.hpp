// SPDX-License-Identifier: Apache-2.0
// What does a client see?
//
// The prober starts a new request (connect, TLS handshake, GET /readyz) at each beat (mostly 5 ms),
// whatever became of the ones before, and gives each two seconds. It notes when each began and how
// it ended; what that means is drill/outage's question. Limit: it has room for so long as it is
// told; what begins later is not begun.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "appliance/drill/io/instrument.hpp"
#include "appliance/drill/io/shared_log.hpp"
#include "appliance/drill/io/view.hpp"
#include "appliance/drill/outage.hpp"

namespace hapx::appliance::drill {

inline constexpr Duration request_patience = std::chrono::seconds(2);

class Prober {
 public:
  static constexpr Duration usual_length = std::chrono::seconds(200);
  [[nodiscard]] static Result<Prober> start(const View& view, Duration longest = usual_length);
  [[nodiscard]] static Result<Prober> start(const lab::Plan& plan) { return start(view_of(plan)); }

  /// Those that began at `from` or later, in the order of their starts.
  [[nodiscard]] std::vector<Request> requests(Instant from) const;

  /// One request as the child tells it; instants as nanoseconds since boot.
  struct Entry {
    std::atomic<std::int64_t> start;
    std::atomic<std::int64_t> end;
    std::atomic<Fate> fate;
  };

 private:
  Prober(SharedLog<Entry> log, Instrument instrument)
      : log_(std::move(log)), instrument_(std::move(instrument)) {}

  SharedLog<Entry> log_;
  Instrument instrument_;
};

}  // namespace hapx::appliance::drill
