// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/line_pipe.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <poll.h>
#include <unistd.h>

#include "config/io/clock.hpp"

namespace hapx::appliance::drill {
namespace {

/// Whoever does not take so much of a line in this time takes no more.
constexpr int write_milliseconds_max = 10'000;

Error cut() {
  return {ErrorKind::unavailable, "the line was cut", 0};
}

}  // namespace

std::optional<std::string> LinePipe::take_line() {
  const std::size_t end = pending_.find('\n', looked_);
  looked_ = pending_.size();
  if (end == std::string::npos) return std::nullopt;
  std::string line = pending_.substr(0, end);
  pending_.erase(0, end + 1);
  looked_ = 0;
  return line;
}

Result<std::optional<std::string>> LinePipe::read(Instant until) {
  for (;;) {
    if (auto line = take_line()) return line;
    if (pending_.size() > bytes_max_) return Error{ErrorKind::refused, "a line without an end", 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - boot_now()).count();
    pollfd waiting{in_, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(std::max<long long>(left, 0)));
    if (ready <= 0) return std::optional<std::string>();
    std::array<char, 16'384> block{};
    const ssize_t count = ::read(in_, block.data(), block.size());
    if (count < 0 && errno == EINTR) return std::optional<std::string>();
    if (count == 0 || (count < 0 && errno == ECONNRESET)) return cut();
    if (count < 0) return system_error(errno, "the line");
    pending_.append(block.data(), static_cast<std::size_t>(count));
  }
}

Result<void> LinePipe::write(std::string_view line) const {
  std::string text(line);
  text += '\n';
  std::string_view rest = text;
  while (!rest.empty()) {
    pollfd waiting{out_, POLLOUT, 0};
    const int ready = ::poll(&waiting, 1, write_milliseconds_max);
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) return Error{ErrorKind::unavailable, "nobody listens on the line", 0};
    const ssize_t count = ::write(out_, rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EPIPE) return cut();
    if (count < 0) return system_error(errno, "the line");
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

}  // namespace hapx::appliance::drill
