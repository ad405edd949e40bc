// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/config_words.hpp"

namespace hapx::appliance::cli {

/// A verb that looks at a file; whoever leaves that out means the one that hapxd reads.
template <class T>
void ConfigWords::add_one(CLI::App* config, const char* name, const char* what,
                          const char* examples, T& value) {
  CLI::App* verb = add_verb(config, name, what, examples);
  verb->add_option("FILE", value.file, "the cluster's file; - is standard input")
      ->capture_default_str()
      ->type_name("");
  verb->callback([this, &value] { verb_ = value; });
}

void ConfigWords::add(CLI::App& app) {
  CLI::App* config = add_verb(&app, "config", "look at a configuration file, before hapxd does",
                              "  hapx config check\n"
                              "  hapx config haproxy ./hapx.yaml");
  config->require_subcommand(1);
  add_one(config, "check", "tell everything that is wrong with it",
          "  hapx config check ./hapx.yaml && echo good\n\n"
          "Exit status: 0 nothing is wrong, 1 else.",
          check_);
  add_one(config, "show", "write it in full, with every default",
          "  hapx config show\n"
          "  hapx config show ./hapx.yaml -o json",
          show_);
  add_one(config, "diff", "what would change against what the running hapxd has accepted",
          "  hapx config diff\n"
          "  hapx config diff ./hapx.yaml -o json | jq '.differences[].path'\n\n"
          "Exit status: 0 nothing, 1 the file is refused, 2 something, 3 no answer from hapxd.",
          diff_);
  add_verb(config, "schema", "the JSON Schema of the file, for editors",
           "  hapx config schema > hapx.schema.json\n\n"
           "In an editor with a YAML server, the file's first line names it:\n"
           "  # yaml-language-server: $schema=hapx.schema.json")
      ->callback([this] { verb_ = schema_; });
  add_one(config, "haproxy", "the haproxy.cfg that follows from it",
          "  hapx config haproxy ./hapx.yaml", haproxy_);
  config->get_subcommand("haproxy")
      ->add_option("--run-dir", haproxy_.run_dir, "where hapxd will run")
      ->capture_default_str()
      ->type_name("PATH");
}

}  // namespace hapx::appliance::cli
