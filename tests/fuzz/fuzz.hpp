// SPDX-License-Identifier: Apache-2.0
// What do all fuzz targets have in common?
//
// A target is one function that is given bytes and says with `must` what holds for every input, not
// only that nothing crashes. Here is that word, the few looks at an input that several targets
// take, and how a refusal is judged: it names a place within the text, in one bounded line that no
// terminal obeys. libFuzzer's own entry is in fuzz.cpp; it knows nothing of the parsers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/result.hpp"

namespace hapx::fuzz {

using Bytes = std::span<const std::uint8_t>;

/// What the target does with one input. Each target defines it.
void try_input(Bytes input);

/// Ends the program with `sentence`, and so makes the input a finding, unless it holds.
void must(bool holds, std::string_view sentence);

[[nodiscard]] std::string_view text_of(Bytes input);

/// Takes an input apart from the front. What isn't there is zero or empty.
class Input {
 public:
  explicit Input(Bytes input) : left_(input) {}

  std::uint8_t byte();
  /// Little-endian.
  std::uint16_t number();
  /// At most `count` bytes.
  Bytes bytes(std::size_t count);
  /// Up to `end`, which is taken away, too.
  std::string_view text_until(char end);

  [[nodiscard]] Bytes rest() const { return left_; }
  [[nodiscard]] bool empty() const { return left_.empty(); }

 private:
  Bytes left_;
};

/// No sentence of ours is longer, whatever the input.
inline constexpr std::size_t sentence_bytes_max = 1024;

/// One line of UTF-8 without control characters (C0, DEL, C1), bounded.
void must_be_a_sentence(std::string_view sentence);

/// The name under which targets hand texts to parsers that speak of a file.
inline constexpr std::string_view file = "f";

struct Place {
  std::size_t line = 0;
  std::size_t column = 0;

  friend auto operator<=>(const Place&, const Place&) = default;
};

/// `refused` is "f:line:column: ..." and points into `text`, or right behind a line of it.
Place must_point_into(std::string_view text, const Error& refused);
void must_be_within(std::string_view text, Place place);
/// At most `most`, each points into `text`, and they stand in its order.
void must_stand_in_order(std::string_view text, const std::vector<Error>& refusals,
                         std::size_t most);

}  // namespace hapx::fuzz
