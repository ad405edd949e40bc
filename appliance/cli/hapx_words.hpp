// SPDX-License-Identifier: Apache-2.0
// What did the operator ask `hapx` to do?
//
// The words of the command line become one Command, a plain value; nothing is done here. Wrong
// words become one sentence that says what would have been right. What each verb does is said in
// cli/io/verbs; what stands in its help is said here.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "appliance/cli/first_file.hpp"
#include "appliance/cloud-init/seed.hpp"
#include "appliance/imports/gather.hpp"
#include "appliance/lab/plan.hpp"
#include "appliance/table.hpp"
#include "config/net.hpp"
#include "config/time.hpp"

namespace hapx::appliance::cli {

enum class Output { text, json, yaml };

/// Global options; they may stand before or after the verb.
struct GlobalOptions {
  std::string socket = "/run/hapx/hapxd.sock";
  Output output = Output::text;
  Detail detail = Detail::usual;  ///< of texts

  friend bool operator==(const GlobalOptions&, const GlobalOptions&) = default;
};

inline constexpr const char* default_folder = "/etc/hapx";
inline constexpr const char* default_config_file = "/etc/hapx/hapx.yaml";
inline constexpr const char* default_state_dir = "/var/lib/hapx";

struct ShowStatus {
  bool watch = false;
};
/// What a table is of.
enum class Thing { members, links, services, backends, orders, conflicts };
struct Get {
  Thing thing = Thing::members;
  std::string pcap{};  ///< of conflicts: the file for their frames; empty: none
};
struct ShowEvents {
  std::optional<Duration> since;  ///< only what is younger
  std::string service;            ///< empty: all
  std::optional<unsigned> count;  ///< only the last so many
  bool follow = false;            ///< and what comes, until Ctrl-C
};
struct Describe {
  enum class What { node, service };
  What what = What::node;
  std::string name{};
};
struct ShowFailCounts {
  std::string service;  ///< empty: all
};
struct Why {
  std::string service;      ///< empty: all
  std::optional<Utc> at{};  ///< as it was then, by a recording; absent: as it is
  std::string recording{};  ///< the file; empty: the one of `state_dir` that has the moment
  std::string state_dir = default_state_dir;
};
/// Has hapxd keep a recording now.
struct KeepRecording {};
struct ListRecordings {
  std::string state_dir = default_state_dir;
};
/// Decides again what is recorded.
struct ReplayRecording {
  std::string file{};       ///< empty: the newest of `state_dir`
  bool every_step = false;  ///< tells each of them
  std::string state_dir = default_state_dir;
};
struct CheckConfig {
  std::string file = default_config_file;
};
struct ShowConfig {
  std::string file = default_config_file;
};
struct DiffConfig {
  std::string file = default_config_file;
};
struct ShowSchema {};
struct RenderHaproxy {
  std::string file = default_config_file;
  std::string run_dir = "/run/hapx";
};
struct MakeKey {
  std::string file;
};
struct Simulate {
  std::string file;
};
struct Move {
  std::string service;
  std::string to;  ///< empty: wherever the scheduler likes it next best
};
/// Has failures forgotten.
struct CleanUp {
  std::string service;
  std::string node;  ///< empty: on all nodes
};
/// Gives a standing order, or lifts it.
struct ChangeOrders {
  enum class What { standby, maintenance, ban };
  What what = What::standby;
  bool gives = true;
  std::string service{};  ///< of a ban
  std::string node{};     ///< empty: of maintenance, and of a lifted ban on all nodes
  std::string time{};     ///< for how long; empty: until it is lifted
  bool wait = false;      ///< until it is obeyed
};
/// Has the changed file taken.
struct Reload {};
/// Of two nodes: has this one wait for the other one no more.
struct GoAlone {};
struct ReleaseAll {};
struct Doctor {
  std::string file = default_config_file;
  std::string node;  ///< empty: found by host name or address
};
/// Tests the segments between two nodes; both run it.
struct DoctorWire {
  std::string file = default_config_file;
  std::string node;                    ///< empty: found by host name or address
  std::string peer;                    ///< empty: whoever comes
  std::vector<std::string> addresses;  ///< to test with; none: ones that no host may have
  unsigned port = 0;                   ///< 0: the one above that of heartbeats
  std::string wait = "1m";             ///< for the other
};
/// Makes the first node of a cluster: its file and its key.
struct Init {
  FileWishes wishes;
  std::string folder = default_folder;
};
/// Makes a node of a machine that was given file and key.
struct Join {
  std::string from;  ///< a folder with both; empty: they are in place already
  std::string folder = default_folder;
  std::string node;       ///< empty: found by host name or address
  bool replaces = false;  ///< what is there
};
/// Writes what cloud-init gives each node of a file at its first boot.
struct RenderSeeds {
  std::string file = default_config_file;
  std::string folder;     ///< where to
  std::string key_file;   ///< empty: found, or made
  std::string more_file;  ///< a cloud-config of the operator's; empty: none
  cloud_init::NetworkWishes network;
  unsigned network_version = 2;
  bool without_volumes = false;
};
/// Makes volumes of seeds that are there.
struct MakeVolumes {
  std::vector<std::string> folders;
};
/// Makes a hapx.yaml of what another system was told.
struct Import {
  std::vector<std::string> files{};  ///< none: those that are in their usual places
  std::string out{};                 ///< empty, or -: standard output
  imports::Wishes wishes{};
};
struct Report {
  std::string archive;  ///< empty: named after host and time
  std::string file = default_config_file;
  std::string time = "12h";  ///< so much of the journal
};
/// Tells hooks of events as they come.
struct RunHooks {
  std::string file = default_config_file;
};
struct TryHook {
  std::string name{};
  std::string file = default_config_file;
};
struct LabUp {
  lab::Wishes wishes;
  std::string programs;  ///< folder with hapxd and hapx; empty: where this program is
};
struct LabStatus {
  std::string name;
  std::string programs;
};
struct LabExec {
  std::string name;
  std::string where;
  std::vector<std::string> command;
};
struct LabApiserver {
  std::string name;
  std::string server;
  std::string health;  ///< well, failing, unready, ending, hanging or dead
};
struct LabDown {
  std::string name;
};
struct DrillRun {
  bool in_lab = false;  ///< else the cluster of `config_file` is drilled
  LabUp lab;
  std::string config_file = default_config_file;
  std::string reach;                ///< a command; empty: only this machine is reached
  std::vector<std::string> from;    ///< commands of those who look on from elsewhere
  bool may_destroy = false;         ///< what ends whole machines may be done
  std::string service;              ///< empty: the first of the file
  std::string plan_file;            ///< empty: `faults`; if there is none, the default plan
  std::vector<std::string> faults;  ///< by name
  std::optional<unsigned> count;
  std::optional<Duration> objective;
  std::optional<std::uint64_t> seed;
  Duration beat = std::chrono::milliseconds(5);
  bool is_dry = false;
  std::string record_file;  ///< empty: nowhere, as of the next two
  std::string junit_file;
  std::string html_file;
  std::string state_dir = default_state_dir;
};
struct DrillList {};
/// What a drill runs on each node.
struct DrillAgent {};
/// Looks at the service as a drill's client does.
struct Probe {
  Endpoint endpoint;
  Duration length = std::chrono::hours(1);
  std::optional<Duration> objective{};
};
struct DrillHistory {
  std::string state_dir = default_state_dir;
};
struct RunSwarm {
  std::uint64_t seed = 1;
  std::uint64_t count = 1;
  unsigned minutes = 10;
  unsigned edition = 0;  ///< 0: the newest
  bool trace = false;
};
struct ShowVersion {};

using Verb =
    std::variant<ShowStatus, Get, ShowEvents, Describe, ShowFailCounts, Why, KeepRecording,
                 ListRecordings, ReplayRecording, CheckConfig, ShowConfig, DiffConfig, ShowSchema,
                 RenderHaproxy, MakeKey, Simulate, Move, CleanUp, ChangeOrders, Reload, GoAlone,
                 ReleaseAll, Doctor, DoctorWire, Init, Join, RenderSeeds, MakeVolumes, Import,
                 Report, RunHooks, TryHook, LabUp, LabStatus, LabExec, LabApiserver, LabDown,
                 DrillRun, DrillList, DrillAgent, DrillHistory, Probe, RunSwarm, ShowVersion>;

struct Command {
  GlobalOptions global;
  Verb verb;
};

/// There is nothing to do: print `text`, and exit with `status`: 0 for --help, on stdout; else on
/// stderr.
struct Usage {
  int status = 0;
  std::string text;
};

/// What `hapx` exits with, but for `status` (appliance/status.hpp, Health), `doctor`
/// and `doctor wire` (appliance/doctor/finding.hpp, Verdict) and `lab exec` (what the command exits
/// with).
inline constexpr int exit_differs = 2;  ///< of `config diff` and `replay`
inline constexpr int exit_done = 0;
inline constexpr int exit_refused = 1;       ///< said in one sentence
inline constexpr int exit_no_answer = 3;     ///< no answer, or none that says what became of it
inline constexpr int exit_wrong_words = 64;  ///< sysexits.h calls it EX_USAGE
inline constexpr int exit_interrupted = 130;

/// `words` without the program's name. `socket` is the environment's HAPX_SOCKET, if it is set: the
/// default of --socket.
[[nodiscard]] std::variant<Command, Usage> read_hapx_words(
    const std::vector<std::string>& words, const std::optional<std::string>& socket);

}  // namespace hapx::appliance::cli
