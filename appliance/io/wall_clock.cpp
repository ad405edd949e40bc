// SPDX-License-Identifier: Apache-2.0
#include "appliance/io/wall_clock.hpp"

#include <cerrno>
#include <ctime>

#include <sys/timerfd.h>
#include <unistd.h>

#include "config/io/clock.hpp"

namespace hapx::appliance {
namespace {

namespace asio = boost::asio;

/// The timer itself is not meant to end: it stands for the clock that it is cancelled by.
constexpr std::time_t far_away = 7'258'118'400;  // the year 2200

}  // namespace

Duration utc_offset() {
  timespec utc{};
  ::clock_gettime(CLOCK_REALTIME, &utc);
  const Duration since_1970 = std::chrono::seconds(utc.tv_sec) + Duration(utc.tv_nsec);
  return since_1970 - boot_now().time_since_epoch();
}

Result<void> WallClock::arm() {
  const itimerspec when{.it_interval = {}, .it_value = {far_away, 0}};
  if (::timerfd_settime(timer_.native_handle(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when,
                        nullptr) != 0) {
    return system_error(errno, "cannot watch the wall clock");
  }
  return {};
}

Result<void> WallClock::watch() {
  const int timer = ::timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  if (timer < 0) return system_error(errno, "cannot make a timer of the wall clock");
  timer_.assign(timer);
  if (auto armed = arm(); !armed) return armed;
  wait();
  return {};
}

void WallClock::wait() {
  timer_.async_wait(
      asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
        if (error) return;
        std::uint64_t count = 0;
        const bool was_set =
            ::read(timer_.native_handle(), &count, sizeof count) < 0 && errno == ECANCELED;
        if (!was_set || !arm()) return wait();
        handler_({utc_offset()});  // read after the timer stands again
        wait();
      });
}

}  // namespace hapx::appliance
