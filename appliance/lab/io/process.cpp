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

/// Takes what there is to read; closes our end when the child has closed its.
void drain(Descriptor& from, short events, std::string& into) {
  if (events == 0) return;
  std::array<char, 4096> block{};
  const ssize_t count = ::read(from.number(), block.data(), block.size());
  if (count > 0) {
    into.append(block.data(), static_cast<std::size_t>(count));
  } else {
    from.close();
  }
}

/// Feeds `text` to the child and collects what it says until it has closed both of its ends.
Result<Outcome> converse(Pipes& pipes, std::string_view text, Instant deadline) {
  if (::write(pipes.input[1].number(), text.data(), text.size()) < 0 && errno != EPIPE) {
    return system_error(errno, "a child's input");
  }
  pipes.input[1].close();
  Outcome outcome;
  while (pipes.output[0].is_open() || pipes.errors[0].is_open()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - boot_now()).count();
    // poll passes over a closed one, whose number is -1.
    std::array<pollfd, 2> waiting{pollfd{pipes.output[0].number(), POLLIN, 0},
                                  pollfd{pipes.errors[0].number(), POLLIN, 0}};
    const int ready =
        ::poll(waiting.data(), waiting.size(), static_cast<int>(std::max<long long>(left, 0)));
    if (ready == 0) return Error{ErrorKind::unavailable, "no end in the time given to it", 0};
    if (ready < 0) continue;
    drain(pipes.output[0], waiting[0].revents, outcome.output);
    drain(pipes.errors[0], waiting[1].revents, outcome.errors);
  }
  return outcome;
}

bool ends_by(const Process& process, Instant deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - boot_now()).count();
    pollfd gone{process.handle.number(), POLLIN, 0};
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
      if (ends_by(process, deadline)) continue;
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
            {pipes->input[0].number(), pipes->output[1].number(), pipes->errors[1].number()});
  }
  pipes->input[0].close();
  pipes->output[1].close();
  pipes->errors[1].close();
  auto outcome = converse(*pipes, options.input, boot_now() + options.patience);
  if (!outcome) ::kill(pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!outcome) {
    return Error{outcome.error().kind, command_line(command) + ": " + outcome.error().sentence, 0};
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
