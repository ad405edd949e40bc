// SPDX-License-Identifier: Apache-2.0
// Which configuration is in force?
//
// The one that was accepted last: read from the file when hapxd is started or told to reload, and
// left with the keeper from then on. A hapxd that is replaced in flight goes on with that one,
// whatever an operator has done to the file meanwhile: only an order takes a changed file.
#pragma once

#include <string>

#include "config/cluster_config.hpp"
#include "config/cluster_key.hpp"
#include "config/io/descriptor.hpp"
#include "config/result.hpp"

namespace hapx::appliance {

struct AcceptedFile {
  ClusterConfig config;
  std::string text;
};

/// Reads and judges the file. Errors: those of read_config_file, or `refused` with every refusal,
/// one a line.
[[nodiscard]] Result<AcceptedFile> read_accepted_file(const std::string& path);

/// What its key file holds now, or the credential of that name. Errors: those of read_key_file.
[[nodiscard]] Result<ClusterKeys> read_cluster_keys(const ClusterConfig& config);

/// What keep_in_memory made, judged; `path` is only for the sentences.
[[nodiscard]] Result<AcceptedFile> recall_accepted_file(const Descriptor& kept,
                                                        const std::string& path);

/// An anonymous file with this text, for the keeper to keep.
[[nodiscard]] Result<Descriptor> keep_in_memory(const std::string& text);

}  // namespace hapx::appliance
