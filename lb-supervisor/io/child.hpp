// SPDX-License-Identifier: Apache-2.0
// How does a HAProxy come to run, and how did it end?
//
// One process, watched by its pidfd. It starts with nothing that it doesn't need: ordinary
// scheduling, no capability, a short environment, no descriptor but the ones named. It dies with
// the process that started it.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "config/io/descriptor.hpp"
#include "config/result.hpp"

namespace hapx::lb_supervisor {

struct ChildOptions {
  std::string program;                   ///< a path
  std::vector<std::string> arguments;    ///< without the program's name
  std::vector<std::string> environment;  ///< "NAME=value"
  std::vector<int> inherited;            ///< descriptors that it gets, under the same numbers
};

/// A running child, or one that has ended and was not asked about yet.
class Child {
 public:
  /// Fails if the program can't be executed; then nothing is left of it.
  [[nodiscard]] static Result<Child> start(const ChildOptions& options);

  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  /// Ends it (SIGKILL) and waits until it is gone: a few milliseconds.
  ~Child();

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Readable once the process is gone.
  [[nodiscard]] int pidfd() const { return pidfd_.number(); }
  /// What it wrote to stdout and stderr. Non-blocking on both sides: a child that is not listened
  /// to loses lines, but never waits for us.
  [[nodiscard]] int output() const { return output_.number(); }
  /// Appends what can be read now, at most 4 KiB; at its end closes it. -1 is `output` then.
  void read_output(std::string& text);

  void kill() const;
  /// HAProxy's soft stop (SIGUSR1): it accepts no more, and ends with its last connection.
  void ask_to_drain() const;
  /// "killed by signal 9", "exited with status 1". REQUIRES: the pidfd is readable. Once.
  [[nodiscard]] std::string how_it_ended();
  /// Whether it exited with status 0. Valid after how_it_ended.
  [[nodiscard]] bool succeeded() const { return succeeded_; }

 private:
  Child(pid_t pid, Descriptor pidfd, Descriptor output);

  pid_t pid_ = -1;
  bool succeeded_ = false;
  Descriptor pidfd_;
  Descriptor output_;
};

/// Looks `program` up in PATH and in the sbin directories, unless it has a slash. `absent` if there
/// is none.
[[nodiscard]] Result<std::string> find_program(const std::string& program);

}  // namespace hapx::lb_supervisor
