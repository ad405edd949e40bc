// SPDX-License-Identifier: Apache-2.0
// How is one of our names written where HAProxy wants a name?
//
// HAProxy's names are made of letters, digits and four marks, and a config line is made of words
// and quotes. A service's or host's name is not trusted to be so tame: each other byte is written
// as an underscore and two hexadecimal digits. What comes out can neither end a word nor begin a
// directive, no two names become one, and the way back exists (HAProxy's answers name its proxies).
// Whether a name makes sense is not decided here but in config/validate.
#pragma once

#include <string>
#include <string_view>

namespace hapx::lb_supervisor {

/// Letters, digits, '-', '.' and ':' stay; every other byte b becomes "_XX", an empty name "_".
[[nodiscard]] std::string to_proxy_name(std::string_view name);

/// The way back. Total: what to_proxy_name can't have written stays as it is.
[[nodiscard]] std::string from_proxy_name(std::string_view proxy_name);

/// A word between double quotes for HAProxy's config, whatever bytes it is made of.
[[nodiscard]] std::string quoted(std::string_view word);

}  // namespace hapx::lb_supervisor
