// SPDX-License-Identifier: Apache-2.0
// How does the record look in a datagram?
//
// The part of plaintext.cpp that the record needs, in a file of its own; nobody else includes it.
#pragma once

#include <cstdint>
#include <vector>

#include "membership/message.hpp"
#include "message.pb.h"

namespace hapx::membership {

void to_wire(const Ballot& ballot, wire::Ballot& out);
void to_wire(const RecordRead& read, wire::RecordRead& out);
void to_wire(const RecordAnswer& answer, wire::RecordAnswer& out);
void to_wire(const RecordPart& part, wire::RecordPart& out);

/// An order that changes the record, on its way to the coordinator.
struct ChangeOrder {
  std::uint64_t id;
  NodeName from;
  RecordChange change;
};
[[nodiscard]] std::vector<ChangeOrder> changes_of(const Message& message);
void to_wire(const ChangeOrder& order, wire::RecordChange& out);

/// Adds what `in` says of the record to `out`, whose receiver is known. False: malformed.
[[nodiscard]] bool from_wire(const wire::Datagram& in, const NodeName& sender,
                             Incarnation incarnation, Message& out);

}  // namespace hapx::membership
