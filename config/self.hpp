// SPDX-License-Identifier: Apache-2.0
// Which of the file's nodes am I?
//
// The same file lies on every node, so each must find itself in it: by the name it was told, by
// its host name, or by an address it has. Guessing wrong would make two machines vote as one node,
// so whatever is ambiguous is refused. Pure: host name and addresses are told.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "config/cluster_config.hpp"
#include "config/result.hpp"

namespace hapx {

/// - `asked` (--node) decides alone; it must be a node of the file.
/// - Else the node called like this host (`host_name`, or its part before the first dot; case does
///   not matter), unless its address is missing here and another node's is present.
/// - Else the one node whose address is among `local`.
///
/// Safety: a machine never takes itself for a node by name alone when its addresses say another.
[[nodiscard]] Result<NodeName> find_self(const ClusterConfig& config,
                                         const std::optional<NodeName>& asked,
                                         std::string_view host_name,
                                         std::span<const IpAddress> local);

}  // namespace hapx
