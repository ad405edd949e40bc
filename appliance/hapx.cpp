// SPDX-License-Identifier: Apache-2.0
// hapx: the operator's command.
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <unistd.h>

#include "appliance/cli/hapx_words.hpp"
#include "appliance/cli/io/verbs.hpp"

namespace {

bool is_terminal(int stream) {
  const char* terminal = std::getenv("TERM");
  const bool plain = terminal == nullptr || std::string_view(terminal) == "dumb";
  return ::isatty(stream) == 1 && !plain;
}

/// Colour is for people: on a terminal that has it, unless they said no (no-color.org).
hapx::appliance::Colour colour_of(int stream) {
  const char* no_color = std::getenv("NO_COLOR");
  const bool unwanted = no_color != nullptr && *no_color != '\0';
  return is_terminal(stream) && !unwanted ? hapx::appliance::Colour::always
                                          : hapx::appliance::Colour::never;
}

}  // namespace

int main(int count, char** words) {
  using namespace hapx::appliance::cli;
  const char* socket = std::getenv("HAPX_SOCKET");
  const auto read = read_hapx_words(std::vector<std::string>(words + 1, words + count),
                                    socket ? std::optional<std::string>(socket) : std::nullopt);
  if (const auto* usage = std::get_if<Usage>(&read)) {
    (usage->status == exit_done ? std::cout : std::cerr) << usage->text << std::flush;
    return usage->status;
  }
  const Surroundings around{std::cout,
                            std::cerr,
                            {colour_of(STDOUT_FILENO)},
                            HAPX_VERSION,
                            is_terminal(STDOUT_FILENO),
                            is_terminal(STDERR_FILENO),
                            colour_of(STDERR_FILENO)};
  const int status = run(std::get<Command>(read), around);
  std::cout.flush();
  return status;
}
