// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/lab_words.hpp"

#include "appliance/cli/reading_words.hpp"
#include "config/wording.hpp"

namespace hapx::appliance::cli {
namespace {

void add_name(CLI::App* app, std::string& name) {
  app->add_option("--name", name, "which lab; several can be up at once")
      ->capture_default_str()
      ->type_name("NAME");
}

void add_state_dir(CLI::App* app, std::string& folder) {
  app->add_option("--state-dir", folder, "where hapxd keeps its state, and drills their reports")
      ->capture_default_str()
      ->type_name("PATH");
}

void add_wishes(CLI::App* app, LabUp& lab) {
  add_name(app, lab.wishes.name);
  app->add_option("--nodes", lab.wishes.nodes, "how many, the witness included")
      ->check(CLI::Range(1U, 3U).description(""))
      ->capture_default_str()
      ->type_name("1..3");
  app->add_flag("--witness", lab.wishes.witness, "the last node only votes");
  app->add_option("--profile", lab.wishes.profile, "timing: fast, lan or cloud")
      ->check(CLI::IsMember({"fast", "lan", "cloud"}).description(""))
      ->capture_default_str()
      ->type_name("PROFILE");
  app->add_option_function<unsigned>(
         "--ip-version",
         [&lab](unsigned version) {
           lab.wishes.family = version == 6 ? Family::ipv6 : Family::ipv4;
         },
         "of all its addresses")
      ->check(CLI::IsMember({4U, 6U}).description(""))
      ->default_str("4")
      ->type_name("4|6");
  app->add_option("--links", lab.wishes.links, "further networks, for heartbeats alone")
      ->check(CLI::Range(0U, 3U).description(""))
      ->capture_default_str()
      ->type_name("0..3");
  app->add_option("--programs", lab.programs, "folder with hapxd and hapx (default: this one's)")
      ->type_name("PATH");
}

/// "192.168.4.20", "192.168.4.20:6443", "2001:db8::20" or "[2001:db8::20]:6443".
std::optional<Endpoint> endpoint_in(const std::string& text) {
  constexpr std::uint16_t usual_port = 6443;
  if (const auto address = parse_ip(text)) return Endpoint{*address, usual_port};
  const auto endpoint = parse_endpoint(text);
  return endpoint && endpoint->port != 0 ? std::optional(*endpoint) : std::nullopt;
}

/// Below a millisecond a client only measures itself.
Duration beat_in(const std::string& text) {
  using std::chrono::milliseconds;
  const Duration beat = parse_duration(text).value();
  if (beat >= milliseconds(1) && beat <= milliseconds(100)) return beat;
  throw CLI::ValidationError("--beat", shown(text) + " is not within 1ms to 100ms");
}

}  // namespace

template <class T>
void LabWords::choose(CLI::App* app, const T& value) {
  app->callback([this, &value] { verb_ = value; });
}

void LabWords::add(CLI::App& app) {
  add_lab(app);
  add_drill(app);
  add_probe(app);
}

void LabWords::add_lab(CLI::App& app) {
  CLI::App* lab = add_verb(&app, "lab", "a whole cluster on this machine, in network namespaces",
                           "  hapx lab up\n"
                           "  hapx lab exec node1 hapx status\n"
                           "  hapx lab down");
  lab->require_subcommand(1);
  CLI::App* up = add_verb(lab, "up", "build it and start it",
                          "  hapx lab up\n"
                          "  hapx lab up --nodes 3 --witness --profile fast\n"
                          "  hapx lab up --links 1      heartbeats by two networks");
  add_wishes(up, lab_up_);
  choose(up, lab_up_);
  CLI::App* status = add_verb(lab, "status", "what has power, what runs, what each node sees",
                              "  hapx lab status");
  add_name(status, lab_status_.name);
  status->add_option("--programs", lab_status_.programs, "folder with hapx (default: this one's)")
      ->type_name("PATH");
  choose(status, lab_status_);
  add_exec(*lab);
  add_apiserver(*lab);
  CLI::App* down = add_verb(lab, "down", "remove it without a trace", "  hapx lab down");
  add_name(down, lab_down_.name);
  choose(down, lab_down_);
}

void LabWords::add_exec(CLI::App& lab) {
  CLI::App* exec =
      add_verb(&lab, "exec", "run a command on one of its machines",
               "  hapx lab exec node1 hapx status\n"
               "  hapx lab exec client curl -k https://192.168.4.20:6443/readyz\n\n"
               "Exit status: the command's. Whatever follows the machine is the command's.");
  add_name(exec, lab_exec_.name);
  exec->add_option("WHERE", lab_exec_.where, "a node, client, apiservers or wire")
      ->required()
      ->type_name("");
  exec->add_option("COMMAND", lab_exec_.command, "the command and its own words")->type_name("");
  exec->callback([this] {
    if (lab_exec_.command.empty()) throw CLI::RequiredError("a command");
    verb_ = lab_exec_;
  });
}

void LabWords::add_apiserver(CLI::App& lab) {
  CLI::App* server =
      add_verb(&lab, "apiserver", "make an apiserver stand-in fail, end, hang or die",
               "  hapx lab apiserver apiserver2 hanging\n"
               "  hapx lab apiserver apiserver2 well\n\n"
               "failing: answers 500; unready: answers /readyz with 500, and\n"
               "serves; ending: ends what it serves well, and is gone;\n"
               "hanging: accepts and says nothing; dead: refuses connections.");
  add_name(server, lab_apiserver_.name);
  server->add_option("SERVER", lab_apiserver_.server, "apiserver1, ...")->required()->type_name("");
  server
      ->add_option("HEALTH", lab_apiserver_.health,
                   "well, failing, unready, ending, hanging or dead")
      ->required()
      ->type_name("")
      ->check(CLI::IsMember({"well", "failing", "unready", "ending", "hanging", "dead"})
                  .description(""));
  choose(server, lab_apiserver_);
}

void LabWords::add_drill(CLI::App& app) {
  CLI::App* drill =
      add_verb(&app, "drill", "inject faults and measure the outage that a client sees",
               "  hapx drill list\n"
               "  hapx drill run --reach 'ssh root@{address} hapx'\n"
               "  hapx drill run --lab --fault power-loss --html drill.html");
  drill->require_subcommand(1);
  add_run(*drill);
  add_verb(drill, "list", "the faults: what is done, what a client sees, what may be lost",
           "  hapx drill list\n"
           "  hapx drill list -o json | jq -r '.[].name'")
      ->callback([this] { verb_ = DrillList{}; });
  add_verb(
      drill, "agent", "what a drill runs on each node, for as long as it lasts",
      "  ssh root@node2 hapx drill agent     (by `hapx drill run --reach`, not by hand)\n\n"
      "It is asked in lines of JSON on stdin, and answers in such lines. Whatever it has done\n"
      "it undoes when its time is over, or its input.")
      ->callback([this] { verb_ = DrillAgent{}; });
  CLI::App* history = add_verb(
      drill, "history", "the drills that this machine has kept, and what came of them",
      "  hapx drill history\n"
      "  hapx drill history -o json | jq '.[-1].passed'\n\n"
      "They are kept in drills/ of the state directory, the newest fifty, each as --record writes\n"
      "it. A machine without that directory keeps none.");
  add_state_dir(history, drill_history_.state_dir);
  choose(history, drill_history_);
}

void LabWords::add_run(CLI::App& drill) {
  CLI::App* run = add_verb(
      &drill, "run", "run it and report",
      "  hapx drill run --dry-run\n"
      "  hapx drill run --reach 'ssh root@{address} hapx'\n"
      "  hapx drill run --reach 'ssh root@{address} hapx' plan.yaml --html drill.html\n"
      "  hapx drill run --lab --fault power-loss --count 5\n"
      "  hapx drill run --lab --fault all --profile fast -o json\n\n"
      "Without --lab the cluster of hapx.yaml is drilled, the real one. Its nodes are reached by "
      "the\n"
      "command of --reach, which is given to no shell: {address} and {node} are those of each "
      "node,\n"
      "and `drill agent` is added. The node that the drill runs on needs none. Nothing is done\n"
      "while a node says that something is wrong. --from has other machines look on, like\n"
      "--from 'ssh worker1 hapx', and what they see counts.\n\n"
      "A plan is a file like this:\n\n"
      "  apiVersion: hapx.dev/v1alpha1\n"
      "  kind: DrillPlan\n"
      "  metadata: {name: weekly}\n"
      "  spec:\n"
      "    objective: 1s        # no outage longer than that; else the drill has failed\n"
      "    count: 3             # of each fault, 1 to 100\n"
      "    seed: 7              # mixes their order, always in the same way\n"
      "    pause: 10s           # between two\n"
      "    faults:\n"
      "      - hand-over\n"
      "      - {fault: power-loss, node: node1, objective: 400ms, count: 5}\n"
      "      - {fault: daemon-freeze, length: 100ms}\n\n"
      "Without a plan and without --fault: hand-over, haproxy-kill, daemon-kill,\n"
      "daemon-freeze (for half a lease) and vip-delete, which a pair in production can bear.\n"
      "Exit status: 0 the service came back each time, with one holder at every instant, and\n"
      "within the objective if there was one; 1 else, or the plan was refused; 130 interrupted.");
  add_place(*run);
  CLI::Option* plan =
      run->add_option("PLAN", drill_run_.plan_file, "the plan; - is standard input")->type_name("");
  run->add_option("--fault", drill_run_.faults, "which; may be repeated; see drill list")
      ->expected(1)
      ->take_all()
      ->type_name("NAME")
      ->excludes(plan);
  run->add_option("--count", drill_run_.count, "how often each (instead of the plan's; default: 1)")
      ->check(CLI::Range(1U, 100U).description(""))
      ->type_name("1..100");
  run->add_option_function<std::string>(
         "--objective",
         [this](const std::string& text) { drill_run_.objective = parse_duration(text).value(); },
         "the longest outage that will do (instead of the plan's)")
      ->type_name("DURATION")
      ->check(is_duration());
  run->add_option("--seed", drill_run_.seed, "mix their order so (instead of the plan's)")
      ->type_name("N");
  run->add_option_function<std::string>(
         "--beat", [this](const std::string& text) { drill_run_.beat = beat_in(text); },
         "how often the client asks (default: 5ms), 1ms to 100ms")
      ->type_name("DURATION")
      ->check(is_duration());
  run->add_flag("--dry-run", drill_run_.is_dry, "tell what would be done, and do nothing");
  const auto add_file = [&](const char* name, std::string& file, const char* what) {
    run->add_option(name, file, what)->type_name("FILE");
  };
  add_file("--record", drill_run_.record_file, "also write the report here, as JSON");
  add_file("--junit", drill_run_.junit_file, "likewise, as JUnit's XML (Jenkins, GitLab)");
  add_file("--html", drill_run_.html_file, "likewise, as one page with plots");
  add_state_dir(run, drill_run_.state_dir);
  choose(run, drill_run_);
}

void LabWords::add_place(CLI::App& run) {
  run.add_option("--config", drill_run_.config_file, "the file of the cluster that is drilled")
      ->capture_default_str()
      ->type_name("FILE");
  run.add_option("--reach", drill_run_.reach, "by which command other nodes are reached")
      ->type_name("COMMAND");
  run.add_option("--from", drill_run_.from,
                 "a machine that looks on, too, by its command; may be repeated")
      ->expected(1)
      ->take_all()
      ->type_name("COMMAND");
  run.add_option("--service", drill_run_.service, "whose address (default: the first service's)")
      ->type_name("NAME");
  run.add_flag("--destructive", drill_run_.may_destroy,
               "also what harms more than hapx (power-loss, link-down, ...)");
  CLI::Option* in_lab = run.add_flag("--lab", drill_run_.in_lab,
                                     "in a lab instead (built and removed if it isn't up)");
  for (const char* real : {"--config", "--reach", "--from", "--service", "--destructive"}) {
    in_lab->excludes(run.get_option(real));
  }
  add_wishes(&run, drill_run_.lab);
  for (const char* of_lab :
       {"--name", "--nodes", "--witness", "--profile", "--ip-version", "--links", "--programs"}) {
    run.get_option(of_lab)->needs(in_lab);
  }
}

void LabWords::add_probe(CLI::App& app) {
  CLI::App* probe = add_verb(
      &app, "probe", "look at the service as a client does, until Ctrl-C",
      "  hapx probe 192.168.4.20\n"
      "  hapx probe 192.168.4.20:6443 --for 10m --objective 1s\n"
      "  hapx probe '[2001:db8::20]:6443' -o json | jq -c .summary\n\n"
      "From any machine that reaches it: a request (connect, TLS, GET /readyz) every 5 ms, a line\n"
      "each second, and at the end what came of it; for an hour at most. Certificates are not\n"
      "verified, and an answer that says that strangers may not ask is one.\n"
      "Exit status: 0 it was served (within the objective, if there is one), 1 it was not.");
  probe
      ->add_option_function<std::string>(
          "ADDRESS",
          [this](const std::string& text) {
            const auto endpoint = endpoint_in(text);
            if (!endpoint) {
              throw CLI::ValidationError("ADDRESS", shown(text) +
                                                        " is no address; like 192.168.4.20 or "
                                                        "192.168.4.20:6443");
            }
            probe_.endpoint = *endpoint;
          },
          "the service's, with its port if that is not 6443")
      ->required()
      ->type_name("");
  const auto add_time = [&](const char* name, const char* what, auto take) {
    probe
        ->add_option_function<std::string>(
            name, [take](const std::string& text) { take(parse_duration(text).value()); }, what)
        ->type_name("DURATION")
        ->check(is_duration());
  };
  add_time("--for", "end by itself after this time: 30s, 10m",
           [this](Duration length) { probe_.length = length; });
  add_time("--objective", "the longest outage that will do",
           [this](Duration objective) { probe_.objective = objective; });
  choose(probe, probe_);
}

}  // namespace hapx::appliance::cli
