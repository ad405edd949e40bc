// SPDX-License-Identifier: Apache-2.0
// Who waits for the disk?
//
// A disk takes milliseconds, or seconds, or for ever; the loop waits for none of that. A thread
// does, for one job after another, and what came of each comes back to the loop.
//
// Threading: all calls on the thread of the io_context, and `then` is called there. A job runs on
// the thread of the disk and may touch nothing but what it was handed. If a job never ends, neither
// does that thread: it is left alone, and ends with the process.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include <boost/asio/io_context.hpp>

#include "config/result.hpp"

namespace hapx {

class DiskThread {
 public:
  using Job = std::function<Result<void>()>;
  using Then = std::function<void(Result<void>)>;

  /// Limit: so many jobs are under way; one more is answered at once, as `unavailable`.
  static constexpr std::size_t jobs_max = 4;

  [[nodiscard]] static Result<DiskThread> begin(boost::asio::io_context& context);
  /// Waits for nothing; what is under way ends as it will, and nobody is told.
  ~DiskThread();
  DiskThread(DiskThread&&) noexcept;
  DiskThread& operator=(DiskThread&&) noexcept;

  void run(Job job, Then then);

 private:
  struct Shared;
  struct State;
  explicit DiskThread(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace hapx
