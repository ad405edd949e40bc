// SPDX-License-Identifier: Apache-2.0
#include "appliance/io/startup.hpp"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "appliance/io/accepted_file.hpp"
#include "appliance/io/drill_file.hpp"
#include "config/io/clock.hpp"
#include "config/io/credentials_file.hpp"
#include "config/io/durable_file.hpp"
#include "config/io/host.hpp"
#include "config/self.hpp"
#include "membership/io/record_file.hpp"
#include "membership/promise_memory.hpp"
#include "membership/record.hpp"
#include "membership/voters_file.hpp"

namespace hapx::appliance {
namespace {

/// What the operator has to put right: the same to the service manager, whether a file is wrong or
/// not there.
Error refused(Error error) {
  error.kind = ErrorKind::refused;
  return error;
}

Result<void> make_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return system_error(error.value(), "cannot make the folder " + path);
  ::chmod(path.c_str(), 0750);
  return {};
}

Result<std::uint64_t> random_number() {
  std::uint64_t number = 0;
  if (::getrandom(&number, sizeof number, 0) != sizeof number) {
    return system_error(errno, "cannot read randomness");
  }
  return number;
}

Result<membership::BootId> read_boot_id() {
  std::string text;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> text;
  const auto boot = membership::parse_boot_id(text);
  if (!boot) return Error{ErrorKind::failed, "cannot read this boot's id from /proc", 0};
  return *boot;
}

/// An abstract socket is a lock that ends with its last holder, whatever happens to that.
Result<Descriptor> take_lock(const ClusterConfig& config, const NodeName& self) {
  Descriptor lock(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!lock.is_open()) return system_error(errno, "cannot make the lock's socket");
  const std::string name = "hapxd/" + config.name.text() + "/" + self.text();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t length = std::min(name.size(), sizeof address.sun_path - 1);
  std::memcpy(address.sun_path + 1, name.data(), length);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + length);
  if (::bind(lock.number(), reinterpret_cast<const sockaddr*>(&address), size) == 0) return lock;
  if (errno != EADDRINUSE) return system_error(errno, "cannot take the lock of " + self.text());
  return Error{ErrorKind::exists,
               "another hapxd runs here as " + self.text() + " of cluster " + config.name.text() +
                   "; end it first",
               0};
}

/// What was accepted before; the file if nothing was, or if this hapxd is a newer one that takes it
/// no more.
Result<ClusterConfig> accept_config(const HapxdOptions& options, DescriptorsByName& inherited,
                                    Beginning& beginning) {
  if (auto before = inherited.extract("config")) {
    auto recalled = recall_accepted_file(before.mapped(), options.config_file);
    if (recalled) {
      beginning.config_text = std::move(before.mapped());
      return std::move(recalled->config);
    }
    beginning.remarks.push_back("reading the file again, the accepted one can't be used: " +
                                recalled.error().sentence);
  }
  auto read = read_accepted_file(options.config_file);
  if (!read) return read.error();
  auto kept = keep_in_memory(read->text);
  if (!kept) return kept.error();
  beginning.config_text = std::move(*kept);
  return std::move(read->config);
}

Result<NodeName> read_self(const HapxdOptions& options, const ClusterConfig& config) {
  const auto host = host_name();
  if (!host) return host.error();
  const auto addresses = local_addresses();
  if (!addresses) return addresses.error();
  std::optional<NodeName> asked;
  if (options.node) asked = NodeName(*options.node);
  return find_self(config, asked, *host, *addresses);
}

Descriptor take(DescriptorsByName& descriptors, const std::string& name) {
  const auto found = descriptors.find(name);
  if (found == descriptors.end()) return {};
  Descriptor taken = std::move(found->second);
  descriptors.erase(found);
  return taken;
}

/// A page that can't be shown is no reason not to serve: status says why it is missing.
void read_stats_users(const ClusterConfig& config, lb_supervisor::HaproxyPaths& paths) {
  for (const auto& service : config.services) {
    if (!service.haproxy.stats) continue;
    const auto& file = service.haproxy.stats->credentials_file;
    auto users = read_credentials_file(file);
    if (users) {
      paths.stats_users[file] = std::move(*users);
    } else {
      paths.stats_trouble[file] = users.error().sentence;
    }
  }
}

/// By which list of voters this node counts. Safety: on disk before its first vote.
Result<void> adopt_electorate(const std::string& state_dir, const ClusterConfig& config,
                              const NodeName& self, Beginning& beginning) {
  const membership::RecordOwner owner{config.name, self};
  const auto bytes = membership::read_voters_file(state_dir);
  if (!bytes) return bytes.error();
  const auto before = membership::decode_voters(*bytes, owner);
  if (!bytes->empty() && !before) {
    beginning.remarks.emplace_back("by which nodes' votes this node counted is not known any more");
  }
  auto adopted = membership::adopt(before, membership::votes_of(config));
  beginning.node.inheritance.record.electorate = adopted;
  if (before == adopted) return {};
  return write_durably(state_dir, membership::voters_file_name,
                       membership::encode_voters(adopted, owner));
}

}  // namespace

std::string haproxy_dir(const HapxdOptions& options) {
  return options.haproxy_dir.value_or(options.run_dir);
}

Result<bool> prepare_for_haproxy(const HapxdOptions& options, DescriptorsByName inherited) {
  // Who starts it alone has no file to show it: it stands ready, and hapxd tells it all.
  if (options.haproxy_dir) return true;
  Beginning beginning;
  const auto config = accept_config(options, inherited, beginning);
  if (!config) return config.error();
  const auto self = read_self(options, *config);
  if (!self) return self.error();
  if (!lb_supervisor::runs_haproxy(*config, *self)) return false;
  if (const auto made = make_folder(haproxy_dir(options)); !made) return made.error();
  return true;
}

Result<Beginning> begin(const HapxdOptions& options, DescriptorsByName inherited) {
  const Instant now = boot_now();
  Beginning beginning;
  auto config = accept_config(options, inherited, beginning);
  if (!config) return refused(config.error());
  const auto self = read_self(options, *config);
  if (!self) return self.error();
  const auto keys = read_cluster_keys(*config);
  if (!keys) return refused(keys.error());
  for (const auto& folder : {options.run_dir, options.state_dir}) {
    if (const auto made = make_folder(folder); !made) return made.error();
  }
  beginning.lock = take(inherited, "lock");
  if (!beginning.lock.is_open()) {
    auto lock = take_lock(*config, *self);
    if (!lock) return lock.error();
    beginning.lock = std::move(*lock);
  }
  const auto boot = read_boot_id();
  if (!boot) return boot.error();
  const auto incarnation = random_number();
  const auto seed = random_number();
  if (!incarnation || !seed) return (incarnation ? seed : incarnation).error();

  auto opened =
      membership::open_voter(options.run_dir, options.state_dir, {config->name, *self, *boot}, now,
                             take(inherited, "promises").release());
  if (!opened) return opened.error();
  beginning.promises = std::move(opened->file);
  if (!opened->recollection.sentence.empty()) {
    beginning.remarks.push_back(opened->recollection.sentence);
  }
  beginning.node.inheritance.memory = std::move(opened->recollection.memory);
  beginning.node.inheritance.abstain = opened->recollection.abstain;
  const auto record = membership::read_record_file(options.state_dir);
  if (!record) beginning.remarks.push_back(record.error().sentence);
  auto decoded = membership::decode_record(record ? *record : std::vector<std::uint8_t>{0},
                                           {config->name, *self});
  if (const auto remark = remark_on(decoded.finding); !remark.empty()) {
    beginning.remarks.emplace_back(remark);
  }
  beginning.node.inheritance.record = std::move(decoded.kept);
  if (const auto stored = adopt_electorate(options.state_dir, *config, *self, beginning); !stored) {
    return stored.error();
  }
  auto drill = read_kept_drill(options.state_dir);
  if (!drill) beginning.remarks.push_back(drill.error().sentence);
  if (drill) beginning.node.inheritance.drill = std::move(*drill);
  beginning.node.config = std::move(*config);
  beginning.node.self = *self;
  beginning.node.boot = *boot;
  beginning.node.incarnation = membership::Incarnation{*incarnation};
  beginning.node.keys = *keys;
  beginning.node.haproxy_paths = lb_supervisor::haproxy_paths(haproxy_dir(options));
  if (lb_supervisor::runs_haproxy(beginning.node.config, *self)) {
    read_stats_users(beginning.node.config, beginning.node.haproxy_paths);
  }
  beginning.node.seed = *seed;
  beginning.node.version = HAPX_VERSION;
  beginning.inherited = std::move(inherited);
  return beginning;
}

}  // namespace hapx::appliance
