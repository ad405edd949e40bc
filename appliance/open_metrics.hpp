// SPDX-License-Identifier: Apache-2.0
// How do metrics read in OpenMetrics 1.0?
//
// Nearly as in Prometheus' own format 0.0.4, which prometheus-cpp writes and is rewritten here line
// by line: a family of counters is named without "_total", a bound is a float in its canonical
// form, and the end is said, so that a page that was cut off is not taken for a whole one
// (https://prometheus.io/docs/specs/om/open_metrics_spec/). It knows no family.
#pragma once

#include <string>
#include <string_view>

namespace hapx::appliance {

/// Of text in the format 0.0.4 in which each family has its help and then its type.
[[nodiscard]] std::string open_metrics(std::string_view metrics_text);

}  // namespace hapx::appliance
