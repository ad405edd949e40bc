// SPDX-License-Identifier: Apache-2.0
// How do lists of clients look in a datagram?
//
// The part of plaintext.cpp that they need, in a file of its own; nobody else includes it.
#pragma once

#include "membership/message.hpp"
#include "message.pb.h"

namespace hapx::membership {

void to_wire(const ClientsTold& told, wire::ClientsTold& out);

/// Adds what `in` says of clients to `out`. False: malformed.
[[nodiscard]] bool clients_from_wire(const wire::Datagram& in, Message& out);

}  // namespace hapx::membership
