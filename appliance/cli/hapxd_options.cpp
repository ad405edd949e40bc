// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/hapxd_options.hpp"

#include <algorithm>
#include <map>
#include <sstream>

#include <CLI/CLI.hpp>

#include "appliance/cli/word_tree.hpp"

namespace hapx::appliance {

namespace {

/// The words of hapxd; they leave their values in `options`, which must outlive `app`.
void add_options(CLI::App& app, HapxdOptions& options, const std::string& version) {
  app.set_version_flag("--version", "hapxd " + version);
  app.add_option("--config", options.config_file, "the cluster's file, the same on every node")
      ->capture_default_str()
      ->type_name("FILE");
  app.add_option("--node", options.node,
                 "which node of the file this is (default: found by host name or address)")
      ->type_name("NAME");
  app.add_option("--state-dir", options.state_dir, "what must survive a reboot")
      ->capture_default_str()
      ->type_name("PATH");
  app.add_option("--run-dir", options.run_dir, "what must not: sockets, the voter's memory")
      ->capture_default_str()
      ->type_name("PATH");
  app.add_option("--haproxy", options.haproxy, "the HAProxy program")
      ->capture_default_str()
      ->type_name("PROGRAM");
  app.add_option("--bird-socket", options.bird_socket,
                 "the control socket of BIRD, for services with `announce: bgp`")
      ->capture_default_str()
      ->type_name("PATH");
  app.add_option(
         "--haproxy-dir", options.haproxy_dir,
         "HAProxy's keeper is started by somebody else (hapxd --as haproxy-keeper) and has\n"
         "its sockets here; without this option hapxd starts it, in the run directory")
      ->type_name("PATH");
  const std::map<std::string, HapxdRole> roles{{"keeper", HapxdRole::keeper},
                                               {"daemon", HapxdRole::daemon},
                                               {"haproxy-keeper", HapxdRole::haproxy_keeper}};
  app.add_option("--as", options.role,
                 "haproxy-keeper: be HAProxy's keeper alone, which needs no right and no file\n"
                 "(default: keeper, which starts the rest)")
      ->transform(CLI::CheckedTransformer(roles, CLI::ignore_case))
      ->option_text("ROLE");
  app.footer(
      "Signals: SIGTERM hands the addresses over and ends; SIGHUP takes the file as it is now,\n"
      "within the lease; SIGUSR2 replaces the running binary by the one that now stands at its\n"
      "path, likewise.\n"
      "Exit status: 0 ended in order, 1 wrong words or a refused file, 3 could not start.");
}

constexpr const char* description =
    "hapxd keeps the endpoint of a Kubernetes control plane on exactly one of a few nodes: it "
    "votes,\n"
    "holds virtual addresses under a lease, and runs HAProxy behind them. It stays in the\n"
    "foreground and logs to stderr; `hapx status` asks it how things are.";

}  // namespace

std::variant<HapxdOptions, HapxdUsage> read_hapxd_options(const std::vector<std::string>& words,
                                                          const std::string& version) {
  HapxdOptions options;
  CLI::App app(description, "hapxd");
  add_options(app, options, version);
  std::vector<std::string> reversed(words.rbegin(), words.rend());
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    const int status = app.exit(error, out, out);
    return HapxdUsage{status == 0 ? 0 : 1, out.str()};
  }
  return options;
}

namespace cli {

VerbHelp describe_hapxd(const std::string& version) {
  HapxdOptions options;
  CLI::App app(description, "hapxd");
  add_options(app, options, version);
  return tree_of(app);
}

}  // namespace cli

}  // namespace hapx::appliance
