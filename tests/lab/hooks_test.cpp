// SPDX-License-Identifier: Apache-2.0
// Hooks beside a cluster that fails over: who is told, and that nobody waits for who hangs or
// floods.
#include "ground.hpp"

namespace hapx::appliance::lab {
namespace {

class Hooks : public Ground {
 protected:
  /// The lab's file with hooks: one that takes down what it is told, and two that never end.
  [[nodiscard]] std::string file_with_hooks() const {
    const std::string told = file("told");
    const std::string script = file("take-down");
    EXPECT_TRUE(write_file(script, "#!/bin/sh\nexec cat >> " + told + "\n", 0755));
    EXPECT_TRUE(write_file(told, ""));
    const std::string events = "events: [takeover, member, quorum, lease, haproxy]";
    const std::string text =
        read_file(plan().config_file).value() +
        "  hooks:\n"
        "    - {name: told, events: [takeover, member], command: [" +
        script + "]}\n    - {name: hangs, " + events +
        ", command: [/bin/sleep, '1000'], timeout: 5m}\n    - {name: floods, " + events +
        ", command: [/usr/bin/yes], timeout: 5m}\n";
    EXPECT_TRUE(write_file(file("hooked.yaml"), text));
    return file("hooked.yaml");
  }

  void start_hooks(unsigned number, const std::string& config) const {
    const NodePlan& of = node(number);
    const std::string log = of.log_file + ".hooks";
    // As the unit has it.
    const auto pid =
        start_daemon({"nice", "-n", "10", std::string(HAPX_PROGRAMS) + "/hapx", "--socket",
                      of.run_folder + "/hapxd.sock", "hooks", "run", config},
                     {of.netns, log, of.boot_id_file});
    ASSERT_TRUE(pid) << pid.error().sentence;
    comes("hooks on " + of.name.text(), [&] {
      const auto said = read_file(log);
      return said && said->find("3 hooks: ") != std::string::npos;
    });
  }

  bool comes_to_be_told(const std::string& words) const {
    return comes("a hook that is told: " + words, [&] {
      const auto told = read_file(file("told"));
      return told && told->find(words) != std::string::npos;
    });
  }

  /// As the document has it.
  [[nodiscard]] std::string takeover_by(unsigned number) const {
    return "lab, " + node(number).name.text() + ": " + plan().service.text() + ": came here from ";
  }
};

TEST_F(Hooks, AreToldOfFailoversAndNobodyWaitsForThem) {
  build();
  ASSERT_FALSE(HasFailure());
  const std::string config = file_with_hooks();
  start_all({.config_file = config});
  const unsigned first = settled();
  ASSERT_NE(first, 0U);
  for (const unsigned number : {1U, 2U, 3U}) start_hooks(number, config);
  const Onlooker onlooker = look_on();
  const unsigned second = first % 3 + 1;
  const unsigned third = second % 3 + 1;
  ASSERT_TRUE(lab_->ask(node(first), {"move", plan().service.text(), node(second).name.text()}));
  comes_to_serve(second);
  comes_to_be_told(takeover_by(second) + node(first).name.text());
  ASSERT_TRUE(lab_->power_off(node(second)));
  const unsigned last = who_comes_to_serve({first, third});
  ASSERT_NE(last, 0U);
  comes_to_be_told(takeover_by(last) + node(second).name.text());
  comes_to_be_told(node(second).name.text() + " is dead");
  EXPECT_TRUE(onlooker.wire().is_one_holder());
  for (const unsigned number : {first, third}) {
    comes("one that floods", [&] {
      const auto said = read_file(node(number).log_file + ".hooks");
      return said && said->find("/usr/bin/yes: it says far too much") != std::string::npos;
    });
    comes("one that hangs", [&] { return !processes_in(node(number).netns, "sleep").empty(); });
    EXPECT_EQ(count(status(number), "rights_lost"), 0U);
    EXPECT_FALSE(says(status(number), "configuration")) << "all have the same hooks";
  }
}

}  // namespace
}  // namespace hapx::appliance::lab
