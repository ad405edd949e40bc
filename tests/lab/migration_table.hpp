// SPDX-License-Identifier: Apache-2.0
// Which commands does docs/migration.md promise to those who come from Pacemaker or keepalived?
//
// The tables of its chapter "Commands", row by row: the command in the second column, and the exit
// statuses that the same cell allows. Whatever can't be read so is a row without a command, never
// passed over.
#pragma once

#include <algorithm>
#include <cctype>
#include <sstream>
#include <string>
#include <vector>

namespace hapx::appliance::lab {

struct MigrationRow {
  std::size_t line = 0;       ///< of the page
  std::string command;        ///< "hapx status"; empty: the row names none
  std::vector<int> statuses;  ///< with which it may exit
};

/// The cells of "| a | b |", without the spaces around them; "\|" is a bar within a cell.
inline std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells{""};
  for (std::size_t i = 1; i < line.size(); ++i) {
    const bool is_escaped = line[i - 1] == '\\';
    if (line[i] == '|' && !is_escaped) {
      cells.emplace_back();
    } else {
      cells.back() += line[i];
    }
  }
  for (std::string& cell : cells) {
    cell.erase(0, std::min(cell.size(), cell.find_first_not_of(' ')));
    cell.erase(cell.find_last_not_of(' ') + 1);
  }
  return cells;
}

/// Of "`hapx doctor` (exit status 0, 1 with warnings)": the command, and 0 and 1.
inline MigrationRow row_of(const std::string& cell, std::size_t line) {
  MigrationRow row{line, "", {}};
  const std::size_t end = cell.find('`', 1);
  if (!cell.starts_with("`hapx ") || end == std::string::npos) return row;
  row.command = cell.substr(1, end - 1);
  const std::size_t statuses = cell.find("exit status", end);
  std::string digits;
  for (std::size_t i = statuses; i < cell.size(); ++i) {
    if (std::isdigit(static_cast<unsigned char>(cell[i])) != 0) digits += cell[i];
    const bool goes_on =
        i + 1 < cell.size() && std::isdigit(static_cast<unsigned char>(cell[i + 1])) != 0;
    if (digits.empty() || goes_on) continue;
    row.statuses.push_back(std::stoi(digits));
    digits.clear();
  }
  if (row.statuses.empty()) row.statuses = {0};
  return row;
}

inline std::vector<MigrationRow> migration_rows(const std::string& page) {
  std::vector<MigrationRow> rows;
  std::istringstream lines(page);
  bool is_inside = false;
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.starts_with("## ")) is_inside = line == "## Commands";
    if (!is_inside || !line.starts_with("|")) continue;
    const std::vector<std::string> cells = cells_of(line);
    const bool is_head = cells[0] == "you know" || cells[0].starts_with("---");
    if (!is_head) rows.push_back(row_of(cells.size() > 1 ? cells[1] : "", number));
  }
  return rows;
}

}  // namespace hapx::appliance::lab
