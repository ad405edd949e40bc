// SPDX-License-Identifier: Apache-2.0
#include "appliance/hooks/io/telling.hpp"

#include <string_view>

#include "appliance/hooks/io/post.hpp"
#include "appliance/lab/io/process.hpp"
#include "config/io/secret_file.hpp"
#include "config/validate_hooks.hpp"

namespace hapx::appliance::hooks {

namespace {

using How = Told::How;

constexpr std::size_t output_bytes_max = std::size_t{4} << 10U;

Told refused(std::string sentence) {
  return {How::refused, std::move(sentence)};
}

/// The last line that says something: what went wrong stands there, mostly.
std::string last_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  const auto begin = text.rfind('\n');
  return std::string(begin == std::string_view::npos ? text : text.substr(begin + 1));
}

Outcome run_program(const HookConfig& hook, const Message& message, const TellOptions& options) {
  lab::RunOptions how;
  how.input = message.document + '\n';
  how.patience = hook.timeout;
  how.environment = message.environment;
  how.output_bytes_max = output_bytes_max;
  how.is_unwanted = options.is_unwanted;
  const auto ran = lab::run(hook.command, how);
  if (!ran) return {refused(ran.error().sentence)};
  Outcome outcome{{}, ran->output + ran->errors};
  if (ran->code == 0) return outcome;
  const std::string said = last_line(ran->errors.empty() ? ran->output : ran->errors);
  outcome.told = refused(hook.command.front() + " ended with " + std::to_string(ran->code) +
                         (said.empty() ? "" : ": " + said));
  return outcome;
}

Told judge(unsigned status) {
  constexpr unsigned request_timeout = 408;
  constexpr unsigned too_many_requests = 429;
  if (status >= 200 && status < 300) return {};
  const std::string answered = "answered with " + std::to_string(status);
  if (status >= 500 || status == request_timeout || status == too_many_requests)
    return {How::not_reached, answered};
  const bool is_elsewhere = status >= 300 && status < 400;
  return refused(answered + (is_elsewhere ? ": it is elsewhere, and who that is must stand in the "
                                            "file"
                                          : ""));
}

Told post_to(const HookConfig& hook, const Message& message, const TellOptions& options) {
  Post what;
  what.url = hook.url;
  if (!hook.url_file.empty()) {
    auto url = read_secret_file(hook.url_file, "the URL");
    if (!url) return refused(url.error().sentence);
    if (const auto problem = url_problem(*url)) return refused(hook.url_file + ": " + *problem);
    what.url = *std::move(url);
  }
  if (!hook.token_file.empty()) {
    auto token = read_secret_file(hook.token_file, "the token");
    if (!token) return refused(token.error().sentence);
    what.token = *std::move(token);
  }
  what.document = message.document;
  what.ca_file = hook.ca_file;
  what.version = options.version;
  what.time_max = hook.timeout;
  what.is_unwanted = options.is_unwanted;
  const auto status = post(what);
  if (status) return judge(*status);
  const bool is_final = status.error().kind == ErrorKind::refused;
  return {is_final ? How::refused : How::not_reached, status.error().sentence};
}

}  // namespace

Outcome tell(const HookConfig& hook, const Message& message, const TellOptions& options) {
  if (!hook.command.empty()) return run_program(hook, message, options);
  return {post_to(hook, message, options)};
}

}  // namespace hapx::appliance::hooks
