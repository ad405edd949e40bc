// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/dead_man.hpp"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/io/clock.hpp"

namespace hapx::appliance::drill {
namespace {

constexpr char let_go_word = 'x';

/// Whether we were let go before the line was cut and before the time was over.
bool was_let_go(int line, Duration patience) {
  const Instant end = boot_now() + patience;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - boot_now()).count();
    if (left <= 0) return false;
    pollfd waiting{line, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(left));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    char word = 0;
    const ssize_t count = ::recv(line, &word, 1, MSG_DONTWAIT);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    return count == 1 && word == let_go_word;
  }
}

/// Out of reach of the terminal, and of whoever ends the runner's session.
[[noreturn]] void wait_and_undo(int line, const std::function<Result<void>()>& undo,
                                Duration patience) {
  ::setsid();
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(signal, SIG_IGN);
  ::prctl(PR_SET_NAME, "drill-dead-man");
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  // Else whoever reads what the runner says would wait for us, too.
  for (int stream = 0; stream <= 2; ++stream) ::dup2(nowhere, stream);
  const bool is_over = was_let_go(line, patience);
  // Nobody is there to be told of a failure.
  if (!is_over) static_cast<void>(undo());
  ::_exit(0);
}

}  // namespace

Result<DeadMan> DeadMan::arm(const std::function<Result<void>()>& undo, Duration patience) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return system_error(errno, "a dead man's line");
  }
  Descriptor ours(ends[0]);
  Descriptor theirs(ends[1]);
  const pid_t pid = ::fork();
  if (pid < 0) return system_error(errno, "a dead man");
  if (pid == 0) {
    ours.close();
    // Forked twice: it belongs to init, and nobody has to wait for it.
    if (::fork() == 0) wait_and_undo(theirs.number(), undo, patience);
    ::_exit(0);
  }
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return DeadMan(std::move(ours));
}

bool DeadMan::let_go() {
  const bool is_said = ::send(line_.number(), &let_go_word, 1, MSG_NOSIGNAL) == 1;
  line_.close();
  return is_said;
}

}  // namespace hapx::appliance::drill
