// SPDX-License-Identifier: Apache-2.0
#include "config/validate_hooks.hpp"

#include <algorithm>
#include <set>

#include "config/address_kind.hpp"
#include "config/net.hpp"
#include "config/wording.hpp"

namespace hapx {
namespace {

/// "[::1]" of "[::1]:8080/x", "localhost" of "localhost:8080".
std::string_view host_of(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
  return authority.substr(0, authority.find(':'));
}

bool is_this_machine(std::string_view host) {
  if (host == "localhost") return true;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto address = parse_ip(host);
  return address && is_loopback(*address);
}

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

std::optional<std::string> repeated_event(const HookConfig& hook) {
  std::set<EventKind> seen;
  for (const auto kind : hook.events) {
    if (!seen.insert(kind).second)
      return shown(to_string(kind)) + " stands twice; remove one of them";
  }
  return std::nullopt;
}

std::optional<std::string> command_problem(const std::vector<std::string>& command) {
  if (command.size() > hook_words_max) {
    return "a command has at most " + std::to_string(hook_words_max) +
           " words; put the rest into a script";
  }
  for (const auto& word : command) {
    if (word.find('\0') != std::string::npos)
      return "a word of a command contains a NUL, which no program could be given; remove it";
    if (word.size() > hook_word_bytes_max) {
      return "a word of a command has at most " + std::to_string(hook_word_bytes_max) +
             " bytes; put the rest into a file";
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> url_problem(std::string_view url) {
  constexpr std::string_view safe = "https://";
  constexpr std::string_view open = "http://";
  const std::string example = "; write it like https://hooks.example.org/hapx";
  if (url.size() > url_bytes_max)
    return "the URL has more than " + std::to_string(url_bytes_max) + " bytes; shorten it";
  if (!is_printable(url))
    return "the URL contains a blank or a character beyond ASCII; write it as %20 and the like";
  const bool is_safe = url.starts_with(safe);
  if (!is_safe && !url.starts_with(open)) return "this is no URL of https" + example;
  const auto rest = url.substr(is_safe ? safe.size() : open.size());
  const auto authority = rest.substr(0, rest.find_first_of("/?#"));
  // Not shown: what stands before the @ may be a secret.
  if (authority.find('@') != std::string_view::npos)
    return "a name or a password has no place in this file; put it into a `tokenFile`";
  if (rest.find('#') != std::string_view::npos)
    return "what stands behind # is never sent; remove it";
  const auto host = host_of(authority);
  if (host.empty() || host == "[") return "the URL names no host" + example;
  if (!is_safe && !is_this_machine(host)) {
    return "whoever sees the network would read what is posted to " + shown(host) +
           "; use https://, as is right everywhere but on this machine";
  }
  return std::nullopt;
}

std::vector<Finding> validate_hooks(const ClusterConfig& config) {
  std::vector<Finding> findings;
  const auto find = [&](std::string path, std::string sentence) {
    findings.push_back({std::move(path), {}, std::move(sentence)});
  };
  if (config.hooks.size() > hooks_max) {
    find("spec.hooks", "there are " + std::to_string(config.hooks.size()) + " hooks; the most is " +
                           std::to_string(hooks_max) + "; remove some");
  }
  std::set<std::string> names;
  for (std::size_t i = 0; i < config.hooks.size(); ++i) {
    const auto& hook = config.hooks[i];
    const auto path = "spec.hooks[" + std::to_string(i) + ']';
    if (!names.insert(hook.name).second)
      find(path + ".name", "there are two hooks " + shown(hook.name) + "; rename one");
    if (hook.events.empty())
      find(path + ".events", "a hook without events is never told; name kinds of events");
    if (auto problem = repeated_event(hook)) find(path + ".events", *std::move(problem));
    if (auto problem = command_problem(hook.command)) find(path + ".command", *std::move(problem));
    if (!hook.url.empty()) {
      if (auto problem = url_problem(hook.url)) find(path + ".url", *std::move(problem));
    }
    const int ways = (hook.command.empty() ? 0 : 1) + (hook.url.empty() ? 0 : 1) +
                     (hook.url_file.empty() ? 0 : 1);
    if (ways != 1) {
      find(path, ways == 0
                     ? "a hook is run or posted to; add `command`, `url` or `urlFile`"
                     : "a hook is run or posted to; keep one of `command`, `url` and `urlFile`");
    }
    if (hook.url.empty() && hook.url_file.empty()) {
      if (!hook.ca_file.empty())
        find(path + ".caFile", "there is no URL whose certificate it could judge; remove it");
      if (!hook.token_file.empty())
        find(path + ".tokenFile", "there is no URL that would be shown it; remove it");
    }
    if (!hook.ca_file.empty() && hook.url.starts_with("http:"))
      find(path + ".caFile", "there is no certificate without https; remove it");
  }
  return findings;
}

}  // namespace hapx
