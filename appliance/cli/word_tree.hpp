// SPDX-License-Identifier: Apache-2.0
// Which words does a program understand, and what is said of each?
//
// The command line as a plain value: what --help shows, for whoever tells it elsewhere (manual
// pages, a shell's completion). It is read off the very parser that reads the words.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace hapx::appliance::cli {

struct OptionHelp {
  std::vector<std::string> names;  ///< "-o", "--output"
  std::string value;               ///< what it takes: "FORMAT"; empty: nothing
  std::string what;
  std::string standard;  ///< its default; empty: none, or none worth telling
  bool required = false;
};

struct WordHelp {
  std::string name;  ///< "FILE"
  std::string what;
  std::string standard;
  bool required = false;
};

struct VerbHelp {
  std::string name;
  std::string what;
  std::string footer;  ///< examples, exit statuses
  std::vector<OptionHelp> options;
  std::vector<WordHelp> words;  ///< in their order
  std::vector<VerbHelp> verbs;  ///< below it
};

[[nodiscard]] VerbHelp tree_of(const CLI::App& app);

[[nodiscard]] VerbHelp describe_hapx();
[[nodiscard]] VerbHelp describe_hapxd(const std::string& version);

}  // namespace hapx::appliance::cli
