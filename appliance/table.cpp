// SPDX-License-Identifier: Apache-2.0
#include "appliance/table.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace hapx::appliance {

namespace {

/// How many bytes the UTF-8 sequence at the start of `text` has (RFC 3629); 0: it isn't one.
std::size_t sequence_bytes(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xf0 && byte(1) < 0x90);
  const bool surrogate = lead == 0xed && byte(1) >= 0xa0;
  const bool too_high = lead == 0xf4 && byte(1) >= 0x90;
  return overlong || surrogate || too_high ? 0 : length;
}

/// C0, DEL, and C1, which some terminals obey as well.
bool controls(std::string_view sequence) {
  const auto lead = static_cast<unsigned char>(sequence[0]);
  if (sequence.size() == 1) return lead < 0x20 || lead == 0x7f;
  return lead == 0xc2 && static_cast<unsigned char>(sequence[1]) < 0xa0;
}

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

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = sequence_bytes(text);
    const std::string_view sequence = text.substr(0, std::max<std::size_t>(length, 1));
    if (length == 0 || controls(sequence)) {
      out += '?';
    } else {
      out += sequence;
    }
    text.remove_prefix(sequence.size());
  }
  return out;
}

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
