// SPDX-License-Identifier: Apache-2.0
// What is an event about, and how does a machine know it again?
//
// A closed list of words, for `hapx events`, the log, hooks and whoever filters them; each has an
// id of its own for the system's journal, under which its catalog explains it
// (images/systemd/hapx.catalog). Both are stable.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace hapx {

enum class EventKind : std::uint8_t {
  life,          ///< hapxd began, adopted, is about to end
  member,        ///< a peer came, went, or its link is one-way
  quorum,        ///< won or lost
  coordinator,   ///< who plans
  lease,         ///< a right to act gained, lost or denied
  placement,     ///< where a service is to be
  takeover,      ///< a service has come here, and how long that took
  address,       ///< a VIP added, removed, refused
  fence,         ///< armed, unavailable, removed by somebody, put back
  haproxy,       ///< started, died, is fit or not
  backend,       ///< a kube-apiserver came or went
  announcement,  ///< the segment was told, or could not be
  order,         ///< of an operator
};

struct EventKindWord {
  std::string_view text;
  EventKind value;
  std::string_view message_id;  ///< systemd.journal-fields(7): 32 hexadecimal digits
};

inline constexpr auto event_kinds = std::to_array<EventKindWord>({
    {"life", EventKind::life, "a00b2ff297b340098fb1f018f7f36e59"},
    {"member", EventKind::member, "f979daecc1074a72879abafca34ad350"},
    {"quorum", EventKind::quorum, "3fb8821b6f154101a1c02e53f5c9e407"},
    {"coordinator", EventKind::coordinator, "ee1e9e1bad0a40158ae58c222e2dd75b"},
    {"lease", EventKind::lease, "1fbf09eef71f4aaaaa4d9f5c70b9a3a4"},
    {"placement", EventKind::placement, "ff43860bb75f41e59d1cb31dfec9f323"},
    {"takeover", EventKind::takeover, "5a93164aa041489d93e0d7a2c81d34c3"},
    {"address", EventKind::address, "63cf9a0640864bb0983da4e2ac1af7a9"},
    {"fence", EventKind::fence, "12bcc9f759c941e9aac0d518f506cf94"},
    {"haproxy", EventKind::haproxy, "5e0a41f7fd0341bb9e88762b9d645ded"},
    {"backend", EventKind::backend, "af72315e19b74591ab461760c01f13e8"},
    {"announcement", EventKind::announcement, "19ba86b1c47e44e092d1e3d04a195939"},
    {"order", EventKind::order, "174da01035db48819f499b4bba7144e7"},
});

[[nodiscard]] constexpr const EventKindWord& word_of(EventKind kind) {
  for (const auto& word : event_kinds) {
    if (word.value == kind) return word;
  }
  return event_kinds.front();
}

[[nodiscard]] constexpr std::string_view to_string(EventKind kind) {
  return word_of(kind).text;
}

[[nodiscard]] constexpr std::string_view message_id(EventKind kind) {
  return word_of(kind).message_id;
}

}  // namespace hapx
