// SPDX-License-Identifier: Apache-2.0
#include "appliance/hooks/io/teller.hpp"

#include <utility>

#include "appliance/hooks/io/telling.hpp"
#include "config/io/clock.hpp"

namespace hapx::appliance::hooks {

Teller::Teller(HookConfig hook, std::string version, Say say)
    : hook_(std::move(hook)),
      version_(std::move(version)),
      say_(std::move(say)),
      round_(hook_),
      thread_([this](const std::stop_token& stop) {
        work(stop);
        is_over_ = true;
      }) {}

Teller::~Teller() = default;

void Teller::add(const EventLine& event, const Origin& origin) {
  const std::scoped_lock lock(mutex_);
  origin_ = origin;
  round_.add(event);
  changed_.notify_one();
}

void Teller::take_over(Teller& before) {
  const std::scoped_lock lock(mutex_, before.mutex_);
  origin_ = before.origin_;
  round_.take_over(before.round_);
  changed_.notify_one();
}

void Teller::work(const std::stop_token& stop) {
  const TellOptions options{version_, [&stop] { return stop.stop_requested(); }};
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const auto next = round_.next(boot_now());
    if (!next) {
      const auto is_due = [this] { return round_.due() && *round_.due() <= boot_now(); };
      if (const auto due = round_.due()) {
        changed_.wait_for(lock, stop, *due - boot_now(), is_due);
      } else {
        changed_.wait(lock, stop, [this] { return round_.due().has_value(); });
      }
      continue;
    }
    const Message message =
        message_of(next->event, origin_, hook_.name, next->left_out, /*is_test=*/false);
    lock.unlock();
    const Outcome outcome = tell(hook_, message, options);
    lock.lock();
    const std::string sentence = round_.ended(outcome.told, boot_now());
    if (stop.stop_requested()) return;
    lock.unlock();
    say_(sentence);
    lock.lock();
  }
}

}  // namespace hapx::appliance::hooks
