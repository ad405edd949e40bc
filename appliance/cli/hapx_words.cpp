// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/hapx_words.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <sstream>
#include <string_view>
#include <utility>

#include <CLI/CLI.hpp>

#include "appliance/cli/add_verb.hpp"
#include "appliance/cli/cloud_words.hpp"
#include "appliance/cli/config_words.hpp"
#include "appliance/cli/import_words.hpp"
#include "appliance/cli/lab_words.hpp"
#include "appliance/cli/machine_words.hpp"
#include "appliance/cli/reading_words.hpp"
#include "appliance/cli/recording_words.hpp"
#include "appliance/cli/word_tree.hpp"
#include "config/wording.hpp"

namespace hapx::appliance::cli {

namespace {

/// Of `lab exec WHERE COMMAND...`: takes the command off the end of `words`. Its words are its own,
/// whatever they look like; CLI11 must not see them. Empty for every other verb.
std::vector<std::string> cut_command(std::vector<std::string>& words) {
  static constexpr std::array<std::string_view, 4> with_value{"--name", "--socket", "-o",
                                                              "--output"};
  static constexpr std::array<std::string_view, 2> verb{"lab", "exec"};
  std::size_t verbs_seen = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].starts_with('-')) {
      if (std::find(with_value.begin(), with_value.end(), words[i]) != with_value.end()) ++i;
    } else if (verbs_seen < verb.size()) {
      if (words[i] != verb[verbs_seen++]) return {};
    } else {  // this is WHERE
      auto begin = words.begin() + static_cast<std::ptrdiff_t>(i) + 1;
      if (begin != words.end() && *begin == "--") begin = words.erase(begin);
      std::vector<std::string> command(begin, words.end());
      words.erase(begin, words.end());
      return command;
    }
  }
  return {};
}

/// The command line as CLI11 knows it. Whichever verb was given leaves its value in `verb`.
class Words {
 public:
  explicit Words(const std::optional<std::string>& socket) {
    if (socket && !socket->empty()) global_.socket = *socket;
    add_globals();
    reading_.add(app_);
    add_version();
    config_.add(app_);
    machine_.add(app_);
    import_.add(app_);
    add_files();
    add_orders();
    cloud_.add(app_);
    recording_.add(app_);
    lab_.add(app_);
    add_swarm();
  }

  [[nodiscard]] VerbHelp described() const { return tree_of(app_); }

  std::variant<Command, Usage> read(std::vector<std::string> words) {
    lab_.set_command(cut_command(words));
    try {
      app_.parse(std::vector<std::string>(words.rbegin(), words.rend()));
    } catch (const CLI::ParseError& error) {
      if (error.get_exit_code() == 0) {
        std::ostringstream help;
        app_.exit(error, help, help);
        return Usage{exit_done, help.str()};
      }
      return Usage{exit_wrong_words, "hapx: " + complaint(error) + "\n"};
    }
    return Command{global_, verb_};
  }

 private:
  template <class T>
  void choose(CLI::App* app, const T& value) {
    app->callback([this, &value] { verb_ = value; });
  }

  void add_globals() {
    app_.require_subcommand(1);
    app_.add_option("--socket", global_.socket, "where hapxd answers (also: HAPX_SOCKET)")
        ->capture_default_str()
        ->type_name("PATH");
    app_.add_option_function<std::string>(
            "-o,--output", [this](const std::string& word) { read_output(word); },
            "how answers look: text (the default), wide, json or yaml")
        ->type_name("FORMAT");
    app_.footer(
        "Global options may stand before or after the verb. Each verb has its own --help.\n\n"
        "Examples:\n"
        "  hapx status                     how the cluster is, and why it is degraded\n"
        "  hapx why kube-apiserver         why the service is where it is\n"
        "  hapx move kube-apiserver node2  hand it over\n"
        "  hapx standby node1 --ttl 30m    let it hold nothing for half an hour\n"
        "  hapx doctor                     what should be put right on this machine\n"
        "  hapx lab up && hapx drill run --lab --fault power-loss\n\n"
        "Exit status: 0 done, 1 refused or failed (said on stderr), 3 no answer from hapxd, or "
        "none\n"
        "that says what became of an order, 64 wrong words; `status` has its own: 0 healthy, 1 "
        "degraded, 2 no service, 3 cannot tell; and so has `doctor`: 0 well, 1 warnings, 2 "
        "failures.");
  }

  void read_output(const std::string& word) {
    static constexpr std::array<std::pair<std::string_view, Output>, 4> outputs{
        {{"text", Output::text},
         {"wide", Output::text},
         {"json", Output::json},
         {"yaml", Output::yaml}}};
    for (const auto& [name, output] : outputs) {
      if (word == name) {
        global_.output = output;
        global_.detail = word == "wide" ? Detail::wide : Detail::usual;
        return;
      }
    }
    throw CLI::ValidationError("-o", shown(word) + " is none of text, wide, json and yaml");
  }

  void add_version() {
    add_verb(&app_, "version", "the version of this program", "  hapx version")->callback([this] {
      verb_ = ShowVersion{};
    });
  }

  void add_files() {
    CLI::App* keygen =
        add_verb(&app_, "keygen", "make the secret that all nodes share (mode 0400)",
                 "  hapx keygen /etc/hapx/cluster.key\n\n"
                 "Never overwrites a file, and never shows the key. Copy it to every node.");
    keygen->add_option("FILE", keygen_.file, "where to write it")->required()->type_name("");
    choose(keygen, keygen_);
    CLI::App* simulate =
        add_verb(&app_, "simulate", "what would the scheduler do in this scenario?",
                 "  hapx simulate scenario.yaml\n"
                 "  hapx simulate scenario.yaml -o json");
    simulate->add_option("FILE", simulate_.file, "the scenario; - is standard input")
        ->required()
        ->type_name("");
    choose(simulate, simulate_);
  }

  void add_orders() {
    CLI::App* move =
        add_verb(&app_, "move", "hand a service over to another node",
                 "  hapx move kube-apiserver node2\n"
                 "  hapx move kube-apiserver        (wherever it is liked next best)\n\n"
                 "It stays there until it fails there, the node goes, or a new order comes.");
    move->add_option("SERVICE", move_.service, "which service")->required()->type_name("");
    move->add_option("NODE", move_.to, "to which node")->type_name("");
    choose(move, move_);
    CLI::App* cleanup = add_verb(
        &app_, "cleanup", "forget the failures of a service, on all nodes",
        "  hapx cleanup kube-apiserver\n"
        "  hapx cleanup kube-apiserver --node node2\n\n"
        "A node that was barred by them may hold it again; what is still wrong counts anew.\n"
        "Exit status: 0 forgotten on every node that is here, 1 refused, 3 a node did not "
        "answer.");
    cleanup->add_option("SERVICE", clean_up_.service, "which service")->required()->type_name("");
    cleanup->add_option("--node", clean_up_.node, "only on this node")->type_name("NODE");
    choose(cleanup, clean_up_);
    add_standing_orders();
    add_verb(&app_, "go-alone", "let a node of two wait for the other one no more",
             "  hapx go-alone     (on the node that is left)\n\n"
             "For two nodes with noQuorumPolicy ignore: a machine that starts while the other one "
             "is away\n"
             "waits for it, for it can't know what that one holds. Give this order when you have "
             "seen that\n"
             "the other machine is off. The tie-breaker and the segment are asked as ever.\n\n"
             "Exit status: 0 it waits no more, 1 refused, 3 no answer.")
        ->callback([this] { verb_ = GoAlone{}; });
    add_verb(&app_, "reload", "take the changed file, on this node",
             "  hapx config diff     (what it would change)\n"
             "  hapx reload\n\n"
             "`systemctl reload hapxd` does this, and under systemd a file that was changed is "
             "taken by\n"
             "itself (hapx-changed.path). Nothing that the change does not concern is dropped; a "
             "file that\n"
             "is refused changes nothing. Go node by node: `hapx status` says which nodes run "
             "another file.\n\n"
             "Exit status: 0 it is in force (or was), 1 refused, 3 no answer.")
        ->callback([this] { verb_ = Reload{}; });
    add_verb(&app_, "release-all", "drop every address and filter of hapx on this machine, at once",
             "  hapx release-all\n\n"
             "Needs no hapxd, and asks nobody. For a machine whose hapxd is gone for good.")
        ->callback([this] { verb_ = ReleaseAll{}; });
  }

  /// What all verbs of standing orders have in common.
  CLI::App* add_order(CLI::App* parent, const char* name, const char* what, const char* examples,
                      ChangeOrders& order) {
    const std::string help = std::string(examples) +
                             "\n\nExit status: 0 a majority of the nodes keeps it, 1 refused, 3 "
                             "nobody can say whether it\n"
                             "is kept (no answer in time).";
    CLI::App* verb = add_verb(parent, name, what, help.c_str());
    verb->add_flag("--wait", order.wait, "return when it is obeyed, within a minute (else 1)");
    choose(verb, order);
    return verb;
  }

  static void add_time(CLI::App* verb, std::string& time) {
    verb->add_option("--ttl", time, "lift it by itself after this time: 30m, 2h")
        ->type_name("DURATION")
        ->check(is_duration());
  }

  void add_standing_orders() {
    CLI::App* standby =
        add_order(&app_, "standby", "let a node hold nothing, until it is online again",
                  "  hapx standby node1\n"
                  "  hapx standby node1 --ttl 30m --wait   (before a reboot)",
                  standby_);
    standby->add_option("NODE", standby_.node, "which node")->required()->type_name("");
    add_time(standby, standby_.time);
    CLI::App* online =
        add_order(&app_, "online", "end a node's standby", "  hapx online node1", online_);
    online->add_option("NODE", online_.node, "which node")->required()->type_name("");

    CLI::App* maintenance =
        add_verb(&app_, "maintenance", "leave everything where it is, whatever happens",
                 "  hapx maintenance on --ttl 1h\n"
                 "  hapx maintenance off\n\n"
                 "Nothing is moved, started or stopped, not even after a failure; leases go on.");
    maintenance->require_subcommand(1);
    CLI::App* on = add_order(maintenance, "on", "from now on", "  hapx maintenance on --ttl 1h",
                             maintenance_on_);
    add_time(on, maintenance_on_.time);
    add_order(maintenance, "off", "no more", "  hapx maintenance off", maintenance_off_);

    CLI::App* ban = add_order(&app_, "ban", "keep a service off a node",
                              "  hapx ban kube-apiserver node2\n"
                              "  hapx ban kube-apiserver node2 --ttl 2h",
                              ban_);
    ban->add_option("SERVICE", ban_.service, "which service")->required()->type_name("");
    ban->add_option("NODE", ban_.node, "from which node")->required()->type_name("");
    add_time(ban, ban_.time);
    CLI::App* clear = add_order(&app_, "clear", "lift a service's bans",
                                "  hapx clear kube-apiserver         (all of them)\n"
                                "  hapx clear kube-apiserver node2",
                                clear_);
    clear->add_option("SERVICE", clear_.service, "which service")->required()->type_name("");
    clear->add_option("NODE", clear_.node, "only from this node")->type_name("");
  }

  void add_swarm() {
    CLI::App* sim = add_verb(
        &app_, "sim", "hunt for two holders, or none, in simulated clusters full of faults",
        "  hapx sim --seed 1 --count 100\n"
        "  hapx sim --seed 42 --trace      one seed again, line by line if it fails\n\n"
        "The production code on a simulated kernel, network and HAProxy. A seed is one story,\n"
        "always the same. One that fails is cut short and shown.\n"
        "Exit status: 0 nothing wrong, 1 something was.");
    sim->add_option("--seed", swarm_.seed, "the first one")->capture_default_str()->type_name("N");
    sim->add_option("--count", swarm_.count, "how many, one after another")
        ->capture_default_str()
        ->type_name("N");
    sim->add_option("--minutes", swarm_.minutes, "simulated time of each, about")
        ->check(CLI::Range(1U, 1440U).description(""))
        ->capture_default_str()
        ->type_name("1..1440");
    sim->add_option("--edition", swarm_.edition,
                    "draw from the deeds of this edition (else: of the newest)")
        ->type_name("N");
    sim->add_flag("--trace", swarm_.trace, "of a failure also what happened, line by line");
    choose(sim, swarm_);
  }

  /// One sentence for wrong words.
  std::string complaint(const CLI::ParseError& error) {
    const CLI::App* at = &app_;
    std::string path = "hapx";
    while (!at->get_subcommands().empty()) {
      at = at->get_subcommands().front();
      path += " " + at->get_name();
    }
    std::vector<std::string_view> verbs;
    for (const CLI::App* verb : at->get_subcommands([](const CLI::App*) { return true; })) {
      verbs.push_back(verb->get_name());
    }
    const std::string more = "see `" + path + " --help`";
    const std::vector<std::string> left = app_.remaining(true);
    if (!verbs.empty() && left.empty()) {
      return "`" + path + "` wants one of " + listed(verbs, "or") + "; " + more;
    }
    if (!verbs.empty() && !left.front().starts_with('-')) {
      return "`" + path + "` has no verb " + shown(left.front()) +
             suggestion(left.front(), verbs, "there are " + listed(verbs, "and"));
    }
    if (const auto* extra = dynamic_cast<const CLI::ExtrasError*>(&error); extra && !left.empty()) {
      return "`" + path + "` does not know " + shown(left.front()) + "; " + more;
    }
    std::string sentence = error.what();
    std::replace(sentence.begin(), sentence.end(), '\n', ' ');
    return sentence + "; " + more;
  }

  CLI::App app_{
      "hapx looks after a highly available endpoint for a Kubernetes control plane: it asks\n"
      "hapxd how things are and why, gives it orders, and tries things out beforehand.",
      "hapx"};
  GlobalOptions global_;
  Verb verb_;
  ReadingWords reading_{verb_};
  ConfigWords config_{verb_};
  MachineWords machine_{verb_};
  CloudWords cloud_{verb_};
  ImportWords import_{verb_};
  RecordingWords recording_{verb_};
  LabWords lab_{verb_};
  MakeKey keygen_;
  Simulate simulate_;
  Move move_;
  CleanUp clean_up_;
  ChangeOrders standby_{ChangeOrders::What::standby, true};
  ChangeOrders online_{ChangeOrders::What::standby, false};
  ChangeOrders maintenance_on_{ChangeOrders::What::maintenance, true};
  ChangeOrders maintenance_off_{ChangeOrders::What::maintenance, false};
  ChangeOrders ban_{ChangeOrders::What::ban, true};
  ChangeOrders clear_{ChangeOrders::What::ban, false};
  RunSwarm swarm_;
};

}  // namespace

std::variant<Command, Usage> read_hapx_words(const std::vector<std::string>& words,
                                             const std::optional<std::string>& socket) {
  return Words(socket).read(words);
}

VerbHelp describe_hapx() {
  return Words(std::nullopt).described();
}

}  // namespace hapx::appliance::cli
