// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/io/config_files.hpp"

#include <cstddef>
#include <string>
#include <utility>

#include "appliance/cli/difference_text.hpp"
#include "appliance/cli/io/speech.hpp"
#include "appliance/document.hpp"
#include "config/difference.hpp"
#include "config/json_schema.hpp"
#include "config/parse.hpp"
#include "config/tree.hpp"
#include "config/wording.hpp"
#include "config/write.hpp"
#include "lb-supervisor/amendment.hpp"
#include "lb-supervisor/haproxy_config.hpp"

namespace hapx::appliance::cli {

namespace {

/// What check_config found, with a file that can't be read as one more refusal.
CheckedConfig read_and_check(const std::string& file) {
  const Result<std::string> text = read_input(file, "the configuration");
  if (!text) return {std::nullopt, {text.error()}};
  return hapx::check_config(*text, name_of_input(file));
}

/// Refusals begin with the place in the file, so that an editor can jump there; no "hapx: " then.
int complain_of(const CheckedConfig& checked, const std::string& file, const Surroundings& around) {
  for (const Error& refusal : checked.refusals) {
    if (!refusal.sentence.starts_with(name_of_input(file) + ":")) {
      return complain(around, refusal.sentence);
    }
    around.err << printable(refusal.sentence) << '\n';
  }
  return exit_refused;
}

/// The configuration that hapxd runs. Errors: those of ask_for, or one that this program can't
/// read.
Result<ClusterConfig> ask_config(const std::string& socket) {
  const Result<std::string> body = ask_for(socket, {"GET", "/v1/config", ""});
  if (!body) return body.error();
  const Result<YamlNode> tree = tree_from_json(*body);
  if (!tree) return Error{ErrorKind::unavailable, tree.error().sentence};
  Result<ClusterConfig> config = parse_config(write_yaml(*tree), "hapxd's configuration");
  if (config) return config;
  return Error{ErrorKind::unavailable,
               "the configuration that hapxd runs is of another version than this program: " +
                   config.error().sentence};
}

}  // namespace

int check_config(const GlobalOptions& global, const CheckConfig& verb, const Surroundings& around) {
  const CheckedConfig checked = read_and_check(verb.file);
  if (global.output != Output::text) {
    YamlNode refusals = tree::list();
    for (const Error& refusal : checked.refusals) {
      refusals.items.push_back(tree::text(refusal.sentence));
    }
    YamlNode document;
    tree::add(document, "good", tree::flag(checked.config.has_value()));
    tree::add(document, "refusals", std::move(refusals));
    print_document(around, global.output, json_from_tree(document));
    return checked.config ? exit_done : exit_refused;
  }
  if (!checked.config) return complain_of(checked, verb.file, around);
  around.out << name_of_input(verb.file) << ": good (" << checked.config->name.text() << ", "
             << counted(checked.config->nodes.size(), "node") << ", "
             << counted(checked.config->services.size(), "service") << ")\n";
  return exit_done;
}

int show_config(const GlobalOptions& global, const ShowConfig& verb, const Surroundings& around) {
  const CheckedConfig checked = read_and_check(verb.file);
  if (!checked.config) return complain_of(checked, verb.file, around);
  if (global.output == Output::json) {
    around.out << json_from_tree(canonical_tree(*checked.config)) << '\n';
  } else {
    around.out << write_config(*checked.config);
  }
  return exit_done;
}

int diff_config(const GlobalOptions& global, const DiffConfig& verb, const Surroundings& around) {
  const CheckedConfig checked = read_and_check(verb.file);
  if (!checked.config) return complain_of(checked, verb.file, around);
  const Result<ClusterConfig> running = ask_config(global.socket);
  if (!running) return complain_of(around, running.error());
  const auto haproxy = [](const ClusterConfig& config) {
    return lb_supervisor::render(config, lb_supervisor::haproxy_paths(RenderHaproxy{}.run_dir))
        .text;
  };
  const std::string before = haproxy(*running);
  const std::string after = haproxy(*checked.config);
  const auto from = lb_supervisor::take_apart(before);
  const auto to = lb_supervisor::take_apart(after);
  const bool amends = from && to && lb_supervisor::can_become(*from, *to);
  const DiffReport report{name_of_input(verb.file), differences(*running, *checked.config),
                          before != after && !amends};
  if (global.output == Output::text) {
    around.out << to_text(report);
  } else {
    print_document(around, global.output, to_json(report));
  }
  return report.differences.empty() ? exit_done : exit_differs;
}

int show_schema(const GlobalOptions& global, const Surroundings& around) {
  const YamlNode schema = json_schema();
  around.out << (global.output == Output::yaml ? write_yaml(schema)
                                               : indented_json_from_tree(schema));
  return exit_done;
}

int render_haproxy(const RenderHaproxy& verb, const Surroundings& around) {
  const CheckedConfig checked = read_and_check(verb.file);
  if (!checked.config) return complain_of(checked, verb.file, around);
  auto paths = lb_supervisor::haproxy_paths(verb.run_dir);
  for (const auto& service : checked.config->services) {
    if (!service.haproxy.stats) continue;
    // The page is shown, its passwords are not.
    const auto& file = service.haproxy.stats->credentials_file;
    paths.stats_users[file] = {{"the-names-in", file, false}};
  }
  around.out << lb_supervisor::render(*checked.config, paths).text;
  return exit_done;
}

}  // namespace hapx::appliance::cli
