// SPDX-License-Identifier: Apache-2.0
#include "lb-supervisor/io/child.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <sstream>
#include <utility>

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace hapx::lb_supervisor {
namespace {

/// Both ends of a pipe.
struct Pipe {
  Descriptor read;
  Descriptor write;
};

Result<Pipe> make_pipe(int flags) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), flags) != 0) return system_error(errno, "cannot make a pipe");
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

std::vector<char*> as_pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// Everything between fork and exec. Each step is a best effort but the last: what can't be given
/// up was not there.
void give_up_privileges() {
  sigset_t none;
  ::sigemptyset(&none);
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const sched_param ordinary{};
  ::sched_setscheduler(0, SCHED_OTHER, &ordinary);
  ::setpriority(PRIO_PROCESS, 0, 0);

  for (unsigned long capability = 0; capability <= 63; ++capability) {
    ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  }
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> nothing{};
  ::syscall(SYS_capset, &header, nothing.data());
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/// In the child: becomes the program or tells errno through `failure`.
[[noreturn]] void become(const ChildOptions& options, char* const* arguments,
                         char* const* environment, const Pipe& output, const Pipe& failure,
                         pid_t parent) {
  give_up_privileges();
  // Behind the change of capabilities, which could clear it.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  const bool is_orphan = ::getppid() != parent;
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  bool is_ready = !is_orphan && ::dup2(null, STDIN_FILENO) >= 0 &&
                  ::dup2(output.write.number(), STDOUT_FILENO) >= 0 &&
                  ::dup2(output.write.number(), STDERR_FILENO) >= 0;
  for (const int number : options.inherited) {
    is_ready = is_ready && ::fcntl(number, F_SETFD, 0) == 0;
  }
  if (is_ready) ::execve(options.program.c_str(), arguments, environment);
  const int reason = errno;
  [[maybe_unused]] const auto written = ::write(failure.write.number(), &reason, sizeof reason);
  ::_exit(127);
}

}  // namespace

Result<Child> Child::start(const ChildOptions& options) {
  auto output = make_pipe(O_CLOEXEC | O_NONBLOCK);
  if (!output) return output.error();
  auto failure = make_pipe(O_CLOEXEC);
  if (!failure) return failure.error();
  std::vector<std::string> words{options.program.substr(options.program.rfind('/') + 1)};
  words.insert(words.end(), options.arguments.begin(), options.arguments.end());
  auto environment = options.environment;
  const auto argument_pointers = as_pointers(words);
  const auto environment_pointers = as_pointers(environment);

  const auto parent = ::getpid();
  const auto pid = ::fork();
  if (pid < 0) return system_error(errno, "cannot fork");
  if (pid == 0) {
    become(options, argument_pointers.data(), environment_pointers.data(), *output, *failure,
           parent);
  }
  Child child(pid, Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))),
              std::move(output->read));
  if (!child.pidfd_.is_open()) return system_error(errno, "cannot watch a child process");
  failure->write.close();
  int reason = 0;
  // Ends when the program runs (close-on-exec) or the child told why it doesn't.
  if (::read(failure->read.number(), &reason, sizeof reason) == sizeof reason) {
    return system_error(reason, "cannot execute " + options.program);
  }
  return child;
}

Child::Child(pid_t pid, Descriptor pidfd, Descriptor output)
    : pid_(pid), pidfd_(std::move(pidfd)), output_(std::move(output)) {}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      succeeded_(other.succeeded_),
      pidfd_(std::move(other.pidfd_)),
      output_(std::move(other.output_)) {}

Child& Child::operator=(Child&& other) noexcept {
  if (this != &other) {
    const Child ended(std::move(*this));
    pid_ = std::exchange(other.pid_, -1);
    succeeded_ = other.succeeded_;
    pidfd_ = std::move(other.pidfd_);
    output_ = std::move(other.output_);
  }
  return *this;
}

Child::~Child() {
  if (pid_ <= 0) return;
  kill();
  ::waitpid(pid_, nullptr, 0);
}

void Child::read_output(std::string& text) {
  std::array<char, 4096> buffer{};
  const auto count = ::read(output_.number(), buffer.data(), buffer.size());
  if (count > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(count));
  } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
    output_.close();
  }
}

// A child that was not waited for keeps its number, so this can't meet another process.
void Child::kill() const {
  if (pid_ > 0) ::kill(pid_, SIGKILL);
}

void Child::ask_to_drain() const {
  if (pid_ > 0) ::kill(pid_, SIGUSR1);
}

std::string Child::how_it_ended() {
  int status = 0;
  if (pid_ <= 0 || ::waitpid(pid_, &status, 0) != pid_) return "ended";
  pid_ = -1;
  succeeded_ = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (WIFSIGNALED(status)) return "killed by signal " + std::to_string(WTERMSIG(status));
  return "exited with status " + std::to_string(WEXITSTATUS(status));
}

Result<std::string> find_program(const std::string& program) {
  if (program.find('/') != std::string::npos) {
    if (::access(program.c_str(), X_OK) == 0) return program;
    return system_error(errno, "cannot execute " + program);
  }
  const char* path = std::getenv("PATH");
  std::istringstream directories(std::string(path == nullptr ? "" : path) +
                                 ":/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin");
  for (std::string directory; std::getline(directories, directory, ':');) {
    auto candidate = directory + "/" + program;
    if (!directory.empty() && ::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return Error{ErrorKind::absent, "there is no program " + program + " in PATH", ENOENT};
}

}  // namespace hapx::lb_supervisor
