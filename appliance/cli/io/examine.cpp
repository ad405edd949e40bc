// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/io/examine.hpp"

#include <chrono>
#include <optional>
#include <string>

#include "appliance/cli/io/questions.hpp"
#include "appliance/cli/io/speech.hpp"
#include "appliance/doctor/io/gather.hpp"
#include "appliance/doctor/judge.hpp"
#include "config/io/clock.hpp"

namespace hapx::appliance::cli {

namespace {

constexpr Duration silence_max = std::chrono::seconds(2);

std::optional<doctor::Running> ask_running(const GlobalOptions& global) {
  std::string json;
  const Result<Status> status = ask_status(global, json);
  if (!status) return std::nullopt;
  doctor::Running running{status->version};
  for (const auto& member : status->members) {
    if (member.state == MemberState::offline) running.unheard.push_back(member.name);
  }
  return running;
}

}  // namespace

doctor::Findings examine(const GlobalOptions& global, const Doctor& verb,
                         const Surroundings& around) {
  const Instant began = boot_now();
  std::string said;
  const auto progress = [&](const std::string& doing) {
    if (boot_now() - began < silence_max || doing == said) return;
    around.err << "hapx: " << doing << " ...\n" << std::flush;
    said = doing;
  };
  doctor::GatherOptions options;
  options.config_file = verb.file;
  if (!verb.node.empty()) options.node = verb.node;
  options.version = around.version;
  options.running = ask_running(global);
  return doctor::judge(doctor::gather(options, progress));
}

int show_findings(const doctor::Findings& findings, const GlobalOptions& global,
                  const Surroundings& around) {
  if (global.output == Output::text) {
    around.out << doctor::to_text(findings, around.style);
  } else {
    print_document(around, global.output, doctor::to_json(findings));
  }
  return static_cast<int>(doctor::verdict_on(findings));
}

int show_doctor(const GlobalOptions& global, const Doctor& verb, const Surroundings& around) {
  return show_findings(examine(global, verb, around), global, around);
}

}  // namespace hapx::appliance::cli
