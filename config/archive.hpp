// SPDX-License-Identifier: Apache-2.0
// How does a value become bytes, and the same value again?
//
// Everything that our values are made of: numbers, texts, the standard's containers, structs
// (Boost.PFR finds their members) and the classes that say of what they consist
// (config/archived.hpp). Nothing in the bytes says what they are: who reads them has the types of
// who wrote them, so they are for the same version of hapx alone.
//
// Reading is total. What is too short or too long for its type leaves ok() false, and no length
// makes more room than there are bytes (but for zeros in a row, which are counted). Numbers are
// LEB128 (DWARF 5, 7.6), signed ones folded as in Protocol Buffers' sint64.
#pragma once

#include <algorithm>
#include <array>
#include <bitset>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <boost/pfr/core.hpp>

#include "config/archived.hpp"

namespace hapx {

struct Archived {
  template <class T, class Archive>
  static constexpr bool says_its_parts = requires(T& value, Archive& kept) {
    value.archive(kept);
  };
  template <class T>
  static constexpr bool begins_blank = requires {
    T();
  };

  template <class T, class Archive>
  static void parts(T& value, Archive& kept) {
    value.archive(kept);
  }
  template <class T>
  static T blank() {
    return T();
  }
};

class ArchiveWriter {
 public:
  template <class... Values>
  void operator()(const Values&... values) {
    (put(values), ...);
  }

  /// Room for as many bytes, so that they needn't move while they become more.
  void reserve(std::size_t bytes) { bytes_.reserve(bytes); }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] std::span<const std::uint8_t> bytes() const { return bytes_; }
  [[nodiscard]] std::vector<std::uint8_t> take() && { return std::move(bytes_); }

 private:
  void number(std::uint64_t value) {
    for (; value >= 0x80U; value >>= 7U) bytes_.push_back(static_cast<std::uint8_t>(value | 0x80U));
    bytes_.push_back(static_cast<std::uint8_t>(value));
  }
  template <class Elements>
  void each(const Elements& elements) {
    number(elements.size());
    for (const auto& element : elements) put(element);
  }

  void put(std::string_view text) {
    number(text.size());
    bytes_.insert(bytes_.end(), text.begin(), text.end());
  }
  void put(const std::string& text) { put(std::string_view(text)); }
  /// Zeros in a row are only counted: what goes into slots of a fixed size has many.
  void put(const std::vector<std::uint8_t>& bytes) {
    number(bytes.size());
    for (auto at = bytes.begin(); at != bytes.end();) {
      const auto zeros_end = std::find_if(at, bytes.end(), [](auto byte) { return byte != 0; });
      const auto other_end = std::search_n(zeros_end, bytes.end(), zeros_min, std::uint8_t{0});
      number(static_cast<std::uint64_t>(zeros_end - at));
      number(static_cast<std::uint64_t>(other_end - zeros_end));
      bytes_.insert(bytes_.end(), zeros_end, other_end);
      at = other_end;
    }
  }
  template <class T>
  void put(const std::vector<T>& values) {
    each(values);
  }
  template <class T>
  void put(const std::deque<T>& values) {
    each(values);
  }
  template <class T>
  void put(const std::set<T>& values) {
    each(values);
  }
  template <class Key, class T>
  void put(const std::map<Key, T>& values) {
    each(values);
  }
  template <class T, std::size_t N>
  void put(const std::array<T, N>& values) {
    for (const T& value : values) put(value);
  }
  template <class A, class B>
  void put(const std::pair<A, B>& pair) {
    (*this)(pair.first, pair.second);
  }
  template <class T>
  void put(const std::optional<T>& value) {
    put(value.has_value());
    if (value) put(*value);
  }
  template <class... Ts>
  void put(const std::variant<Ts...>& value) {
    number(value.index());
    std::visit([this](const auto& one) { this->put(one); }, value);
  }
  template <class Rep, class Period>
  void put(const std::chrono::duration<Rep, Period>& value) {
    put(value.count());
  }
  template <class Clock, class Length>
  void put(const std::chrono::time_point<Clock, Length>& value) {
    put(value.time_since_epoch());
  }
  template <std::size_t N>
  void put(const std::bitset<N>& bits) {
    for (std::size_t at = 0; at < N; at += 8) {
      std::uint8_t byte = 0;
      for (std::size_t bit = at; bit < std::min(at + 8, N); ++bit)
        byte = static_cast<std::uint8_t>(byte | (bits.test(bit) ? 1U << (bit - at) : 0U));
      bytes_.push_back(byte);
    }
  }
  void put(const std::mt19937_64& random) {
    std::ostringstream text;
    text << random;
    put(text.str());
  }
  template <class T>
  void put(const T& value) {
    if constexpr (std::is_enum_v<T>) {
      put(static_cast<std::underlying_type_t<T>>(value));
    } else if constexpr (sizeof(T) == 1 && std::is_integral_v<T>) {
      bytes_.push_back(static_cast<std::uint8_t>(value));
    } else if constexpr (std::is_integral_v<T> && std::is_signed_v<T>) {
      const auto wide = static_cast<std::int64_t>(value);
      number((static_cast<std::uint64_t>(wide) << 1U) ^ static_cast<std::uint64_t>(wide >> 63));
    } else if constexpr (std::is_integral_v<T>) {
      number(value);
    } else if constexpr (Archived::says_its_parts<T, ArchiveWriter>) {
      Archived::parts(const_cast<T&>(value), *this);  // a writer changes nothing
    } else {
      static_assert(std::is_aggregate_v<T>, "a class says of what it consists");
      boost::pfr::for_each_field(value, [this](const auto& field) { this->put(field); });
    }
  }

  static constexpr int zeros_min = 4;  ///< fewer are not worth their count

  std::vector<std::uint8_t> bytes_;
};

class ArchiveReader {
 public:
  explicit ArchiveReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  /// Each value is to be what it was when it was written; after a failure, nobody knows what.
  template <class... Values>
  void operator()(Values&... values) {
    (get(values), ...);
  }

  void fail() { ok_ = false; }
  [[nodiscard]] bool ok() const { return ok_; }
  /// All has been read, and nothing was wrong.
  [[nodiscard]] bool is_done() const { return ok_ && bytes_.empty(); }
  [[nodiscard]] bool is_at_end() const { return bytes_.empty(); }
  [[nodiscard]] std::size_t left() const { return bytes_.size(); }

 private:
  std::uint8_t byte() {
    if (bytes_.empty()) fail();
    if (!ok_) return 0;
    const std::uint8_t first = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return first;
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t part = byte();
      value |= static_cast<std::uint64_t>(part & 0x7fU) << shift;
      if ((part & 0x80U) == 0) return value;
    }
    fail();
    return 0;
  }
  /// So many elements follow; each takes a byte at least.
  std::size_t count() {
    const std::uint64_t many = number();
    if (many > bytes_.size()) fail();
    return ok_ ? static_cast<std::size_t>(many) : 0;
  }
  std::span<const std::uint8_t> raw() {
    const auto taken = bytes_.first(count());
    bytes_ = bytes_.subspan(taken.size());
    return taken;
  }
  template <class T>
  T value() {
    T one = Archived::blank<T>();
    get(one);
    return one;
  }
  /// As many as its owner has made; or new ones.
  template <class Elements>
  void each(Elements& elements) {
    using T = typename Elements::value_type;
    const std::size_t many = count();
    if constexpr (Archived::begins_blank<T>) {
      elements.clear();
      for (std::size_t i = 0; i < many && ok_; ++i) elements.push_back(value<T>());
    } else {
      if (many != elements.size()) return fail();
      for (T& element : elements) get(element);
    }
  }

  void get(std::string& text) {
    const auto taken = raw();
    text.assign(taken.begin(), taken.end());
  }
  /// Of those that live for ever there are few.
  void get(std::string_view& text) {
    static std::set<std::string, std::less<>> all;
    text = *all.insert(value<std::string>()).first;
  }
  void get(std::vector<std::uint8_t>& bytes) {
    bytes.clear();
    const std::uint64_t size = number();
    while (ok_ && bytes.size() < size) {
      const std::uint64_t zeros = number();
      const auto other = raw();
      if (zeros > zeros_left_ || zeros + other.size() == 0) return fail();
      zeros_left_ -= zeros;
      bytes.resize(bytes.size() + static_cast<std::size_t>(zeros));
      bytes.insert(bytes.end(), other.begin(), other.end());
    }
    if (bytes.size() != size) fail();
  }
  template <class T>
  void get(std::vector<T>& values) {
    each(values);
  }
  template <class T>
  void get(std::deque<T>& values) {
    each(values);
  }
  template <class T>
  void get(std::set<T>& values) {
    values.clear();
    for (std::size_t left = count(); left > 0 && ok_; --left) values.insert(value<T>());
  }
  template <class Key, class T>
  void get(std::map<Key, T>& values) {
    values.clear();
    for (std::size_t left = count(); left > 0 && ok_; --left) {
      Key key = value<Key>();
      values.insert_or_assign(std::move(key), value<T>());
    }
  }
  template <class T, std::size_t N>
  void get(std::array<T, N>& values) {
    for (T& one : values) get(one);
  }
  template <class A, class B>
  void get(std::pair<A, B>& pair) {
    (*this)(pair.first, pair.second);
  }
  template <class T>
  void get(std::optional<T>& optional) {
    const bool is_there = value<bool>();
    if constexpr (Archived::begins_blank<T>) {
      optional.reset();
      if (is_there) optional.emplace(value<T>());
    } else {
      if (is_there != optional.has_value()) return fail();
      if (is_there) get(*optional);
    }
  }
  template <class... Ts>
  void get(std::variant<Ts...>& variant) {
    const std::uint64_t index = number();
    if (index >= sizeof...(Ts)) return fail();
    alternative(variant, static_cast<std::size_t>(index), std::index_sequence_for<Ts...>());
  }
  template <class Variant, std::size_t... Is>
  void alternative(Variant& variant, std::size_t index, std::index_sequence<Is...>) {
    const auto take = [&]<std::size_t I>() {
      if (index == I) variant.template emplace<I>(value<std::variant_alternative_t<I, Variant>>());
    };
    (take.template operator()<Is>(), ...);
  }
  template <class Rep, class Period>
  void get(std::chrono::duration<Rep, Period>& length) {
    length = std::chrono::duration<Rep, Period>(value<Rep>());
  }
  template <class Clock, class Length>
  void get(std::chrono::time_point<Clock, Length>& instant) {
    instant = std::chrono::time_point<Clock, Length>(value<Length>());
  }
  template <std::size_t N>
  void get(std::bitset<N>& bits) {
    for (std::size_t at = 0; at < N; at += 8) {
      const std::uint8_t taken = byte();
      for (std::size_t bit = at; bit < std::min(at + 8, N); ++bit)
        bits.set(bit, (taken >> (bit - at) & 1U) != 0);
    }
  }
  void get(std::mt19937_64& random) {
    std::istringstream text(value<std::string>());
    if (!(text >> random)) fail();
  }
  template <class T>
  void get(T& one) {
    if constexpr (std::is_enum_v<T>) {
      one = static_cast<T>(value<std::underlying_type_t<T>>());
    } else if constexpr (std::is_same_v<T, bool>) {
      one = byte() != 0;
    } else if constexpr (sizeof(T) == 1 && std::is_integral_v<T>) {
      one = static_cast<T>(byte());
    } else if constexpr (std::is_integral_v<T> && std::is_signed_v<T>) {
      const std::uint64_t folded = number();
      one = static_cast<T>(static_cast<std::int64_t>(folded >> 1U) ^
                           -static_cast<std::int64_t>(folded & 1U));
    } else if constexpr (std::is_integral_v<T>) {
      one = static_cast<T>(number());
    } else if constexpr (Archived::says_its_parts<T, ArchiveReader>) {
      Archived::parts(one, *this);
    } else {
      static_assert(std::is_aggregate_v<T>, "a class says of what it consists");
      boost::pfr::for_each_field(one, [this](auto& field) { this->get(field); });
    }
  }

  /// Limit: in all that is read no more bytes are counted zeros.
  static constexpr std::uint64_t zeros_max = 16 * 1024 * 1024;

  std::uint64_t zeros_left_ = zeros_max;
  std::span<const std::uint8_t> bytes_;
  bool ok_ = true;
};

/// A value as bytes.
template <class T>
[[nodiscard]] std::vector<std::uint8_t> archived(const T& value) {
  ArchiveWriter writer;
  writer(value);
  return std::move(writer).take();
}

}  // namespace hapx
