// SPDX-License-Identifier: Apache-2.0
#include "membership/voters_file.hpp"

#include <array>
#include <utility>

#include "config/assert.hpp"
#include "membership/bytes.hpp"
#include "membership/promise_memory.hpp"

namespace hapx::membership {

namespace {

constexpr std::array<std::uint8_t, 8> magic = {'h', 'a', 'p', 'x', 'v', 'o', 't', 'e'};
constexpr std::uint32_t layout_version = 1;
constexpr std::size_t checksum_bytes = 8;
/// More than any file names, so that what a later version wrote is read.
constexpr std::uint32_t voters_max = 64;

void write_votes(ByteWriter& writer, const Votes& list) {
  HAPX_ASSERT(list.size() <= voters_max);
  writer.u32(static_cast<std::uint32_t>(list.size()));
  for (const auto& [node, votes] : list) {
    writer.text(node.text());
    writer.u32(votes);
  }
}

std::optional<Votes> read_votes(ByteReader& reader) {
  const std::uint32_t count = reader.u32();
  if (!reader.ok() || count > voters_max) return std::nullopt;
  Votes list;
  for (std::uint32_t i = 0; i < count; ++i) {
    NodeName node(reader.text(name_bytes_max));
    const std::uint32_t votes = reader.u32();
    const bool in_order = list.empty() || list.rbegin()->first < node;
    if (!reader.ok() || node.empty() || !in_order || votes > voters_max) return std::nullopt;
    list.emplace_hint(list.end(), std::move(node), votes);
  }
  return list;
}

/// Each check that fails makes it none.
std::optional<KeptElectorate> read_electorate(ByteReader& reader) {
  KeptElectorate kept;
  kept.generation = reader.u64();
  auto list = read_votes(reader);
  if (!list || list->empty() || kept.generation == 0) return std::nullopt;
  kept.list = *std::move(list);
  kept.succeeds = reader.u64();
  const std::uint32_t count = reader.u32();
  if (!reader.ok() || count > lists_max) return std::nullopt;
  for (std::uint32_t i = 0; i < count; ++i) {
    auto before = read_votes(reader);
    if (!before || before->empty()) return std::nullopt;
    kept.previous.push_back(*std::move(before));
  }
  if (!kept.previous.empty() && kept.succeeds != hash_of(kept.previous.front()))
    return std::nullopt;
  return kept;
}

}  // namespace

std::vector<std::uint8_t> encode_voters(const KeptElectorate& kept, const RecordOwner& owner) {
  ByteWriter writer;
  writer.raw(magic);
  writer.u32(layout_version);
  writer.text(owner.cluster.text());
  writer.text(owner.node.text());
  writer.u64(kept.generation);
  write_votes(writer, kept.list);
  writer.u64(kept.succeeds);
  HAPX_ASSERT(kept.previous.size() <= lists_max);
  writer.u32(static_cast<std::uint32_t>(kept.previous.size()));
  for (const Votes& before : kept.previous) write_votes(writer, before);
  const std::uint64_t checksum = fnv1a(writer.bytes());
  writer.u64(checksum);
  HAPX_ASSERT(writer.size() <= voters_bytes_max);
  return std::move(writer).take();
}

std::optional<KeptElectorate> decode_voters(std::span<const std::uint8_t> bytes,
                                            const RecordOwner& owner) {
  if (bytes.size() < checksum_bytes || bytes.size() > voters_bytes_max) return std::nullopt;
  const auto body = bytes.first(bytes.size() - checksum_bytes);
  if (ByteReader(bytes.last(checksum_bytes)).u64() != fnv1a(body)) return std::nullopt;
  ByteReader reader(body);
  if (reader.raw<8>() != magic || reader.u32() != layout_version) return std::nullopt;
  const RecordOwner found{ClusterName(reader.text(name_bytes_max)),
                          NodeName(reader.text(name_bytes_max))};
  auto kept = read_electorate(reader);
  if (!kept || !reader.ok() || reader.position() != body.size() || found != owner)
    return std::nullopt;
  return kept;
}

}  // namespace hapx::membership
