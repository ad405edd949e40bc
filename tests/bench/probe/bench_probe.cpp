// SPDX-License-Identifier: Apache-2.0
// What do the drill's own instruments see of an address that is not held by hapx?
//
//   bench_probe watch NETNS VIP PORT ASKER   prober and watcher, in the namespace of a client
//   bench_probe serve NAME ADDRESS PORT      a stand-in of a kube-apiserver, where we are
//
// `watch` reads orders from its standard input, one a line, and answers each with a line of JSON:
//
//   look                        the time, who answered of late, whether a client is served
//   judge FROM STRUCK UNDONE    what a client saw in [FROM, UNDONE] and from there to now
//
// Instants are nanoseconds since boot. Besides it sleeps as any program does, and tells by how much
// it was woken too late: that is the machine's part in the figures. It ends with its input.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <iostream>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <boost/json.hpp>
#include <poll.h>
#include <unistd.h>

#include "appliance/drill/io/prober.hpp"
#include "appliance/drill/io/watcher.hpp"
#include "appliance/lab/io/apiserver.hpp"
#include "appliance/lab/plan.hpp"
#include "config/io/clock.hpp"

namespace {

namespace json = boost::json;
using namespace hapx;
using namespace hapx::appliance;
using std::chrono::milliseconds;

/// What is younger may still be on its way when the window is judged; as the drill has it.
constexpr Duration young = milliseconds(200);
constexpr Duration look = milliseconds(20);
constexpr std::size_t line_bytes_max = 200;

int fail(const std::string& sentence) {
  std::cerr << "bench_probe: " << sentence << "\n";
  return 1;
}

Result<Endpoint> endpoint_of(const std::string& address, const std::string& port) {
  return parse_endpoint(address + ":" + port);
}

double in_milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

json::object as_json(const drill::Service& service) {
  return {{"requests", service.requests},
          {"failed", service.failed},
          {"cut", service.cut},
          {"outageMs", in_milliseconds(service.outage)},
          {"latencyMaxMs", in_milliseconds(service.latency_maximum)},
          {"longestSilenceMs", in_milliseconds(service.longest_silence)}};
}

json::object as_json(const drill::Wire& wire) {
  return {{"oneHolder", wire.is_one_holder()},
          {"conflicts", wire.conflict_count},
          {"roundsAnswered", wire.rounds_answered},
          {"roundsShared", wire.rounds_shared}};
}

class Instruments {
 public:
  Instruments(drill::Prober prober, drill::Watcher watcher)
      : prober_(std::move(prober)), watcher_(std::move(watcher)) {}

  [[nodiscard]] json::object look_around() const {
    const Instant now = boot_now();
    std::set<std::string> holders;
    for (const drill::Sighting& sighting : watcher_.sightings(now - young)) {
      holders.insert(to_string(sighting.mac));
    }
    const drill::Service service = drill::judge(prober_.requests(now - young), now - young, now);
    const bool is_served =
        service.requests > 0 && service.requests > service.failed && service.outage < young / 2;
    return {{"now", now.time_since_epoch().count()},
            {"holders", json::value_from(holders)},
            {"served", is_served}};
  }

  [[nodiscard]] json::object judge(Instant from, Instant struck, Instant undone) const {
    const Instant end = std::max(boot_now() - young, undone);
    const std::vector<drill::Request> requests = prober_.requests(from);
    return {{"service", as_json(drill::judge(requests, from, undone, struck))},
            {"healing", as_json(drill::judge(requests, undone, end))},
            {"wireMeanwhile", as_json(drill::judge(watcher_.sightings(from), from, undone))},
            {"wire", as_json(drill::judge(watcher_.sightings(from), from, boot_now()))}};
  }

 private:
  drill::Prober prober_;
  drill::Watcher watcher_;
};

std::optional<json::object> answer(const Instruments& instruments, const std::string& line) {
  std::istringstream words(line);
  std::string order;
  words >> order;
  if (order == "look") return instruments.look_around();
  std::int64_t from = 0;
  std::int64_t struck = 0;
  std::int64_t undone = 0;
  if (order != "judge" || !(words >> from >> struck >> undone)) return std::nullopt;
  return instruments.judge(Instant(Duration(from)), Instant(Duration(struck)),
                           Instant(Duration(undone)));
}

/// The next line of the standard input; nullopt when there is no more. Sleeps meanwhile, and notes
/// in `stall` by how much that took too long.
std::optional<std::string> next_line(std::string& heard, Duration& stall) {
  for (;;) {
    if (const std::size_t end = heard.find('\n'); end != std::string::npos) {
      std::string line = heard.substr(0, end);
      heard.erase(0, end + 1);
      return line;
    }
    if (heard.size() > line_bytes_max) return std::nullopt;
    pollfd waiting{0, POLLIN, 0};
    const Instant begin = boot_now();
    if (::poll(&waiting, 1, static_cast<int>(look / milliseconds(1))) == 0) {
      stall = std::max(stall, boot_now() - begin - look);
      continue;
    }
    char block[line_bytes_max];
    const ssize_t count = ::read(0, block, sizeof block);
    if (count <= 0) return std::nullopt;
    heard.append(block, static_cast<std::size_t>(count));
  }
}

int watch(const std::string& netns, const Endpoint& service, const IpAddress& asker) {
  lab::Plan plan;
  plan.client_netns = netns;
  plan.vip.address = service.address;
  plan.port = service.port;
  plan.watcher_address = asker;
  auto watcher = drill::Watcher::start(plan);
  if (!watcher) return fail(watcher.error().sentence);
  auto prober = drill::Prober::start(plan);
  if (!prober) return fail(prober.error().sentence);
  const Instruments instruments(std::move(*prober), std::move(*watcher));
  std::string heard;
  Duration stall{};
  while (const auto line = next_line(heard, stall)) {
    auto said = answer(instruments, *line);
    if (!said) return fail("no such order: " + *line);
    said->emplace("stallMs", in_milliseconds(stall));
    std::cout << json::serialize(*said) << std::endl;
  }
  return 0;
}

}  // namespace

int main(int count, char** words) {
  const std::vector<std::string> arguments(words + 1, words + count);
  const std::string verb = arguments.empty() ? "" : arguments.front();
  if (verb == "watch" && arguments.size() == 5) {
    const auto service = endpoint_of(arguments[2], arguments[3]);
    const auto asker = parse_ip(arguments[4]);
    if (!service) return fail(service.error().sentence);
    if (!asker) return fail(asker.error().sentence);
    return watch(arguments[1], *service, *asker);
  }
  if (verb == "serve" && arguments.size() == 4) {
    const auto endpoint = endpoint_of(arguments[2], arguments[3]);
    if (!endpoint) return fail(endpoint.error().sentence);
    return lab::serve_apiserver(arguments[1], *endpoint, [] {});
  }
  return fail("say watch NETNS VIP PORT ASKER, or serve NAME ADDRESS PORT");
}
