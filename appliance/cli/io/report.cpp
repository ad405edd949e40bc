// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/io/report.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "appliance/cli/io/client.hpp"
#include "appliance/cli/io/examine.hpp"
#include "appliance/cli/io/speech.hpp"
#include "appliance/cli/secrets.hpp"
#include "appliance/document.hpp"
#include "appliance/lab/io/process.hpp"
#include "config/address_kind.hpp"
#include "config/io/config_file.hpp"
#include "config/io/descriptor.hpp"
#include "config/io/host.hpp"
#include "config/parse.hpp"
#include "config/tree.hpp"
#include "lb-supervisor/haproxy_config.hpp"
#include "lb-supervisor/io/child.hpp"

namespace hapx::appliance::cli {

namespace {

namespace fs = std::filesystem;

/// What hapxd is asked for, and under which name its answer goes into the archive.
constexpr std::pair<const char*, const char*> questions[] = {
    {"status.json", "/v1/status"},         {"why.json", "/v1/why"},
    {"events.json", "/v1/events"},         {"members.json", "/v1/members"},
    {"running-config.json", "/v1/config"}, {"haproxy-running.cfg", "/v1/haproxy.cfg"}};

struct Programs {
  const char* name;
  std::vector<std::string> command;
};

/// What other programs tell of this machine. Limit: of the journal twenty thousand lines.
std::vector<Programs> programs(const std::string& journal_since) {
  return {{"uname.txt", {"uname", "-a"}},
          {"haproxy-version.txt", {"haproxy", "-vv"}},
          {"addresses.txt", {"ip", "-details", "address"}},
          {"links.txt", {"ip", "-statistics", "-details", "link"}},
          {"routes.txt", {"ip", "route", "show", "table", "all"}},
          {"rules.txt", {"ip", "rule"}},
          {"neighbours.txt", {"ip", "neighbour"}},
          {"qdiscs.txt", {"tc", "-statistics", "qdisc"}},
          {"sockets.txt", {"ss", "-tuanp"}},
          {"sysctl.txt", {"sysctl", "net.ipv4.conf", "net.ipv4.ip_nonlocal_bind"}},
          {"units.txt",
           {"systemctl", "--no-pager", "--lines=0", "status", "hapxd.service",
            "hapx-haproxy.service", "hapx-changed.path", "hapx-changed.service"}},
          {"journal.txt",
           {"journalctl", "--no-pager", "--output=short-iso-precise", "--lines=20000",
            "--since=" + journal_since, "--unit=hapxd", "--unit=hapx-haproxy",
            "--unit=hapx-changed", "--unit=hapx-hooks"}}};
}

struct LeftOut {
  std::string name;
  std::string reason;
};

/// A folder that goes when the report is made, and what is in it.
class Bundle {
 public:
  static Result<Bundle> open(const std::string& name) {
    std::string pattern = (fs::temp_directory_path() / "hapx-report-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
      return system_error(errno, "cannot make a folder for the report");
    }
    Bundle bundle(pattern, name);
    std::error_code error;
    fs::create_directory(bundle.folder(), error);
    if (error) return system_error(error.value(), "cannot make a folder for the report");
    return bundle;
  }
  Bundle(Bundle&& other) noexcept
      : place_(std::exchange(other.place_, {})), name_(std::move(other.name_)) {}
  Bundle& operator=(Bundle&&) = delete;
  ~Bundle() {
    std::error_code ignored;
    if (!place_.empty()) fs::remove_all(place_, ignored);
  }

  /// Safety: the only way in.
  void add(const std::string& name, const Result<std::string>& text) {
    if (!text) {
      left_out_.push_back({name, text.error().sentence});
      return;
    }
    std::ofstream file(folder() / name, std::ios::binary);
    file << without_secrets(*text) << std::flush;
    if (file) {
      names_.push_back(name);
    } else {
      left_out_.push_back({name, "it could not be written to " + place_.string()});
    }
  }

  [[nodiscard]] Result<void> pack(const std::string& archive) const {
    return lab::run_well({"tar", "--create", "--gzip", "--force-local", "--owner=0", "--group=0",
                          "--file=" + archive, "--directory=" + place_.string(), name_},
                         {});
  }

  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  [[nodiscard]] const std::vector<LeftOut>& left_out() const { return left_out_; }

 private:
  Bundle(fs::path place, std::string name) : place_(std::move(place)), name_(std::move(name)) {}
  [[nodiscard]] fs::path folder() const { return place_ / name_; }

  fs::path place_;
  std::string name_;
  std::vector<std::string> names_;
  std::vector<LeftOut> left_out_;
};

/// "20261128T173000Z": the time of day as a file's name has it.
std::string time_in_name() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  std::string text = to_string(Utc(std::chrono::duration_cast<Duration>(now)));
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

std::string host_in_name() {
  auto host = host_name();
  std::string name = host ? host->substr(0, host->find('.')) : "host";
  std::ranges::replace_if(
      name, [](char c) { return c == '/' || static_cast<unsigned char>(c) < 0x21; }, '_');
  return name;
}

Result<std::string> told_by(const std::vector<std::string>& command) {
  const auto program = lb_supervisor::find_program(command.front());
  if (!program) return program.error();
  auto words = command;
  words.front() = *program;
  const auto ran = lab::run(words, {});
  if (!ran) return ran.error();
  // systemctl status exits with how the units are, and tells all the same.
  if (ran->output.empty() && ran->code != 0) {
    return Error{ErrorKind::failed, command.front() + ": " + ran->errors.substr(0, 200)};
  }
  return ran->output + ran->errors;
}

Result<std::string> metrics_of(const std::optional<ClusterConfig>& config) {
  if (!config || !config->metrics.listen) {
    return Error{ErrorKind::absent, "they are off, or the file is not good"};
  }
  auto at = *config->metrics.listen;
  if (is_unspecified(at.address))
    at.address = at.address.family == Family::ipv4 ? ipv4(127, 0, 0, 1) : *parse_ip("::1");
  auto answer = ask_endpoint(at, {"GET", "/metrics", ""});
  if (!answer) return answer.error();
  return std::move(answer->body);
}

std::string list_of(const Bundle& bundle, const Surroundings& around) {
  std::string out = "hapx report\nhapx " + around.version + "\n\n";
  for (const auto& name : bundle.names()) out += name + '\n';
  for (const auto& [name, reason] : bundle.left_out()) {
    out += name + " is left out: " + printable(reason) + '\n';
  }
  return out;
}

void fill(Bundle& bundle, const GlobalOptions& global, const Report& verb,
          const Surroundings& around) {
  const auto text = read_config_file(verb.file);
  bundle.add("hapx.yaml", text);
  const auto checked = text ? check_config(*text, verb.file) : CheckedConfig{};
  if (checked.config) {
    const auto paths = lb_supervisor::haproxy_paths(RenderHaproxy{}.run_dir);
    bundle.add("haproxy-rendered.cfg", lb_supervisor::render(*checked.config, paths).text);
  }
  for (const auto& [name, target] : questions) {
    bundle.add(name, ask_for(global.socket, {"GET", target, ""}));
  }
  bundle.add("metrics.txt", metrics_of(checked.config));
  const auto findings = examine(global, {verb.file, ""}, around);
  bundle.add("doctor.txt", doctor::to_text(findings, Style{}));
  bundle.add("doctor.json", doctor::to_json(findings));
  bundle.add("os-release.txt", read_input("/etc/os-release", "the system's name"));
  const auto time = parse_duration(verb.time);
  const auto minutes =
      std::chrono::ceil<std::chrono::minutes>(time ? *time : Duration::zero()).count();
  for (const auto& [name, command] : programs("-" + std::to_string(minutes) + "min")) {
    bundle.add(name, told_by(command));
  }
  bundle.add("contents.txt", list_of(bundle, around));
}

std::string to_json(const Bundle& bundle, const std::string& archive) {
  YamlNode files = tree::list();
  for (const auto& name : bundle.names()) files.items.push_back(tree::text(name));
  YamlNode left_out = tree::map();
  for (const auto& [name, reason] : bundle.left_out()) {
    tree::add(left_out, name, tree::text(reason));
  }
  YamlNode document;
  tree::add(document, "archive", tree::text(archive));
  tree::add(document, "files", std::move(files));
  tree::add(document, "leftOut", std::move(left_out));
  return json_from_tree(document);
}

}  // namespace

int make_report(const GlobalOptions& global, const Report& verb, const Surroundings& around) {
  const std::string name = "hapx-report-" + host_in_name() + '-' + time_in_name();
  const std::string archive = verb.archive.empty() ? name + ".tar.gz" : verb.archive;
  // Made first, for ourselves alone: so nobody else's file is written over.
  const Descriptor file(
      ::open(archive.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.is_open()) {
    return complain(around, system_error(errno, "cannot write " + archive).sentence);
  }
  const auto fail = [&](const Error& error) {
    ::unlink(archive.c_str());
    return complain(around, error.sentence);
  };
  auto bundle = Bundle::open(name);
  if (!bundle) return fail(bundle.error());
  fill(*bundle, global, verb, around);
  if (const auto packed = bundle->pack(archive); !packed) return fail(packed.error());
  if (global.output != Output::text) {
    return print_document(around, global.output, to_json(*bundle, archive));
  }
  for (const auto& [left_out, reason] : bundle->left_out()) {
    around.err << "hapx: left out " << left_out << ": " << printable(reason) << '\n';
  }
  around.out << archive << ": " << bundle->names().size()
             << " files, without the key; look through it before you send it\n";
  return exit_done;
}

}  // namespace hapx::appliance::cli
