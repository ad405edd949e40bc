// SPDX-License-Identifier: Apache-2.0
// Where does the cluster's secret lie, and who may read it?
//
// A file of a line or two (config/cluster_key), made by `hapx keygen` and copied to every node. A
// key that other users can read is no secret any more, so it is refused rather than warned about.
// No sentence here has a byte of the key.
//
// The file belongs to root, and hapxd may run as a user who can't open it. Then the service manager
// hands the content over (systemd calls it a credential), and the file is judged all the same.
#pragma once

#include <optional>
#include <string>

#include "config/cluster_key.hpp"
#include "config/result.hpp"

namespace hapx {

/// Reads the key, or two. Refused: a file that group or others have any right to, that belongs to
/// neither root nor this user, that is no regular file or holds no good key. The sentence says what
/// to do.
///
/// `credentials` is the environment's CREDENTIALS_DIRECTORY, if it is set: where the file can't be
/// opened for want of rights, the credential that bears its name is taken for its content.
[[nodiscard]] Result<ClusterKeys> read_key_file(
    const std::string& path, const std::optional<std::string>& credentials = std::nullopt);

/// Makes a key from the kernel's randomness and writes it, mode 0400, synced to disk. Never
/// overwrites: whatever is at `path` already is `exists`. After a failure no file is left.
[[nodiscard]] Result<void> write_key_file(const std::string& path);

/// Puts the key or keys of one file (judged as by read_key_file) into a new one, as write_key_file
/// does.
[[nodiscard]] Result<void> copy_key_file(const std::string& from, const std::string& to);

}  // namespace hapx
