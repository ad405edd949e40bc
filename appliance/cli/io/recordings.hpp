// SPDX-License-Identifier: Apache-2.0
// The verbs about recordings: what is in which, and what is decided when it is decided again.
#pragma once

#include "appliance/cli/hapx_words.hpp"
#include "appliance/cli/io/verbs.hpp"

namespace hapx::appliance::cli {

/// Has hapxd keep one.
int have_recording_kept(const GlobalOptions& global, const Surroundings& around);
int show_recordings(const GlobalOptions& global, const ListRecordings& verb,
                    const Surroundings& around);
/// Exits with exit_differs if something is decided otherwise.
int replay_recording(const GlobalOptions& global, const ReplayRecording& verb,
                     const Surroundings& around);
/// `why`, asked of a node as it was. REQUIRES: verb.at.
int why_then(const GlobalOptions& global, const Why& verb, const Surroundings& around);

}  // namespace hapx::appliance::cli
