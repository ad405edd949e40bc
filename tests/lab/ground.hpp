// SPDX-License-Identifier: Apache-2.0
// How is a cluster put on bad ground, and how is it watched there?
//
// A scratch lab whose nodes are started one by one, each in its own way: without a right, behind a
// wrapper, with another file. Everything is waited for by asking hapxd itself, with a patience that
// no healthy machine needs; a client and a watcher on the wire tell whether the service was
// disturbed. Whatever a test leaves goes with the lab, and that is checked after each.
#pragma once

#include <algorithm>
#include <array>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sched.h>

#include "appliance/drill/io/prober.hpp"
#include "appliance/drill/io/watcher.hpp"
#include "appliance/lab/io/interrupt.hpp"
#include "appliance/status.hpp"
#include "config/io/clock.hpp"
#include "scratch_lab.hpp"

namespace hapx::appliance::lab {

/// How one node's hapxd is started; what is empty is as the lab does it.
struct Start {
  std::vector<std::string> wrapper = {};    ///< words before hapxd: env, setpriv, ...
  std::string program = {};                 ///< instead of the hapxd under test
  std::string config_file = {};             ///< instead of the lab's
  std::vector<std::string> arguments = {};  ///< words behind hapxd's own
};

/// Someone who asks the wire who has the address, from `since` on.
struct Onlooker {
  drill::Watcher watcher;
  Instant since;

  [[nodiscard]] drill::Wire wire() const {
    return drill::judge(watcher.sightings(since), since, boot_now());
  }
};

class Ground : public ScratchLab {
 protected:
  static constexpr Duration patience = std::chrono::seconds(60);

  void SetUp() override {
    ScratchLab::SetUp();
    if (IsSkipped()) return;
    ASSERT_TRUE(exists(hapxd())) << HAPX_PROGRAMS << " has no hapxd";
  }

  void TearDown() override {
    if (!lab_) return ScratchLab::TearDown();
    if (HasFailure()) std::cout << logs() << std::flush;
    const auto living = inhabitants(plan());
    const auto removed = Lab::remove(name());
    EXPECT_TRUE(removed) << removed.error().sentence;
    expect_nothing_left(plan(), living);
  }

  /// The machines and a key; nothing of hapx runs yet.
  void build(const std::string& profile = "lan") { build(Wishes{.profile = profile}); }
  void build(Wishes wishes) {
    wishes.name = name();
    auto built = Lab::build(wishes, HAPX_PROGRAMS);
    ASSERT_TRUE(built) << built.error().sentence;
    lab_.emplace(std::move(*built));
    make_key(plan().key_file);
  }

  [[nodiscard]] static std::string hapxd() { return std::string(HAPX_PROGRAMS) + "/hapxd"; }
  [[nodiscard]] const Plan& plan() const { return lab_->plan(); }
  /// node1 is 1.
  [[nodiscard]] const NodePlan& node(unsigned number) const { return plan().nodes[number - 1]; }
  /// A place for a test's own files.
  [[nodiscard]] std::string file(const std::string& name) const {
    return plan().run_root + "/" + name;
  }

  static void make_key(const std::string& path) {
    const auto made = run_well({std::string(HAPX_PROGRAMS) + "/hapx", "keygen", path}, {});
    ASSERT_TRUE(made) << made.error().sentence;
  }

  /// The lab's hapx.yaml with one thing replaced, under another name.
  [[nodiscard]] std::string config_with(const std::string& name, const std::string& before,
                                        const std::string& after) const {
    std::string text = read_file(plan().config_file).value();
    const std::size_t at = text.find(before);
    EXPECT_NE(at, std::string::npos) << before << " is not in\n" << text;
    if (at != std::string::npos) text.replace(at, before.size(), after);
    EXPECT_TRUE(write_file(file(name), text));
    return file(name);
  }

  [[nodiscard]] std::vector<std::string> command(const NodePlan& of, const Start& how) const {
    std::vector<std::string> words = how.wrapper;
    const std::string& config = how.config_file.empty() ? plan().config_file : how.config_file;
    const std::string& program = how.program.empty() ? hapxd() : how.program;
    for (const std::string& word :
         {program, std::string("--config"), config, std::string("--node"), of.name.text(),
          std::string("--state-dir"), of.state_folder, std::string("--run-dir"), of.run_folder}) {
      words.push_back(word);
    }
    words.insert(words.end(), how.arguments.begin(), how.arguments.end());
    return words;
  }

  void start(unsigned number, const Start& how = {}) const {
    const NodePlan& of = node(number);
    const auto pid = start_daemon(command(of, how), {of.netns, of.log_file, of.boot_id_file});
    ASSERT_TRUE(pid) << pid.error().sentence;
  }

  void start_all(const Start& how = {}) const {
    for (unsigned number = 1; number <= plan().nodes.size(); ++number) start(number, how);
  }

  /// Runs hapxd where it is expected to refuse, to its end.
  [[nodiscard]] Outcome refusal(unsigned number, const Start& how) const {
    const auto outcome =
        run(command(node(number), how), {.netns = node(number).netns, .patience = patience});
    EXPECT_TRUE(outcome) << outcome.error().sentence;
    return outcome ? *outcome : Outcome{};
  }

  static void expect_one_sentence(const Outcome& outcome, const std::string& words) {
    EXPECT_EQ(outcome.output, "");
    EXPECT_TRUE(outcome.errors.starts_with("hapxd: ")) << outcome.errors;
    EXPECT_NE(outcome.errors.find(words), std::string::npos) << outcome.errors;
    EXPECT_EQ(std::ranges::count(outcome.errors, '\n'), 1) << outcome.errors;
  }

  /// Looks again and again until it is so.
  static bool comes(const std::string& what, const std::function<bool()>& condition) {
    const Instant deadline = boot_now() + patience;
    while (!condition()) {
      if (boot_now() < deadline && pause(std::chrono::milliseconds(20))) continue;
      ADD_FAILURE() << "never came: " << what;
      return false;
    }
    return true;
  }

  /// What `hapx status` says; default values while nobody answers.
  [[nodiscard]] Status status(const NodePlan& of) const {
    const auto outcome = lab_->ask(of, {"-o", "json", "status"});
    if (!outcome) return {};
    auto read = status_from_json(outcome->output);
    return read ? std::move(*read) : Status{};
  }
  [[nodiscard]] Status status(unsigned number) const { return status(node(number)); }

  [[nodiscard]] static bool says(const Status& status, const std::string& words) {
    return std::ranges::any_of(status.degraded, [&](const std::string& sentence) {
      return sentence.find(words) != std::string::npos;
    });
  }

  bool comes_to_say(unsigned number, const std::string& words) const {
    return comes(node(number).name.text() + "'s status says \"" + words + "\"",
                 [&] { return says(status(number), words); });
  }

  [[nodiscard]] static std::uint64_t count(const Status& status, const std::string& counter) {
    const auto found = status.counters.find(counter);
    return found == status.counters.end() ? 0 : found->second;
  }

  /// The node says of itself that it holds and serves the address.
  [[nodiscard]] static bool serves(const Status& status) {
    return status.services.size() == 1 && status.services[0].holder == status.node &&
           served(status.services[0]);
  }

  bool comes_to_serve(unsigned number) const {
    return comes(node(number).name.text() + " serves", [&] { return serves(status(number)); });
  }

  /// The one of these that serves; 0 after a failure.
  [[nodiscard]] unsigned who_comes_to_serve(const std::vector<unsigned>& numbers) const {
    unsigned server = 0;
    comes("a node that serves", [&] {
      for (const unsigned number : numbers) {
        if (serves(status(number))) server = number;
      }
      return server != 0;
    });
    return server;
  }

  [[nodiscard]] bool log_has(unsigned number, const std::string& words) const {
    const auto text = read_file(node(number).log_file);
    return text && text->find(words) != std::string::npos;
  }

  [[nodiscard]] static std::string output_in(const std::string& netns,
                                             const std::vector<std::string>& command) {
    const auto outcome = run(command, {.netns = netns});
    return outcome ? outcome->output : outcome.error().sentence;
  }

  void do_in(const std::string& netns, const std::vector<std::string>& command) const {
    const auto done = run_well(command, {.netns = netns});
    ASSERT_TRUE(done) << done.error().sentence;
  }

  /// The processes of these names on a node; each must be there.
  [[nodiscard]] std::vector<Process> processes(unsigned number,
                                               const std::vector<std::string_view>& names) const {
    std::vector<Process> all;
    for (const std::string_view each : names) {
      auto found = processes_in(node(number).netns, each);
      EXPECT_EQ(found.size(), 1U) << each << " on " << node(number).name.text();
      std::ranges::move(found, std::back_inserter(all));
    }
    return all;
  }

  void signal_all(unsigned number, const std::vector<std::string_view>& names, int signal) const {
    for (const Process& process : processes(number, names)) send_signal(process, signal);
  }

  /// Waits until each of these nodes could serve and one does, and tells which; 0 after a failure.
  /// From then on HAProxy and the stand-ins are prompt however busy the machine is: here it is the
  /// ground that is bad, and a HAProxy that a busy machine lets wait would be taken for a frozen
  /// one.
  [[nodiscard]] unsigned settled(const std::vector<unsigned>& numbers = {1, 2, 3}) const {
    for (const unsigned number : numbers) {
      comes(node(number).name.text() + " is ready", [&] { return status(number).haproxy.fit; });
    }
    for (const std::string& netns : namespaces_of(plan())) {
      for (const Process& process : processes_in(netns)) {
        const bool serves_clients =
            process.name == haproxy_name || process.name.starts_with("lab-");
        const sched_param lowest{.sched_priority = 1};
        // Where that is not permitted the machine had better be idle.
        if (serves_clients) static_cast<void>(::sched_setscheduler(process.pid, SCHED_RR, &lowest));
      }
    }
    const auto is_settled = [&](const Status& now) {
      return std::ranges::all_of(numbers, [&](unsigned number) {
        const NodeName& name = node(number).name;
        const auto member = std::ranges::find(now.members, name, &MemberStatus::name);
        const auto& places = now.services[0].nodes;
        const auto place = std::ranges::find(places, name, &ServiceOnNode::node);
        return member != now.members.end() && member->state == MemberState::online &&
               place != places.end() && place->link_up && place->haproxy_fit &&
               place->healthy_api_servers == place->api_servers;
      });
    };
    unsigned server = 0;
    comes("a settled cluster", [&] {
      for (const unsigned number : numbers) {
        const Status now = status(number);
        if (serves(now) && is_settled(now)) server = number;
      }
      return server != 0;
    });
    return server;
  }

  /// Returns when the holder was heard once.
  [[nodiscard]] Onlooker look_on() const { return look_on(plan()); }
  [[nodiscard]] static Onlooker look_on(const Plan& at) {
    auto onlooker = look_on_silence(at);
    comes("an answer for the address", [&] { return onlooker.watcher.last().has_value(); });
    return onlooker;
  }
  [[nodiscard]] Onlooker look_on_silence() const { return look_on_silence(plan()); }
  [[nodiscard]] static Onlooker look_on_silence(const Plan& at) {
    const Instant now = boot_now();
    auto watcher = drill::Watcher::start(at);
    EXPECT_TRUE(watcher) << watcher.error().sentence;
    return {std::move(watcher.value()), now};
  }

  /// Who is back sooner looks, on the wire, as if it had never left.
  static void let_the_wire_see_who_left() { static_cast<void>(pause(2 * drill::return_min)); }

  /// A client's request is served now.
  static bool a_client_is_served(const Plan& at) {
    const auto client = drill::Prober::start(at);
    EXPECT_TRUE(client) << client.error().sentence;
    const Instant from = boot_now();
    return comes("a client that is served", [&] {
      return std::ranges::any_of(client->requests(from), [](const auto& request) {
        return request.fate == drill::Fate::served;
      });
    });
  }

  /// One hardware address answered all the time, that of this node, and clients are served.
  void expect_undisturbed(const Onlooker& onlooker, unsigned number) const {
    const drill::Wire wire = onlooker.wire();
    EXPECT_TRUE(wire.is_one_holder());
    EXPECT_GT(wire.rounds_answered, 0U) << "the watcher heard nothing, so it proves nothing";
    for (const drill::Tenure& tenure : wire.tenures) {
      EXPECT_EQ(to_string(tenure.mac), to_string(node(number).mac));
    }
    EXPECT_TRUE(a_client_is_served(plan()));
  }

  [[nodiscard]] std::string logs() const {
    std::string text;
    for (const NodePlan& each : plan().nodes) {
      const auto log = read_file(each.log_file);
      if (log) text += "---- " + each.log_file + "\n" + *log;
      const auto answer = lab_->ask(each, {"status"});
      if (answer) text += answer->output + answer->errors;
    }
    return text;
  }

  std::optional<Lab> lab_;
};

}  // namespace hapx::appliance::lab
