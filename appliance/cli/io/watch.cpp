// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/io/watch.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include <sys/ioctl.h>
#include <unistd.h>

#include "appliance/cli/io/again.hpp"
#include "appliance/cli/io/describe.hpp"
#include "appliance/cli/io/speech.hpp"
#include "appliance/cli/watch_text.hpp"
#include "config/io/clock.hpp"

namespace hapx::appliance::cli {

namespace {

constexpr Duration screen_interval = std::chrono::milliseconds(400);
constexpr Duration block_interval = std::chrono::seconds(1);

std::size_t rows_of_terminal() {
  constexpr std::size_t rows_usual = 24;
  winsize size{};
  const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0;
  return known ? size.ws_row : rows_usual;
}

/// A terminal for as long as this lives; puts it right at the end, whatever ends it.
class Screen {
 public:
  explicit Screen(std::ostream& out) : out_(out) { out_ << screen_begins; }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  ~Screen() { out_ << screen_ends << std::flush; }

  void draw(const std::string& page) { out_ << redrawn(page, rows_of_terminal()) << std::flush; }

 private:
  std::ostream& out_;
};

int watch_on_screen(const GlobalOptions& global, const Surroundings& around) {
  std::optional<Screen> screen;  // from the first answer on, when Ctrl-C is already watched for
  std::string last;
  Instant last_at{};
  return ask_again(
      global, around, "/v1/why", screen_interval,
      [&](const Result<std::string>& answer) -> std::optional<int> {
        if (!screen) screen.emplace(around.out);
        const Result<Told> told = answer ? read_told(*answer) : Result<Told>(answer.error());
        if (told) {
          last = watch_to_text(told->status, told->events, around.style);
          last_at = boot_now();
          screen->draw(last);
          return std::nullopt;
        }
        std::string page = paint("! " + told.error().sentence, Tone::bad, around.style) + "\n";
        if (!last.empty()) {
          const Duration age = boot_now() - last_at;
          page += paint("! what follows is " + age_text(age) + " old", Tone::bad, around.style) +
                  "\n\n" + last;
        }
        screen->draw(page);
        return std::nullopt;
      });
}

std::string time_of_day() {
  using namespace std::chrono;
  return to_string(Utc(duration_cast<Duration>(system_clock::now().time_since_epoch())));
}

/// Each block begins with the time of day; of documents each is one of its own.
void print_block(const GlobalOptions& global, const Told& told, const std::string& json,
                 const Surroundings& around) {
  if (global.output == Output::text) {
    around.out << "== " << time_of_day() << '\n'
               << watch_to_text(told.status, told.events, around.style) << '\n';
    return;
  }
  if (global.output == Output::yaml) around.out << "---\n";
  print_document(around, global.output, json);
}

int watch_in_blocks(const GlobalOptions& global, const Surroundings& around) {
  Complaints complaints;
  return ask_again(global, around, "/v1/why", block_interval,
                   [&](const Result<std::string>& answer) -> std::optional<int> {
                     const Result<Told> told =
                         answer ? read_told(*answer) : Result<Told>(answer.error());
                     if (told) {
                       complaints.forget();
                       print_block(global, *told, *answer, around);
                     } else {
                       complaints.say(around, told.error().sentence);
                     }
                     return std::nullopt;
                   });
}

}  // namespace

int watch_status(const GlobalOptions& global, const Surroundings& around) {
  const bool on_screen = around.is_terminal && global.output == Output::text;
  return on_screen ? watch_on_screen(global, around) : watch_in_blocks(global, around);
}

}  // namespace hapx::appliance::cli
