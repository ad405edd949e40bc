// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/io/orders.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>

#include <pwd.h>
#include <unistd.h>

#include "appliance/cli/io/questions.hpp"
#include "appliance/cli/io/speech.hpp"
#include "config/io/host.hpp"

namespace hapx::appliance::cli {

namespace {

constexpr std::size_t user_bytes_max = 31;
constexpr std::size_t host_bytes_max = 32;
/// With --wait.
constexpr Duration obedience_time_max = std::chrono::seconds(60);
constexpr Duration look_interval = std::chrono::milliseconds(100);

/// What goes into a record that everybody reads: letters, digits and a few signs.
std::string cleaned(std::string text, std::size_t bytes_max) {
  if (text.size() > bytes_max) text.resize(bytes_max);
  for (char& c : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' ||
                       c == '.' || c == '+';
    if (!plain) c = '?';
  }
  return text;
}

/// Who stands at the keyboard: sudo knows him better than the kernel does.
std::string who() {
  std::string user;
  const char* behind_sudo = ::geteuid() == 0 ? std::getenv("SUDO_USER") : nullptr;
  if (behind_sudo != nullptr) user = behind_sudo;
  if (user.empty()) {
    const passwd* entry = ::getpwuid(::geteuid());
    user = entry != nullptr ? entry->pw_name : "uid" + std::to_string(::geteuid());
  }
  const auto host = host_name();
  return cleaned(user, user_bytes_max) + "@" + cleaned(host ? *host : "?", host_bytes_max);
}

Result<std::string> target_of(const ChangeOrders& verb) {
  if (verb.what == ChangeOrders::What::maintenance) return std::string("/v1/maintenance");
  std::string node;
  if (!verb.node.empty()) {
    const Result<std::string> segment = as_segment(verb.node, "node");
    if (!segment) return segment.error();
    node = *segment;
  }
  if (verb.what == ChangeOrders::What::standby) return "/v1/nodes/" + node + "/standby";
  const Result<std::string> service = as_segment(verb.service, "service");
  if (!service) return service.error();
  const bool names_node = !verb.gives && !node.empty();
  return "/v1/services/" + *service + "/ban" + (names_node ? "/" + node : "");
}

/// Whether the cluster, as this node sees it, is as the order wants it.
bool is_obeyed(const Status& status, const ChangeOrders& verb) {
  const auto stands = [&](const char* kind) {
    return std::any_of(status.orders.begin(), status.orders.end(), [&](const OrderStatus& order) {
      return order.kind == kind && (verb.node.empty() || order.node == verb.node) &&
             (verb.service.empty() || order.service == verb.service);
    });
  };
  const auto holds = [&](const ServiceStatus& service) {
    const bool meant = verb.service.empty() || service.name.text() == verb.service;
    return meant && service.holder && service.holder->text() == verb.node;
  };
  switch (verb.what) {
    case ChangeOrders::What::maintenance:
      return stands("maintenance") == verb.gives;
    case ChangeOrders::What::standby:
      if (stands("standby") != verb.gives) return false;
      break;
    case ChangeOrders::What::ban:
      if (stands("ban") != verb.gives) return false;
      break;
  }
  return !verb.gives || std::none_of(status.services.begin(), status.services.end(), holds);
}

int wait_until_obeyed(const GlobalOptions& global, const ChangeOrders& verb,
                      const Surroundings& around) {
  const auto end = std::chrono::steady_clock::now() + obedience_time_max;
  while (std::chrono::steady_clock::now() < end) {
    std::string json;
    const Result<Status> status = ask_status(global, json);
    if (status && is_obeyed(*status, verb)) return exit_done;
    std::this_thread::sleep_for(look_interval);
  }
  return complain(around,
                  "the order is kept, but is not obeyed after a minute; `hapx why` says why");
}

}  // namespace

int change_orders(const GlobalOptions& global, const ChangeOrders& verb,
                  const Surroundings& around) {
  const Result<std::string> target = target_of(verb);
  if (!target) return complain_of(around, target.error());
  const bool names_node = verb.gives && verb.what == ChangeOrders::What::ban;
  const std::string order_body =
      as_body({{"by", who()}, {"ttl", verb.time}, {"node", names_node ? verb.node : ""}});
  const Result<std::string> body = ask_for(
      global.socket, {verb.gives ? "POST" : "DELETE", *target, order_body, order_answer_time_max});
  if (!body) return complain_of(around, body.error());
  if (verb.wait) {
    if (const int status = wait_until_obeyed(global, verb, around); status != exit_done) {
      return status;
    }
  }
  print_answer(global, around, *body);
  return exit_done;
}

int go_alone(const GlobalOptions& global, const Surroundings& around) {
  const Result<std::string> body = ask_for(
      global.socket, {"POST", "/v1/go-alone", "", order_answer_time_max, Twice::is_as_once});
  if (!body) return complain_of(around, body.error());
  print_answer(global, around, *body);
  return exit_done;
}

}  // namespace hapx::appliance::cli
