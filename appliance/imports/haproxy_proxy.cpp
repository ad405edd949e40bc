// SPDX-License-Identifier: Apache-2.0
#include "appliance/imports/haproxy_proxy.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "appliance/imports/reasons.hpp"
#include "config/validate.hpp"

namespace hapx::appliance::imports {
namespace {

using namespace std::string_view_literals;

/// Lines that HAProxy may have as they are, and in which section of hapx's.
constexpr std::array frontend_lines{"acl"sv, "tcp-request"sv, "tcp-response"sv, "rate-limit"sv};
constexpr std::array backend_lines{"stick-table"sv, "stick"sv, "source"sv, "tcp-response"sv};

/// Words behind a server's address that have another one behind them.
constexpr std::array with_value{
    "inter"sv,       "fastinter"sv,    "downinter"sv,      "fall"sv,         "rise"sv,
    "weight"sv,      "maxconn"sv,      "maxqueue"sv,       "minconn"sv,      "slowstart"sv,
    "port"sv,        "addr"sv,         "ca-file"sv,        "crt"sv,          "crl-file"sv,
    "verify"sv,      "verifyhost"sv,   "cookie"sv,         "observe"sv,      "error-limit"sv,
    "on-error"sv,    "init-addr"sv,    "on-marked-down"sv, "on-marked-up"sv, "resolvers"sv,
    "sni"sv,         "check-sni"sv,    "alpn"sv,           "check-alpn"sv,   "id"sv,
    "agent-port"sv,  "agent-inter"sv,  "agent-addr"sv,     "agent-send"sv,   "resolve-prefer"sv,
    "resolve-net"sv, "resolve-opts"sv, "check-proto"sv,    "proto"sv,        "source"sv,
    "track"sv,       "tcp-ut"sv};

/// Shorter ones than hapx's cut what is silent for long.
constexpr Duration silence = std::chrono::hours(1);

template <class Words>
bool is_one_of(const Words& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

/// The word of a reason: "option tcplog", "timeout queue", else the first one.
std::string key_of(const HaproxyLine& line) {
  const auto word = line.word(0);
  const bool two = word == "option" || word == "timeout" || word == "no";
  return std::string(word) + (two ? " " + std::string(line.word(1)) : "");
}

}  // namespace

void HaproxyProxy::leave_out(const HaproxyLine& line, std::string_view words,
                             std::string_view why) {
  imports::leave_out(frontend_.remarks, place(line), words, why);
}

template <class T>
void HaproxyProxy::set(std::optional<Said<T>>& field, const HaproxyLine& line,
                       std::string_view words, T value) {
  if (field) {
    imports::leave_out(frontend_.remarks, field->place, field->words,
                       "line " + std::to_string(line.line) + " says it otherwise");
  }
  field = Said<T>{std::move(value), place(line), std::string(words)};
}

template <class T>
void HaproxyProxy::set_once(std::optional<Said<T>>& field, const HaproxyLine& line,
                            const std::string& words, T value) {
  if (!field) {
    set(field, line, words, std::move(value));
  } else if (field->value != value) {
    leave_out(line, words,
              "hapx has one for all kube-apiservers, and line " +
                  std::to_string(field->place.line) + " was taken");
  }
}

void HaproxyProxy::read(const HaproxySection& section) {
  const auto kind = section.kind();
  if (kind == "frontend" || kind == "listen") {
    frontend_.name = section.name();
    frontend_.place = place(section.head);
    // "listen kube-apiserver *:6443", as old ones are written.
    if (section.head.words.size() > 2) {
      HaproxyLine bind = section.head;
      bind.words.erase(bind.words.begin(), bind.words.begin() + 1);
      read_bind(bind);
    }
  }
  for (const HaproxyLine& line : section.lines) read_line(line, kind);
}

void HaproxyProxy::read_line(const HaproxyLine& line, std::string_view section) {
  const auto word = line.word(0);
  if (word == "mode") tcp_ = line.word(1) != "http" && line.word(1) != "health";
  if (word == "bind") return read_bind(line);
  if (word == "server") return read_server(line);
  if (word == "default-server") return read_server_options(line, 1);
  if (word == "default_backend" && section == "frontend") return;
  if (word == "timeout") return read_timeout(line);
  if (word == "maxconn") {
    const auto connections = as_number(line.word(1), max_connections_max);
    if (connections && *connections > 0) {
      return set(frontend_.max_connections, line, line.text, *connections);
    }
  }
  if (keeps(line, section)) return;
  // No remark repeats a password.
  const bool secret = word == "stats" && line.word(1) == "auth";
  leave_out(line, secret ? std::string_view("stats auth") : line.text,
            why_not(reasons::haproxy_lines, key_of(line)));
}

/// Takes a line that HAProxy may have as it is.
bool HaproxyProxy::keeps(const HaproxyLine& line, std::string_view section) {
  const bool proxy = section != "defaults";
  const auto word = line.word(0);
  const bool front = proxy && section != "backend" && is_one_of(frontend_lines, word);
  const bool back = proxy && section != "frontend" && is_one_of(backend_lines, word);
  if (front) frontend_.extra_frontend.push_back({line.text, place(line), line.text});
  if (back && !front) frontend_.extra_backend.push_back({line.text, place(line), line.text});
  return front || back;
}

void HaproxyProxy::read_bind(const HaproxyLine& line) {
  const auto addresses = addresses_of(line.word(1));
  if (addresses.empty() || addresses[0].port == 0) {
    return leave_out(line, line.text, "only an address with a port can be taken");
  }
  for (const HaproxyAddress& address : addresses) {
    if (frontend_.port.value == 0) {
      frontend_.port = {address.port, place(line), "bind " + std::string(line.word(1))};
    }
    if (address.port != frontend_.port.value) {
      leave_out(line, line.text, "a service has one port, and another one was taken");
    } else if (!address.host.empty()) {
      frontend_.addresses.push_back(address.host);
    }
  }
  for (std::size_t i = 2; i < line.words.size(); ++i) {
    leave_out(line, line.words[i], "the listening sockets are hapx's");
  }
}

void HaproxyProxy::read_timeout(const HaproxyLine& line) {
  const std::array<std::pair<std::string_view, std::optional<Said<Duration>>*>, 5> fields{
      {{"connect", &frontend_.connect},
       {"client", &frontend_.client},
       {"server", &frontend_.server},
       {"tunnel", &frontend_.tunnel},
       {"client-fin", &frontend_.client_fin}}};
  const auto* field = std::ranges::find(
      fields, line.word(1), &std::pair<std::string_view, std::optional<Said<Duration>>*>::first);
  if (field == fields.end()) {
    return leave_out(line, line.text, why_not(reasons::haproxy_lines, key_of(line)));
  }
  const auto time = as_duration(line.word(2), std::chrono::milliseconds(1));
  if (!time || *time < timeout_min || *time > timeout_max) {
    return leave_out(line, line.text, "it must be from 10ms to 24 days");
  }
  const bool of_silence = field->first != "connect" && field->first != "client-fin";
  if (of_silence && *time < silence) {
    return leave_out(line, line.text,
                     "watches, `kubectl logs -f` and `exec` are silent for longer: hapx has 1h");
  }
  set(*field->second, line, line.text, *time);
}

void HaproxyProxy::read_server(const HaproxyLine& line) {
  const auto addresses = addresses_of(line.word(2));
  const bool disabled = std::ranges::find(line.words, "disabled") != line.words.end();
  if (disabled) return leave_out(line, line.text, "it is disabled");
  if (addresses.size() != 1 || addresses[0].host.empty()) {
    return leave_out(line, line.text, "it names no host or address");
  }
  const std::string words = "server " + std::string(line.word(1)) + " " + std::string(line.word(2));
  frontend_.servers.push_back({{addresses[0].host, addresses[0].port}, place(line), words});
  read_server_options(line, 3);
}

void HaproxyProxy::read_server_options(const HaproxyLine& line, std::size_t from) {
  for (std::size_t i = from; i < line.words.size(); ++i) {
    const std::string option = line.words[i];
    if (option == "check") continue;  // each is checked, always
    std::string value;
    if (is_one_of(with_value, option) && i + 1 < line.words.size()) value = line.words[++i];
    const std::string words = value.empty() ? option : option + " " + value;
    const auto number = as_number(value, check_count_max);
    const auto time = as_duration(value, std::chrono::milliseconds(1));
    if (option == "inter" && time && *time >= check_interval_min && *time <= check_interval_max) {
      set_once(frontend_.check_interval, line, words, *time);
    } else if (option == "fall" && number && *number > 0) {
      set_once(frontend_.fall, line, words, *number);
    } else if (option == "rise" && number && *number > 0) {
      set_once(frontend_.rise, line, words, *number);
    } else if (option == "ca-file" && value.starts_with('/')) {
      set_once(frontend_.ca_file, line, words, value);
    } else {
      leave_out(line, words, why_not(reasons::haproxy_server, option));
    }
  }
}

}  // namespace hapx::appliance::imports
