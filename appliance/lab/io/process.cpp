// SPDX-License-Identifier: Apache-2.0
// Looking at processes, signalling them, and running a program to its end. Starting those that
// stay is in spawn.cpp.
#include "appliance/lab/io/process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <optional>
#include <sstream>

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "appliance/lab/io/file.hpp"
#include "appliance/lab/io/spawn.hpp"
#include "config/io/clock.hpp"

namespace hapx::appliance::lab {
namespace {

struct NamespaceId {
  dev_t device = 0;
  ino_t inode = 0;

  friend bool operator==(const NamespaceId&, const NamespaceId&) = default;
};

std::optional<NamespaceId> namespace_id(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return NamespaceId{status.st_dev, status.st_ino};
}

/// The name of a living process; none for a zombie, whose namespaces are gone too.
std::optional<std::string> name_of(const std::string& folder) {
  auto name = read_file(folder + "/comm");
  if (!name) return std::nullopt;
  if (!name->empty() && name->back() == '\n') name->pop_back();
  return *name;
}

std::vector<pid_t> all_pids() {
  std::vector<pid_t> pids;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc"), ::closedir);
  if (!folder) return pids;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string_view name = static_cast<const char*>(entry->d_name);
    pid_t pid = 0;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (read.ec == std::errc() && read.ptr == name.data() + name.size()) pids.push_back(pid);
  }
  return pids;
}

std::string command_line(const std::vector<std::string>& command) {
  std::string text;
  for (const std::string& word : command) text += (text.empty() ? "" : " ") + word;
  return text;
}

/// The three pipes of a child; each end closes with its owner.
struct Pipes {
  std::array<Descriptor, 2> input;
  std::array<Descriptor, 2> output;
  std::array<Descriptor, 2> errors;
};

Result<Pipes> make_pipes() {
  Pipes pipes;
  for (auto* pipe : {&pipes.input, &pipes.output, &pipes.errors}) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_error(errno, "a pipe");
    *pipe = {Descriptor(ends[0]), Descriptor(ends[1])};
  }
  return pipes;
}

/// What is read of one stream of a child.
struct Hearing {
  Descriptor& from;
  std::string& into;
  std::size_t bytes = 0;  ///< that have come
};

/// Takes what there is to read, keeps `bytes_max` of it; closes our end when the child has closed
/// its.
void drain(Hearing& hearing, short events, std::size_t bytes_max) {
  if (events == 0) return;
  std::array<char, 65536> block{};
  const ssize_t count = ::read(hearing.from.number(), block.data(), block.size());
  if (count <= 0) return hearing.from.close();
  const auto read = static_cast<std::size_t>(count);
  hearing.bytes += read;
  hearing.into.append(block.data(), std::min(read, bytes_max - hearing.into.size()));
}

/// As write, but that nobody reads is an error alone, and no signal.
ssize_t write_quietly(int file, std::string_view text) {
  sigset_t pipe;
  sigset_t before;
  ::sigemptyset(&pipe);
  ::sigaddset(&pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &pipe, &before);
  const ssize_t written = ::write(file, text.data(), text.size());
  const int error = errno;
  const timespec at_once{0, 0};
  if (written < 0 && error == EPIPE) ::sigtimedwait(&pipe, nullptr, &at_once);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return written;
}

/// Gives what the pipe takes, and closes it behind the last byte, or when nobody reads.
void give(Descriptor& to, short events, std::string_view& left) {
  if (events == 0) return;
  const ssize_t written = write_quietly(to.number(), left);
  if (written >= 0) left.remove_prefix(static_cast<std::size_t>(written));
  if (left.empty() || (written < 0 && errno != EAGAIN && errno != EINTR)) to.close();
}

/// At what comes first: `deadline`, or when somebody has to be asked whether it is still wanted.
int milliseconds_until(Instant deadline, const RunOptions& options) {
  constexpr Duration asks_every = std::chrono::milliseconds(100);
  Duration left = std::max(deadline - boot_now(), Duration(0));
  if (options.is_unwanted) left = std::min(left, asks_every);
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
}

/// Why it is waited for no longer; nothing while it is.
std::optional<Error> is_over(Instant deadline, const RunOptions& options) {
  if (boot_now() >= deadline)
    return Error{ErrorKind::unavailable, "no end in the time given to it", 0};
  if (options.is_unwanted && options.is_unwanted())
    return Error{ErrorKind::unavailable, "ended, for nobody wants it any more", 0};
  return std::nullopt;
}

/// Feeds and hears the child until nobody can say anything any more, and it has ended.
Result<Outcome> converse(Pipes& pipes, const Descriptor& child, const RunOptions& options) {
  constexpr std::size_t flood = 64;
  const Instant deadline = boot_now() + options.patience;
  Outcome outcome;
  Hearing output{pipes.output[0], outcome.output};
  Hearing errors{pipes.errors[0], outcome.errors};
  Descriptor& input = pipes.input[1];
  ::fcntl(input.number(), F_SETFL, O_NONBLOCK);
  std::string_view left = options.input;
  if (left.empty()) input.close();
  for (bool has_ended = false; !has_ended || output.from.is_open() || errors.from.is_open();) {
    if (auto why = is_over(deadline, options)) return *std::move(why);
    if (std::max(output.bytes, errors.bytes) / flood > options.output_bytes_max)
      return Error{ErrorKind::failed, "it says far too much", 0};
    // poll passes over a closed one, whose number is -1.
    std::array<pollfd, 4> waiting{
        pollfd{output.from.number(), POLLIN, 0}, pollfd{errors.from.number(), POLLIN, 0},
        pollfd{input.number(), POLLOUT, 0}, pollfd{has_ended ? -1 : child.number(), POLLIN, 0}};
    const int milliseconds = milliseconds_until(deadline, options);
    if (::poll(waiting.data(), waiting.size(), milliseconds) <= 0) continue;
    drain(output, waiting[0].revents, options.output_bytes_max);
    drain(errors, waiting[1].revents, options.output_bytes_max);
    give(input, waiting[2].revents, left);
    has_ended = has_ended || waiting[3].revents != 0;
  }
  return outcome;
}

/// `handle`: a pidfd.
bool ends_by(const Descriptor& handle, Instant deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - boot_now()).count();
    pollfd gone{handle.number(), POLLIN, 0};
    const int ready = ::poll(&gone, 1, static_cast<int>(std::max<long long>(left, 0)));
    if (ready >= 0 || errno != EINTR) return ready == 1;
  }
}

std::vector<Process> processes_at(const NamespaceId& there) {
  std::vector<Process> found;
  for (const pid_t pid : all_pids()) {
    const std::string folder = "/proc/" + std::to_string(pid);
    if (namespace_id(folder + "/ns/net") != there) continue;
    Descriptor handle(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    // Looked at once more behind the handle: the number may have changed hands meanwhile.
    if (!handle.is_open() || namespace_id(folder + "/ns/net") != there) continue;
    if (auto name = name_of(folder)) found.push_back({pid, std::move(*name), std::move(handle)});
  }
  return found;
}

int exit_code(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

std::vector<Process> processes_in(const std::string& netns) {
  const auto there = namespace_id("/run/netns/" + netns);
  const auto here = namespace_id("/proc/self/ns/net");
  // Safety: our own namespace is no machine of a lab, whatever stands under its name.
  if (netns.empty() || !there || !here || *there == *here) return {};
  return processes_at(*there);
}

std::vector<Process> processes_here() {
  const auto here = namespace_id("/proc/self/ns/net");
  return here ? processes_at(*here) : std::vector<Process>();
}

Result<std::vector<std::string>> command_of(const Process& process) {
  const auto text = read_file("/proc/" + std::to_string(process.pid) + "/cmdline");
  if (!text) return text.error();
  std::istringstream rest(*text);
  std::vector<std::string> words;
  for (std::string word; std::getline(rest, word, '\0');) words.push_back(word);
  return words;
}

pid_t parent_of(const Process& process) {
  const auto text = read_file("/proc/" + std::to_string(process.pid) + "/status");
  constexpr std::string_view label = "\nPPid:\t";
  const std::size_t at = text ? text->find(label) : std::string::npos;
  if (at == std::string::npos) return 0;
  pid_t parent = 0;
  const char* begin = text->data() + at + label.size();
  std::from_chars(begin, text->data() + text->size(), parent);
  return parent;
}

std::vector<Process> processes_in(const std::string& netns, std::string_view name) {
  std::vector<Process> all = processes_in(netns);
  std::erase_if(all, [&](const Process& process) { return process.name != name; });
  return all;
}

bool send_signal(const Process& process, int signal) {
  return ::syscall(SYS_pidfd_send_signal, process.handle.number(), signal, nullptr, 0) == 0;
}

Result<void> kill_all_in(const std::string& netns, Duration patience) {
  const Instant deadline = boot_now() + patience;
  for (;;) {
    const std::vector<Process> left = processes_in(netns);
    if (left.empty()) return {};
    for (const Process& process : left) send_signal(process, SIGKILL);
    // A dying process leaves its namespace before it has closed its files (do_exit in the kernel's
    // exit.c), and a packet socket takes a while: an empty namespace alone doesn't say it is gone.
    for (const Process& process : left) {
      if (ends_by(process.handle, deadline)) continue;
      return Error{ErrorKind::failed, netns + ": " + process.name + " can't be killed", 0};
    }
  }
}

Result<Outcome> run(const std::vector<std::string>& command, const RunOptions& options) {
  auto pipes = make_pipes();
  if (!pipes) return pipes.error();
  const pid_t pid = ::fork();
  if (pid < 0) return system_error(errno, command.front());
  if (pid == 0) {
    ::setpgid(0, 0);
    exec_in(options.netns, command,
            {pipes->input[0].number(), pipes->output[1].number(), pipes->errors[1].number()},
            options.environment);
  }
  ::setpgid(pid, pid);  // whoever is first: from here on the group is there
  pipes->input[0].close();
  pipes->output[1].close();
  pipes->errors[1].close();
  const Descriptor handle(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  auto outcome = handle.is_open() ? converse(*pipes, handle, options)
                                  : Result<Outcome>(system_error(errno, "a child's handle"));
  if (!outcome) {
    ::kill(-pid, SIGKILL);
    ::kill(pid, SIGKILL);
    const Error error{outcome.error().kind, command_line(command) + ": " + outcome.error().sentence,
                      0};
    constexpr Duration death_time_max = std::chrono::seconds(1);
    // Some can't be killed: another user's, or one that waits for a disk.
    if (handle.is_open() && !ends_by(handle, boot_now() + death_time_max)) return error;
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return error;
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  outcome->code = exit_code(status);
  return outcome;
}

Result<void> run_well(const std::vector<std::string>& command, const RunOptions& options) {
  auto outcome = run(command, options);
  if (!outcome) return outcome.error();
  if (outcome->code == 0) return {};
  std::string& said = outcome->errors;
  while (!said.empty() && said.back() == '\n') said.pop_back();
  return Error{ErrorKind::failed,
               command_line(command) + ": exit code " + std::to_string(outcome->code) + ": " + said,
               0};
}

}  // namespace hapx::appliance::lab
