// SPDX-License-Identifier: Apache-2.0
// hapx_documents: writes what is told of hapx elsewhere (manual pages, completion, JSON Schema)
// into a folder. `ninja documents` does so in docs/; a test finds out when that was forgotten.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <system_error>
#include <utility>

#include "appliance/cli/completion.hpp"
#include "appliance/cli/man_page.hpp"
#include "appliance/document.hpp"
#include "config/json_schema.hpp"

int main(int count, char** words) {
  using namespace hapx::appliance;
  if (count != 2) {
    std::cerr << "usage: hapx_documents FOLDER\n";
    return 64;
  }
  const std::filesystem::path folder = words[1];
  const std::string version = HAPX_VERSION;
  const auto words_of_hapx = cli::describe_hapx();
  const std::pair<const char*, std::string> documents[] = {
      {"man/hapx.8", cli::hapx_page(words_of_hapx, version)},
      {"man/hapxd.8", cli::hapxd_page(cli::describe_hapxd(version), version)},
      {"man/hapx.yaml.5", cli::config_page(version)},
      {"completion/hapx", cli::bash_completion(words_of_hapx)},
      {"completion/_hapx", cli::zsh_completion(words_of_hapx)},
      {"hapx.schema.json", indented_json_from_tree(hapx::json_schema())}};
  for (const auto& [name, text] : documents) {
    std::error_code error;
    std::filesystem::create_directories((folder / name).parent_path(), error);
    std::ofstream file(folder / name, std::ios::binary);
    file << text << std::flush;
    if (error || !file) {
      std::cerr << "hapx_documents: cannot write " << (folder / name).string() << '\n';
      return 1;
    }
  }
  return 0;
}
