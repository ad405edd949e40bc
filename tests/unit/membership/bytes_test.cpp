// SPDX-License-Identifier: Apache-2.0
#include "membership/bytes.hpp"

#include <gtest/gtest.h>

namespace hapx::membership {
namespace {

/// As Fowler, Noll and Vo define it, byte by byte.
std::uint64_t plain_fnv1a(std::span<const std::uint8_t> bytes) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const std::uint8_t byte : bytes) {
    hash ^= byte;
    hash *= 0x100000001b3U;
  }
  return hash;
}

TEST(Fnv1a, IsTheHashThatItsAuthorsPublished) {
  const std::vector<std::uint8_t> foobar{'f', 'o', 'o', 'b', 'a', 'r'};
  EXPECT_EQ(fnv1a({}), 0xcbf29ce484222325U);
  EXPECT_EQ(fnv1a(foobar), 0x85944171f73967e8U);
}

TEST(Fnv1a, PaddingOfAnyLengthIsHashedLikeOtherBytes) {
  for (std::size_t content = 0; content < 20; ++content) {
    for (const std::size_t zeros : {0, 1, 7, 8, 9, 63, 1000}) {
      std::vector<std::uint8_t> bytes(content, 0x5a);
      if (content > 2) bytes[content / 2] = 0;  // a zero within is no padding
      bytes.resize(content + zeros);
      EXPECT_EQ(fnv1a(bytes), plain_fnv1a(bytes)) << content << " and " << zeros;
    }
  }
}

TEST(Bytes, NumbersAreLittleEndianAndReadBack) {
  ByteWriter writer;
  writer.u8(0x12);
  writer.u32(0x78563412);
  writer.u64(0x0102030405060708);
  writer.text("node1");
  const std::vector<std::uint8_t> bytes = std::move(writer).take();
  EXPECT_EQ(bytes[1], 0x12);
  EXPECT_EQ(bytes[4], 0x78);
  ByteReader reader(bytes);
  EXPECT_EQ(reader.u8(), 0x12);
  EXPECT_EQ(reader.u32(), 0x78563412U);
  EXPECT_EQ(reader.u64(), 0x0102030405060708U);
  EXPECT_EQ(reader.text(5), "node1");
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.u8(), 0);
  EXPECT_FALSE(reader.ok());
}

}  // namespace
}  // namespace hapx::membership
