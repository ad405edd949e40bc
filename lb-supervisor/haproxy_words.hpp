// SPDX-License-Identifier: Apache-2.0
// What did HAProxy complain about?
//
// HAProxy says much when it fails: notices about itself, warnings, and somewhere among them the
// alert that matters. Here it is found. Total on any bytes.
#pragma once

#include <string>
#include <string_view>

#include "lb-supervisor/haproxy_config.hpp"

namespace hapx::lb_supervisor {

/// The same words with the line that they blame: where the operator wrote it, or the line itself.
/// As they are if they blame none.
[[nodiscard]] std::string located(const std::string& words, const RenderedHaproxy& rendered);

/// The alerts of HAProxy's output, or its other lines if there is none, without their prefixes, as
/// one line of at most 500 bytes of printable ASCII.
[[nodiscard]] std::string words_of_haproxy(std::string_view output);

}  // namespace hapx::lb_supervisor
