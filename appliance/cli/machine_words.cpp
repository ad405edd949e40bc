// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/machine_words.hpp"

#include <vector>

#include "appliance/cli/reading_words.hpp"

namespace hapx::appliance::cli {
namespace {

void add_node(CLI::App* verb, std::string& node) {
  verb->add_option("--node", node, "which node of the file this is (else: by host name or address)")
      ->type_name("NAME");
}

}  // namespace

void MachineWords::add(CLI::App& app) {
  add_init(app);
  add_join(app);
  add_doctor(app);
  add_report(app);
  add_hooks(app);
}

void MachineWords::add_doctor(CLI::App& app) {
  CLI::App* doctor = add_verb(
      &app, "doctor", "can this machine be a node, and what should be put right?",
      "  hapx doctor\n"
      "  hapx doctor ./hapx.yaml -o json | jq '.findings[] | select(.verdict != \"ok\")'\n\n"
      "Looks at files, kernel, interfaces, ports, other programs, HAProxy and the\n"
      "kube-apiservers. It changes nothing, and sees the most as root.\n"
      "Exit status: 0 all well, 1 warnings, 2 failures.");
  doctor->add_option("FILE", doctor_.file, "the cluster's file")
      ->capture_default_str()
      ->type_name("");
  add_node(doctor, doctor_.node);
  add_doctor_wire(*doctor);
  // What is below it has its say first.
  doctor->callback([this, doctor] {
    if (doctor->get_subcommands().empty()) verb_ = doctor_;
  });
}

void MachineWords::add_doctor_wire(CLI::App& doctor) {
  CLI::App* wire = add_verb(
      &doctor, "wire", "does the network between two nodes let a VIP move? (run it on both)",
      "  hapx doctor wire                                on node1 and on node2, within a minute\n"
      "  hapx doctor wire --address 192.168.4.20         with the VIP itself, before hapxd runs\n\n"
      "On the segment of each VIP the two claim an address in turn, as nodes claim a VIP, and\n"
      "tell each other what came through: announcements, questions and answers (ARP, neighbour\n"
      "discovery), packets from and to the address, packets of each size; who else answers; what\n"
      "a DHCP server offers. By default the address is one that no host may have (RFC 5737,\n"
      "RFC 3849). It is never added to an interface, and hapxd may run meanwhile. Needs root,\n"
      "the same file and key on both, and UDP 7406 (that of heartbeats + 1) between them.\n"
      "Takes some 8 s. Both print the same.\n"
      "Exit status: 0 all well, 1 warnings, 2 failures, 3 nobody came.");
  wire->add_option("FILE", doctor_wire_.file, "the cluster's file")
      ->capture_default_str()
      ->type_name("");
  add_node(wire, doctor_wire_.node);
  wire->add_option("--peer", doctor_wire_.peer, "with which node (else: with the one that comes)")
      ->type_name("NAME");
  add_repeated(wire, "--address", doctor_wire_.addresses,
               "claim this one, if nobody has it; once for IPv4, once for IPv6", "IP");
  wire->add_option("--port", doctor_wire_.port, "UDP, for what the two say to each other")
      ->check(CLI::Range(1U, 65535U).description(""))
      ->type_name("PORT");
  wire->add_option("--wait", doctor_wire_.wait, "for the other to come")
      ->capture_default_str()
      ->type_name("DURATION")
      ->check(is_duration());
  wire->callback([this] { verb_ = doctor_wire_; });
}

void MachineWords::add_init(CLI::App& app) {
  CLI::App* init = add_verb(
      &app, "init", "make the first node: write the cluster's file, and a key",
      "  hapx init --cluster kube-demo --node node1=192.168.4.11 --node node2=192.168.4.12 \\\n"
      "      --witness node3=192.168.4.13 --vip 192.168.4.20/27 --interface eth0 \\\n"
      "      --apiserver kube-mast01:6443 --apiserver kube-mast02:6443\n\n"
      "Never overwrites a file, never shows the key, and says what to do next.");
  auto& wishes = init_.wishes;
  init->add_option("--cluster", wishes.cluster, "its name")->required()->type_name("NAME");
  add_repeated(init, "--node", wishes.nodes, "a node; may be repeated", "NAME=ADDRESS")->required();
  add_repeated(init, "--witness", wishes.witnesses, "a node that only votes", "NAME=ADDRESS");
  init->add_option("--vip", wishes.vip, "the virtual address, with its network's prefix")
      ->required()
      ->type_name("ADDRESS/PREFIX");
  init->add_option("--interface", wishes.interface, "where it is added, the same on each node")
      ->required()
      ->type_name("NAME");
  add_repeated(init, "--apiserver", wishes.api_servers, "a kube-apiserver; may be repeated",
               "HOST[:PORT]")
      ->required();
  init->add_option("--service", wishes.service, "what the service is called")
      ->capture_default_str()
      ->type_name("NAME");
  init->add_option("--port", wishes.port, "at which clients find it")
      ->capture_default_str()
      ->type_name("PORT");
  init->add_option("--profile", wishes.profile, "timing: fast, lan (the default) or cloud")
      ->type_name("PROFILE");
  init->add_option("--dir", init_.folder, "where hapx.yaml and cluster.key go")
      ->capture_default_str()
      ->type_name("PATH");
  init->callback([this] { verb_ = init_; });
}

void MachineWords::add_join(CLI::App& app) {
  CLI::App* join = add_verb(
      &app, "join", "make the next node, of the file and the key that you copied here",
      "  scp -p node1:/etc/hapx/{cluster.key,hapx.yaml} /root/   (by whatever way you trust)\n"
      "  hapx join /root                                         (puts them into /etc/hapx)\n"
      "  hapx join                                               (they are there: checks them)\n\n"
      "Says which node of the file this machine is. Never overwrites a file, but for --replace.\n"
      "A key that is in place already need not be in the folder.");
  join->add_option("FROM", join_.from, "the folder with hapx.yaml and cluster.key")->type_name("");
  join->add_option("--dir", join_.folder, "where they go")
      ->capture_default_str()
      ->type_name("PATH");
  join->add_flag("--replace", join_.replaces,
                 "what is there, if it is another; for programs that provision");
  add_node(join, join_.node);
  join->callback([this] { verb_ = join_; });
}

void MachineWords::add_report(CLI::App& app) {
  CLI::App* report = add_verb(
      &app, "report", "collect what is needed to look into a problem, without secrets",
      "  hapx report\n"
      "  hapx report /tmp/yesterday.tar.gz --since 48h\n\n"
      "The file, status, reasons, events, metrics, haproxy.cfg, doctor's findings, versions, the\n"
      "kernel's addresses, routes and sockets, and the journal of hapx's units. The key and "
      "private\n"
      "keys are taken out wherever they stand. As root it sees the most.");
  report
      ->add_option("ARCHIVE", report_.archive, "where to (else hapx-report-HOST-TIME.tar.gz here)")
      ->type_name("");
  report->add_option("--config", report_.file, "the cluster's file")
      ->capture_default_str()
      ->type_name("FILE");
  report->add_option("--since", report_.time, "so much of the journal")
      ->capture_default_str()
      ->type_name("DURATION")
      ->check(is_duration());
  report->callback([this] { verb_ = report_; });
}

void MachineWords::add_hooks(CLI::App& app) {
  CLI::App* hooks = add_verb(&app, "hooks", "tell programs and URLs of events, or try that",
                             "  hapx hooks try team\n"
                             "  systemctl enable --now hapx-hooks");
  hooks->require_subcommand(1);
  const auto add_file = [](CLI::App* verb, std::string& file) {
    verb->add_option("FILE", file, "the cluster's file")->capture_default_str()->type_name("");
  };
  CLI::App* run = add_verb(
      hooks, "run", "follow hapxd's events, and tell the hooks of the file, until SIGTERM",
      "  hapx hooks run          (what hapx-hooks.service does)\n\n"
      "Tells of what happens from now on. Each hook is told of one event at a time, in their\n"
      "order; up to 64 wait, and how many were left out is told. A program has one try, a URL "
      "that\n"
      "is not reached five, with pauses of 1, 2, 4 and 8 s. hapxd waits for none of it.\n"
      "A changed file is taken within some seconds; a bad one is said, and what runs goes on.");
  add_file(run, run_hooks_.file);
  run->callback([this] { verb_ = run_hooks_; });
  CLI::App* attempt = add_verb(hooks, "try", "tell one hook of something that has not happened",
                               "  hapx hooks try team\n"
                               "  sudo -u hapx-hooks hapx hooks try team ./hapx.yaml\n\n"
                               "The document says `\"test\": true`. What a program says is shown.\n"
                               "Exit status: 0 told, 1 refused, or not reached.");
  attempt->add_option("NAME", try_hook_.name, "which hook")->required()->type_name("");
  add_file(attempt, try_hook_.file);
  attempt->callback([this] { verb_ = try_hook_; });
}

}  // namespace hapx::appliance::cli
