// SPDX-License-Identifier: Apache-2.0
// Does a voter know its promises whatever its mapped file holds, and keep them whatever it stores?
//
// A whole file has 137 KiB, nearly all of them zeros, so an input is a list of changes to a good
// one: which slot, where in it, what, and whether the checksum is put right afterwards (else nearly
// every change would be caught by it and nothing behind it tried). Then a promise is remembered and
// its store torn at a byte of the input's choice: the file has the old one or the new one.
#include "membership/promise_memory.hpp"

#include <algorithm>
#include <chrono>

#include "fuzz.hpp"
#include "membership/bytes.hpp"

namespace hapx::fuzz {
namespace {

using namespace membership;
using std::chrono::seconds;
using File = std::vector<std::uint8_t>;

constexpr std::size_t checksum_at = promise_slot_bytes - 8;
const Instant now{seconds(100)};
const LeaseKey key("192.168.4.20");

VoterIdentity self() {
  VoterIdentity identity{ClusterName("kube-demo"), NodeName("node1"), {}};
  identity.boot.bytes.fill(7);
  return identity;
}

Promise promise_in_round(std::uint64_t round) {
  const Ballot ballot{round, NodeName("node2"), {22}};
  Promise promise{key, ballot, Accepted{ballot, {}, 17, now + seconds(1)}, {}};
  promise.retired.push_back({{1, NodeName("node3"), {33}}, {}});
  return promise;
}

File good_file() {
  PromiseMemory memory(self());
  must(memory.remember(promise_in_round(3), now, {}).has_value(), "an empty memory has room");
  must(memory.remember(promise_in_round(4), now, {}).has_value(), "a known key has room");
  return memory.encode();
}

/// As membership/promise_memory.cpp mixes the owner into the checksums of all slots but the first.
std::uint64_t salt_of(std::size_t slot) {
  if (slot == 0) return 0;
  ByteWriter writer;
  writer.text(self().cluster.text());
  writer.text(self().node.text());
  writer.raw(self().boot.bytes);
  return fnv1a(std::move(writer).take());
}

void put_checksum_right(File& file, std::size_t slot) {
  const std::span<std::uint8_t> bytes = std::span(file).subspan(slot * promise_slot_bytes);
  ByteWriter writer;
  writer.u64(fnv1a(bytes.first(checksum_at), salt_of(slot)));
  std::ranges::copy(std::move(writer).take(), bytes.begin() + checksum_at);
}

void change(File& file, Input& input) {
  while (!input.empty()) {
    const std::size_t slot = input.byte() % promise_slots;
    const std::size_t at = input.number() % promise_slot_bytes;
    const unsigned head = input.byte();
    const Bytes bytes = input.bytes(std::min<std::size_t>(head & 0x7fU, promise_slot_bytes - at));
    std::ranges::copy(bytes,
                      file.begin() + static_cast<std::ptrdiff_t>(slot * promise_slot_bytes + at));
    if ((head & 0x80U) == 0) put_checksum_right(file, slot);
  }
}

void must_be_within_limits(const PromiseMemory& memory) {
  must(memory.identity() == self(), "a memory is our own");
  for (const Promise& promise : memory.promises()) {
    must(promise.key.text().size() <= key_bytes_max, "a key is bounded");
    must(promise.retired.size() <= retired_max, "the releases remembered are bounded");
    must(memory.find(promise.key) != nullptr, "a promise is found by its key");
  }
}

/// What a file says of the key, stores of `promise` torn behind `torn_at` bytes.
void remember_torn(const File& file, PromiseMemory memory, std::size_t torn_at) {
  const Promise* known = memory.find(key);
  const std::optional<Promise> before = known ? std::optional(*known) : std::nullopt;
  const Promise next = promise_in_round(5);
  const auto store = memory.remember(next, now, {key});
  if (!store) return;  // no room: then nothing is answered either
  must(store->slot > 0 && store->slot < promise_slots, "a store is within the file");
  must(store->bytes.size() == promise_slot_bytes, "a store is one slot");
  must(decode_promise(store->bytes, self()) == next, "a store says what it stores");
  File torn = file;
  const auto to = torn.begin() + static_cast<std::ptrdiff_t>(store->slot * promise_slot_bytes);
  std::copy_n(store->bytes.begin(), std::min(torn_at, store->bytes.size()), to);
  const DecodedMemory after = decode_memory(torn, self());
  if (after.finding != MemoryFinding::intact) return;  // then the voter abstains, which is safe
  const Promise* found = after.memory.find(key);
  const bool whole = torn_at >= store->bytes.size();
  must(!whole || (found && *found == next), "what was stored is known");
  must(!before || (found && (*found == *before || *found == next)),
       "a torn store leaves the promise before it");
}

}  // namespace

void try_input(Bytes bytes) {
  static const File good = good_file();
  must(decode_memory(bytes, self()).finding != MemoryFinding::intact || bytes.size() == good.size(),
       "only a whole file is intact");
  Input input(bytes);
  const std::size_t torn_at = input.number() % (promise_slot_bytes + 1);
  File changed = good;
  change(changed, input);
  for (std::size_t slot = 0; slot < 3; ++slot) {
    (void)decode_promise(std::span(changed).subspan(slot * promise_slot_bytes, promise_slot_bytes),
                         self());
  }
  const DecodedMemory decoded = decode_memory(changed, self());
  if (decoded.finding != MemoryFinding::intact) return;
  must_be_within_limits(decoded.memory);
  const File written = decoded.memory.encode();
  must(written.size() == promise_file_bytes, "a file has its length");
  const DecodedMemory again = decode_memory(written, self());
  must(again.finding == MemoryFinding::intact && again.memory == decoded.memory,
       "what is written is read back");
  remember_torn(written, again.memory, torn_at);
  remember_torn(written, again.memory, promise_slot_bytes);
}

}  // namespace hapx::fuzz
