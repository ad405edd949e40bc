// SPDX-License-Identifier: Apache-2.0
// What does a hapxd find when it begins?
//
// The file, the key, its own name in the file, the boot it runs in, the lock of its name, and what
// an earlier hapxd of this boot left with the keeper or in the run directory. All of it is read
// here, once, before the loop begins; afterwards nothing blocks.
//
// Safety: the lock is held before anything is stored or sent (LEASE.md, rule 14).
// Safety: that this node votes is on disk before its first vote (rule 5), and so is by which list
// of voters it counts (rule 22).
#pragma once

#include <string>
#include <vector>

#include "appliance/cli/hapxd_options.hpp"
#include "appliance/io/handed_down.hpp"
#include "appliance/node.hpp"
#include "config/result.hpp"
#include "membership/io/promise_file.hpp"

namespace hapx::appliance {

struct Beginning {
  NodeOptions node;  ///< complete but for the addresses and deadlines, which their doors know
  Descriptor lock;
  Descriptor config_text;  ///< the accepted file, in memory
  membership::PromiseFile promises;
  DescriptorsByName inherited;       ///< what is left: "deadlines"
  std::vector<std::string> remarks;  ///< for the log: what was noticed, one sentence each
};

/// Where HAProxy's keeper has its sockets, and HAProxy its own.
[[nodiscard]] std::string haproxy_dir(const HapxdOptions& options);

/// Whether this node runs a HAProxy (or may, if somebody else starts its keeper); if so, its run
/// folder is there afterwards. Goes by the file that was accepted before, if that is among
/// `inherited`.
[[nodiscard]] Result<bool> prepare_for_haproxy(const HapxdOptions& options,
                                               DescriptorsByName inherited);

/// Errors: `refused` for a file or key that is wrong, any other kind for a machine that can't.
[[nodiscard]] Result<Beginning> begin(const HapxdOptions& options, DescriptorsByName inherited);

}  // namespace hapx::appliance
