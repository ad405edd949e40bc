// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/envoy.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string_view>
#include <variant>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "appliance/lab/io/spawn.hpp"
#include "config/io/clock.hpp"
#include "config/utf8.hpp"
#include "config/wording.hpp"

namespace hapx::appliance::drill {
namespace {

/// A login may ask a directory far away who one is.
constexpr Duration greeting_patience = std::chrono::seconds(30);
/// Longer than an agent waits for its hapx.
constexpr Duration answer_patience = std::chrono::seconds(15);
/// An agent that is let go ends its fault, and then itself.
constexpr int end_milliseconds_max = 10'000;
constexpr off_t errors_bytes_max = 64 * 1024;
constexpr std::size_t last_words_bytes_max = 300;

std::string in_words(const std::vector<std::string>& command) {
  return shown(joined(command, " "));
}

/// A file in memory that does not grow: whoever says more is not heard.
Result<Descriptor> bounded_memory() {
  Descriptor file(::memfd_create("hapx-drill-errors", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file.is_open() || ::ftruncate(file.number(), errors_bytes_max) != 0 ||
      ::fcntl(file.number(), F_ADD_SEALS, F_SEAL_GROW) != 0) {
    return system_error(errno, "memory for an agent's words");
  }
  return file;
}

bool ends_in_time(pid_t pid) {
  const Descriptor handle(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  const Instant deadline = boot_now() + std::chrono::milliseconds(end_milliseconds_max);
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - boot_now()).count();
    pollfd gone{handle.number(), POLLIN, 0};
    const int ready = ::poll(&gone, 1, static_cast<int>(std::max<long long>(left, 0)));
    if (ready >= 0 || errno != EINTR) return ready == 1;
  }
}

}  // namespace

Envoy::Envoy(std::string node, Descriptor line, Descriptor errors, pid_t pid)
    : node_(std::move(node)),
      line_(std::move(line)),
      errors_(std::move(errors)),
      pipe_(line_.number(), line_.number(), agent_line_bytes_max),
      pid_(pid) {}

Envoy::Envoy(Envoy&& other) noexcept
    : node_(std::move(other.node_)),
      line_(std::move(other.line_)),
      errors_(std::move(other.errors_)),
      pipe_(std::move(other.pipe_)),
      pid_(std::exchange(other.pid_, 0)),
      first_answer_(std::move(other.first_answer_)) {}

Envoy::~Envoy() {
  close();
}

void Envoy::give_up() {
  if (pid_ != 0) ::kill(pid_, SIGKILL);
  close();
}

void Envoy::close() {
  line_.close();
  if (pid_ == 0) return;
  if (!ends_in_time(pid_)) ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
}

Result<Envoy> Envoy::send(std::string node, const std::vector<std::string>& command,
                          const AgentRequest& first) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return system_error(errno, "a line to " + node);
  }
  Descriptor ours(ends[0]);
  Descriptor theirs(ends[1]);
  auto errors = bounded_memory();
  if (!errors) return errors.error();
  const pid_t pid = ::fork();
  if (pid < 0) return system_error(errno, command.front());
  if (pid == 0) {
    // Without a terminal: who would have to be asked for a password is refused at once.
    ::setsid();
    lab::exec_in("", command, {theirs.number(), theirs.number(), errors->number()});
  }
  theirs.close();
  Envoy envoy(std::move(node), std::move(ours), std::move(*errors), pid);
  auto answer = envoy.ask(first, greeting_patience);
  if (!answer) {
    const Error& why = answer.error();
    return Error{why.kind, why.sentence + " (it was reached for by " + in_words(command) + ")", 0};
  }
  envoy.first_answer_ = *std::move(answer);
  return envoy;
}

Result<AgentAnswer> Envoy::ask(const AgentRequest& request) {
  return ask(request, answer_patience);
}

Result<AgentAnswer> Envoy::ask(const AgentRequest& request, Duration patience) {
  if (!is_there()) return Error{ErrorKind::unavailable, node_ + " can't be reached any more", 0};
  if (const auto sent = pipe_.write(to_line(request)); !sent) return lost(sent.error().sentence);
  const Instant deadline = boot_now() + patience;
  std::optional<std::string> line;
  while (!line) {
    auto heard = pipe_.read(deadline);
    if (!heard) return lost(heard.error().sentence);
    line = std::move(*heard);
    if (!line && boot_now() >= deadline) return lost("no answer within " + to_string(patience));
  }
  auto answer = parse_agent_answer(*line);
  if (!answer) return lost(answer.error().sentence);
  if (const auto* refused = std::get_if<NotDone>(&*answer)) {
    return Error{ErrorKind::refused, node_ + ": " + refused->sentence, 0};
  }
  return answer;
}

Error Envoy::lost(const std::string& why) {
  close();
  const std::string said = last_words();
  return {ErrorKind::unavailable,
          node_ + " can't be reached: " + (said.empty() ? why : why + "; " + said), 0};
}

/// The last line that is one.
std::string Envoy::last_words() const {
  std::string text(static_cast<std::size_t>(errors_bytes_max), '\0');
  const ssize_t count = ::pread(errors_.number(), text.data(), text.size(), 0);
  text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  text.resize(std::min(text.find('\0'), text.size()));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  const std::size_t begin = text.rfind('\n');
  const std::string_view last =
      std::string_view(text).substr(begin == std::string::npos ? 0 : begin + 1);
  return printable(last.substr(0, last_words_bytes_max));
}

}  // namespace hapx::appliance::drill
