// SPDX-License-Identifier: Apache-2.0
// Is the file of names and passwords read totally, and does no refusal give a password away?
#include "config/stats_credentials.hpp"

#include "fuzz.hpp"

namespace hapx::fuzz {

void try_input(Bytes input) {
  const auto users = parse_credentials(text_of(input));
  if (!users) {
    must_be_a_sentence(users.error().sentence);
    return must(users.error().sentence.size() < 100, "a refusal repeats nothing of the file");
  }
  must(!users->empty(), "a list of nobody is refused");
  std::string written;
  for (const auto& user : *users) written += user.name + ":" + user.secret + "\n";
  const auto again = parse_credentials(written);
  must(again.has_value() && *again == *users, "what is read can be written and read back");
}

}  // namespace hapx::fuzz
