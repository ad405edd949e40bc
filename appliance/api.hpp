// SPDX-License-Identifier: Apache-2.0
// What does a request on the command socket ask, and what is answered?
//
// A function from request to response. What can be answered from the snapshot is answered here; an
// order is only understood here, and Node carries it out and answers when it knows the outcome.
// It knows nothing of sockets and HTTP framing (appliance/io/http_server does), and trusts nobody:
// every input is bounded, and whatever is not understood gets one sentence and the fitting status.
//
// Over the network (RequestArrived::from) whoever comes may look, and orders are for those whom
// spec.api.operators names.
//
//   GET  /v1/status | members | links | services | backends | orders | conflicts | config
//   GET  /v1/haproxy.cfg | events[/SERVICE] | why[/SERVICE] | failcounts[/SERVICE]
//   GET  /v1/nodes/NAME | /v1/services/NAME   (all about one thing, appliance/about.hpp)
//   POST /v1/services/NAME/move      {"to": "node2"}     (without: wherever it likes next best)
//   POST /v1/services/NAME/cleanup   {"node": "node2"}   (without: on all nodes)
//   POST /v1/go-alone                a node of two waits for the other one no more
//   POST /v1/drill                   {"startedAt": ..., "passed": ..., "summary": [...]}: what came
//                                    of a drill of this cluster, to be remembered
//   POST /v1/recording               keeps a recording of what led to now (appliance/recording)
//   POST /v1/reload                  takes the changed file, or says why not
//
// Standing orders: POST gives one, DELETE lifts it. A body may have "ttl" (a duration; without:
// until it is lifted) and "by" (who gives it).
//
//   POST, DELETE  /v1/nodes/NAME/standby      POST, DELETE  /v1/maintenance
//   POST          /v1/services/NAME/ban   {"node": "node2"}
//   DELETE        /v1/services/NAME/ban[/NODE]
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "appliance/action.hpp"
#include "appliance/event.hpp"
#include "appliance/journal.hpp"
#include "appliance/past_drill.hpp"
#include "appliance/status.hpp"
#include "config/cluster_config.hpp"
#include "membership/report.hpp"

namespace hapx::appliance {

/// All that a request may look at. The references outlive the call, nothing is kept.
struct ApiContext {
  const Status& status;
  const Journal& journal;
  const ClusterConfig& config;
  const std::string& haproxy_config;  ///< the text that our HAProxy runs, or would; may be empty
  Instant now;
  std::optional<Duration> utc_offset{};  ///< what our clock showed 0 at; absent: not known
};

/// Node is to move `service`, and to answer request `id` when it knows the outcome
/// (api_order_answer makes the Respond). The names were checked against the config.
struct MoveOrder {
  std::uint64_t id = 0;
  ServiceName service;
  std::optional<NodeName> to;

  friend bool operator==(const MoveOrder&, const MoveOrder&) = default;
};

/// Node is to change the record, and to answer as above. The names were checked against the config.
struct RecordOrder {
  std::uint64_t id = 0;
  membership::RecordChange change;

  friend bool operator==(const RecordOrder&, const RecordOrder&) = default;
};

/// Node is to have the failures of `service` forgotten, and to answer as above.
struct CleanupOrder {
  std::uint64_t id = 0;
  ServiceName service;
  std::optional<NodeName> node;  ///< absent: on all nodes

  friend bool operator==(const CleanupOrder&, const CleanupOrder&) = default;
};

/// Node is to take the changed file, and to answer as api_reload_answer has it.
struct ReloadOrder {
  std::uint64_t id = 0;

  friend bool operator==(const ReloadOrder&, const ReloadOrder&) = default;
};

/// Node is to wait for the other one of two no more, and to answer as api_order_answer has it.
struct GoAloneOrder {
  std::uint64_t id = 0;

  friend bool operator==(const GoAloneOrder&, const GoAloneOrder&) = default;
};

/// Node is to have a recording kept, and to answer as api_order_answer has it.
struct RecordingOrder {
  std::uint64_t id = 0;

  friend bool operator==(const RecordingOrder&, const RecordingOrder&) = default;
};

/// Node is to remember this drill, and to answer as api_order_answer has it.
struct DrillOrder {
  std::uint64_t id = 0;
  PastDrill drill;

  friend bool operator==(const DrillOrder&, const DrillOrder&) = default;
};

using ApiAnswer = std::variant<Respond, MoveOrder, RecordOrder, CleanupOrder, ReloadOrder,
                               GoAloneOrder, RecordingOrder, DrillOrder>;

/// Limit: a longer target or body is refused (414, 413).
inline constexpr std::size_t api_target_bytes_max = 1024;
inline constexpr std::size_t api_body_bytes_max = 64 * 1024;

/// Total: any request gets exactly one answer.
[[nodiscard]] ApiAnswer handle(const RequestArrived& request, const ApiContext& context);

/// The answer to an order: 200 {"answer": sentence} or {"error": sentence} with 409, refused, or
/// 504, unknown.
using membership::OrderOutcome;
[[nodiscard]] Respond api_order_answer(std::uint64_t id, OrderOutcome outcome,
                                       const std::string& sentence);

/// 200 {"answer": sentence, "taking": ["spec.timing", ...]}; an empty list: nothing has changed. A
/// hapxd that takes something ends right after this answer, and the next one begins.
[[nodiscard]] Respond api_reload_answer(std::uint64_t id, const std::vector<std::string>& taking);
/// The same for a file that changes who votes and waits for other nodes, with "waitsFor": ["node2
/// to be given the same file", ...]; hapxd takes it when nothing is left to wait for.
[[nodiscard]] Respond api_staged_answer(std::uint64_t id,
                                        const std::vector<std::string>& waits_for);

}  // namespace hapx::appliance
