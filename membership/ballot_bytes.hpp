// SPDX-License-Identifier: Apache-2.0
// How does a ballot look in a file of ours?
//
// The same in a promise that is kept (promise_bytes) and in the record's file. A datagram says it
// otherwise (plaintext).
#pragma once

#include "membership/ballot.hpp"
#include "membership/bytes.hpp"
#include "membership/promise.hpp"

namespace hapx::membership {

inline void write_ballot(ByteWriter& writer, const Ballot& ballot) {
  writer.u64(ballot.round);
  writer.text(ballot.node.text());
  writer.u64(ballot.incarnation.value);
}

[[nodiscard]] inline Ballot read_ballot(ByteReader& reader) {
  Ballot ballot;
  ballot.round = reader.u64();
  ballot.node = NodeName(reader.text(name_bytes_max));
  ballot.incarnation.value = reader.u64();
  return ballot;
}

}  // namespace hapx::membership
