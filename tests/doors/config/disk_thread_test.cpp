// SPDX-License-Identifier: Apache-2.0
// A real thread: jobs in their order, outcomes on the loop, and a disk that never answers.
#include "config/io/disk_thread.hpp"

#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace hapx {
namespace {

class DiskThreadTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto begun = DiskThread::begin(context_);
    ASSERT_TRUE(begun) << begun.error().sentence;
    disk_.emplace(std::move(*begun));
  }
  /// Runs the loop until so much was told.
  void wait_for(std::size_t count) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (told_.size() < count && std::chrono::steady_clock::now() < end) {
      context_.run_one_for(std::chrono::seconds(1));
    }
    ASSERT_EQ(told_.size(), count);
  }
  [[nodiscard]] DiskThread::Then tells(const std::string& name) {
    return [this, name](const Result<void>& outcome) {
      told_.push_back(name + ": " + (outcome ? "done" : outcome.error().sentence));
      EXPECT_EQ(std::this_thread::get_id(), here_);
    };
  }
  /// A job that ends when it is let go.
  [[nodiscard]] DiskThread::Job waits() {
    return [gate = gate_.get_future().share()]() -> Result<void> {
      gate.wait();
      return {};
    };
  }

  boost::asio::io_context context_{1};
  std::thread::id here_ = std::this_thread::get_id();
  std::promise<void> gate_;
  std::vector<std::string> told_;
  std::optional<DiskThread> disk_;
};

TEST_F(DiskThreadTest, does_one_after_another_elsewhere_and_tells_the_loop) {
  std::vector<int> done;  // of one thread alone, or the sanitizers would tell
  bool is_elsewhere = false;
  for (int i = 0; i < 3; ++i) {
    disk_->run(
        [&done, &is_elsewhere, i, here = here_]() -> Result<void> {
          done.push_back(i);
          is_elsewhere = std::this_thread::get_id() != here;
          return {};
        },
        tells(std::to_string(i)));
  }
  EXPECT_TRUE(told_.empty()) << "nothing is told before the loop runs";
  wait_for(3);
  EXPECT_EQ(told_, (std::vector<std::string>{"0: done", "1: done", "2: done"}));
  EXPECT_EQ(done, (std::vector<int>{0, 1, 2}));
  EXPECT_TRUE(is_elsewhere);
}

TEST_F(DiskThreadTest, tells_what_went_wrong_and_goes_on) {
  disk_->run([]() -> Result<void> { return Error{ErrorKind::failed, "no room", 28}; }, tells("a"));
  disk_->run([]() -> Result<void> { return {}; }, tells("b"));
  wait_for(2);
  EXPECT_EQ(told_, (std::vector<std::string>{"a: no room", "b: done"}));
}

TEST_F(DiskThreadTest, refuses_what_is_too_much_and_takes_more_when_there_is_room) {
  disk_->run(waits(), tells("first"));
  for (std::size_t i = 1; i < DiskThread::jobs_max; ++i) {
    disk_->run([]() -> Result<void> { return {}; }, tells("next"));
  }
  disk_->run([]() -> Result<void> { return {}; }, tells("too much"));
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(told_.front(), "too much: the disk is still busy with what it was given");
  gate_.set_value();
  wait_for(1 + DiskThread::jobs_max);
  disk_->run([]() -> Result<void> { return {}; }, tells("later"));
  wait_for(2 + DiskThread::jobs_max);
  EXPECT_EQ(told_.back(), "later: done");
}

/// A disk that hangs holds up nobody who wants to end.
TEST_F(DiskThreadTest, ends_while_a_job_is_under_way) {
  disk_->run(waits(), tells("never"));
  disk_.reset();
  context_.poll();
  EXPECT_TRUE(told_.empty());
  gate_.set_value();
}

TEST_F(DiskThreadTest, may_be_ended_by_whom_it_tells) {
  disk_->run([]() -> Result<void> { return {}; },
             [this](const Result<void>&) {
               told_.emplace_back("ending");
               disk_.reset();
             });
  disk_->run([]() -> Result<void> { return {}; }, tells("nobody"));
  wait_for(1);
  context_.poll();
  EXPECT_EQ(told_, (std::vector<std::string>{"ending"}));
}

}  // namespace
}  // namespace hapx
