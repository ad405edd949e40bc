// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/display.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include "appliance/drill/io/runner.hpp"
#include "config/io/clock.hpp"

namespace hapx::appliance::drill {
namespace {

std::size_t columns_of_terminal() {
  constexpr std::size_t usual = 80;
  winsize size{};
  const bool is_known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  // One less: some terminals begin a new line when the last column is written.
  return (is_known ? size.ws_col : usual) - 1;
}

}  // namespace

Display::Display(std::ostream& err, Screen screen, const std::vector<Step>& steps,
                 const Timing& timing)
    : err_(err), screen_(screen), begun_(boot_now()) {
  for (const Step& step : steps) expected_.push_back(expected_time(step.planned, timing));
  now_.total = steps.size();
}

void Display::say(const std::string& words) {
  wipe();
  err_ << words << "\n" << std::flush;
}

void Display::begin(const Step& step) {
  now_.fault = std::string(name_of(step.planned.fault));
  if (step.of > 1) now_.fault += " " + std::to_string(step.number) + "/" + std::to_string(step.of);
  now_.doing.clear();
  begun_ = boot_now();
  tell(std::string(sentence_of(step.planned.fault)));
}

void Display::tell(const std::string& doing) {
  const bool is_new = doing != now_.doing;
  now_.doing = doing;
  if (screen_ != Screen::none) {
    draw();
  } else if (is_new) {
    err_ << now_.fault << ": " << doing << "\n" << std::flush;
  }
}

void Display::end(const std::string& verdict) {
  taken_.push_back(boot_now() - begun_);
  ++now_.done;
  say(now_.fault + ": " + verdict);
}

void Display::draw() {
  now_.left = time_left(expected_, taken_, boot_now() - begun_);
  std::string line = progress_line(now_, columns_of_terminal(),
                                   screen_ == Screen::coloured ? Paint::coloured : Paint::plain);
  if (line == drawn_) return;
  drawn_ = std::move(line);
  err_ << "\r\x1b[2K" << drawn_ << std::flush;
}

void Display::wipe() {
  if (!drawn_.empty()) err_ << "\r\x1b[2K";
  drawn_.clear();
}

}  // namespace hapx::appliance::drill
