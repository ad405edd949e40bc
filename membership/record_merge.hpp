// SPDX-License-Identifier: Apache-2.0
// What do two contents make that were written apart?
//
// Where a majority writes, the newest content has all that is in force. Of two nodes that may each
// write alone (noQuorumPolicy: ignore) each has orders that the other one never saw. So orders are
// merged one by one: for each subject the word counts that was written under the higher name, be it
// that an order stands or that it was lifted (LEASE.md, rule 26; decision 0027).
//
//   a content, on a line of names:   known, all of it   | floor |  each with its name      | id
//
// What a content knows up to its floor needs no names: of that, whatever isn't there was lifted. A
// name is kept for as long as somebody may not have been heard, and no longer. Knows nothing of
// nodes and disks; who has heard whom is for record_writer to say.
#pragma once

#include "membership/record.hpp"

namespace hapx::membership {

/// Commutative, associative, idempotent. Its name is the newer one's, but whoever writes it gives
/// it a name of its own. REQUIRES: both are sound; sound, too, but for the limits (within_limits).
[[nodiscard]] Record merge(const Record& one, const Record& other);

/// The content behind `before`: from now on these orders stand, and no others. REQUIRES: `id` is
/// above before's.
[[nodiscard]] Record succeed(const Record& before, const RecordId& id, StandingOrders orders);

/// The same, under the name `id`, written by one who has heard all who might have written below it.
[[nodiscard]] Record all_known(Record record, const RecordId& id);
/// The same, under the name `id`, written by one who has not.
[[nodiscard]] Record renamed(Record record, const RecordId& id);

/// Limit: of what is too much, what was lifted first is forgotten first, then what was given first.
/// Two nodes that each keep the limits of RecordWriter never come to that.
[[nodiscard]] Record within_limits(Record record);

}  // namespace hapx::membership
