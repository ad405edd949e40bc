// SPDX-License-Identifier: Apache-2.0
#include "appliance/sim/io/verbs.hpp"

#include <array>
#include <csignal>
#include <cstdio>
#include <cstring>

#include <boost/json.hpp>
#include <unistd.h>

#include "appliance/sim/swarm.hpp"
#include "config/io/clock.hpp"

namespace hapx::appliance::sim {
namespace {

namespace json = boost::json;

constexpr int exit_well = 0;
constexpr int exit_wrong = 1;
constexpr int exit_interrupted = 130;
constexpr Duration progress_interval = std::chrono::seconds(2);
constexpr unsigned plays_max = 400;  ///< to cut a plot short

volatile std::sig_atomic_t interrupt = 0;
/// An assertion of the core aborts: then the seed is all that can still be said.
std::array<char, 64> last_words{};

void say_last_words(int) {
  static_cast<void>(!::write(STDERR_FILENO, last_words.data(), std::strlen(last_words.data())));
  std::signal(SIGABRT, SIG_DFL);
}

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

std::string with_one_digit(double number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f", number);
  return text.data();
}

struct Tally {
  std::uint64_t played = 0;
  Duration simulated{0};
  Duration took{0};
};

std::string summary(const Tally& tally) {
  const double took = std::max(seconds(tally.took), 1e-3);
  return std::to_string(tally.played) + (tally.played == 1 ? " seed, " : " seeds, ") +
         with_one_digit(seconds(tally.simulated) / 60) + " simulated minutes in " +
         with_one_digit(took) + " s (" +
         std::to_string(static_cast<std::uint64_t>(seconds(tally.simulated) / took)) +
         " seconds per second)";
}

void show_failure(std::uint64_t seed, const Plot& plot, bool with_trace, std::ostream& out,
                  std::ostream& err) {
  err << "seed " << seed << " fails; cutting it short\n" << std::flush;
  const Plot shortest = shorten(plot, plays_max);
  const Played played = play(shortest);
  out << "seed " << seed << ":\n";
  for (const std::string& complaint : played.complaints) out << "  " << complaint << "\n";
  out << "does so with these " << shortest.operations.size() << " operations on "
      << shortest.world.config.nodes.size() << " nodes:\n";
  for (const Operation& operation : shortest.operations) {
    out << "  " << describe(operation, shortest.world.config) << "\n";
  }
  if (with_trace) out << played.trace;
}

std::string document(const Tally& tally, const SwarmOptions& options,
                     const std::vector<std::string>& complaints) {
  json::object shown{{"firstSeed", options.first_seed},
                     {"played", tally.played},
                     {"simulatedSeconds", seconds(tally.simulated)},
                     {"seconds", seconds(tally.took)}};
  json::array wrong;
  for (const std::string& complaint : complaints) wrong.emplace_back(complaint);
  if (!complaints.empty()) shown["failedSeed"] = options.first_seed + tally.played - 1;
  shown["complaints"] = std::move(wrong);
  return json::serialize(shown);
}

}  // namespace

int run_swarm(const SwarmOptions& options, std::ostream& out, std::ostream& err) {
  if (options.edition > newest_edition) {
    err << "there is no edition " << options.edition << " of the swarm; the newest is "
        << newest_edition << "\n";
    return exit_wrong;
  }
  const unsigned edition = options.edition == 0 ? newest_edition : options.edition;
  interrupt = 0;
  const auto former = std::signal(SIGINT, [](int) { interrupt = 1; });
  std::signal(SIGABRT, say_last_words);
  Tally tally;
  const Instant begin = boot_now();
  Instant told = begin;
  std::vector<std::string> complaints;
  while (tally.played < options.count && interrupt == 0 && complaints.empty()) {
    const std::uint64_t seed = options.first_seed + tally.played;
    std::snprintf(last_words.data(), last_words.size(), "aborted in seed %llu\n",
                  static_cast<unsigned long long>(seed));
    const Plot plot = draw_plot(seed, options.length, edition);
    Played played = play(plot);
    ++tally.played;
    tally.simulated += played.simulated;
    tally.took = boot_now() - begin;
    complaints = std::move(played.complaints);
    if (!complaints.empty() && !options.json) show_failure(seed, plot, options.trace, out, err);
    const bool last = tally.played == options.count || !complaints.empty();
    if (last || boot_now() - told < progress_interval) continue;
    told = boot_now();
    err << summary(tally) << "\n" << std::flush;
  }
  std::signal(SIGINT, former);
  std::signal(SIGABRT, SIG_DFL);
  if (options.json) {
    out << document(tally, options, complaints) << "\n";
  } else {
    out << summary(tally) << ": "
        << (complaints.empty() ? "nothing wrong" : "the last one is wrong") << "\n";
  }
  if (!complaints.empty()) return exit_wrong;
  return interrupt != 0 ? exit_interrupted : exit_well;
}

}  // namespace hapx::appliance::sim
