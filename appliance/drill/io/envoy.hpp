// SPDX-License-Identifier: Apache-2.0
// How does a drill speak with its agent on a node?
//
// By a command that runs here and has the agent at its other end: mostly ssh, on this machine the
// program itself. It is out of reach of the terminal, so that Ctrl-C ends a drill in order and
// never its line. Whoever is gone, or speaks nonsense, is not asked again.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "appliance/drill/agent_words.hpp"
#include "appliance/drill/io/line_pipe.hpp"
#include "config/io/descriptor.hpp"
#include "config/result.hpp"

namespace hapx::appliance::drill {

class Envoy {
 public:
  /// Runs the command, and says the first line to who is there. Each Error names the node.
  [[nodiscard]] static Result<Envoy> send(std::string node, const std::vector<std::string>& command,
                                          const AgentRequest& first);
  Envoy(Envoy&& other) noexcept;
  Envoy& operator=(Envoy&&) = delete;
  /// Ends the line, and waits until the agent has ended what it does.
  ~Envoy();

  [[nodiscard]] const std::string& node() const { return node_; }
  /// What was answered to the first line.
  [[nodiscard]] const AgentAnswer& first_answer() const { return first_answer_; }
  [[nodiscard]] bool is_there() const { return line_.is_open(); }

  /// Its machine has ended: nobody is waited for, nor asked again.
  void give_up();

  /// What it answers, refusals as Errors. After any other Error it is gone.
  [[nodiscard]] Result<AgentAnswer> ask(const AgentRequest& request);

 private:
  Envoy(std::string node, Descriptor line, Descriptor errors, pid_t pid);
  [[nodiscard]] Result<AgentAnswer> ask(const AgentRequest& request, Duration patience);
  [[nodiscard]] Error lost(const std::string& why);
  [[nodiscard]] std::string last_words() const;
  void close();

  std::string node_;
  Descriptor line_;
  Descriptor errors_;  ///< what the command wrote to stderr
  LinePipe pipe_;
  pid_t pid_ = 0;
  AgentAnswer first_answer_;
};

}  // namespace hapx::appliance::drill
