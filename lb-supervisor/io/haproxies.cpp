// SPDX-License-Identifier: Apache-2.0
#include "lb-supervisor/io/haproxies.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lb-supervisor/haproxy_config.hpp"
#include "lb-supervisor/haproxy_words.hpp"

namespace hapx::lb_supervisor {
namespace {

constexpr std::size_t output_bytes_max = 4096;

/// Replaces the file at once: a reader finds the old text or the new one.
Result<void> write_file(const std::string& path, std::string_view text) {
  const auto draft = path + ".new";
  const auto what = "cannot write " + draft;
  ::unlink(draft.c_str());
  const Descriptor file(
      ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.is_open()) return system_error(errno, what);
  while (!text.empty()) {
    const auto count = ::write(file.number(), text.data(), text.size());
    if (count < 0) {
      const auto reason = errno;
      ::unlink(draft.c_str());
      return system_error(reason, what);
    }
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::rename(draft.c_str(), path.c_str()) != 0) return system_error(errno, what);
  return {};
}

/// HAProxy's own lines go to our stderr; their end is kept for the report of its death.
void relay_output(Child& child, std::string& last_words) {
  std::string text;
  child.read_output(text);
  if (text.empty()) return;
  last_words += text;
  if (last_words.size() > output_bytes_max) {
    last_words.erase(0, last_words.size() - output_bytes_max);
  }
  pollfd out{STDERR_FILENO, POLLOUT, 0};  // a reader who stopped reading must not stop us
  if (::poll(&out, 1, 0) == 1 && (out.revents & POLLOUT) != 0) {
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
  }
}

}  // namespace

Duration monotonic() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec);
}

void Haproxies::start(StartHaproxy request) {
  if (const auto* known = find(request.generation)) {
    return tell_(HaproxyStarted{request.generation, known->child.pid()});
  }
  end_successor();
  auto child =
      start_child("haproxy.cfg", request.config, request.sockets, request.generation, Purpose::run);
  if (!child) {
    tell_(HaproxyStartFailed{request.generation, child.error().sentence});
    return close_unused_sockets();
  }
  const auto pid = child->pid();
  const bool is_first = find(Duty::service) == nullptr;
  haproxies_.push_back({std::move(*child), request.generation, std::move(request.config),
                        std::move(request.sockets), Duty::successor});
  if (is_first) put_in_service(haproxies_.back());
  close_unused_sockets();
  tell_(HaproxyStarted{request.generation, pid});
}

void Haproxies::retire(const RetireHaproxy& request) {
  auto* old = find(Duty::service);
  if (old != nullptr && old->generation != request.generation) return;
  if (old != nullptr) {
    old->duty = Duty::draining;
    old->until = monotonic() + request.patience;
    old->child.ask_to_drain();
  }
  if (auto* next = find(Duty::successor)) put_in_service(*next);
  close_unused_sockets();
  auto draining = std::count_if(haproxies_.begin(), haproxies_.end(), [](const Running& running) {
    return running.until != Duration::max();
  });
  for (auto& running : haproxies_) {
    if (draining <= static_cast<std::ptrdiff_t>(draining_max)) break;
    if (running.until == Duration::max()) continue;
    running.child.kill();
    running.until = Duration::max();
    --draining;
  }
}

void Haproxies::kill(const KillHaproxy& request) {
  if (const auto* known = find(request.generation)) return known->child.kill();
  tell_(HaproxyExited{request.generation, "it was not running"});
}

const Haproxies::Running* Haproxies::find(Duty duty) const {
  const auto found = std::find_if(haproxies_.begin(), haproxies_.end(),
                                  [&](const Running& each) { return each.duty == duty; });
  return found == haproxies_.end() ? nullptr : &*found;
}

Haproxies::Running* Haproxies::find(Duty duty) {
  return const_cast<Running*>(std::as_const(*this).find(duty));
}

const Haproxies::Running* Haproxies::find(std::uint64_t generation) const {
  const auto found = std::find_if(haproxies_.begin(), haproxies_.end(), [&](const Running& each) {
    return each.generation == generation;
  });
  return found == haproxies_.end() ? nullptr : &*found;
}

/// Nobody waits for it any more.
void Haproxies::end_successor() {
  const auto* found = find(Duty::successor);
  if (found == nullptr) return;
  const auto generation = found->generation;
  haproxies_.erase(haproxies_.begin() + (found - haproxies_.data()));
  remove_sockets_of(generation);
  close_unused_sockets();
  tell_(HaproxyExited{generation, "it was not wanted any more"});
}

void Haproxies::put_in_service(Running& running) const {
  running.duty = Duty::service;
  // For whoever wants to talk with HAProxy by hand: the name without a generation.
  const auto name = path(runtime_socket_name);
  const auto draft = name + ".new";
  ::unlink(draft.c_str());
  const auto target = for_generation(runtime_socket_name, running.generation);
  if (::symlink(target.c_str(), draft.c_str()) != 0) return;
  ::rename(draft.c_str(), name.c_str());
}

/// While none is in service, they wait for the next one.
void Haproxies::close_unused_sockets() {
  const auto* serving = find(Duty::service);
  if (serving == nullptr) return;
  auto used = serving->sockets;
  if (const auto* next = find(Duty::successor)) {
    used.insert(used.end(), next->sockets.begin(), next->sockets.end());
  }
  sockets_.keep_only(used);
}

/// One that is killed while it binds leaves the name under which it did so: `PATH.PID.tmp`
/// (HAProxy, src/proto_uxst.c).
void Haproxies::remove_sockets_of(std::uint64_t generation) const {
  for (const char* name : {runtime_socket_name, probe_socket_name}) {
    const auto own = for_generation(name, generation);
    ::unlink(path(own).c_str());
    remove_what_begins_with(own + ".");
  }
}

/// Those that an earlier keeper's HAProxies left: whoever has the lock is alone.
void Haproxies::remove_old_sockets() const {
  for (const char* name : {runtime_socket_name, probe_socket_name}) {
    remove_what_begins_with(std::string(name) + ".");
  }
}

void Haproxies::remove_what_begins_with(const std::string& prefix) const {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(run_dir_, ignored)) {
    if (entry.path().filename().string().starts_with(prefix)) ::unlink(entry.path().c_str());
  }
}

void Haproxies::append_to(std::vector<pollfd>& polled) const {
  for (const auto& running : haproxies_) {
    polled.push_back({running.child.pidfd(), POLLIN, 0});
    polled.push_back({running.child.output(), POLLIN, 0});
  }
}

void Haproxies::look_at(const std::vector<pollfd>& polled, std::size_t place) {
  // From the last: ending one moves those behind it.
  for (auto i = haproxies_.size(); i-- > 0;) {
    if (place + 2 * i + 1 >= polled.size()) continue;
    const bool is_gone = polled[place + 2 * i].revents != 0;
    if (is_gone || polled[place + 2 * i + 1].revents != 0) {
      relay_output(haproxies_[i].child, haproxies_[i].last_words);
    }
    if (is_gone) end(i);
  }
  for (auto& running : haproxies_) {
    if (running.until == Duration::max() || monotonic() < running.until) continue;
    running.child.kill();
    running.until = Duration::max();
  }
}

std::optional<Duration> Haproxies::next_deadline() const {
  std::optional<Duration> next;
  for (const auto& running : haproxies_) {
    if (running.until == Duration::max()) continue;
    next = next ? std::min(*next, running.until) : running.until;
  }
  return next;
}

Result<Child> Haproxies::check(const CheckHaproxyConfig& request) {
  return start_child("haproxy-check.cfg", request.config, request.sockets, request.generation,
                     Purpose::check);
}

KeeperConnected Haproxies::what_runs() const {
  KeeperConnected connected;
  if (const auto* serving = find(Duty::service)) {
    connected.running =
        KeeperConnected::Running{serving->generation, serving->child.pid(), {}, serving->sockets};
  }
  for (const auto& running : haproxies_) {
    const bool is_told = connected.draining.size() < draining_told_max;
    if (running.duty == Duty::draining && is_told) connected.draining.push_back(running.generation);
  }
  return connected;
}

const std::string* Haproxies::config_in_service() const {
  const auto* serving = find(Duty::service);
  return serving == nullptr ? nullptr : &serving->config;
}

Result<Child> Haproxies::start_child(const char* config_name, const std::string& config,
                                     const std::vector<ListenSocket>& sockets,
                                     std::uint64_t generation, Purpose purpose) {
  auto program = find_program(program_);
  if (!program) return program.error();
  if (auto opened = sockets_.open(sockets); !opened) return opened.error();
  if (auto written = write_file(path(config_name), config); !written) return written.error();
  ChildOptions options;
  options.program = std::move(*program);
  options.arguments = {purpose == Purpose::check ? "-c" : "-db", "-f", path(config_name)};
  // A name server that is silent delays a start by 2 s per host name instead of 10
  // (resolv.conf(5)).
  options.environment = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                         "RES_OPTIONS=timeout:1 attempts:2",
                         std::string(generation_variable) + "=" + std::to_string(generation)};
  for (const auto& socket : sockets) {
    const auto number = sockets_.number_of(socket.endpoint);
    options.environment.push_back(socket.variable + "=" + std::to_string(number));
    options.inherited.push_back(number);
  }
  if (purpose == Purpose::run) options.inherited.push_back(lock_);
  return Child::start(options);
}

void Haproxies::end(std::size_t place) {
  auto& running = haproxies_[place];
  auto how = running.child.how_it_ended();
  const auto words = words_of_haproxy(running.last_words);
  if (how.rfind("exited", 0) == 0 && !words.empty()) how += ": " + words;
  const auto generation = running.generation;
  haproxies_.erase(haproxies_.begin() + static_cast<std::ptrdiff_t>(place));
  remove_sockets_of(generation);
  close_unused_sockets();
  tell_(HaproxyExited{generation, how});
}

}  // namespace hapx::lb_supervisor
