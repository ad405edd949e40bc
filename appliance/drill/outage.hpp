// SPDX-License-Identifier: Apache-2.0
// How long did a client go without the service?
//
// A client that starts a new request every few milliseconds, whatever became of the ones before,
// samples the service as often as it asks. The outage is the longest time between the starts of two
// consecutive requests that were served. Only a prompt answer counts: a request whose first packet
// was lost is answered a second later by TCP's retransmission, and if that counted, the gap in
// which it began would look served.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "config/time.hpp"

namespace hapx::appliance::drill {

/// How often a client asks, and a watcher of the wire, where nobody wants it otherwise.
inline constexpr Duration usual_beat = std::chrono::milliseconds(5);

enum class Fate : std::uint8_t {
  pending,  ///< no end yet
  served,   ///< an answer 200 came
  failed,   ///< refused, reset, cut off, another answer, or none in time
};

struct Request {
  Instant start;
  Instant end;  ///< of no meaning while pending
  Fate fate = Fate::pending;

  friend bool operator==(const Request&, const Request&) = default;
};

/// An answer is prompt that came within this time. It is far above what a busy machine adds to a
/// served request and far below a retransmission (1 s for a first packet, 200 ms for a later one).
inline constexpr Duration prompt_max = std::chrono::milliseconds(100);

struct Service {
  std::size_t requests = 0;
  std::size_t served = 0;  ///< promptly or not
  std::size_t failed = 0;  ///< those that were cut not counted
  /// Failed, but begun before the fault: on a connection of what the fault has ended. No design can
  /// save these; what begins afterwards is ours to serve.
  std::size_t cut = 0;
  std::size_t late = 0;        ///< served, but not promptly
  Duration outage{};           ///< the whole window when nothing was served
  Instant dark_from{};         ///< start of the last prompt request before the outage
  Instant dark_until{};        ///< start of the first prompt request after it
  Duration latency_median{};   ///< of served requests
  Duration latency_maximum{};  ///< of served requests
  Duration longest_silence{};  ///< between two starts: how well the client itself kept its beat

  friend bool operator==(const Service&, const Service&) = default;
};

/// Judges the requests that began in [from, until]; they are in the order of their starts. Edges
/// count: a window that begins or ends dark is an outage up to its edge. `struck` is the instant of
/// the fault.
[[nodiscard]] Service judge(std::span<const Request> requests, Instant from, Instant until,
                            Instant struck = Instant::min());

}  // namespace hapx::appliance::drill
