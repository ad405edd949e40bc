// SPDX-License-Identifier: Apache-2.0
// The house as it stands, file by file.
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "rules.hpp"

namespace hapx::tidy {
namespace {

namespace fs = std::filesystem;

const fs::path root(HAPX_SOURCE_DIR);

bool is_source(const fs::path& path) {
  constexpr std::array endings{".cpp", ".hpp", ".cmake", ".sh", ".proto"};
  return path.filename() == "CMakeLists.txt" ||
         std::ranges::find(endings, path.extension().string()) != endings.end();
}

std::string read_file(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

std::vector<Source> read_house() {
  std::vector<Source> sources;
  const auto add = [&](const fs::path& path) {
    sources.push_back(read_source(fs::relative(path, root).generic_string(), read_file(path)));
  };
  for (const auto& entry : fs::directory_iterator(root)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_regular_file() && is_source(entry.path())) add(entry.path());
    if (!entry.is_directory() || name.starts_with('.') || name == "build") continue;
    for (const auto& inner : fs::recursive_directory_iterator(entry.path())) {
      if (inner.is_regular_file() && is_source(inner.path())) add(inner.path());
    }
  }
  std::ranges::sort(sources, {}, &Source::path);
  return sources;
}

TEST(House, IsTidy) {
  const auto sources = read_house();
  ASSERT_GT(sources.size(), 50U) << "the sources are not where they were: " << root;
  for (const Source& source : sources) {
    for (const Finding& finding : check(source)) ADD_FAILURE() << to_string(finding);
  }
}

TEST(House, FuzzesEveryParser) {
  Findings findings;
  check_parsers(read_house(), findings);
  for (const Finding& finding : findings) ADD_FAILURE() << to_string(finding);
}

}  // namespace
}  // namespace hapx::tidy
