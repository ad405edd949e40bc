// SPDX-License-Identifier: Apache-2.0
// Is a folder full for a while, and as it was before afterwards? In a namespace for mounts that the
// test makes, with a mount on the folder as systemd makes one for a service's state.
#include "appliance/drill/io/overlay.hpp"

#include <cerrno>
#include <filesystem>

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "appliance/lab/io/file.hpp"

namespace hapx::appliance::drill {
namespace {

namespace fs = std::filesystem;

class Overlay : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "mounts are for root";
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    folder_ = fs::temp_directory_path() / ("hapx-overlay-" + std::to_string(::getpid()));
    fs::create_directories(folder_);
    ASSERT_EQ(::mount("state", folder_.c_str(), "tmpfs", 0, "size=8m"), 0);
    ASSERT_TRUE(lab::write_file(folder_ + "/kept", "kept\n"));
  }
  void TearDown() override {
    if (folder_.empty()) return;
    ::umount2(folder_.c_str(), MNT_DETACH);
    fs::remove_all(folder_);
  }
  [[nodiscard]] std::string content(const std::string& name) const {
    const auto text = lab::read_file(folder_ + "/" + name);
    return text ? *text : text.error().sentence;
  }
  /// Whether another file of some size fits.
  [[nodiscard]] bool has_room() const {
    return lab::write_file(folder_ + "/more", std::string(64 * 1024, 'x')).has_value();
  }

  std::string folder_;
};

TEST_F(Overlay, AFolderIsFullForAWhileAndKeepsItsFiles) {
  ASSERT_TRUE(fill_up(folder_, ::getpid()));
  EXPECT_EQ(content("kept"), "kept\n");
  EXPECT_FALSE(has_room());
  ASSERT_TRUE(uncover(folder_, ::getpid()));
  EXPECT_EQ(content("kept"), "kept\n");
  EXPECT_FALSE(fs::exists(folder_ + "/full"));
  EXPECT_TRUE(has_room());
}

TEST_F(Overlay, AFolderWithALotInItIsFullToo) {
  ASSERT_TRUE(lab::write_file(folder_ + "/recording", std::string(3 * 1024 * 1024, 'r')));
  const auto filled = fill_up(folder_, ::getpid());
  ASSERT_TRUE(filled) << filled.error().sentence;
  EXPECT_EQ(content("recording").size(), 3U * 1024 * 1024);
  EXPECT_FALSE(has_room());
  ASSERT_TRUE(uncover(folder_, ::getpid()));
  EXPECT_TRUE(has_room());
}

TEST_F(Overlay, WhatIsNotCoveredByUsStays) {
  ASSERT_TRUE(uncover(folder_, ::getpid())) << "the mount on it is somebody else's";
  EXPECT_EQ(content("kept"), "kept\n");
  ASSERT_TRUE(uncover(folder_ + "/kept", ::getpid()));
  EXPECT_EQ(content("kept"), "kept\n");
}

TEST_F(Overlay, AFileSaysSomethingElseForAWhile) {
  ASSERT_TRUE(cover(folder_ + "/kept", "nonsense\n", ::getpid()));
  EXPECT_EQ(content("kept"), "nonsense\n");
  EXPECT_EQ(fs::status(folder_ + "/kept").permissions(), fs::perms(0644));
  ASSERT_TRUE(uncover(folder_ + "/kept", ::getpid()));
  EXPECT_EQ(content("kept"), "kept\n");
}

}  // namespace
}  // namespace hapx::appliance::drill
