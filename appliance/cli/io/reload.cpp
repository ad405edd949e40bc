// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/io/reload.hpp"

#include <chrono>
#include <string>
#include <thread>

#include "appliance/cli/io/questions.hpp"
#include "appliance/cli/io/speech.hpp"
#include "appliance/document.hpp"

namespace hapx::appliance::cli {

namespace {

/// The next hapxd begins within milliseconds.
constexpr Duration return_time_max = std::chrono::seconds(30);
constexpr Duration look_interval = std::chrono::milliseconds(20);

bool takes_something(const std::string& body) {
  const Result<YamlNode> answer = tree_from_json(body);
  const YamlNode* taking = answer ? answer->find("taking") : nullptr;
  return taking != nullptr && !taking->items.empty();
}

std::uint64_t refused_reloads(const Status& status) {
  const auto found = status.counters.find("reloads_refused");
  return found == status.counters.end() ? 0 : found->second;
}

/// Until a hapxd answers that began after it was asked for.
int wait_for_the_next(const GlobalOptions& global, const Status& before,
                      std::chrono::steady_clock::time_point asked, const Surroundings& around) {
  for (;;) {
    const Duration since = std::chrono::steady_clock::now() - asked;
    if (since > return_time_max) break;
    std::string json;
    const Result<Status> now = ask_status(global, json);
    if (now && now->uptime < since) return exit_done;
    if (now && refused_reloads(*now) > refused_reloads(before)) {
      return complain(around, "it could not be taken; `hapx events` says why");
    }
    std::this_thread::sleep_for(look_interval);
  }
  return complain(around, "no hapxd with the changed file has answered for half a minute",
                  exit_no_answer);
}

}  // namespace

int reload(const GlobalOptions& global, const Surroundings& around) {
  std::string json;
  const Result<Status> before = ask_status(global, json);
  if (!before) return complain_of(around, before.error());
  const auto asked = std::chrono::steady_clock::now();
  // Another one may have asked at the same time, and hapxd be gone to be replaced.
  const Result<std::string> body =
      ask_for(global.socket, {"POST", "/v1/reload", "", order_answer_time_max, Twice::is_as_once});
  if (!body) return complain_of(around, body.error());
  if (takes_something(*body)) {
    const int status = wait_for_the_next(global, *before, asked, around);
    if (status != exit_done) return status;
  }
  print_answer(global, around, *body);
  return exit_done;
}

}  // namespace hapx::appliance::cli
