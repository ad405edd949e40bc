// SPDX-License-Identifier: Apache-2.0
#include "membership/io/record_file.hpp"

#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "config/io/descriptor.hpp"
#include "config/io/durable_file.hpp"
#include "membership/record.hpp"
#include "membership/voters_file.hpp"

namespace hapx::membership {

namespace asio = boost::asio;

namespace {
constexpr std::size_t stack_bytes = 256 * std::size_t{1024};

Result<std::vector<std::uint8_t>> read_file(const std::string& path, std::size_t bytes_max) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open() && errno == ENOENT) return std::vector<std::uint8_t>();
  if (!file.is_open()) return system_error(errno, "cannot open " + path);
  std::vector<std::uint8_t> bytes(bytes_max + 1);  // a longer one is none of ours
  std::size_t length = 0;
  while (length < bytes.size()) {
    const ssize_t got = ::read(file.number(), bytes.data() + length, bytes.size() - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(errno, "cannot read " + path);
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
  }
  bytes.resize(length);
  return bytes;
}

}  // namespace

Result<std::vector<std::uint8_t>> read_record_file(const std::string& directory) {
  return read_file(directory + "/" + record_file_name, record_bytes_max);
}

Result<std::vector<std::uint8_t>> read_voters_file(const std::string& directory) {
  return read_file(directory + "/" + voters_file_name, voters_bytes_max);
}

/// What the loop and the thread of the disk have in common.
struct RecordFile::Shared {
  std::string directory;
  Descriptor finished;  ///< an eventfd: there is an outcome
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<StoreRecord> wanted;
  std::optional<Outcome> outcome;
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
    if (error != 0) return system_error(error, "cannot start a thread for the record's disk");
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
    ::pthread_setname_np(::pthread_self(), "record-disk");
    // hapxd itself runs before everybody else; who waits for a disk need not. A unit that lets
    // nobody change that is no obstacle.
    const sched_param normal{};
    ::pthread_setschedparam(::pthread_self(), SCHED_OTHER, &normal);
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return ending || wanted; });
      if (ending) return;
      const StoreRecord store = *std::exchange(wanted, std::nullopt);
      lock.unlock();
      auto written = store.voters.empty()
                         ? Result<void>{}
                         : write_durably(directory, voters_file_name, store.voters);
      if (written) written = write_durably(directory, record_file_name, store.bytes);
      lock.lock();
      if (written)
        outcome = RecordStored{store.ticket};
      else
        outcome = RecordStoreFailed{store.ticket, written.error()};
      static_cast<void>(::eventfd_write(finished.number(), 1));
    }
  }
};

struct RecordFile::State {
  State(asio::io_context& context, std::function<void(Outcome)> wanted_handler)
      : finished(context), handler(std::move(wanted_handler)) {}

  /// Outcomes of the thread, one after the other.
  void listen() {
    finished.async_read_some(asio::buffer(&count, sizeof count),
                             [this](const boost::system::error_code& error, std::size_t) {
                               if (error) return;
                               std::optional<Outcome> outcome;
                               {
                                 const std::lock_guard lock(shared->mutex);
                                 outcome = std::exchange(shared->outcome, std::nullopt);
                               }
                               listen();
                               under_way = false;
                               if (outcome) handler(std::move(*outcome));
                             });
  }

  std::shared_ptr<Shared> shared = std::make_shared<Shared>();
  asio::posix::stream_descriptor finished;
  std::function<void(Outcome)> handler;
  std::uint64_t count = 0;
  bool under_way = false;
};

RecordFile::RecordFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
RecordFile::RecordFile(RecordFile&&) noexcept = default;
RecordFile& RecordFile::operator=(RecordFile&&) noexcept = default;

RecordFile::~RecordFile() {
  if (!state_) return;
  const std::lock_guard lock(state_->shared->mutex);
  state_->shared->ending = true;
  state_->shared->changed.notify_one();
}

Result<RecordFile> RecordFile::open(asio::io_context& context, std::string directory,
                                    std::function<void(Outcome)> handler) {
  auto state = std::make_unique<State>(context, std::move(handler));
  Shared& shared = *state->shared;
  shared.directory = std::move(directory);
  shared.finished = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!shared.finished.is_open()) return system_error(errno, "cannot make an eventfd");
  const int ours = ::fcntl(shared.finished.number(), F_DUPFD_CLOEXEC, 0);
  if (ours < 0) return system_error(errno, "cannot share an eventfd");
  state->finished.assign(ours);
  if (auto begun = Shared::begin(state->shared); !begun) return begun.error();
  state->listen();
  return RecordFile(std::move(state));
}

void RecordFile::store(const StoreRecord& action) {
  if (std::exchange(state_->under_way, true)) {
    const Error busy{ErrorKind::unavailable, "an earlier store of the record is still under way"};
    return state_->handler(RecordStoreFailed{action.ticket, busy});
  }
  const std::lock_guard lock(state_->shared->mutex);
  state_->shared->wanted = action;
  state_->shared->changed.notify_one();
}

}  // namespace hapx::membership
