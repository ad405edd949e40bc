// SPDX-License-Identifier: Apache-2.0
// What is an entry of the journal about, and how does a machine know it again?
//
// A closed list of words, for `hapx events`, the log and whoever filters them; each has an id of
// its own for the system's journal, under which its catalog explains it
// (images/systemd/hapx.catalog). Both are stable.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace hapx::appliance {

enum class JournalKind : std::uint8_t {
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

inline constexpr std::array all_journal_kinds{
    JournalKind::life,  JournalKind::member,    JournalKind::quorum,   JournalKind::coordinator,
    JournalKind::lease, JournalKind::placement, JournalKind::takeover, JournalKind::address,
    JournalKind::fence, JournalKind::haproxy,   JournalKind::backend,  JournalKind::announcement,
    JournalKind::order};

[[nodiscard]] std::string_view to_string(JournalKind kind);

/// MESSAGE_ID (systemd.journal-fields(7)): 32 hexadecimal digits.
[[nodiscard]] std::string_view message_id(JournalKind kind);

}  // namespace hapx::appliance
