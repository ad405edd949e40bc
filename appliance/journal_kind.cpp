// SPDX-License-Identifier: Apache-2.0
#include "appliance/journal_kind.hpp"

#include <algorithm>

namespace hapx::appliance {
namespace {

struct Row {
  JournalKind kind;
  std::string_view word;
  std::string_view id;
};

constexpr auto rows = std::to_array<Row>({
    {JournalKind::life, "life", "a00b2ff297b340098fb1f018f7f36e59"},
    {JournalKind::member, "member", "f979daecc1074a72879abafca34ad350"},
    {JournalKind::quorum, "quorum", "3fb8821b6f154101a1c02e53f5c9e407"},
    {JournalKind::coordinator, "coordinator", "ee1e9e1bad0a40158ae58c222e2dd75b"},
    {JournalKind::lease, "lease", "1fbf09eef71f4aaaaa4d9f5c70b9a3a4"},
    {JournalKind::placement, "placement", "ff43860bb75f41e59d1cb31dfec9f323"},
    {JournalKind::takeover, "takeover", "5a93164aa041489d93e0d7a2c81d34c3"},
    {JournalKind::address, "address", "63cf9a0640864bb0983da4e2ac1af7a9"},
    {JournalKind::fence, "fence", "12bcc9f759c941e9aac0d518f506cf94"},
    {JournalKind::haproxy, "haproxy", "5e0a41f7fd0341bb9e88762b9d645ded"},
    {JournalKind::backend, "backend", "af72315e19b74591ab461760c01f13e8"},
    {JournalKind::announcement, "announcement", "19ba86b1c47e44e092d1e3d04a195939"},
    {JournalKind::order, "order", "174da01035db48819f499b4bba7144e7"},
});
static_assert(rows.size() == all_journal_kinds.size());

constexpr const Row& row_of(JournalKind kind) {
  const auto found = std::ranges::find(rows, kind, &Row::kind);
  return found == rows.end() ? rows.front() : *found;
}

}  // namespace

std::string_view to_string(JournalKind kind) {
  return row_of(kind).word;
}

std::string_view message_id(JournalKind kind) {
  return row_of(kind).id;
}

}  // namespace hapx::appliance
