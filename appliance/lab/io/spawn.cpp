// SPDX-License-Identifier: Apache-2.0
#include "appliance/lab/io/spawn.hpp"

#include <array>
#include <cerrno>
#include <optional>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "appliance/lab/io/process.hpp"

namespace hapx::appliance::lab {
namespace {

constexpr int exit_no_exec = 127;
constexpr rlim_t open_files_max = 65'536;
constexpr int ready_milliseconds_max = 10'000;

/// nullopt: done; else the sentence that says what was refused.
using Trouble = std::optional<std::string>;

Trouble trouble(const std::string& what) {
  return what + ": " + ::strerror(errno);
}

void reset_signals() {
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// What a service manager would grant; the one who builds a lab may have less.
void raise_limits() {
  const rlimit files{open_files_max, open_files_max};
  ::setrlimit(RLIMIT_NOFILE, &files);
}

/// HAProxy and nft live in folders that a plain user's PATH lacks.
void complete_path() {
  const char* path = ::getenv("PATH");
  const std::string complete =
      std::string(path != nullptr ? path : "/usr/bin:/bin") + ":/usr/local/sbin:/usr/sbin:/sbin";
  ::setenv("PATH", complete.c_str(), 1);
}

Trouble enter(const std::string& netns) {
  if (netns.empty()) return std::nullopt;
  const std::string path = "/run/netns/" + netns;
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0 || ::setns(file, CLONE_NEWNET) != 0) return trouble(path);
  ::close(file);
  return std::nullopt;
}

/// A mount namespace in which /sys shows the machine's own network, and the kernel's boot id is
/// the machine's. Mounts of the host still arrive (slave), so that a namespace removed there does
/// not live on here.
Trouble furnish(const std::string& boot_id_file) {
  if (::unshare(CLONE_NEWNS) != 0) return trouble("a mount namespace");
  if (::mount("", "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) return trouble("mount /");
  if (::mount("machine", "/sys", "sysfs", 0, nullptr) != 0) return trouble("mount /sys");
  if (boot_id_file.empty()) return std::nullopt;
  const char* boot_id = "/proc/sys/kernel/random/boot_id";
  if (::mount(boot_id_file.c_str(), boot_id, nullptr, MS_BIND, nullptr) != 0) {
    return trouble(boot_id);
  }
  return std::nullopt;
}

void place(int from, int to) {
  if (from == to) {
    ::fcntl(to, F_SETFD, 0);
  } else {
    ::dup2(from, to);
  }
}

/// Descriptors above the three streams are closed, but for `kept` (-1: none).
void place_streams(const Streams& streams, int kept) {
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  place(streams.input < 0 ? nowhere : streams.input, 0);
  place(streams.output < 0 ? nowhere : streams.output, 1);
  place(streams.errors < 0 ? nowhere : streams.errors, 2);
  const auto kept_number = static_cast<unsigned>(kept);
  if (kept > 2) {
    if (kept > 3) ::close_range(3, kept_number - 1, 0);
    ::close_range(kept_number + 1, ~0U, 0);
  } else {
    ::close_range(3, ~0U, 0);
  }
}

/// Comes back only when the program can't be run.
Trouble become(const std::vector<std::string>& command) {
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::execvp(words.front(), words.data());
  return trouble(command.front());
}

/// The pipe by which a child says one thing: a sentence of failure, or one byte 0 for success.
struct Telephone {
  Descriptor listener;
  Descriptor speaker;
};

Result<Telephone> make_telephone() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_error(errno, "a pipe");
  return Telephone{Descriptor(ends[0]), Descriptor(ends[1])};
}

struct Hello {
  pid_t pid = 0;
};

void speak(int speaker, const void* bytes, std::size_t count) {
  if (::write(speaker, bytes, count) < 0) ::_exit(exit_no_exec);
}

[[noreturn]] void fail(int speaker, const std::string& sentence) {
  speak(speaker, sentence.data(), sentence.size());
  ::_exit(exit_no_exec);
}

/// Everything the child says until it says 0, closes its end, or the time is over.
std::string listen(int listener) {
  std::string said;
  std::array<char, 512> block{};
  for (;;) {
    pollfd waiting{listener, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, ready_milliseconds_max);
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return said + "nothing heard within 10 s";
    const ssize_t count = ::read(listener, block.data(), block.size());
    if (count <= 0) return said;
    said.append(block.data(), static_cast<std::size_t>(count));
    if (said.size() > sizeof(Hello) && said.back() == '\0') return said;
  }
}

/// Forks; a detached child is forked twice, so that it belongs to init and nobody has to wait.
/// The child's own number is the first thing that it says.
template <class Life>
Result<std::pair<pid_t, std::string>> fork_and_listen(Bond bond, Life life) {
  auto telephone = make_telephone();
  if (!telephone) return telephone.error();
  const int speaker = telephone->speaker.number();
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return system_error(errno, "fork");
  if (pid == 0) {
    if (bond == Bond::child) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != parent) ::_exit(0);
      ::setpgid(0, 0);
    } else {
      ::setsid();
      const pid_t second = ::fork();
      if (second != 0) ::_exit(second < 0 ? exit_no_exec : 0);
    }
    const Hello hello{::getpid()};
    speak(speaker, &hello, sizeof hello);
    life(speaker);
  }
  telephone->speaker.close();
  std::string said = listen(telephone->listener.number());
  if (bond == Bond::detached) ::waitpid(pid, nullptr, 0);
  Hello hello;
  if (said.size() < sizeof hello) return Error{ErrorKind::failed, "a child died at birth", 0};
  ::memcpy(&hello, said.data(), sizeof hello);
  return std::pair(hello.pid, said.substr(sizeof hello));
}

void give_up(pid_t pid, Bond bond) {
  ::kill(pid, SIGKILL);
  if (bond == Bond::child) ::waitpid(pid, nullptr, 0);
}

}  // namespace

void exec_in(const std::string& netns, const std::vector<std::string>& command,
             const Streams& streams, const std::vector<std::string>& environment) {
  reset_signals();
  complete_path();
  for (const std::string& each : environment) ::putenv(const_cast<char*>(each.c_str()));
  Trouble refused = enter(netns);
  place_streams(streams, -1);
  if (!refused) refused = become(command);
  ::dprintf(2, "%s\n", refused->c_str());
  ::_exit(exit_no_exec);
}

Result<pid_t> start_daemon(const std::vector<std::string>& command, const DaemonPlan& plan) {
  auto born = fork_and_listen(Bond::detached, [&](int speaker) {
    reset_signals();
    complete_path();
    raise_limits();
    if (const Trouble refused = enter(plan.netns)) fail(speaker, *refused);
    if (plan.mounts >= 0) {
      if (::setns(plan.mounts, CLONE_NEWNS) != 0) fail(speaker, *trouble("its mounts"));
    } else if (const Trouble refused = furnish(plan.boot_id_file)) {
      fail(speaker, *refused);
    }
    const int log = ::open(plan.log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (log < 0) fail(speaker, *trouble(plan.log_file));
    place_streams({-1, log, log}, speaker);
    ::fcntl(speaker, F_SETFD, FD_CLOEXEC);
    fail(speaker, *become(command));
  });
  if (!born) return born.error();
  // An exec that succeeds closes the child's end without a word.
  if (!born->second.empty()) return Error{ErrorKind::failed, born->second, 0};
  return born->first;
}

Result<pid_t> fork_into(const std::string& netns, const std::string& name, Bond bond,
                        const Body& body) {
  auto born = fork_and_listen(bond, [&](int speaker) {
    reset_signals();
    ::prctl(PR_SET_NAME, name.c_str());
    if (const Trouble refused = enter(netns)) fail(speaker, *refused);
    place_streams({-1, -1, bond == Bond::child ? 2 : -1}, speaker);
    bool told = false;
    ::_exit(body([&] {
      const char zero = '\0';
      if (!told) speak(speaker, &zero, 1);
      told = true;
    }));
  });
  if (!born) return born.error();
  if (born->second == std::string(1, '\0')) return born->first;
  give_up(born->first, bond);
  return Error{ErrorKind::failed,
               name + ": " + (born->second.empty() ? "ended before it was ready" : born->second),
               0};
}

}  // namespace hapx::appliance::lab
