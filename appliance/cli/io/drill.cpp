// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/io/drill.hpp"

#include <unistd.h>

#include "appliance/cli/io/speech.hpp"
#include "appliance/drill/io/agent.hpp"
#include "appliance/drill/io/verbs.hpp"

namespace hapx::appliance::cli {
namespace {

drill::Screen screen_of(const Surroundings& around) {
  if (!around.is_err_terminal) return drill::Screen::none;
  return around.err_colour == Colour::always ? drill::Screen::coloured : drill::Screen::plain;
}

}  // namespace

int run_drill(const GlobalOptions& global, const DrillRun& verb, const lab::UpOptions& where,
              lab::Output output, const Surroundings& around) {
  drill::RunOptions options;
  if (!verb.plan_file.empty()) {
    auto text = read_input(verb.plan_file, "the plan");
    if (!text) return complain(around, text.error().sentence);
    options.plan = drill::PlanText{name_of_input(verb.plan_file), *std::move(text)};
  }
  options.lab = where;
  if (!verb.in_lab) {
    options.cluster = drill::ClusterOptions{
        verb.config_file,
        verb.reach,
        verb.service,
        global.socket,
        verb.may_destroy ? drill::Consent::destructive : drill::Consent::given,
        verb.from};
  }
  options.faults = verb.faults;
  options.count = verb.count;
  options.objective = verb.objective;
  options.seed = verb.seed;
  options.beat = verb.beat;
  options.is_dry = verb.is_dry;
  options.output = output;
  options.record_file = verb.record_file;
  options.junit_file = verb.junit_file;
  options.html_file = verb.html_file;
  options.state_dir = verb.state_dir;
  options.version = around.version;
  options.screen = screen_of(around);
  return drill::run_drill(options, around.out, around.err);
}

int run_agent(const GlobalOptions& global, const Surroundings& around) {
  const auto remember = [&](const std::string& document) {
    Question question{"POST", "/v1/drill", document};
    question.twice = Twice::is_as_once;
    return ask_for(global.socket, question);
  };
  return drill::run_agent({global.socket, around.version, remember}, STDIN_FILENO, STDOUT_FILENO);
}

}  // namespace hapx::appliance::cli
