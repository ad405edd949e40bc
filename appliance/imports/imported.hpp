// SPDX-License-Identifier: Apache-2.0
// What hapx.yaml follows from what another system was told?
//
// A plan becomes a text with what was said and nothing else, and that text is judged like any other
// hapx.yaml before anybody sees it. Beside it stands, line by line, what was taken and what was
// left out and why.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "appliance/imports/gather.hpp"
#include "config/parse.hpp"

namespace hapx::appliance::imports {

struct Imported {
  std::string text;  ///< of hapx.yaml; with refusals it is empty
  std::optional<ClusterConfig> config;
  std::vector<std::string> refusals;  ///< what is missing, or why the file would be refused
  std::vector<Remark> remarks;
};

/// Either refusals, or a text that check_config accepts.
[[nodiscard]] Imported import_all(const std::vector<Source>& sources, const Wishes& wishes);

/// "corosync.conf:3: `cluster_name demo` became metadata.name".
[[nodiscard]] std::string to_sentence(const Remark& remark);

/// {"sources": [...], "file": null or its name, "config": {...}, "taken": [...], "leftOut": [...]},
/// as JSON.
[[nodiscard]] std::string to_json(const Imported& imported, const std::vector<Source>& sources,
                                  const std::string& written);

}  // namespace hapx::appliance::imports
