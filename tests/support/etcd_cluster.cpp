// SPDX-License-Identifier: Apache-2.0
#include "etcd_cluster.hpp"

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hapx::test {
namespace {

namespace fs = std::filesystem;

constexpr auto patience = std::chrono::seconds(30);
/// A member reserves two files of 64 MiB for its log, and some more.
constexpr std::uint64_t bytes_per_member = 256ULL * 1024 * 1024;

std::string make_folder(std::size_t members) {
  struct statvfs facts {};
  const bool has_room = ::statvfs("/dev/shm", &facts) == 0 && ::access("/dev/shm", W_OK) == 0 &&
                        facts.f_bavail * facts.f_frsize > members * bytes_per_member;
  std::string name = (has_room ? fs::path("/dev/shm") : fs::temp_directory_path()) /  //
                     "hapx-etcd-XXXXXX";
  return ::mkdtemp(name.data()) == nullptr ? "" : name;
}

std::string read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::size_t count_of(const std::string& part, const std::string& text) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

/// Runs in the child of a test.
[[noreturn]] void become(const std::vector<std::string>& command, const char* log) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setpgid(0, 0);  // out of reach of the terminal's Ctrl-C
  const int file = ::open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(file, 1);
  ::dup2(file, 2);
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::execvp(words[0], words.data());
  ::_exit(127);
}

}  // namespace

bool has_etcd() {
  std::istringstream path(std::getenv("PATH") == nullptr ? "" : std::getenv("PATH"));
  for (std::string folder; std::getline(path, folder, ':');) {
    if (::access((folder + "/etcd").c_str(), X_OK) == 0) return true;
  }
  return false;
}

void write_whole(const std::string& path, const std::string& text) {
  std::ofstream(path + ".new") << text;
  fs::rename(path + ".new", path);
}

EtcdCluster::EtcdCluster(std::vector<EtcdMember> members)
    : members_(std::move(members)),
      folder_(make_folder(members_.size())),
      processes_(members_.size(), 0),
      begun_(members_.size(), 0) {
  if (folder_.empty()) {
    obstacle_ = std::string("no folder for etcd: ") + std::strerror(errno);
    return;
  }
  write_whole(folder_ + "/ca.crt", authority_.certificate());
  const Certificate client = authority_.issue({.name = "hapx"});
  write_whole(folder_ + "/client.crt", client.certificate);
  write_whole(folder_ + "/client.key", client.key);
  for (std::size_t i = 0; i < members_.size(); ++i) {
    certify(i, {.name = "etcd" + std::to_string(i), .addresses = {members_[i].address}});
    begin(i);
  }
  for (std::size_t i = 0; i < members_.size() && obstacle_.empty(); ++i) wait_until_served(i);
}

EtcdCluster::~EtcdCluster() {
  for (std::size_t i = 0; i < members_.size(); ++i) kill(i);
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

EtcdConfig EtcdCluster::client() const {
  EtcdConfig config{{}, folder_ + "/ca.crt", folder_ + "/client.crt", folder_ + "/client.key"};
  for (const EtcdMember& member : members_)
    config.endpoints.push_back({member.address, client_port});
  return config;
}

std::string EtcdCluster::path_of(std::size_t member, const std::string& what) const {
  return folder_ + "/etcd" + std::to_string(member) + "." + what;
}

std::vector<std::string> EtcdCluster::command_of(std::size_t member) const {
  const auto url = [&](std::size_t of, std::uint16_t port, const std::string& scheme) {
    return scheme + "://" + to_string(Endpoint{members_[of].address, port});
  };
  const std::string at = url(member, client_port, "https");
  const std::string peer = url(member, peer_port, "http");
  std::string all;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    all += std::string(i == 0 ? "" : ",") + "etcd" + std::to_string(i) + "=" +
           url(i, peer_port, "http");
  }
  std::vector<std::string> command = members_[member].within;
  for (const std::string& word :
       {std::string("etcd"), "--name=etcd" + std::to_string(member),
        "--data-dir=" + path_of(member, "data"), "--listen-client-urls=" + at,
        "--advertise-client-urls=" + at, "--listen-peer-urls=" + peer,
        "--initial-advertise-peer-urls=" + peer, "--initial-cluster=" + all,
        std::string("--client-cert-auth"), "--trusted-ca-file=" + folder_ + "/ca.crt",
        "--cert-file=" + path_of(member, "crt"), "--key-file=" + path_of(member, "key"),
        std::string("--heartbeat-interval=20"), std::string("--election-timeout=200"),
        std::string("--logger=zap")}) {
    command.push_back(word);
  }
  return command;
}

void EtcdCluster::begin(std::size_t member) {
  const auto command = command_of(member);
  const std::string log = path_of(member, "log");
  const pid_t process = ::fork();
  if (process == 0) become(command, log.c_str());
  if (process < 0) obstacle_ = std::string("no process for etcd: ") + std::strerror(errno);
  processes_[member] = process < 0 ? 0 : process;
  ++begun_[member];
}

void EtcdCluster::wait_until_served(std::size_t member) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < end) {
    const std::string log = read(path_of(member, "log"));
    if (count_of("serving client traffic", log) >= begun_[member]) return;
    int status = 0;
    if (processes_[member] == 0 || ::waitpid(processes_[member], &status, WNOHANG) != 0) {
      processes_[member] = 0;
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  obstacle_ = "etcd" + std::to_string(member) + " does not serve; it says:\n" + log_of(member);
}

void EtcdCluster::certify(std::size_t member, const CertificatePlan& plan) {
  const Certificate own = authority_.issue(plan);
  write_whole(path_of(member, "crt"), own.certificate);
  write_whole(path_of(member, "key"), own.key);
}

void EtcdCluster::freeze(std::size_t member) {
  if (processes_[member] <= 0 || ::kill(processes_[member], SIGSTOP) != 0) return;
  ::waitpid(processes_[member], nullptr, WUNTRACED);  // its threads stop one after another
}

void EtcdCluster::thaw(std::size_t member) {
  if (processes_[member] > 0) ::kill(processes_[member], SIGCONT);
}

void EtcdCluster::kill(std::size_t member) {
  if (processes_[member] <= 0) return;
  ::kill(processes_[member], SIGKILL);
  ::waitpid(processes_[member], nullptr, 0);
  processes_[member] = 0;
}

void EtcdCluster::restart(std::size_t member) {
  kill(member);
  begin(member);
  wait_until_served(member);
}

void EtcdCluster::restart_all() {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    kill(i);
    begin(i);
  }
  for (std::size_t i = 0; i < members_.size(); ++i) wait_until_served(i);
}

std::string EtcdCluster::log_of(std::size_t member) const {
  constexpr std::size_t bytes_max = 2000;
  const std::string log = read(path_of(member, "log"));
  return log.size() > bytes_max ? log.substr(log.size() - bytes_max) : log;
}

}  // namespace hapx::test
