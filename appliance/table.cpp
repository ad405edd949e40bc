// SPDX-License-Identifier: Apache-2.0
#include "appliance/table.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace hapx::appliance {

namespace {

std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

std::string_view escape_code(Tone tone) {
  switch (tone) {
    case Tone::plain:
      return "";
    case Tone::good:
      return "\x1b[32m";
    case Tone::warning:
      return "\x1b[33m";
    case Tone::bad:
      return "\x1b[1;31m";
    case Tone::faint:
      return "\x1b[2m";
    case Tone::strong:
      return "\x1b[1m";
  }
  return "";
}

}  // namespace

std::string paint(std::string_view text, Tone tone, Style style) {
  const std::string clean = printable(text);
  if (style.colour == Colour::never || tone == Tone::plain || clean.empty()) return clean;
  return std::string(escape_code(tone)) + clean + "\x1b[0m";
}

Table::Table(std::vector<std::string> headings) : headings_(std::move(headings)) {}

void Table::add(std::vector<Cell> row) {
  row.resize(headings_.size());
  for (Cell& cell : row) cell.text = printable(cell.text);
  rows_.push_back(std::move(row));
}

std::string Table::text(Style style) const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < headings_.size(); ++i) {
    std::size_t width = columns(headings_[i]);
    for (const auto& row : rows_) width = std::max(width, columns(row[i].text));
    widths.push_back(width);
  }
  std::string out;
  const auto line = [&](const auto& text_at, const auto& tone_at) {
    std::size_t owed = 0;  // blanks that only matter if something follows
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const std::string& cell = text_at(i);
      if (!cell.empty()) {
        out.append(owed, ' ');
        owed = 0;
        out += paint(cell, tone_at(i), style);
      }
      owed += widths[i] - columns(cell) + 2;
    }
    out += '\n';
  };
  line([&](std::size_t i) -> const std::string& { return headings_[i]; },
       [](std::size_t) { return Tone::strong; });
  for (const auto& row : rows_) {
    line([&](std::size_t i) -> const std::string& { return row[i].text; },
         [&](std::size_t i) { return row[i].tone; });
  }
  return out;
}

}  // namespace hapx::appliance
