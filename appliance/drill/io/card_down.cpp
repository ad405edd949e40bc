// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/card_down.hpp"

#include <thread>

#include "appliance/drill/routes.hpp"
#include "appliance/lab/io/file.hpp"
#include "appliance/lab/io/process.hpp"
#include "config/io/clock.hpp"

namespace hapx::appliance::drill {
namespace {

/// An address is back as soon as its card is; a gateway of IPv6 some moments later.
constexpr Duration patience = std::chrono::seconds(5);
constexpr Duration look = std::chrono::milliseconds(100);

Result<std::vector<std::string>> routes_of(const std::string& family) {
  const auto said = lab::run({"ip", family, "-o", "route", "show", "table", "all"}, {});
  if (!said) return said.error();
  // A machine without IPv6 has no table of it.
  if (said->code != 0) return std::vector<std::string>();
  return lasting_routes(said->output);
}

/// Documentation/networking/ip-sysctl.rst, keep_addr_on_down: "Keep all IPv6 addresses on an
/// interface down event", those that are set by hand and global.
std::string setting_of(const std::string& card) {
  return "/proc/sys/net/ipv6/conf/" + card + "/keep_addr_on_down";
}

}  // namespace

Result<CardDown> CardDown::prepare(const InterfaceName& card) {
  CardDown down(card.text());
  if (const auto is_there = lab::run_well({"ip", "link", "show", "dev", down.card_}, {});
      !is_there) {
    return is_there.error();
  }
  for (auto [family, routes] : {std::pair("-4", &down.routes4_), {"-6", &down.routes6_}}) {
    auto found = routes_of(family);
    if (!found) return found.error();
    *routes = std::move(*found);
  }
  if (const auto kept = lab::read_file(setting_of(down.card_))) down.kept_ = *kept;
  return down;
}

Result<void> CardDown::take_down() const {
  if (!kept_.empty()) {
    if (auto set = lab::write_file(setting_of(card_), "1\n"); !set) return set;
  }
  return lab::run_well({"ip", "link", "set", "dev", card_, "down"}, {});
}

Result<void> CardDown::bring_up() const {
  if (auto up = lab::run_well({"ip", "link", "set", "dev", card_, "up"}, {}); !up) return up;
  auto done = put_back("-4", routes4_);
  if (auto more = put_back("-6", routes6_); done) done = more;
  if (!kept_.empty()) {
    if (auto set = lab::write_file(setting_of(card_), kept_); done) done = set;
  }
  return done;
}

Result<void> CardDown::put_back(const std::string& family,
                                const std::vector<std::string>& routes) const {
  const Instant deadline = boot_now() + patience;
  for (;;) {
    const auto now = routes_of(family);
    if (!now) return now.error();
    const auto lost = lost_routes(routes, *now);
    if (lost.empty()) return {};
    if (boot_now() > deadline) {
      return Error{ErrorKind::failed,
                   "a route did not come back with " + card_ + "; add it: ip " + family +
                       " route add " + lost.front(),
                   0};
    }
    std::string batch;
    for (const std::string& route : lost) batch += "route add " + route + "\n";
    // What can't be added yet is tried again; what never can is told above.
    static_cast<void>(lab::run({"ip", family, "-force", "-batch", "-"}, {.input = batch}));
    std::this_thread::sleep_for(look);
  }
}

}  // namespace hapx::appliance::drill
