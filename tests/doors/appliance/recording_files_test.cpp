// SPDX-License-Identifier: Apache-2.0
#include "appliance/recording/io/recording_files.hpp"

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recorded_node.hpp"

namespace hapx::appliance {
namespace {

namespace fs = std::filesystem;

class RecordingFiles : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("hapx-recordings-" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    node_.run_for(std::chrono::seconds(1));
  }
  void TearDown() override { fs::remove_all(folder_); }

  Result<void> keep() { return keep_recording(folder_, node_.recording(), {recorded_key()}); }
  [[nodiscard]] std::vector<std::string> all() const {
    const auto paths = list_recordings(folder_);
    EXPECT_TRUE(paths) << paths.error().sentence;
    return paths ? *paths : std::vector<std::string>();
  }

  fs::path folder_;
  RecordedNode node_{"1.2.3"};
};

TEST_F(RecordingFiles, OneIsKeptForItsUserAlone) {
  EXPECT_TRUE(all().empty()) << "there is no folder yet";
  ASSERT_TRUE(keep());
  ASSERT_EQ(all().size(), 1U);
  struct stat file {};
  ASSERT_EQ(::stat(all().front().c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat((folder_ / recordings_folder).c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777U, 0700U);
  const auto bytes = read_recording(all().front());
  ASSERT_TRUE(bytes) << bytes.error().sentence;
  EXPECT_EQ(*bytes, node_.bytes());
}

TEST_F(RecordingFiles, OnlyTheNewestAreKept) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < recordings_max + 3; ++i) {
    node_.run_for(std::chrono::seconds(1));
    ASSERT_TRUE(keep());
    names.push_back(folder_ / recordings_folder / file_name_of(node_.recording().label));
  }
  names.erase(names.begin(), names.begin() + 3);
  EXPECT_EQ(all(), names);
}

TEST_F(RecordingFiles, WithAClockThatWasSetBackTheNewestIsKeptAllTheSame) {
  fs::create_directories(folder_ / recordings_folder);
  for (std::size_t i = 0; i < recordings_max; ++i)
    std::ofstream(folder_ / recordings_folder / ("recording-2999" + std::to_string(100 + i)));
  ASSERT_TRUE(keep());
  EXPECT_EQ(all().size(), recordings_max + 1) << "it is the oldest by name; none is older";
  ASSERT_TRUE(keep());
  EXPECT_EQ(all().front(), folder_ / recordings_folder / file_name_of(node_.recording().label));
}

TEST_F(RecordingFiles, AFullDiskIsToldAndLeavesNothing) {
  // In small: this process may write files of no more than a thousand bytes.
  rlimit old_limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old_limit), 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{1000, old_limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  const auto kept = keep();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old_limit), 0);
  std::signal(SIGXFSZ, old_handler);
  ASSERT_FALSE(kept);
  EXPECT_EQ(kept.error().system_error, EFBIG);
  EXPECT_TRUE(all().empty());
  EXPECT_TRUE(fs::is_empty(folder_ / recordings_folder)) << "nor half of one";
}

TEST_F(RecordingFiles, WhatAnEndedProcessLeftIsRemoved) {
  fs::create_directories(folder_ / recordings_folder);
  const fs::path draft = folder_ / recordings_folder / "recording-20200101T000000.000Z.new";
  std::ofstream(draft) << "half of";
  ASSERT_TRUE(keep());
  EXPECT_FALSE(fs::exists(draft));
}

TEST_F(RecordingFiles, WhereThereIsNoRoomForAFolderOneSentenceSaysSo) {
  std::ofstream(folder_ / recordings_folder) << "a file";
  const auto kept = keep();
  ASSERT_FALSE(kept);
  EXPECT_EQ(kept.error().system_error, ENOTDIR);
  const auto none = keep_recording(folder_ / "nowhere", node_.recording(), {recorded_key()});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::absent);
}

}  // namespace
}  // namespace hapx::appliance
