// SPDX-License-Identifier: Apache-2.0
#include "membership/promise_bytes.hpp"

#include <utility>

#include "config/assert.hpp"
#include "membership/ballot_bytes.hpp"

namespace hapx::membership {

void write_promise(ByteWriter& writer, const Promise& promise) {
  HAPX_ASSERT(promise.retired.size() <= retired_max);
  write_ballot(writer, promise.promised);
  writer.u8(promise.accepted ? 1 : 0);
  if (promise.accepted) {
    write_ballot(writer, promise.accepted->ballot);
    writer.raw(promise.accepted->boot.bytes);
    writer.u64(promise.accepted->sequence);
    writer.u64(static_cast<std::uint64_t>(promise.accepted->expiry.time_since_epoch().count()));
  }
  writer.u8(static_cast<std::uint8_t>(promise.retired.size()));
  for (const Retired& retired : promise.retired) {
    write_ballot(writer, retired.ballot);
    writer.raw(retired.boot.bytes);
  }
}

std::optional<Promise> read_promise(ByteReader& reader, LeaseKey key) {
  Promise promise;
  promise.key = std::move(key);
  promise.promised = read_ballot(reader);
  if (reader.u8() != 0) {
    Accepted accepted;
    accepted.ballot = read_ballot(reader);
    accepted.boot.bytes = reader.raw<16>();
    accepted.sequence = reader.u64();
    accepted.expiry = Instant(Duration(static_cast<std::int64_t>(reader.u64())));
    promise.accepted = std::move(accepted);
  }
  const std::size_t retired_count = reader.u8();
  if (retired_count > retired_max) return std::nullopt;
  for (std::size_t i = 0; i < retired_count; ++i) {
    Retired retired;
    retired.ballot = read_ballot(reader);
    retired.boot.bytes = reader.raw<16>();
    promise.retired.push_back(std::move(retired));
  }
  if (!reader.ok()) return std::nullopt;
  return promise;
}

}  // namespace hapx::membership
