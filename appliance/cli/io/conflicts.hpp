// SPDX-License-Identifier: Apache-2.0
// Who else claims our addresses: names for them, and their frames as a file.
#pragma once

#include <string>

#include "appliance/cli/hapx_words.hpp"
#include "appliance/cli/io/verbs.hpp"

namespace hapx::appliance::cli {

/// Who makes hardware addresses like this one, by what this machine knows; "": it doesn't.
[[nodiscard]] std::string vendor_of(const std::string& mac);

/// `hapx get conflicts --pcap FILE`. An existing file is not overwritten.
int write_evidence(const GlobalOptions& global, const std::string& file,
                   const Surroundings& around);

}  // namespace hapx::appliance::cli
