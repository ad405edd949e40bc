// SPDX-License-Identifier: Apache-2.0
// What is in this file, if it is one and not too large?
//
// The one way in which config's doors read. It opens first and asks afterwards, so that what was
// approved is what is read, and never waits: a FIFO or a device is refused. Symbolic links are
// followed (Kubernetes and configuration management mount files so); what counts is their target.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include <sys/stat.h>

#include "config/result.hpp"

namespace hapx {

/// Asked with what the kernel says of the opened file; an Error refuses it.
using Approve = std::function<std::optional<Error>(const struct stat&)>;

/// Refuses a file that everybody may read. `reason`: "its passwords are no secret".
[[nodiscard]] Approve not_for_everybody(const std::string& path, const std::string& reason);

/// The bytes of the file at `path`, at most `bytes_max`. `what` is for the sentences: "the key
/// file".
[[nodiscard]] Result<std::string> read_regular_file(const std::string& path,
                                                    const std::string& what, std::size_t bytes_max,
                                                    const Approve& approve = {});

}  // namespace hapx
