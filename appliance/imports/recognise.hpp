// SPDX-License-Identifier: Apache-2.0
// Of which system is this configuration?
//
// By what is in it, never by its name: a file may have been copied from anywhere. The first line
// that only one of the systems would have decides.
#pragma once

#include <optional>
#include <string_view>

#include "appliance/imports/source.hpp"
#include "config/result.hpp"

namespace hapx::appliance::imports {

enum class SourceKind { corosync, cib_xml, crm, keepalived, haproxy };

/// "corosync.conf", "a CIB".
[[nodiscard]] std::string_view name_of(SourceKind kind);

/// Nothing: it is of none of them.
[[nodiscard]] std::optional<SourceKind> recognise(std::string_view text);

/// Total. Refuses what is of none of them, or not written as they are, in one sentence.
[[nodiscard]] Result<Source> read_source(std::string_view text, std::string_view file);

}  // namespace hapx::appliance::imports
