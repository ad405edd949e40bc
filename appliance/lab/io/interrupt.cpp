// SPDX-License-Identifier: Apache-2.0
#include "appliance/lab/io/interrupt.hpp"

#include <algorithm>
#include <cstddef>

#include <time.h>

#include "config/io/clock.hpp"

namespace hapx::appliance::lab {
namespace {

volatile sig_atomic_t raised = 0;
constexpr std::array watched{SIGINT, SIGTERM, SIGHUP};

void raise_flag(int) {
  raised = 1;
}

}  // namespace

InterruptWatch::InterruptWatch() {
  raised = 0;
  struct sigaction action {};
  action.sa_handler = raise_flag;
  for (std::size_t i = 0; i < watched.size(); ++i) ::sigaction(watched[i], &action, &former_[i]);
}

InterruptWatch::~InterruptWatch() {
  for (std::size_t i = 0; i < watched.size(); ++i) ::sigaction(watched[i], &former_[i], nullptr);
}

bool interrupted() {
  return raised != 0;
}

bool pause(Duration duration) {
  // In slices: a signal that arrives between the look and the sleep costs one slice, not all.
  const Instant end = boot_now() + duration;
  for (Duration left = duration; left > Duration::zero(); left = end - boot_now()) {
    if (interrupted()) return false;
    const Duration slice = std::min<Duration>(left, std::chrono::milliseconds(100));
    const timespec request{0, static_cast<long>(slice.count())};
    ::nanosleep(&request, nullptr);
  }
  return !interrupted();
}

}  // namespace hapx::appliance::lab
