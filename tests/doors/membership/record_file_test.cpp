// SPDX-License-Identifier: Apache-2.0
// The record on a real file system: replaced as a whole, refused aloud, and never waited for.
#include "membership/io/record_file.hpp"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include "membership/record.hpp"

namespace hapx::membership {
namespace {

namespace fs = std::filesystem;

class RecordFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "hapx-record-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override {
    close();
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  void open() {
    auto disk = DiskThread::begin(context_);
    ASSERT_TRUE(disk) << disk.error().sentence;
    disk_.emplace(std::move(*disk));
    file_.emplace(*disk_, folder_.string(),
                  [this](RecordFile::Outcome outcome) { outcomes_.push_back(std::move(outcome)); });
  }
  void close() {
    file_.reset();
    disk_.reset();
  }
  /// Runs the loop until so many outcomes are there.
  void wait_for(std::size_t count) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (outcomes_.size() < count && std::chrono::steady_clock::now() < end) {
      context_.run_one_for(std::chrono::seconds(1));
    }
    ASSERT_GE(outcomes_.size(), count);
  }
  [[nodiscard]] std::vector<std::uint8_t> read() const {
    const auto bytes = read_record_file(folder_.string());
    EXPECT_TRUE(bytes) << bytes.error().sentence;
    return bytes ? *bytes : std::vector<std::uint8_t>();
  }

  fs::path folder_;
  boost::asio::io_context context_{1};
  std::vector<RecordFile::Outcome> outcomes_;
  std::optional<DiskThread> disk_;
  std::optional<RecordFile> file_;
};

TEST_F(RecordFileTest, none_is_no_error) {
  EXPECT_TRUE(read().empty());
}

TEST_F(RecordFileTest, what_is_stored_is_found_and_nothing_else_is_left) {
  open();
  file_->store({1, {1, 2, 3}});
  wait_for(1);
  ASSERT_TRUE(std::holds_alternative<RecordStored>(outcomes_[0]));
  EXPECT_EQ(std::get<RecordStored>(outcomes_[0]).ticket, 1U);
  EXPECT_EQ(read(), (std::vector<std::uint8_t>{1, 2, 3}));
  file_->store({2, {4}});
  wait_for(2);
  EXPECT_EQ(read(), (std::vector<std::uint8_t>{4}));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(RecordFileTest, who_votes_is_stored_before_it_when_that_has_changed) {
  open();
  file_->store({1, {1}, {9, 9}});
  wait_for(1);
  file_->store({2, {2}});
  wait_for(2);
  EXPECT_EQ(read(), (std::vector<std::uint8_t>{2}));
  const auto voters = read_voters_file(folder_.string());
  ASSERT_TRUE(voters) << voters.error().sentence;
  EXPECT_EQ(*voters, (std::vector<std::uint8_t>{9, 9})) << "the second store left it as it is";
}

/// A list that isn't kept is no list: then the record is not stored either.
TEST_F(RecordFileTest, who_votes_and_cannot_be_stored_fails_the_whole) {
  open();
  fs::create_directories(folder_ / voters_file_name / "in the way");
  file_->store({1, {1}, {9, 9}});
  wait_for(1);
  const auto* failed = std::get_if<RecordStoreFailed>(&outcomes_[0]);
  ASSERT_NE(failed, nullptr);
  EXPECT_NE(failed->error.sentence.find(voters_file_name), std::string::npos);
  EXPECT_TRUE(read().empty());
}

TEST_F(RecordFileTest, the_draft_of_a_process_that_died_is_overwritten) {
  std::ofstream(folder_ / "record.new") << "half of it";
  open();
  file_->store({1, {7}});
  wait_for(1);
  EXPECT_EQ(read(), (std::vector<std::uint8_t>{7}));
}

TEST_F(RecordFileTest, a_folder_that_is_gone_is_a_failure_with_a_sentence) {
  open();
  fs::remove_all(folder_);
  file_->store({5, {1}});
  wait_for(1);
  const auto* failed = std::get_if<RecordStoreFailed>(&outcomes_[0]);
  ASSERT_NE(failed, nullptr);
  EXPECT_EQ(failed->ticket, 5U);
  EXPECT_NE(failed->error.sentence.find("record"), std::string::npos) << failed->error.sentence;
}

TEST_F(RecordFileTest, one_store_at_a_time) {
  open();
  file_->store({1, std::vector<std::uint8_t>(record_bytes_max, 1)});
  file_->store({2, {2}});
  wait_for(2);
  const auto* refused = std::get_if<RecordStoreFailed>(&outcomes_[0]);
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->ticket, 2U);
  EXPECT_TRUE(std::holds_alternative<RecordStored>(outcomes_[1]));
}

TEST_F(RecordFileTest, many_stores_one_after_another_are_all_answered) {
  open();
  for (std::uint64_t ticket = 1; ticket <= 50; ++ticket) {
    file_->store({ticket, {static_cast<std::uint8_t>(ticket)}});
    wait_for(ticket);
    EXPECT_EQ(std::get<RecordStored>(outcomes_.back()).ticket, ticket);
  }
  EXPECT_EQ(read(), (std::vector<std::uint8_t>{50}));
}

TEST_F(RecordFileTest, a_full_disk_is_told_and_the_old_record_stays) {
  if (::geteuid() != 0) GTEST_SKIP() << "mounting a small file system needs root";
  if (::mount("none", folder_.c_str(), "tmpfs", 0, "size=8k") != 0) {
    GTEST_SKIP() << "this machine mounts no tmpfs";
  }
  open();
  file_->store({1, {1, 2, 3}});
  wait_for(1);
  EXPECT_TRUE(std::holds_alternative<RecordStored>(outcomes_[0]));
  file_->store({2, std::vector<std::uint8_t>(record_bytes_max, 9)});
  wait_for(2);
  EXPECT_TRUE(std::holds_alternative<RecordStoreFailed>(outcomes_[1]));
  EXPECT_EQ(read(), (std::vector<std::uint8_t>{1, 2, 3}));
  close();
  ::umount2(folder_.c_str(), MNT_DETACH);
}

TEST_F(RecordFileTest, a_torn_file_is_a_blank_copy_and_said_to_be_damaged) {
  const RecordOwner owner{ClusterName("kube-demo"), NodeName("node1")};
  KeptRecord kept{{4, NodeName("node2"), {5}}, Record{}};
  kept.record->id = {kept.promised, 3};
  open();
  file_->store({1, encode_record(kept, owner)});
  wait_for(1);
  EXPECT_EQ(decode_record(read(), owner).kept, kept);
  fs::resize_file(folder_ / record_file_name, 30);
  const auto torn = decode_record(read(), owner);
  EXPECT_EQ(torn.finding, RecordFinding::unreadable);
  EXPECT_EQ(torn.kept, KeptRecord{});
}

TEST_F(RecordFileTest, a_longer_file_than_ours_is_read_only_so_far) {
  std::ofstream(folder_ / record_file_name) << std::string(10 * record_bytes_max, 'x');
  EXPECT_EQ(read().size(), record_bytes_max + 1);
}

/// Whoever ends hapxd does not wait for a disk.
TEST_F(RecordFileTest, the_door_closes_while_a_store_is_under_way) {
  open();
  file_->store({1, std::vector<std::uint8_t>(record_bytes_max, 1)});
  close();
  context_.poll();
  EXPECT_TRUE(outcomes_.empty());
}

}  // namespace
}  // namespace hapx::membership
