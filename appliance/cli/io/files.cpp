// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/io/files.hpp"

#include <string>

#include "appliance/cli/io/speech.hpp"
#include "appliance/scenario.hpp"
#include "appliance/scheduler.hpp"
#include "config/io/key_file.hpp"

namespace hapx::appliance::cli {

int make_key(const MakeKey& verb, const Surroundings& around) {
  const Result<void> written = write_key_file(verb.file);
  if (!written) return complain(around, written.error().sentence);
  around.out << verb.file << ": a new key; copy it to every node, mode 0400\n";
  return exit_done;
}

int simulate(const GlobalOptions& global, const Simulate& verb, const Surroundings& around) {
  const Result<std::string> text = read_input(verb.file, "the scenario");
  if (!text) return complain(around, text.error().sentence);
  const Result<Facts> facts = parse_scenario(*text, name_of_input(verb.file));
  if (!facts) {
    around.err << printable(facts.error().sentence) << '\n';
    return exit_refused;
  }
  const Schedule answer = schedule(*facts);
  if (global.output != Output::text) return print_document(around, global.output, to_json(answer));
  around.out << to_text(answer);
  return exit_done;
}

}  // namespace hapx::appliance::cli
