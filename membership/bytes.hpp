// SPDX-License-Identifier: Apache-2.0
// How do numbers and short texts become bytes, and back?
//
// The fixed layouts of this room (a slot of the promise memory, the record's file, a datagram's
// header) are written and read with these: little-endian numbers, texts with one byte of length.
// Reading is total: past the end everything is zero or empty and `ok` is false. It knows nothing of
// what the bytes mean.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/assert.hpp"

namespace hapx::membership {

class ByteWriter {
 public:
  void u8(std::uint8_t value) { bytes_.push_back(value); }
  void u32(std::uint32_t value) { number(value, 4); }
  void u64(std::uint64_t value) { number(value, 8); }
  /// Room for as many bytes, so that they needn't move while they become more.
  void reserve(std::size_t bytes) { bytes_.reserve(bytes); }
  void raw(std::span<const std::uint8_t> bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  /// REQUIRES: at most 255 bytes.
  void text(std::string_view text) {
    HAPX_ASSERT(text.size() <= 255);
    u8(static_cast<std::uint8_t>(text.size()));
    bytes_.insert(bytes_.end(), text.begin(), text.end());
  }

  /// REQUIRES: size() <= `bytes`.
  void pad(std::size_t bytes) { bytes_.resize(bytes); }

  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] std::span<const std::uint8_t> bytes() const { return bytes_; }
  [[nodiscard]] std::vector<std::uint8_t> take() && { return std::move(bytes_); }

 private:
  void number(std::uint64_t value, int count) {
    std::array<std::uint8_t, 8> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = static_cast<std::uint8_t>(value >> (8 * i));
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.begin() + count);
  }

  std::vector<std::uint8_t> bytes_;
};

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  template <std::size_t N>
  std::array<std::uint8_t, N> raw() {
    std::array<std::uint8_t, N> value{};
    if (!available(N)) return value;
    for (std::size_t i = 0; i < N; ++i) value[i] = bytes_[position_ + i];
    position_ += N;
    return value;
  }
  /// A longer text than `max` is no text.
  std::string text(std::size_t max) {
    const std::size_t length = u8();
    if (length > max) ok_ = false;
    if (!available(length)) return {};
    const auto from = bytes_.begin() + static_cast<std::ptrdiff_t>(position_);
    position_ += length;
    return {from, from + static_cast<std::ptrdiff_t>(length)};
  }

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::size_t position() const { return position_; }

 private:
  bool available(std::size_t count) {
    if (ok_ && bytes_.size() - position_ < count) ok_ = false;
    return ok_;
  }
  std::uint64_t number(std::size_t count) {
    if (!available(count)) return 0;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i)
      value |= static_cast<std::uint64_t>(bytes_[position_ + i]) << (8 * i);
    position_ += count;
    return value;
  }

  std::span<const std::uint8_t> bytes_;
  std::size_t position_ = 0;
  bool ok_ = true;
};

/// How many bytes there are before the zeros at the end.
[[nodiscard]] inline std::size_t without_padding(std::span<const std::uint8_t> bytes) {
  std::size_t used = bytes.size();
  for (std::uint64_t word = 0; used >= sizeof word; used -= sizeof word) {
    std::memcpy(&word, bytes.data() + used - sizeof word, sizeof word);
    if (word != 0) break;
  }
  while (used > 0 && bytes[used - 1] == 0) --used;
  return used;
}

/// 64-bit FNV-1a: notices torn and stale bytes. No protection against an attacker, and none is
/// needed: who can write the run directory is root here. A zero only multiplies, so the padding of
/// a slot, which is most of it, is one power of the prime.
[[nodiscard]] inline std::uint64_t fnv1a(std::span<const std::uint8_t> bytes,
                                         std::uint64_t start = 0xcbf29ce484222325U) {
  constexpr std::uint64_t prime = 0x100000001b3U;
  const std::size_t used = without_padding(bytes);
  std::uint64_t hash = start;
  for (const std::uint8_t byte : bytes.first(used)) hash = (hash ^ byte) * prime;
  std::uint64_t power = prime;
  for (std::size_t zeros = bytes.size() - used; zeros > 0; zeros >>= 1U, power *= power)
    if ((zeros & 1U) != 0) hash *= power;
  return hash;
}

}  // namespace hapx::membership
