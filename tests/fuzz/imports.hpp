// SPDX-License-Identifier: Apache-2.0
// What holds of everything that `hapx import` reads?
//
// Whatever a text says becomes source whose places are within it and whose remarks are sentences;
// and source, with or without an operator's options, become a file that is accepted, or sentences
// that say why not.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "appliance/imports/imported.hpp"
#include "config/parse.hpp"
#include "fuzz.hpp"

namespace hapx::fuzz {

inline void must_be_within_lines(std::string_view text, const appliance::imports::Place& at) {
  const auto lines = 1 + std::count(text.begin(), text.end(), '\n');
  must(at.file == file, "a place names its file");
  must(at.line >= 1 && at.line <= static_cast<std::size_t>(lines), "a place is within the text");
}

inline void must_be_imported(const appliance::imports::Imported& imported) {
  must(imported.config.has_value() == imported.refusals.empty(), "a file, or why there is none");
  for (const auto& refusal : imported.refusals) must_be_a_sentence(refusal);
  for (const auto& remark : imported.remarks) must_be_a_sentence(to_sentence(remark));
  if (!imported.config) return;
  const CheckedConfig checked = check_config(imported.text, file);
  must(checked.config.has_value(), "what is made is accepted");
  must(*checked.config == *imported.config, "and is what was said");
}

/// What is asked of source of any kind.
inline void must_be_a_source(std::string_view text, const appliance::imports::Source& source) {
  using namespace appliance::imports;
  for (const Remark& remark : source.remarks) {
    must_be_within_lines(text, remark.place);
    must_be_a_sentence(to_sentence(remark));
  }
  for (const SourceNode& node : source.nodes) must_be_within_lines(text, node.place);
  for (const SourceGroup& group : source.groups) {
    must(!group.vips.empty(), "a group has an address");
    for (const SourceVip& vip : group.vips) must_be_within_lines(text, vip.place);
  }
  for (const SourceFrontend& frontend : source.frontends) {
    must(!frontend.servers.empty(), "a frontend has somebody behind it");
  }
  must_be_imported(import_all({source}, {}));
  Wishes wishes;
  wishes.nodes = {"node1=10.0.0.1", "node2=10.0.0.2"};
  wishes.cluster = "demo";
  wishes.vips = {"10.0.0.9/24"};
  wishes.interface = "eth0";
  wishes.api_servers = {"10.0.0.31"};
  wishes.tie_breaker = "10.0.0.254";
  must_be_imported(import_all({source, source}, wishes));
}

}  // namespace hapx::fuzz
