// SPDX-License-Identifier: Apache-2.0
#include "config/io/disk_thread.hpp"

#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>

#include "config/io/descriptor.hpp"

namespace hapx {

namespace asio = boost::asio;

namespace {
constexpr std::size_t stack_bytes = 256 * std::size_t{1024};
}  // namespace

/// What the loop and the thread have in common.
struct DiskThread::Shared {
  Descriptor finished;  ///< an eventfd: there are outcomes
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Job> jobs;
  std::deque<Result<void>> outcomes;  ///< in the order of the jobs
  bool ending = false;

  /// Begins the thread; it has a part in what we have in common, and outlives this object.
  static Result<void> begin(const std::shared_ptr<Shared>& common) {
    auto part = std::make_unique<std::shared_ptr<Shared>>(common);
    pthread_attr_t attributes;
    ::pthread_attr_init(&attributes);
    ::pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    ::pthread_attr_setstacksize(&attributes, stack_bytes);  // hapxd's memory is locked
    pthread_t thread{};
    const int error = ::pthread_create(&thread, &attributes, &Shared::live, part.get());
    ::pthread_attr_destroy(&attributes);
    if (error != 0) return system_error(error, "cannot start a thread for the disk");
    static_cast<void>(part.release());
    return {};
  }

  static void* live(void* part) {
    const std::unique_ptr<std::shared_ptr<Shared>> common(
        static_cast<std::shared_ptr<Shared>*>(part));
    (*common)->serve();
    return nullptr;
  }

  /// The thread's whole life.
  void serve() {
    ::pthread_setname_np(::pthread_self(), "disk");
    // hapxd itself runs before everybody else; who waits for a disk need not. A unit that lets
    // nobody change that is no obstacle.
    const sched_param normal{};
    ::pthread_setschedparam(::pthread_self(), SCHED_OTHER, &normal);
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return ending || !jobs.empty(); });
      if (ending) return;
      const Job job = std::move(jobs.front());
      jobs.pop_front();
      lock.unlock();
      auto outcome = job();
      lock.lock();
      outcomes.push_back(std::move(outcome));
      static_cast<void>(::eventfd_write(finished.number(), 1));
    }
  }
};

struct DiskThread::State {
  explicit State(asio::io_context& context) : finished(context) {}

  void listen() {
    finished.async_read_some(
        asio::buffer(&count, sizeof count),
        [this, guard = std::weak_ptr(alive)](const boost::system::error_code& error, std::size_t) {
          if (error || guard.expired()) return;
          std::deque<Result<void>> outcomes;
          {
            const std::lock_guard lock(shared->mutex);
            outcomes.swap(shared->outcomes);
          }
          listen();
          for (auto& outcome : outcomes) {
            const Then then = std::move(waiting.front());
            waiting.pop_front();
            then(std::move(outcome));
            if (guard.expired()) return;  // it ended us
          }
        });
  }

  std::shared_ptr<Shared> shared = std::make_shared<Shared>();
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
  asio::posix::stream_descriptor finished;
  std::deque<Then> waiting;  ///< of all jobs under way, in their order
  std::uint64_t count = 0;
};

DiskThread::DiskThread(std::unique_ptr<State> state) : state_(std::move(state)) {}
DiskThread::DiskThread(DiskThread&&) noexcept = default;
DiskThread& DiskThread::operator=(DiskThread&&) noexcept = default;

DiskThread::~DiskThread() {
  if (!state_) return;
  const std::lock_guard lock(state_->shared->mutex);
  state_->shared->ending = true;
  state_->shared->changed.notify_one();
}

Result<DiskThread> DiskThread::begin(asio::io_context& context) {
  auto state = std::make_unique<State>(context);
  Shared& shared = *state->shared;
  shared.finished = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!shared.finished.is_open()) return system_error(errno, "cannot make an eventfd");
  const int ours = ::fcntl(shared.finished.number(), F_DUPFD_CLOEXEC, 0);
  if (ours < 0) return system_error(errno, "cannot share an eventfd");
  state->finished.assign(ours);
  if (auto begun = Shared::begin(state->shared); !begun) return begun.error();
  state->listen();
  return DiskThread(std::move(state));
}

void DiskThread::run(Job job, Then then) {
  if (state_->waiting.size() == jobs_max) {
    return then(Error{ErrorKind::unavailable, "the disk is still busy with what it was given", 0});
  }
  state_->waiting.push_back(std::move(then));
  const std::lock_guard lock(state_->shared->mutex);
  state_->shared->jobs.push_back(std::move(job));
  state_->shared->changed.notify_one();
}

}  // namespace hapx
