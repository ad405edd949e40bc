// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/progress.hpp"

#include <algorithm>

#include "config/utf8.hpp"

namespace hapx::appliance::drill {
namespace {

constexpr std::size_t bar_columns_max = 24;
constexpr std::size_t bar_columns_min = 6;

/// Of characters that take one column each; every byte but those that continue one begins one.
std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

/// Eighths of a cell, so that the bar also moves in a plan of many runs.
std::string bar_of(std::size_t done, std::size_t total, std::size_t columns, Paint paint) {
  static constexpr std::string_view eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const std::size_t filled = total == 0 ? 0 : std::min(done, total) * columns * 8 / total;
  std::string full;
  for (std::size_t i = 0; i < filled / 8; ++i) full += "█";
  full += eighths[filled % 8];
  std::string rest;
  for (std::size_t i = columns_of(full); i < columns; ++i) rest += "·";
  if (paint == Paint::plain) return full + rest;
  return "\x1b[36m" + full + "\x1b[0m\x1b[2m" + rest + "\x1b[0m";
}

/// Cut to so many columns, never within a character.
std::string fitted(const std::string& text, std::size_t columns) {
  if (columns_of(text) <= columns) return text;
  std::string out;
  std::size_t used = 0;
  for (const char c : text) {
    const bool begins = (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
    if (begins && ++used > columns) break;
    out += c;
  }
  return out;
}

}  // namespace

std::string roughly(Duration duration) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(duration).count();
  if (seconds <= 0) return "0s";
  if (seconds < 60) return std::to_string(seconds) + "s";
  const auto tens = (seconds + 9) / 10 * 10;
  const auto rest = tens % 60;
  std::string text = std::to_string(tens / 60) + "m";
  if (rest != 0) text += std::to_string(rest) + "s";
  return text;
}

Duration time_left(const std::vector<Duration>& expected, const std::vector<Duration>& taken,
                   Duration elapsed) {
  const std::size_t over = std::min(taken.size(), expected.size());
  Duration foreseen{};
  Duration spent{};
  for (std::size_t i = 0; i < over; ++i) {
    foreseen += expected[i];
    spent += taken[i];
  }
  Duration rest{};
  for (std::size_t i = over; i < expected.size(); ++i) rest += expected[i];
  const double pace = foreseen > Duration::zero() ? std::chrono::duration<double>(spent) /
                                                        std::chrono::duration<double>(foreseen)
                                                  : 1.0;
  const auto scaled = std::chrono::duration_cast<Duration>(rest * pace);
  return std::max(scaled - elapsed, Duration::zero());
}

std::string progress_line(const Progress& progress, std::size_t columns, Paint paint) {
  std::string right;
  if (progress.left) right = "about " + roughly(*progress.left) + " left";
  const std::string count = " " + std::to_string(std::min(progress.done + 1, progress.total)) +
                            "/" + std::to_string(progress.total) + "  ";
  const std::string middle = printable(progress.fault + ": " + progress.doing);
  const std::size_t fixed = columns_of(count) + columns_of(right) + (right.empty() ? 0 : 2);
  if (columns < fixed + bar_columns_min) return fitted(middle, columns);
  const std::size_t spare = columns - fixed;
  const std::size_t wanted = columns_of(middle);
  const std::size_t bar = spare > wanted
                              ? std::clamp(spare - wanted, bar_columns_min, bar_columns_max)
                              : bar_columns_min;
  const std::string words = fitted(middle, spare - std::min(bar, spare));
  std::string line = bar_of(progress.done, progress.total, bar, paint) + count + words;
  if (!right.empty()) line += std::string(spare - bar - columns_of(words), ' ') + "  " + right;
  return line;
}

}  // namespace hapx::appliance::drill
