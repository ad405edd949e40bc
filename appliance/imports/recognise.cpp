// SPDX-License-Identifier: Apache-2.0
#include "appliance/imports/recognise.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "appliance/imports/cib_xml.hpp"
#include "appliance/imports/corosync_conf.hpp"
#include "appliance/imports/crm_text.hpp"
#include "appliance/imports/haproxy_cfg.hpp"
#include "appliance/imports/haproxy_section.hpp"
#include "appliance/imports/keepalived_conf.hpp"
#include "appliance/imports/statement.hpp"
#include "config/yaml.hpp"

namespace hapx::appliance::imports {
namespace {

using namespace std::string_view_literals;

constexpr std::array corosync_blocks{"totem"sv, "nodelist"sv, "quorum"sv, "logging"sv};
constexpr std::array keepalived_blocks{"vrrp_instance"sv,  "vrrp_script"sv,
                                       "global_defs"sv,    "vrrp_sync_group"sv,
                                       "virtual_server"sv, "vrrp_track_process"sv};
constexpr std::array crm_words{"primitive"sv,    "property"sv, "colocation"sv, "node"sv,
                               "rsc_defaults"sv, "group"sv,    "clone"sv,      "location"sv,
                               "order"sv,        "ms"sv,       "op_defaults"sv};

template <class Words>
bool is_one_of(const Words& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

/// A line of a block of somebody else's is none of HAProxy's or crm's, which have no blocks.
bool opens_block(const std::vector<std::string>& words) {
  return words.back().ends_with('{') && words.back() != "${";
}

/// What a line with these words would be a line of.
std::optional<SourceKind> kind_of(const std::vector<std::string>& words) {
  const std::string_view first = words[0];
  const bool opens = opens_block(words);
  const auto name = first.substr(0, first.find('{'));
  if (opens && is_one_of(corosync_blocks, name)) return SourceKind::corosync;
  if (is_one_of(keepalived_blocks, name)) return SourceKind::keepalived;
  if (opens) return std::nullopt;
  if (is_section_word(first)) return SourceKind::haproxy;
  const bool typed =
      (first == "crm" || first == "sudo") && std::ranges::find(words, "configure") != words.end();
  if (typed || (is_one_of(crm_words, first) && words.size() > 1)) return SourceKind::crm;
  return std::nullopt;
}

Result<Source> source_of(const Result<Cib>& cib, std::string_view file) {
  if (!cib) return cib.error();
  return imports::source_of(*cib, file);
}

Result<Source> read_as(SourceKind kind, std::string_view text, std::string_view file) {
  switch (kind) {
    case SourceKind::cib_xml:
      return source_of(parse_cib(text, file), file);
    case SourceKind::crm:
      return source_of(parse_crm(text, file), file);
    case SourceKind::keepalived:
      return parse_keepalived(text, file);
    case SourceKind::haproxy:
      return parse_haproxy(text, file);
    case SourceKind::corosync:
      break;
  }
  return parse_corosync(text, file);
}

}  // namespace

std::string_view name_of(SourceKind kind) {
  switch (kind) {
    case SourceKind::corosync:
      return "corosync.conf";
    case SourceKind::cib_xml:
      return "a CIB, as XML";
    case SourceKind::crm:
      return "a CIB, as crm's text";
    case SourceKind::keepalived:
      return "keepalived.conf";
    case SourceKind::haproxy:
      return "haproxy.cfg";
  }
  return "";
}

std::optional<SourceKind> recognise(std::string_view text) {
  bool first = true;
  bool blocks = false;
  while (!text.empty()) {
    std::string_view line = take_line(text);
    const auto words = words_of(line, "#!");
    if (words.empty()) continue;
    if (std::exchange(first, false) && words[0].starts_with('<')) return SourceKind::cib_xml;
    const auto kind = kind_of(words);
    const bool in_lines = kind == SourceKind::haproxy || kind == SourceKind::crm;
    if (kind && !(in_lines && blocks)) return kind;
    blocks = blocks || opens_block(words);
  }
  return std::nullopt;
}

Result<Source> read_source(std::string_view text, std::string_view file) {
  if (const auto good = check_source(text, file); !good) return good.error();
  const auto kind = recognise(text);
  if (!kind) {
    return refusal(file, {1, 1},
                   "this is none of corosync.conf, a CIB (as XML, or as `crm configure show` "
                   "writes it), keepalived.conf and haproxy.cfg");
  }
  auto source = read_as(*kind, text, file);
  if (source) source->kind = name_of(*kind);
  return source;
}

}  // namespace hapx::appliance::imports
