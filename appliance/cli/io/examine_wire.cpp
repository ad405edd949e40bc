// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/io/examine_wire.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

#include <string.h>

#include "appliance/cli/io/examine.hpp"
#include "appliance/cli/io/questions.hpp"
#include "appliance/cli/io/speech.hpp"
#include "appliance/doctor/io/wire.hpp"
#include "appliance/doctor/judge_wire.hpp"
#include "appliance/doctor/wire_end.hpp"
#include "config/io/clock.hpp"
#include "config/io/config_file.hpp"
#include "config/io/host.hpp"
#include "config/io/key_file.hpp"
#include "config/parse.hpp"
#include "config/self.hpp"

namespace hapx::appliance::cli {
namespace {

constexpr Duration silence_max = std::chrono::seconds(2);

Error refusal(std::string sentence) {
  return {ErrorKind::refused, std::move(sentence), 0};
}

Result<ClusterConfig> read_config(const std::string& file) {
  const auto text = read_config_file(file);
  if (!text) return text.error();
  return parse_config(*text, file);
}

Result<NodeName> self_of(const ClusterConfig& config, const std::string& asked) {
  const auto host = host_name();
  if (!host) return host.error();
  const auto addresses = local_addresses();
  if (!addresses) return addresses.error();
  const auto name = asked.empty() ? std::nullopt : std::optional(NodeName(asked));
  return find_self(config, name, *host, *addresses);
}

/// VIPs that a hapxd here says have a holder; absent: none runs here.
std::optional<std::vector<IpAddress>> served_vips(const GlobalOptions& global,
                                                  const ClusterConfig& config) {
  std::string json;
  const Result<Status> status = ask_status(global, json);
  if (!status) return std::nullopt;
  std::vector<IpAddress> served;
  for (const auto& service : config.services) {
    const auto told = std::ranges::find(status->services, service.name, &ServiceStatus::name);
    if (told == status->services.end() || !told->holder) continue;
    for (const auto& vip : service.vips) served.push_back(vip.address.address);
  }
  return served;
}

/// What may be claimed while hapxd runs here: anything but a VIP.
Result<std::vector<IpAddress>> given_in(const DoctorWire& verb, const ClusterConfig& config,
                                        bool hapxd_runs) {
  std::vector<IpAddress> given;
  for (const std::string& text : verb.addresses) {
    const auto address = parse_ip(text);
    if (!address) return address.error();
    const auto of_family = std::ranges::find(given, address->family, &IpAddress::family);
    if (of_family != given.end()) {
      return refusal("--address is there for one address of each family");
    }
    if (auto good = doctor::check_given(config, *address); !good) return good.error();
    for (const auto& service : config.services) {
      const bool is_vip = std::ranges::any_of(
          service.vips, [&](const VipConfig& vip) { return vip.address.address == *address; });
      if (is_vip && hapxd_runs) {
        return refusal(text +
                       " is a VIP, and hapxd runs here: stop it on all nodes to test with "
                       "the VIP itself, or leave --address away");
      }
    }
    given.push_back(*address);
  }
  return given;
}

Result<doctor::WireOptions> options_of(const GlobalOptions& global, const DoctorWire& verb) {
  doctor::WireOptions options;
  auto config = read_config(verb.file);
  if (!config) return config.error();
  options.config = std::move(*config);
  const auto self = self_of(options.config, verb.node);
  if (!self) return self.error();
  options.self = *self;
  if (!verb.peer.empty()) {
    options.peer = NodeName(verb.peer);
    const auto peer = std::ranges::find(options.config.nodes, *options.peer, &NodeConfig::name);
    if (peer == options.config.nodes.end() || peer->role == Role::witness ||
        peer->name == options.self) {
      return refusal("--peer names another node of the file that may hold an address");
    }
  }
  const auto served = served_vips(global, options.config);
  auto given = given_in(verb, options.config, served.has_value());
  if (!given) return given.error();
  options.given = std::move(*given);
  options.served = served.value_or(std::vector<IpAddress>());
  options.port = static_cast<std::uint16_t>(verb.port != 0 ? verb.port : options.config.port + 1U);
  const auto wait = parse_duration(verb.wait);
  options.patience = wait ? *wait : doctor::meeting_patience;
  auto keys = read_key_file(options.config.key_file);
  if (!keys) return keys.error();
  options.keys = *keys;
  ::explicit_bzero(&*keys, sizeof *keys);
  return options;
}

}  // namespace

int show_wire(const GlobalOptions& global, const DoctorWire& verb, const Surroundings& around) {
  auto options = options_of(global, verb);
  if (!options) return complain(around, options.error().sentence);
  const Instant began = boot_now();
  std::string said;
  const auto progress = [&](const std::string& doing) {
    if (boot_now() - began < silence_max || doing == said) return;
    around.err << "hapx: " << doing << " ...\n" << std::flush;
    said = doing;
  };
  const auto facts = doctor::test_wire(*options, progress);
  ::explicit_bzero(&options->keys, sizeof options->keys);
  if (!facts) {
    const bool nobody = facts.error().kind == ErrorKind::unavailable;
    return complain(around, facts.error().sentence, nobody ? exit_no_answer : exit_refused);
  }
  return show_findings(doctor::judge_wire(*facts), global, around);
}

}  // namespace hapx::appliance::cli
