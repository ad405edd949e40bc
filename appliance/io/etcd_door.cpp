// SPDX-License-Identifier: Apache-2.0
#include "appliance/io/etcd_door.hpp"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <time.h>

#include "appliance/etcd.hpp"
#include "appliance/io/etcd_asker.hpp"
#include "appliance/io/slot.hpp"
#include "config/io/descriptor.hpp"

namespace hapx::appliance {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using membership::ArbiterAnswered;
using membership::ArbiterFailed;
using membership::AskArbiter;

namespace {

constexpr std::size_t stack_bytes = 512 * std::size_t{1024};  // hapxd's memory is locked
/// The thread gives up by this part of the patience earlier than the loop, which so hears why: on a
/// busy machine a thread that gives way is not always there at once.
constexpr int margin_part = 8;
/// How long the end waits for the thread.
constexpr long goodbye_nanoseconds = 50'000'000;

Error unavailable(const std::string& sentence) {
  return {ErrorKind::unavailable, sentence, 0};
}

/// Lets `watcher` have another descriptor of the same eventfd.
Result<void> watch(const Descriptor& eventfd, asio::posix::stream_descriptor& watcher) {
  Descriptor another(::fcntl(eventfd.number(), F_DUPFD_CLOEXEC, 0));
  if (!another.is_open()) return system_error(errno, "cannot share an eventfd with etcd's thread");
  boost::system::error_code error;
  watcher.assign(another.number(), error);
  if (error) return Error{ErrorKind::failed, "cannot watch an eventfd: " + error.message(), 0};
  static_cast<void>(another.release());
  return {};
}

/// Calls `work` whenever the eventfd is written to, until it says no.
template <class Work>
void on_each(asio::posix::stream_descriptor& eventfd, std::uint64_t& count, Work work) {
  eventfd.async_read_some(
      asio::buffer(&count, sizeof count),
      [&eventfd, &count, work](const boost::system::error_code& error, std::size_t) mutable {
        if (!error && work()) on_each(eventfd, count, std::move(work));
      });
}

struct Question {
  std::uint64_t number = 0;  ///< ours, from 1: no two are alike
  AskArbiter action;
  Clock::time_point deadline;
};

struct Answer {
  std::uint64_t number = 0;
  EtcdAsker::Answer words;
};

/// What the loop and the thread have in common.
struct Shared {
  Shared(const EtcdConfig& config, const ClusterName& cluster)
      : asker(context, config, etcd_prefix(cluster)), inlet(context) {}

  /// Makes it ready; the thread has not begun.
  Result<void> prepare() {
    asked = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    answered = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!asked.is_open() || !answered.is_open())
      return system_error(errno, "cannot make an eventfd for etcd");
    return watch(asked, inlet);
  }

  /// The thread's whole life.
  void serve() {
    ::pthread_setname_np(::pthread_self(), "etcd-door");
    // hapxd itself runs before everybody else; who waits for others need not.
    const sched_param normal{};
    ::pthread_setschedparam(::pthread_self(), SCHED_OTHER, &normal);
    on_each(inlet, count, [this] {
      if (ending) context.stop();
      if (const auto next = question.take()) ask(*next);
      return true;
    });
    context.run();
  }

  void ask(const Question& next) {
    asker.ask(next.action, next.deadline, [this, number = next.number](EtcdAsker::Answer words) {
      answer.put(std::make_unique<Answer>(Answer{number, std::move(words)}));
      static_cast<void>(::eventfd_write(answered.number(), 1));
    });
  }

  Slot<Question> question;
  Slot<Answer> answer;
  Descriptor asked;     ///< an eventfd: there is a question, or it ends
  Descriptor answered;  ///< an eventfd: there is an answer
  std::atomic<bool> ending{false};

  // The thread's own, once it has begun.
  asio::io_context context{1};
  EtcdAsker asker;
  asio::posix::stream_descriptor inlet;
  std::uint64_t count = 0;
};

void* live(void* common) {
  static_cast<Shared*>(common)->serve();
  return nullptr;
}

/// The thread owns nothing of what it uses.
Result<pthread_t> begin(Shared& common) {
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, stack_bytes);
  pthread_t thread{};
  const int error = ::pthread_create(&thread, &attributes, &live, &common);
  ::pthread_attr_destroy(&attributes);
  if (error != 0) return system_error(error, "cannot start a thread for etcd");
  return thread;
}

/// False: it has not ended, and goes on with what it uses.
bool end(pthread_t thread) {
  timespec until{};
  ::clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += goodbye_nanoseconds;
  until.tv_sec += until.tv_nsec / 1'000'000'000;
  until.tv_nsec %= 1'000'000'000;
  if (::pthread_clockjoin_np(thread, nullptr, CLOCK_MONOTONIC, &until) == 0) return true;
  ::pthread_detach(thread);
  return false;
}

}  // namespace

struct EtcdDoor::State : std::enable_shared_from_this<State> {
  State(asio::io_context& context, std::unique_ptr<Shared> part, Handler told)
      : io(context),
        handler(std::move(told)),
        common(std::move(part)),
        outlet(context),
        patience(context) {}

  void listen() {
    on_each(outlet, count, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self || self->closed) return false;
      self->hear();
      return !self->closed;
    });
  }

  void hear() {
    auto answer = common->answer.take();
    if (!answer || answer->number != under_way) return;  // it was given up
    const std::uint64_t answered = ticket;
    finish();
    if (!answer->words) return handler(ArbiterFailed{answered, answer->words.error()});
    answer->words->ticket = answered;
    handler(std::move(*answer->words));
  }

  void ask(const AskArbiter& action) {
    if (under_way != 0) {
      const ArbiterFailed busy{action.ticket,
                               unavailable("an earlier question to etcd is still under way")};
      return asio::post(io, [weak = weak_from_this(), busy] {
        if (const auto self = weak.lock(); self && !self->closed) self->handler(busy);
      });
    }
    under_way = ++last_number;
    ticket = action.ticket;
    const auto now = Clock::now();
    const auto margin = action.patience / margin_part;
    common->question.put(
        std::make_unique<Question>(Question{under_way, action, now + action.patience - margin}));
    static_cast<void>(::eventfd_write(common->asked.number(), 1));
    patience.expires_at(now + action.patience);
    patience.async_wait(
        [weak = weak_from_this(), number = under_way](const boost::system::error_code& error) {
          const auto self = weak.lock();
          if (!error && self && !self->closed) self->give_up(number);
        });
  }

  /// Our thread has no word either: a disk keeps it, or nobody lets it run.
  void give_up(std::uint64_t number) {
    if (number != under_way) return;
    const std::uint64_t failed = ticket;
    finish();
    handler(ArbiterFailed{
        failed, unavailable("etcd gives no answer, and who asks it is kept waiting: by a disk that "
                            "has the certificates, or by other programs of this machine")});
  }

  void finish() {
    under_way = 0;
    patience.cancel();
  }

  asio::io_context& io;
  Handler handler;
  std::unique_ptr<Shared> common;
  asio::posix::stream_descriptor outlet;
  asio::steady_timer patience;
  std::uint64_t count = 0;
  std::uint64_t under_way = 0;  ///< the question's number; 0: none
  std::uint64_t last_number = 0;
  std::uint64_t ticket = 0;  ///< of the question under way
  pthread_t thread{};
  bool closed = false;
};

EtcdDoor::EtcdDoor(std::shared_ptr<State> state) : state_(std::move(state)) {}

EtcdDoor::~EtcdDoor() {
  state_->closed = true;
  boost::system::error_code ignored;
  state_->outlet.close(ignored);
  state_->patience.cancel();
  state_->common->ending = true;
  static_cast<void>(::eventfd_write(state_->common->asked.number(), 1));
  // Whoever ends the process does not take away what the thread may still look at.
  if (!end(state_->thread)) static_cast<void>(state_->common.release());
}

Result<std::unique_ptr<EtcdDoor>> EtcdDoor::open(asio::io_context& io, const EtcdConfig& config,
                                                 const ClusterName& cluster, Handler handler) {
  std::shared_ptr<State> state;
  try {
    state =
        std::make_shared<State>(io, std::make_unique<Shared>(config, cluster), std::move(handler));
  } catch (const boost::system::system_error& error) {  // a loop needs descriptors
    return system_error(error.code().value(), "cannot make a loop for etcd's thread");
  }
  Shared& common = *state->common;
  if (auto prepared = common.prepare(); !prepared) return prepared.error();
  if (auto watched = watch(common.answered, state->outlet); !watched) return watched.error();
  const auto begun = begin(common);
  if (!begun) return begun.error();
  state->thread = *begun;
  state->listen();
  return std::unique_ptr<EtcdDoor>(new EtcdDoor(std::move(state)));
}

void EtcdDoor::carry_out(const AskArbiter& action) {
  state_->ask(action);
}

}  // namespace hapx::appliance
