// SPDX-License-Identifier: Apache-2.0
// Writes the report of a drill that never was, in every form, with all that a report may have:
// `drill_report_sample FOLDER`. Names and sentences in it are as hostile as they can be.
#include <fstream>
#include <iostream>

#include "appliance/drill/report_html.hpp"
#include "appliance/drill/report_junit.hpp"

namespace {

using namespace hapx;
using namespace hapx::appliance::drill;
using std::chrono::milliseconds;

const MacAddress one{{0x0a, 0, 0, 0, 4, 11}};
const MacAddress other{{0x0a, 0, 0, 0, 4, 12}};
const std::string hostile = "<script>alert(\"x\")</script> & ' \x01 \xff \xef\xbf\xbe ]]> é";

/// A client that asks every 5 ms and is not answered from 10 ms before `dark` on.
Run run_of(Fault fault, unsigned number, int outage) {
  Run run;
  run.fault = fault;
  run.number = number;
  run.struck = "node1";
  run.holder = "node2";
  run.is_served = true;
  run.at = Instant(std::chrono::hours(1));
  run.undone = run.at + std::chrono::seconds(2);
  run.outage = milliseconds(outage);
  run.service.requests = 400;
  run.service.served = 396;
  run.service.failed = 3;
  run.service.cut = 1;
  run.service.late = 2;
  run.service.outage = run.outage;
  run.service.dark_from = run.at - milliseconds(2);
  run.service.dark_until = run.at + milliseconds(outage - 2);
  run.service.latency_median = milliseconds(2);
  run.service.latency_maximum = milliseconds(1012);
  run.service.longest_silence = milliseconds(6);
  for (int at = -100; at < outage + 200; at += 5) {
    const bool is_dark = at > 0 && at < outage - 2;
    const Fate fate = !is_dark ? Fate::served : at % 3 == 0 ? Fate::failed : Fate::served;
    const Duration took = milliseconds(is_dark ? 1000 : 3);
    run.requests.push_back({run.at + milliseconds(at), run.at + milliseconds(at) + took, fate});
  }
  if (is_moving(fault)) {
    run.phases = {{"last answer of the old holder", milliseconds(3)},
                  {"first claim of the new one", milliseconds(outage - 9)},
                  {"served again", milliseconds(outage - 2)}};
    run.story = {{"peer-dead", milliseconds(1)}, {"lease-won", milliseconds(outage - 11)}};
    run.wire.tenures = {{one, run.at - milliseconds(600), run.at + milliseconds(3)},
                        {other, run.at + milliseconds(outage - 9), run.at + milliseconds(4000)}};
  } else {
    run.wire.tenures = {{one, run.at - milliseconds(600), run.at + milliseconds(4000)}};
  }
  return run;
}

Report sample() {
  Report report;
  report.lab = hostile;
  report.plan = "weekly";
  report.seed = 7;
  report.started = Utc(std::chrono::seconds(1'796'040'000));
  report.machine = {"Linux 6.1", hostile, 2, 4'000'000'000, "0.1.0", "2.6.12"};
  report.config = "# " + hostile + "\nspec: {}\n";
  report.profile = "lan";
  report.nodes = 3;
  report.names = {{one, "node1"}, {other, hostile}};
  for (unsigned number = 1; number <= 7; ++number) {
    report.runs.push_back(run_of(Fault::power_loss, number, 250 + static_cast<int>(number) * 9));
  }
  report.runs.push_back(run_of(Fault::haproxy_kill, 1, 8));
  report.runs.push_back(run_of(Fault::hand_over, 1, 12));
  report.runs.back().objective = milliseconds(100);
  report.runs.push_back(run_of(Fault::partition, 1, 820));
  report.runs.back().objective = milliseconds(400);
  report.runs.push_back(run_of(Fault::vip_delete, 1, 5));
  report.runs.back().wire.conflict_count = 2;
  Run& troubled = report.runs.emplace_back();
  troubled.fault = Fault::link_down;
  troubled.trouble = hostile;
  report.footprints = {{"node1", 12 * 1024 * 1024, 0.005}};
  return report;
}

}  // namespace

int main(int count, char** words) {
  if (count != 2) return 64;
  const std::string folder = words[1];
  const Report report = sample();
  std::ofstream(folder + "/report.html") << render_html(report);
  std::ofstream(folder + "/report.xml") << render_junit(report);
  std::ofstream(folder + "/report.json") << render_json(report);
  std::ofstream(folder + "/empty.html") << render_html(Report{});
  std::ofstream(folder + "/empty.xml") << render_junit(Report{});
  return 0;
}
