// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/onlookers.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "appliance/drill/reach.hpp"
#include "appliance/lab/io/interrupt.hpp"
#include "config/io/clock.hpp"

namespace hapx::appliance::drill {
namespace {

constexpr Duration patience = std::chrono::seconds(5);
constexpr Duration look = std::chrono::milliseconds(300);

Result<Service> ask(Envoy& envoy, Instant from, Instant struck, Instant until) {
  const Instant now = boot_now();
  const auto ago = [&](Instant instant) { return std::max(now - instant, Duration::zero()); };
  const auto answer = envoy.ask(Tell{ago(from), ago(struck), ago(until)});
  if (!answer) return answer.error();
  const auto* seen = std::get_if<Seen>(&*answer);
  if (seen == nullptr) return Error{ErrorKind::failed, envoy.node() + " says something else", 0};
  return seen->service;
}

/// Nothing can be said of a fault by who is not served without one.
Result<void> wait_until_served(Envoy& envoy, const std::string& host, const Endpoint& endpoint) {
  const Instant deadline = boot_now() + patience;
  while (boot_now() < deadline) {
    if (!lab::pause(look)) return Error{ErrorKind::unavailable, "interrupted", 0};
    const Instant now = boot_now();
    const auto seen = ask(envoy, now - look / 2, now, now);
    if (!seen) return seen.error();
    if (seen->served > 0) return {};
  }
  return Error{ErrorKind::unavailable,
               to_string(endpoint) + " is not served as seen from " + host +
                   ", although all nodes say that all is well; look at the network between",
               0};
}

}  // namespace

Result<Onlookers> Onlookers::call(const std::vector<std::string>& commands,
                                  const Endpoint& endpoint) {
  if (commands.size() > onlookers_max) {
    return Error{ErrorKind::refused,
                 "--from may be said " + std::to_string(onlookers_max) + " times at most", 0};
  }
  Onlookers all;
  all.endpoint_ = endpoint;
  for (const std::string& command : commands) {
    const auto words = onlooker_command(command);
    if (!words) return words.error();
    auto envoy = Envoy::send(command, *words, Look{agent_language, endpoint});
    if (!envoy) return envoy.error();
    const auto* looking = std::get_if<Looking>(&envoy->first_answer());
    if (looking == nullptr) return Error{ErrorKind::refused, command + " does not look on", 0};
    const auto namesakes = std::ranges::count_if(all.onlookers_, [&](const Onlooker& one) {
      return one.host == looking->host || one.host.starts_with(looking->host + "#");
    });
    const std::string host =
        namesakes == 0 ? looking->host : looking->host + "#" + std::to_string(namesakes + 1);
    if (auto served = wait_until_served(*envoy, host, endpoint); !served) return served.error();
    all.onlookers_.push_back({host, std::move(*envoy)});
  }
  return all;
}

void Onlookers::begin() {
  for (Onlooker& onlooker : onlookers_) {
    // Who does not answer is told of when it is to tell.
    static_cast<void>(onlooker.envoy.ask(Look{agent_language, endpoint_}));
  }
}

std::vector<Elsewhere> Onlookers::tell(Instant from, Instant struck, Instant until) {
  std::vector<Elsewhere> seen;
  for (Onlooker& onlooker : onlookers_) {
    auto said = ask(onlooker.envoy, from, struck, until);
    Elsewhere elsewhere{onlooker.host, {}, {}};
    if (said) elsewhere.service = *said;
    if (!said) elsewhere.trouble = said.error().sentence;
    seen.push_back(std::move(elsewhere));
  }
  return seen;
}

}  // namespace hapx::appliance::drill
