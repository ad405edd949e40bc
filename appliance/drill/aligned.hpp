// SPDX-License-Identifier: Apache-2.0
// How does a table of plain words look?
//
// Columns as wide as their widest cell, two blanks between them, none at the end of a line. For
// reports that go to a file as well as to a terminal; it knows nothing of what the cells mean.
#pragma once

#include <string>
#include <vector>

namespace hapx::appliance::drill {

/// REQUIRES lines, all with as many cells as the first one.
[[nodiscard]] std::string aligned(const std::vector<std::vector<std::string>>& lines);

}  // namespace hapx::appliance::drill
