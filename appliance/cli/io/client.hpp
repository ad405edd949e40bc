// SPDX-License-Identifier: Apache-2.0
// How does `hapx` get an answer out of hapxd?
//
// One HTTP request over its Unix socket (or, for its metrics, over TCP), one answer, within a
// bounded time. What is asked, and what the answer means, is for the verbs to know. Where nobody
// answers, what may be asked twice is asked again for half a second: hapxd may be being replaced.
#pragma once

#include <string>

#include "config/net.hpp"
#include "config/result.hpp"
#include "config/time.hpp"

namespace hapx::appliance::cli {

/// What it means to have asked twice. A GET may always be asked twice.
enum class Twice { is_not_once, is_as_once };

struct Question {
  std::string method = "GET";
  std::string target;
  std::string body;
  Duration time_max = std::chrono::seconds(5);
  Twice twice = Twice::is_not_once;
};

struct Answer {
  unsigned status = 0;  ///< of HTTP
  std::string body;
};

/// Limit: an answer has at most 16 MiB. Every Error means: no answer; its sentence names the
/// socket.
[[nodiscard]] Result<Answer> ask(const std::string& socket, const Question& question);

/// The same of a TCP endpoint.
[[nodiscard]] Result<Answer> ask_endpoint(const Endpoint& endpoint, const Question& question);

}  // namespace hapx::appliance::cli
