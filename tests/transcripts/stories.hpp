// SPDX-License-Identifier: Apache-2.0
// Is every story of a folder told as it is written?
//
// A story is a text file: lines that begin with "> " are what happens, comments and empty lines
// stay, and all else is what a teller answers. HAPX_REWRITE=1 writes down what is told now.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace hapx::transcripts {

/// `Teller` has `std::string obey(const std::string& line)`; each story gets a fresh one.
template <class Teller>
std::string tell_story(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string told;
  Teller teller;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("> ")) {
      told += line + "\n" + teller.obey(line.substr(2));
    } else if (line.empty() || line.starts_with("#")) {
      told += line + "\n";
    }
  }
  return told;
}

/// `folder`: below tests/transcripts.
template <class Teller>
void expect_stories_told_as_written(const std::string& folder) {
  const auto place = std::filesystem::path(HAPX_SOURCE_DIR) / "tests/transcripts" / folder;
  std::vector<std::filesystem::path> stories;
  for (const auto& entry : std::filesystem::directory_iterator(place)) {
    if (entry.path().extension() == ".txt") stories.push_back(entry.path());
  }
  ASSERT_FALSE(stories.empty());
  std::sort(stories.begin(), stories.end());
  for (const auto& file : stories) {
    const std::string told = tell_story<Teller>(file);
    if (std::getenv("HAPX_REWRITE") != nullptr) std::ofstream(file) << told;
    std::ifstream in(file);
    const std::string written((std::istreambuf_iterator<char>(in)), {});
    EXPECT_EQ(told, written) << file;
  }
}

}  // namespace hapx::transcripts
