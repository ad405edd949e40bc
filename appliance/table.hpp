// SPDX-License-Identifier: Apache-2.0
// How does a table look on a terminal?
//
// Columns as wide as their widest cell, two blanks between them, colour only where it was asked
// for. Whatever came from outside is made harmless first: a control character in somebody's reason
// must not drive the reader's terminal. It knows nothing of what the cells mean.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/utf8.hpp"

namespace hapx::appliance {

enum class Colour : std::uint8_t { never, always };

/// How much of it: what is asked every day, or every column there is.
enum class Detail : std::uint8_t { usual, wide };

/// How a text window shows things.
struct Style {
  Colour colour = Colour::never;
  Detail detail = Detail::usual;
};

/// What a word feels like; becomes a colour, or nothing.
enum class Tone : std::uint8_t { plain, good, warning, bad, faint, strong };

/// `text`, made printable and wrapped in the escape codes of `tone` if the style wants colour.
[[nodiscard]] std::string paint(std::string_view text, Tone tone, Style style);

struct Cell {
  std::string text;
  Tone tone = Tone::plain;
};

class Table {
 public:
  /// The first row of a table; shown strong.
  explicit Table(std::vector<std::string> headings);

  void add(std::vector<Cell> row);

  [[nodiscard]] bool empty() const { return rows_.empty(); }
  /// Each line ends with a newline and has no blanks before it; the headings are always there.
  [[nodiscard]] std::string text(Style style) const;

 private:
  std::vector<std::string> headings_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace hapx::appliance
