// SPDX-License-Identifier: Apache-2.0
// What docs/migration.md promises to those who come from Pacemaker or keepalived, tried row by row.
//
// One lab, and one trial for each command of the page: what has to be so before it, and what must
// be so after it. A row without a trial and a trial without a row are failures.
#include <algorithm>
#include <iterator>

#include "migrating.hpp"
#include "migration_table.hpp"

namespace hapx::appliance::lab {
namespace {

using Trials = std::vector<Trial>;

class Migration : public Migrating {
 protected:
  Trials setting_up() {
    return {
        {.command = "hapx keygen /etc/hapx/cluster.key",
         .after = [&] { EXPECT_EQ(mode_of("cluster.key"), 0400); }},
        {.command = "hapx init --cluster kube-demo --node node1=192.168.4.11 "
                    "--node node2=192.168.4.12 --witness node3=192.168.4.13 "
                    "--vip 192.168.4.20/27 --interface eth0 --apiserver kube-mast01:6443",
         .more = {"--dir", in_scratch("first")},
         .after =
             [&] {
               expect_says({"this machine is node1"});
               EXPECT_EQ(mode_of("first/cluster.key"), 0400);
               EXPECT_EQ(type({"config", "check", "first/hapx.yaml"}), 0) << said_;
             }},
        {.command = "hapx join /root",
         .before = [&] { copy_to_next_node(); },
         .more = {"--dir", in_scratch("next")},
         .after =
             [&] {
               expect_says({"this machine is node1"});
               EXPECT_EQ(mode_of("next/cluster.key"), 0400);
               EXPECT_TRUE(exists(in_scratch("next/hapx.yaml")));
             }},
        {.command = "hapx doctor ./hapx.yaml",
         .after =
             [&] {
               expect_says({"0 failures", "this machine is node1"});
             }},
        {.command = "hapx version", .after = [&] { expect_says({"hapx 0."}); }},
    };
  }

  Trials looking() {
    return {
        {.command = "hapx status",
         .after =
             [&] {
               expect_says({"lab: healthy", "quorum: yes (3 of 3 votes)"});
             }},
        {.command = "hapx status --watch", .until = "lab: healthy"},
        {.command = "hapx status -o json",
         .after = [&] { EXPECT_TRUE(parse_observation(said_)) << said_; }},
        {.command = "hapx get members",
         .after =
             [&] {
               expect_says({"coordinator", "node1", "node2", "node3"});
             }},
        {.command = "hapx get links",
         .after =
             [&] {
               expect_says({"HEARS THIS NODE", "yes"});
             }},
        {.command = "hapx get services -o wide",
         .after =
             [&] {
               expect_says({"WHY THERE", holder_by(node(1)), "bpf"});
             }},
        {.command = "hapx get backends",
         .after =
             [&] {
               expect_says({"192.168.4.31:6443", "up"});
             }},
        {.command = "hapx describe node node1",
         .after =
             [&] {
               expect_says({"node node1: online", "ON THE INTERFACE"});
             }},
        {.command = "hapx describe service kube-apiserver",
         .after =
             [&] {
               expect_says({"served by " + holder_by(node(1)), "MAY HOLD IT"});
             }},
        {.command = "hapx why kube-apiserver",
         .after =
             [&] {
               expect_says({"kube-apiserver is on ", "what led there"});
             }},
        {.command = "hapx events --since 10m", .after = [&] { expect_says({"began as node1"}); }},
        {.command = "hapx events --follow",
         .meanwhile =
             [&] {
               ASSERT_EQ(hapx(node(1), {"ban", service, "node3"}), 0) << said_;
               ASSERT_EQ(hapx(node(1), {"clear", service}), 0) << said_;
             },
         .until = "asked to lift"},
        {.command = "hapx report",
         .after =
             [&] {
               expect_says({"without the key"});
               const auto archive = said_.substr(0, said_.find(".tar.gz")) + ".tar.gz";
               EXPECT_TRUE(exists(in_scratch(archive.substr(archive.rfind('\n') + 1)))) << said_;
             }},
    };
  }

  Trials moving() {
    return {
        {.command = "hapx move kube-apiserver node2",
         .before = [&] { bring_to(1); },
         .after = [&] { EXPECT_TRUE(comes_true([&] { return is_held_by(2); })); }},
        {.command = "hapx move kube-apiserver",
         .before = [&] { bring_to(1); },
         .after =
             [&] {
               expect_elsewhere_than(1);
               expect_orders("");
               bring_to(1);  // it is not forbidden there
             }},
        {.command = "hapx standby node2 --ttl 30m --wait",
         .before = [&] { bring_to(2); },
         .after =
             [&] {
               EXPECT_NE(holder_by(node(1)), "node2") << "it has waited for that";
               expect_says({"node2 is in standby until "});
               expect_elsewhere_than(2);
               expect_orders("standby");
             }},
        {.command = "hapx online node2 --wait",
         .before =
             [&] {
               ASSERT_EQ(hapx(node(3), {"standby", "node2", "--wait"}), 0) << said_;
             },
         .after = [&] { expect_all_well(); }},
        {.command = "hapx ban kube-apiserver node2 --ttl 2h",
         .before = [&] { bring_to(2); },
         .after =
             [&] {
               expect_elsewhere_than(2);
               expect_orders("ban");
               EXPECT_EQ(hapx(node(3), {"move", service, "node2"}), 1) << said_;
             }},
        {.command = "hapx get orders",
         .before = [&] { ban({"node2"}); },
         .after =
             [&] {
               expect_says({"ban", "node2", "@", "UNTIL"});
             }},
        {.command = "hapx clear kube-apiserver node2",
         .before =
             [&] {
               ban({"node2", "node3"});
             },
         .after =
             [&] {
               EXPECT_EQ(hapx(node(3), {"get", "orders"}), 0);
               EXPECT_FALSE(says("node2")) << said_;
               EXPECT_TRUE(says("node3")) << said_;
             }},
        {.command = "hapx clear kube-apiserver",
         .before =
             [&] {
               ban({"node2", "node3"});
             },
         .after = [&] { expect_all_well(); }},
        {.command = "hapx maintenance on --ttl 1h",
         .before = [&] { bring_to(1); },
         .after =
             [&] {
               expect_orders("maintenance");
               EXPECT_EQ(hapx(node(2), {"status"}), 1) << "degraded: " << said_;
               EXPECT_TRUE(is_held_by(1));
             }},
        {.command = "hapx maintenance off",
         .before =
             [&] {
               ASSERT_EQ(hapx(node(3), {"maintenance", "on"}), 0) << said_;
             },
         .after = [&] { expect_all_well(); }},
    };
  }

  Trials failures() {
    return {
        {.command = "hapx failcount",
         .before = [&] { let_haproxy_fail_on(2); },
         .after = [&] { expect_says({"kube-apiserver  node2  0    1"}); }},
        {.command = "hapx cleanup kube-apiserver",
         .before = [&] { let_haproxy_fail_on(2); },
         .after =
             [&] {
               expect_says({"are forgotten on node1, node2, node3"});
               EXPECT_TRUE(comes_true([&] { return counts(2, 0); })) << said_;
             }},
        {.command = "hapx cleanup kube-apiserver --node node2",
         .before = [&] { let_haproxy_fail_on(2); },
         .after =
             [&] {
               expect_says({"are forgotten on node2"});
               EXPECT_TRUE(comes_true([&] { return counts(2, 0); })) << said_;
             }},
        {.command = "hapx release-all",
         .before =
             [&] {
               bring_to(1);
               leave_the_address_behind(1);
             },
         .after =
             [&] {
               expect_says({to_string(plan().vip)});
               EXPECT_FALSE(has_address(1));
               ASSERT_TRUE(lab_->start(node(1)));
               expect_all_well();
             }},
    };
  }

  Trials about_the_file() {
    return {
        {.command = "hapx config check ./hapx.yaml", .after = [&] { expect_says({"good"}); }},
        {.command = "hapx config show ./hapx.yaml",
         .after =
             [&] {
               expect_says({"migrationThreshold: 3", "noQuorumPolicy: stop"});
             }},
        {.command = "hapx config diff ./hapx.yaml",
         .after = [&] { expect_says({"nothing differs"}); }},
        {.command = "hapx config diff ./changed.yaml",
         .after =
             [&] {
               expect_says({"spec.scheduling.migrationThreshold  3 -> 2", "systemctl reload"});
             }},
        {.command = "hapx reload", .after = [&] { expect_says({"is in force already"}); }},
        {.command = "hapx config haproxy ./hapx.yaml",
         .after =
             [&] {
               expect_says({"frontend kube-apiserver", "option httpchk GET /readyz"});
             }},
        {.command = "hapx simulate ./scenario.yaml",
         .after = [&] { expect_says({"kube-apiserver is on node1"}); }},
    };
  }

  /// The last of them takes the lab away and builds it again.
  Trials trying_out() {
    const std::vector<std::string> here{"--name", name()};
    return {
        {.command = "hapx drill run --lab --fault power-loss",
         .more = here,
         .again_if = "a client is not served although all seems well",
         .after =
             [&] {
               expect_says({"served again after", "one holder at every instant: yes"});
               expect_all_well();
             }},
        {.command = "hapx drill list",
         .after =
             [&] {
               expect_says({"power-loss", "vip-delete"});
             }},
        {.command = "hapx lab status",
         .more = here,
         .after =
             [&] {
               expect_says({"node3", "sees all well"});
             }},
        {.command = "hapx lab down",
         .more = here,
         .after = [&] { EXPECT_FALSE(lab_->has_power(node(1))); }},
        {.command = "hapx lab up", .more = here, .after = [&] { expect_all_well(); }},
    };
  }

  Trials trials() {
    Trials all;
    for (Trials part :
         {setting_up(), looking(), moving(), failures(), about_the_file(), trying_out()}) {
      std::ranges::move(part, std::back_inserter(all));
    }
    return all;
  }
};

std::vector<MigrationRow> rows() {
  const auto text = read_file(migration_page);
  return text ? migration_rows(*text) : std::vector<MigrationRow>{};
}

TEST(MigrationTable, IsReadRowByRow) {
  const auto read = migration_rows(
      "| you know | hapx | |\n| a | `hapx before` | |\n## Commands\n\n| you know | hapx | c |\n"
      "| --- | --- | --- |\n| `a \\| b` | `hapx get x -o wide` | says `hapx y` |\n| c | nothing | "
      "|\n"
      "| d | `hapx d` (exit status 0, 1 with warnings) | |\n| e | `hapx e` (exit status 130) | |\n"
      "## After\n| f | `hapx f` | |\n");
  ASSERT_EQ(read.size(), 4U);
  EXPECT_EQ(read[0].command, "hapx get x -o wide");
  EXPECT_EQ(read[0].line, 7U);
  EXPECT_EQ(read[0].statuses, std::vector<int>{0});
  EXPECT_EQ(read[1].command, "");
  EXPECT_EQ(read[2].statuses, (std::vector<int>{0, 1}));
  EXPECT_EQ(read[3].statuses, std::vector<int>{130});
}

TEST_F(Migration, EveryRowHasOneTrialAndEveryTrialOneRow) {
  // Nothing is carried out here; the trials only name what they would look at.
  const Trials all = trials();
  for (const MigrationRow& row : rows()) {
    EXPECT_EQ(std::ranges::count(all, row.command, &Trial::command), 1)
        << migration_page << ":" << row.line << ": `" << row.command << "`";
  }
  for (const Trial& trial : all) {
    EXPECT_EQ(std::ranges::count(rows(), trial.command, &MigrationRow::command), 1)
        << "the page has not once `" << trial.command << "`";
  }
}

TEST_F(Migration, EveryCommandOfThePageDoesWhatItSays) {
  start();
  write_files();
  const std::vector<MigrationRow> known = rows();
  for (const Trial& trial : trials()) {
    SCOPED_TRACE(trial.command);
    const auto row = std::ranges::find(known, trial.command, &MigrationRow::command);
    if (row == known.end()) continue;  // the test above says so
    if (trial.before) {
      ASSERT_NO_FATAL_FAILURE(trial.before());
    }
    const int code = carry_out(trial);
    EXPECT_EQ(std::ranges::count(row->statuses, code), 1)
        << migration_page << ":" << row->line << ": exit status " << code << "\n"
        << said_;
    if (trial.after) {
      ASSERT_NO_FATAL_FAILURE(trial.after());
    }
    if (HasFailure()) return;  // what comes after it would only be confused
    tidy_up();
  }
}

}  // namespace
}  // namespace hapx::appliance::lab
