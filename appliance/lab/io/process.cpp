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

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "appliance/lab/io/clock.hpp"
#include "appliance/lab/io/file.hpp"
#include "appliance/lab/io/spawn.hpp"

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

/// Feeds `input` to the child and collects what it says until it closes its end.
Result<std::string> converse(int input, int output, std::string_view text, Instant deadline) {
  if (::write(input, text.data(), text.size()) < 0 && errno != EPIPE) {
    return system_error(errno, "a child's input");
  }
  ::close(input);
  std::string said;
  std::array<char, 4096> block{};
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - boot_now()).count();
    pollfd waiting{output, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(std::max<long long>(left, 0)));
    if (ready == 0) return Error{ErrorKind::unavailable, "no end in the time given to it", 0};
    if (ready < 0 && errno == EINTR) continue;
    const ssize_t count = ::read(output, block.data(), block.size());
    if (count <= 0) return said;
    said.append(block.data(), static_cast<std::size_t>(count));
  }
}

int exit_code(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

std::vector<Process> processes_in(const std::string& netns) {
  std::vector<Process> found;
  const auto there = namespace_id("/run/netns/" + netns);
  const auto here = namespace_id("/proc/self/ns/net");
  // Safety: our own namespace is no machine of a lab, whatever stands under its name.
  if (netns.empty() || !there || !here || *there == *here) return found;
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
    if (boot_now() > deadline) {
      return Error{ErrorKind::failed, netns + ": " + left.front().name + " can't be killed", 0};
    }
    pollfd gone{left.front().handle.number(), POLLIN, 0};
    ::poll(&gone, 1, 10);
  }
}

Result<Outcome> run(const std::vector<std::string>& command, const RunOptions& options) {
  std::array<int, 2> input{};
  std::array<int, 2> output{};
  if (::pipe2(input.data(), O_CLOEXEC) != 0) return system_error(errno, "a pipe");
  if (::pipe2(output.data(), O_CLOEXEC) != 0) return system_error(errno, "a pipe");
  const Descriptor child_input(input[0]);
  Descriptor child_output(output[1]);
  const Descriptor our_output(output[0]);
  const pid_t pid = ::fork();
  if (pid < 0) return system_error(errno, command.front());
  if (pid == 0) {
    ::setpgid(0, 0);
    Streams streams{input[0], output[1], output[1]};
    exec_in(options.netns, command, streams);
  }
  child_output.close();
  auto said = converse(input[1], our_output.number(), options.input, boot_now() + options.patience);
  if (!said) ::kill(pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!said) {
    return Error{said.error().kind, command_line(command) + ": " + said.error().sentence, 0};
  }
  return Outcome{exit_code(status), std::move(*said)};
}

Result<void> run_well(const std::vector<std::string>& command, const RunOptions& options) {
  auto outcome = run(command, options);
  if (!outcome) return outcome.error();
  if (outcome->code == 0) return {};
  while (!outcome->text.empty() && outcome->text.back() == '\n') outcome->text.pop_back();
  return Error{
      ErrorKind::failed,
      command_line(command) + ": exit code " + std::to_string(outcome->code) + ": " + outcome->text,
      0};
}

}  // namespace hapx::appliance::lab
