// SPDX-License-Identifier: Apache-2.0
#include "lb-supervisor/amendment.hpp"

#include <algorithm>

#include "lb-supervisor/proxy_name.hpp"

namespace hapx::lb_supervisor {
namespace {

using Kind = ServerChange::Kind;

constexpr std::string_view indent = "    ";

std::string_view next_line(std::string_view& text) {
  const auto line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.size(), line.size() + 1));
  return line;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const auto word = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(line.size(), word.size() + 1));
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

/// HAProxy's socket knows no quotes; these bytes mean themselves with and without them.
bool is_plain(std::string_view word) {
  return !word.empty() && std::ranges::all_of(word, [](char byte) {
    const bool alphanumeric = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                              (byte >= '0' && byte <= '9');
    return alphanumeric || std::string_view("@:,./_-").find(byte) != std::string_view::npos;
  });
}

/// The words behind `default-server`, as `add server` wants them. It looks nothing up, so
/// `init-addr` is none of its words.
std::optional<std::string> options_of(const std::vector<std::string_view>& words) {
  std::string options;
  for (std::size_t i = 1; i < words.size(); ++i) {
    std::string_view word = words[i];
    if (word == "init-addr") {
      ++i;
      continue;
    }
    if (word.size() > 1 && word.front() == '"' && word.back() == '"')
      word = word.substr(1, word.size() - 2);
    if (!is_plain(word)) return std::nullopt;
    options += (options.empty() ? "" : " ") + std::string(word);
  }
  return options;
}

bool has_address(const TextWithServers::Server& server) {
  return server.address.starts_with("ipv4@") || server.address.starts_with("ipv6@");
}

const TextWithServers::Backend* find_backend(const TextWithServers& text,
                                             const ServiceName& service) {
  const auto found = std::ranges::find_if(text.backends, [&](const auto& backend) {
    return from_proxy_name(backend.name) == service.text();
  });
  return found == text.backends.end() ? nullptr : &*found;
}

const TextWithServers::Server* find_server(const TextWithServers::Backend& backend,
                                           const std::string& told_name) {
  const auto found = std::ranges::find_if(backend.servers, [&](const auto& server) {
    return from_proxy_name(server.name) == told_name;
  });
  return found == backend.servers.end() ? nullptr : &*found;
}

void add_missing(const TextWithServers::Backend& backend, const BackendHealth& told,
                 std::vector<ServerChange>& changes) {
  for (const auto& server : backend.servers) {
    const auto here =
        std::ranges::find(told.servers, from_proxy_name(server.name), &ServerHealth::name);
    if (here == told.servers.end()) {
      changes.push_back(
          {Kind::add, backend.name, server.name, server.address + " " + backend.options});
    } else if (here->set_aside) {
      changes.push_back({Kind::ready, backend.name, server.name, {}});
    }
  }
}

/// Liveness: what is not wanted any more serves until something wanted can.
void give_up_others(const TextWithServers::Backend& backend, const BackendHealth& told,
                    std::vector<ServerChange>& changes) {
  const bool can_do_without = std::ranges::any_of(told.servers, [&](const ServerHealth& server) {
    return server.up && find_server(backend, server.name) != nullptr;
  });
  for (const ServerHealth& server : told.servers) {
    if (find_server(backend, server.name) != nullptr) continue;
    const std::string name = to_proxy_name(server.name);
    if (server.up) {
      if (!can_do_without) continue;
      changes.push_back({Kind::drain, backend.name, name, {}});
    } else if (server.connections == 0) {
      changes.push_back({Kind::remove, backend.name, name, {}});
    }
  }
}

}  // namespace

std::optional<TextWithServers> take_apart(std::string_view text) {
  TextWithServers parts;
  bool in_backend = false;
  while (!text.empty()) {
    const auto line = next_line(text);
    const auto words = words_of(line);
    const bool is_section = !words.empty() && !line.starts_with(indent) && words[0] != "#";
    if (is_section) {
      in_backend = words[0] == "backend";
      if (in_backend && (words.size() != 2 || !is_plain(words[1]))) return std::nullopt;
      if (in_backend) parts.backends.push_back({std::string(words[1]), {}, {}});
    } else if (!words.empty() && words[0] == "default-server") {
      // Only one counts, so that its options are all that there are.
      if (!in_backend || !parts.backends.back().options.empty()) return std::nullopt;
      auto options = options_of(words);
      if (!options || options->empty()) return std::nullopt;
      parts.backends.back().options = std::move(*options);
    } else if (!words.empty() && words[0] == "server") {
      const bool is_ours = in_backend && words.size() == 3 && is_plain(words[1]) &&
                           is_plain(words[2]) && !parts.backends.back().options.empty();
      if (!is_ours) return std::nullopt;
      parts.backends.back().servers.push_back({std::string(words[1]), std::string(words[2])});
      continue;
    }
    parts.rest.append(line).append("\n");
  }
  return parts;
}

bool can_become(const TextWithServers& from, const TextWithServers& to) {
  if (from.rest != to.rest) return false;
  // Alike without their servers, they have the same backends.
  for (std::size_t i = 0; i < to.backends.size(); ++i) {
    for (const auto& server : to.backends[i].servers) {
      const auto& before = from.backends[i].servers;
      const bool is_new = std::ranges::find(before, server) == before.end();
      if (is_new && !has_address(server)) return false;
    }
  }
  return true;
}

std::vector<ServerChange> changes_towards(const TextWithServers& wanted,
                                          const std::vector<BackendHealth>& told) {
  std::vector<ServerChange> changes;
  for (const auto& backend : wanted.backends) {
    const ServiceName service(from_proxy_name(backend.name));
    const auto found = std::ranges::find(told, service, &BackendHealth::service);
    const BackendHealth& here = found == told.end() ? BackendHealth{service, {}} : *found;
    add_missing(backend, here, changes);
    give_up_others(backend, here, changes);
  }
  if (changes.size() > changes_max) changes.resize(changes_max);
  return changes;
}

std::string to_commands(const std::vector<ServerChange>& changes) {
  std::string line;
  for (const ServerChange& change : changes) {
    const std::string server = change.backend + "/" + change.server;
    const std::string make_ready =
        "enable health " + server + ";set server " + server + " state ready";
    line += line.empty() ? "" : ";";
    switch (change.kind) {
      case Kind::add:
        // What is new would be up until a check fails: it is down until its checks succeed. Until
        // it is down it has no weight: HAProxy ends the connections of what goes down.
        line += "add server " + server + " " + change.options + " weight 0;" + make_ready +
                ";set server " + server + " health down;set server " + server + " weight 1";
        break;
      case Kind::ready:
        line += make_ready;
        break;
      case Kind::drain:
        line += "set server " + server + " state drain";
        break;
      case Kind::remove:
        line += "set server " + server + " state maint;del server " + server;
        break;
    }
  }
  return line + "\n";
}

std::vector<BackendHealth> only_wanted(const TextWithServers& wanted,
                                       std::vector<BackendHealth> told) {
  for (BackendHealth& each : told) {
    const auto* backend = find_backend(wanted, each.service);
    if (backend == nullptr) continue;
    std::erase_if(each.servers, [&](const ServerHealth& server) {
      return find_server(*backend, server.name) == nullptr;
    });
  }
  return told;
}

}  // namespace hapx::lb_supervisor
