// SPDX-License-Identifier: Apache-2.0
#include "membership/promise_memory.hpp"

#include <algorithm>

#include "config/assert.hpp"
#include "membership/bytes.hpp"
#include "membership/promise_bytes.hpp"

namespace hapx::membership {

namespace {

constexpr std::array<std::uint8_t, 8> magic = {'h', 'a', 'p', 'x', 'v', 'o', 't', 'e'};
constexpr std::uint32_t layout_version = 1;
constexpr std::size_t checksum_bytes = 8;
constexpr std::size_t slot_body_bytes = promise_slot_bytes - checksum_bytes;

bool all_zero(std::span<const std::uint8_t> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

/// Mixed into the slots' checksums: a slot that another boot left behind is never valid.
std::uint64_t salt_of(const VoterIdentity& identity) {
  ByteWriter writer;
  writer.text(identity.cluster.text());
  writer.text(identity.node.text());
  writer.raw(identity.boot.bytes);
  const std::vector<std::uint8_t> bytes = std::move(writer).take();
  return fnv1a(bytes);
}

/// Pads to a slot and puts the checksum at its end.
std::vector<std::uint8_t> finish_slot(ByteWriter&& writer, std::uint64_t salt) {
  HAPX_ASSERT(writer.size() <= slot_body_bytes);
  writer.pad(slot_body_bytes);
  writer.u64(fnv1a(writer.bytes(), salt));
  return std::move(writer).take();
}

bool checksum_fits(std::span<const std::uint8_t> slot, std::uint64_t salt) {
  ByteReader tail(slot.subspan(slot_body_bytes));
  return tail.u64() == fnv1a(slot.first(slot_body_bytes), salt);
}

std::vector<std::uint8_t> encode_slot(const Promise& promise, std::uint64_t generation,
                                      std::uint64_t salt) {
  HAPX_ASSERT(promise.key.text().size() <= key_bytes_max);
  ByteWriter writer;
  writer.reserve(promise_slot_bytes);
  writer.u64(generation);
  writer.text(promise.key.text());
  write_promise(writer, promise);
  return finish_slot(std::move(writer), salt);
}

struct DecodedSlot {
  Promise promise;
  std::uint64_t generation = 0;
};

std::optional<DecodedSlot> decode_slot(std::span<const std::uint8_t> slot, std::uint64_t salt) {
  if (!checksum_fits(slot, salt)) return std::nullopt;
  ByteReader reader(slot.first(slot_body_bytes));
  DecodedSlot decoded;
  decoded.generation = reader.u64();
  auto promise = read_promise(reader, LeaseKey(reader.text(key_bytes_max)));
  if (!promise || decoded.generation == 0) return std::nullopt;
  decoded.promise = *std::move(promise);
  return decoded;
}

std::span<const std::uint8_t> slot_at(std::span<const std::uint8_t> file, std::size_t slot) {
  return file.subspan(slot * promise_slot_bytes, promise_slot_bytes);
}

std::size_t slot_of(std::size_t pair, std::uint64_t generation) {
  return 1 + 2 * pair + static_cast<std::size_t>(generation % 2);
}

bool expired(const Promise& promise, Instant now) {
  return !promise.accepted || promise.accepted->expiry <= now;
}

}  // namespace

PromiseMemory::PromiseMemory(VoterIdentity identity)
    : identity_(std::move(identity)), salt_(salt_of(identity_)) {}

const Promise* PromiseMemory::find(const LeaseKey& key) const {
  for (const auto& pair : pairs_)
    if (pair && pair->promise.key == key) return &pair->promise;
  return nullptr;
}

std::vector<Promise> PromiseMemory::promises() const {
  std::vector<Promise> all;
  for (const auto& pair : pairs_)
    if (pair) all.push_back(pair->promise);
  std::sort(all.begin(), all.end(),
            [](const Promise& a, const Promise& b) { return a.key < b.key; });
  return all;
}

std::optional<StorePromise> PromiseMemory::remember(const Promise& promise, Instant now,
                                                    const std::vector<LeaseKey>& wanted) {
  const auto holds_key = [&](const auto& pair) { return pair && pair->promise.key == promise.key; };
  const auto makes_room = [&](const auto& pair) {
    return !pair || (expired(pair->promise, now) &&
                     std::find(wanted.begin(), wanted.end(), pair->promise.key) == wanted.end());
  };
  auto at = std::find_if(pairs_.begin(), pairs_.end(), holds_key);
  if (at == pairs_.end())
    at = std::find_if(pairs_.begin(), pairs_.end(), [](const auto& pair) { return !pair; });
  if (at == pairs_.end()) at = std::find_if(pairs_.begin(), pairs_.end(), makes_room);
  if (at == pairs_.end()) return std::nullopt;

  const std::uint64_t generation = (*at ? (*at)->generation : 0) + 1;
  *at = Pair{promise, generation};
  const auto index = static_cast<std::size_t>(at - pairs_.begin());
  return StorePromise{slot_of(index, generation), encode_slot(promise, generation, salt_)};
}

StorePromise PromiseMemory::abstain(Instant until) {
  abstain_until_ = std::max(abstain_until_, until);
  return header();
}

StorePromise PromiseMemory::header() const {
  ByteWriter writer;
  writer.raw(magic);
  writer.u32(layout_version);
  writer.raw(identity_.boot.bytes);
  writer.u64(static_cast<std::uint64_t>(abstain_until_.time_since_epoch().count()));
  writer.text(identity_.cluster.text());
  writer.text(identity_.node.text());
  return {0, finish_slot(std::move(writer), 0)};
}

std::vector<std::uint8_t> PromiseMemory::encode() const {
  std::vector<std::uint8_t> file(promise_file_bytes);
  const auto put = [&file](std::size_t slot, const std::vector<std::uint8_t>& bytes) {
    std::copy(bytes.begin(), bytes.end(),
              file.begin() + static_cast<std::ptrdiff_t>(slot * promise_slot_bytes));
  };
  put(0, header().bytes);
  for (std::size_t i = 0; i < pairs_.size(); ++i)
    if (pairs_[i])
      put(slot_of(i, pairs_[i]->generation),
          encode_slot(pairs_[i]->promise, pairs_[i]->generation, salt_));
  return file;
}

/// Fills a memory's private parts from bytes.
struct PromiseMemoryCodec {
  static bool decode_pairs(std::span<const std::uint8_t> bytes, PromiseMemory& memory) {
    const std::uint64_t salt = memory.salt_;
    for (std::size_t i = 0; i < promise_keys_max; ++i) {
      const auto first = slot_at(bytes, 1 + 2 * i);
      const auto second = slot_at(bytes, 2 + 2 * i);
      const bool first_empty = all_zero(first);
      const bool second_empty = all_zero(second);
      const auto a = first_empty ? std::nullopt : decode_slot(first, salt);
      const auto b = second_empty ? std::nullopt : decode_slot(second, salt);
      if (!a && !b) {
        // The very first store of a key may be torn: then no answer has left, and nothing is lost.
        if (!first_empty && !second_empty) return false;
        continue;
      }
      const bool first_is_newer = a && (!b || a->generation > b->generation);
      const DecodedSlot& newest = first_is_newer ? *a : *b;
      memory.pairs_[i] = PromiseMemory::Pair{newest.promise, newest.generation};
    }
    return true;
  }
  static void set_abstention(PromiseMemory& memory, Instant until) {
    memory.abstain_until_ = until;
  }
};

DecodedMemory decode_memory(std::span<const std::uint8_t> bytes, const VoterIdentity& self) {
  if (all_zero(bytes)) return {MemoryFinding::absent, {}};
  if (bytes.size() != promise_file_bytes) return {MemoryFinding::unreadable, {}};
  const auto first = slot_at(bytes, 0);
  ByteReader reader(first);
  const auto found_magic = reader.raw<8>();
  const std::uint32_t layout = reader.u32();
  if (found_magic != magic || layout != layout_version || !checksum_fits(first, 0))
    return {MemoryFinding::unreadable, {}};

  VoterIdentity owner;
  owner.boot.bytes = reader.raw<16>();
  const Instant abstain_until{Duration(static_cast<std::int64_t>(reader.u64()))};
  owner.cluster = ClusterName(reader.text(name_bytes_max));
  owner.node = NodeName(reader.text(name_bytes_max));
  if (!reader.ok()) return {MemoryFinding::unreadable, {}};
  if (owner.cluster != self.cluster || owner.node != self.node) return {MemoryFinding::foreign, {}};
  if (owner.boot != self.boot) return {MemoryFinding::other_boot, {}};

  PromiseMemory memory(owner);
  PromiseMemoryCodec::set_abstention(memory, abstain_until);
  if (!PromiseMemoryCodec::decode_pairs(bytes, memory)) return {MemoryFinding::unreadable, {}};
  return {MemoryFinding::intact, std::move(memory)};
}

std::optional<Promise> decode_promise(std::span<const std::uint8_t> slot,
                                      const VoterIdentity& self) {
  if (slot.size() != promise_slot_bytes) return std::nullopt;
  auto decoded = decode_slot(slot, salt_of(self));
  return decoded ? std::optional(std::move(decoded->promise)) : std::nullopt;
}

}  // namespace hapx::membership
