// SPDX-License-Identifier: Apache-2.0
// Which processes run in a machine of the lab, and how are they started and ended?
//
// A machine is a network namespace: whatever runs in it belongs to it, whoever started it. A
// process is held by its pidfd, opened before its namespace is looked at, so a signal can never
// reach a stranger that got the same number. Nothing here searches the host by name.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "config/io/descriptor.hpp"
#include "config/result.hpp"
#include "config/time.hpp"

namespace hapx::appliance::lab {

struct Process {
  pid_t pid = 0;
  std::string name;   ///< /proc/PID/comm
  Descriptor handle;  ///< pidfd
};

/// Every living process in the namespace; empty where there is no such namespace.
[[nodiscard]] std::vector<Process> processes_in(const std::string& netns);

/// Every living process in our own namespace: of a real machine, where nothing is a lab's.
[[nodiscard]] std::vector<Process> processes_here();

/// The process that has started this one; 0: it is gone.
[[nodiscard]] pid_t parent_of(const Process& process);

/// The words that it was started with; none where it is gone.
[[nodiscard]] Result<std::vector<std::string>> command_of(const Process& process);

/// Those of processes_in with this name.
[[nodiscard]] std::vector<Process> processes_in(const std::string& netns, std::string_view name);

/// Gone already is no failure: false.
bool send_signal(const Process& process, int signal);

/// SIGKILLs everything in the namespace and waits until all of it has ended; an Error after
/// `patience`.
[[nodiscard]] Result<void> kill_all_in(const std::string& netns, Duration patience);

struct Outcome {
  int code = 0;        ///< exit code, or 128 + signal
  std::string output;  ///< what it wrote to stdout
  std::string errors;  ///< what it wrote to stderr
};

struct RunOptions {
  std::string netns = {};                        ///< empty: where we are
  std::string input = {};                        ///< its standard input
  Duration patience = std::chrono::seconds(20);  ///< then SIGKILL and an Error
  std::vector<std::string> environment = {};     ///< "NAME=value", besides ours
  /// What it writes beyond that is read, and forgotten: of stdout and stderr each. Who writes 64
  /// times as much is ended.
  std::size_t output_bytes_max = std::size_t{16} << 20U;
  /// Asked ten times a second; true: as if its time were over. May be empty.
  std::function<bool()> is_unwanted = {};
};

/// Runs a program to its end, out of reach of the terminal's Ctrl-C. It has ended when it has, and
/// nobody else has what it could write to. SIGKILL is for its process group: those that it has
/// started, but for who has left that. One whom not even that ends is left behind.
[[nodiscard]] Result<Outcome> run(const std::vector<std::string>& command,
                                  const RunOptions& options);

/// As run, and a non-zero exit code is an Error that carries what the program said.
[[nodiscard]] Result<void> run_well(const std::vector<std::string>& command,
                                    const RunOptions& options);

struct DaemonPlan {
  std::string netns;         ///< empty: where we are
  std::string log_file;      ///< appended to
  std::string boot_id_file;  ///< put in the place of the kernel's boot id; empty: not replaced
  int mounts = -1;           ///< a mount namespace that it is to have; -1: a new one
};

/// Starts a program that outlives us, in a session and a mount namespace of its own; returns when
/// the program runs (or why it does not).
[[nodiscard]] Result<pid_t> start_daemon(const std::vector<std::string>& command,
                                         const DaemonPlan& plan);

/// What a forked child runs; it calls `ready` once, when it does what it is there for.
using Body = std::function<int(const std::function<void()>& ready)>;

enum class Bond {
  child,     ///< dies with us; we wait for it
  detached,  ///< outlives us; nobody waits
};

/// Forks a child into the namespace and waits (up to 10 s) until it is ready. `name` becomes its
/// /proc/PID/comm (15 bytes).
[[nodiscard]] Result<pid_t> fork_into(const std::string& netns, const std::string& name, Bond bond,
                                      const Body& body);

}  // namespace hapx::appliance::lab
