// SPDX-License-Identifier: Apache-2.0
// What a node keeps of the last drill, on a real file system.
#include "appliance/io/drill_file.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hapx::appliance {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class DrillFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "hapx-drill-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  [[nodiscard]] std::string refusal() const {
    const auto read = read_kept_drill(folder_);
    return read ? "none" : read.error().sentence;
  }
  void write(const std::string& text) const {
    std::ofstream(fs::path(folder_) / kept_drill_name) << text;
  }

  std::string folder_;
  PastDrill drill_{"2026-11-30T12:00:00Z", "", "weekly", "0.1.0", true, {{"hand-over", 1, 1}}};
};

TEST_F(DrillFile, NoneIsNoError) {
  const auto none = read_kept_drill(folder_);
  ASSERT_TRUE(none) << none.error().sentence;
  EXPECT_EQ(*none, std::nullopt);
}

TEST_F(DrillFile, IsReadAsItWasKeptTheLastOneAlone) {
  ASSERT_TRUE(keep_drill(folder_, to_json(drill_)));
  drill_.plan = "monthly";
  ASSERT_TRUE(keep_drill(folder_, to_json(drill_)));
  const auto kept = read_kept_drill(folder_);
  ASSERT_TRUE(kept) << kept.error().sentence;
  EXPECT_EQ(*kept, drill_);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(DrillFile, WhatIsNoneIsRefusedWithItsPlace) {
  write("{");
  EXPECT_THAT(refusal(), HasSubstr(folder_ + "/last-drill.json: this is no report of a drill"));
  drill_.lab = "lab";
  write(to_json(drill_));
  EXPECT_THAT(refusal(), HasSubstr("it was one of a lab"));
  write(std::string(100'000, ' '));
  EXPECT_THAT(refusal(), HasSubstr("larger than"));
  fs::remove(fs::path(folder_) / kept_drill_name);
  fs::create_directory(fs::path(folder_) / kept_drill_name);
  EXPECT_THAT(refusal(), HasSubstr("not a regular file"));
}

TEST_F(DrillFile, AFolderThatIsGoneIsAFailureWithASentence) {
  fs::remove_all(folder_);
  const auto kept = keep_drill(folder_, to_json(drill_));
  ASSERT_FALSE(kept);
  EXPECT_THAT(kept.error().sentence, HasSubstr("last-drill.json"));
}

}  // namespace
}  // namespace hapx::appliance
