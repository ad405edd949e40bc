// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/word_tree.hpp"

#include <utility>

#include <CLI/CLI.hpp>

#include "appliance/cli/add_verb.hpp"

namespace hapx::appliance::cli {
namespace {

/// Empty: it is a flag.
std::string value_of(const CLI::Option& option) {
  if (option.get_items_expected_max() == 0) return "";
  const auto& text = option.get_option_text();
  return text.empty() ? option.get_type_name() : text;
}

OptionHelp help_of(const CLI::Option& option) {
  OptionHelp out;
  for (const auto& name : option.get_snames()) out.names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) out.names.push_back("--" + name);
  out.value = value_of(option);
  out.what = option.get_description();
  out.standard = option.get_default_str();
  out.required = option.get_required();
  return out;
}

/// Without the hint that every verb's help ends with: a page has the options themselves.
std::string footer_of(const CLI::App& app) {
  std::string text = app.get_footer();
  if (const auto hint = text.find(global_options_hint); hint != std::string::npos) {
    text.erase(hint);
  }
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace

VerbHelp tree_of(const CLI::App& app) {
  VerbHelp out;
  out.name = app.get_name();
  out.what = app.get_description();
  out.footer = footer_of(app);
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) {
      out.words.push_back({option->get_name(true), option->get_description(),
                           option->get_default_str(), option->get_required()});
    } else {
      out.options.push_back(help_of(*option));
    }
  }
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    out.verbs.push_back(tree_of(*verb));
  }
  return out;
}

}  // namespace hapx::appliance::cli
