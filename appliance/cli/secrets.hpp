// SPDX-License-Identifier: Apache-2.0
// What must not leave the machine?
//
// The cluster's key, in whatever text it may have got into (a comment, a log line, somebody's
// note), private keys as OpenSSL writes them, and passwords in HAProxy's config. It goes by what
// they look like, not by what they are: so a secret is taken out though nobody here may read it,
// and a check sum of the same length as well.
#pragma once

#include <string>
#include <string_view>

namespace hapx::appliance::cli {

/// `text` with "(removed)" in the place of each run of 32 or more hexadecimal digits (half a key is
/// still a secret), of each private key in PEM, and of what follows HAProxy's words for a password
/// up to the end of its line or text.
[[nodiscard]] std::string without_secrets(std::string_view text);

}  // namespace hapx::appliance::cli
