// SPDX-License-Identifier: Apache-2.0
// What does Prometheus read of this node?
//
// A view, like every window: the status snapshot as metric families, and those as text, in the
// exposition format 0.0.4 or, for who asks for it, in OpenMetrics 1.0. It counts nothing and knows
// no clock; what it shows was counted where it happened. The names are stable: docs/metrics.md
// lists them, and they are only ever added to. The format itself is prometheus-cpp's; nothing else
// of that library is used.
#pragma once

#include <string>

#include "appliance/action.hpp"
#include "appliance/event.hpp"
#include "appliance/status.hpp"

namespace hapx::appliance {

/// All families in the format 0.0.4; ends with a newline.
[[nodiscard]] std::string metrics_text(const Status& status);

/// Whether a request in the metrics window asks for them. Total.
[[nodiscard]] bool asks_for_metrics(const RequestArrived& request);

/// `metrics_text` as the answer to `request`, in the format that it asks for.
[[nodiscard]] Respond metrics_answer(const RequestArrived& request, std::string metrics_text);

}  // namespace hapx::appliance
