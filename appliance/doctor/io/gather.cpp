// SPDX-License-Identifier: Apache-2.0
#include "appliance/doctor/io/gather.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/doctor/io/apiservers.hpp"
#include "appliance/doctor/io/etcd.hpp"
#include "appliance/doctor/io/kernel.hpp"
#include "appliance/doctor/io/processes.hpp"
#include "appliance/doctor/texts.hpp"
#include "appliance/lab/io/process.hpp"
#include "config/io/config_file.hpp"
#include "config/io/host.hpp"
#include "config/io/key_file.hpp"
#include "config/parse.hpp"
#include "config/self.hpp"
#include "lb-supervisor/io/child.hpp"
#include "vip/io/rtnetlink.hpp"

namespace hapx::appliance::doctor {
namespace {

/// By the names of their processes; a longer name begins so (keepalived_vrrp).
constexpr std::string_view other_managers[] = {"keepalived", "pacemakerd", "corosync", "kube-vip",
                                               "ucarp",      "vrrpd",      "heartbeat"};

void gather_files(const GatherOptions& options, Facts& facts) {
  const auto text = read_config_file(options.config_file);
  if (!text) {
    facts.config_refusals.push_back(text.error().sentence);
    return;
  }
  auto checked = check_config(*text, options.config_file);
  for (const auto& refusal : checked.refusals) facts.config_refusals.push_back(refusal.sentence);
  facts.config = std::move(checked.config);
  struct stat status {};
  if (::stat(options.config_file.c_str(), &status) == 0) {
    facts.config_writable_by_others = (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
  }
}

void gather_self(const GatherOptions& options, Facts& facts) {
  if (!facts.config) return;
  const auto host = host_name();
  const auto addresses = local_addresses();
  if (!host || !addresses) {
    facts.self_refusal = (host ? addresses.error() : host.error()).sentence;
    return;
  }
  const auto asked = options.node ? std::optional(NodeName(*options.node)) : std::nullopt;
  const auto self = find_self(*facts.config, asked, *host, *addresses);
  if (self) {
    facts.self = *self;
  } else {
    facts.self_refusal = self.error().sentence;
  }
}

/// Of the key only what is wrong with it.
void gather_key(Facts& facts) {
  if (!facts.config) return;
  auto key = read_key_file(facts.config->key_file);
  if (key) {
    ::explicit_bzero(&*key, sizeof *key);
    facts.key_seen = true;
  } else if (key.error().kind != ErrorKind::forbidden) {
    facts.key_refusal = key.error().sentence;
  }
}

/// systemd-networkd's state of a link, and whether its .network file tells it to keep addresses
/// that it doesn't know (systemd.network(5), KeepConfiguration).
void look_at_networkd(std::uint32_t index, InterfaceHere& interface) {
  const auto state = text_of("/run/systemd/netif/links/" + std::to_string(index));
  const auto admin = value_in(state, "ADMIN_STATE");
  const auto file = value_in(state, "NETWORK_FILE");
  if (!admin || !file || *admin == "unmanaged") return;
  interface.networkd_configures = true;
  auto keeps = value_in(text_of(*file), "KeepConfiguration");
  const auto name = std::filesystem::path(*file).filename().string();
  for (const auto* root : {"/usr/lib", "/run", "/etc"}) {
    std::error_code error;
    const auto folder = std::string(root) + "/systemd/network/" + name + ".d";
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
      if (auto told = value_in(text_of(entry.path()), "KeepConfiguration")) keeps = told;
    }
  }
  // A VIP has a lifetime. For networkd it is as good as one from DHCP, and "static" keeps it not.
  constexpr std::array words{"yes", "true", "1", "on", "y", "t", "dhcp", "dynamic"};
  interface.networkd_keeps = keeps && std::ranges::find(words, *keeps) != words.end();
}

/// False where there is no such file, too.
bool value_is_zero(const std::string& path) {
  return text_of(path).starts_with('0');
}

InterfaceHere look_at_interface(const InterfaceName& name, const Programs& programs) {
  InterfaceHere here{name};
  auto socket = vip::NetlinkSocket::open();
  if (!socket) return here;
  const auto links = vip::dump_links(*socket);
  const auto addresses = vip::dump_addresses(*socket);
  if (!links || !addresses) return here;
  const auto link = std::ranges::find(*links, name, &vip::LinkSeen::name);
  if (link == links->end()) return here;
  here.present = true;
  here.carrier = link->carrier;
  here.ethernet = link->ethernet;
  here.port = link->port;
  for (const auto& seen : *addresses) {
    if (seen.interface_index == link->index) here.addresses.push_back({seen.address, seen.ours});
  }
  // In a sysctl's name a dot of an interface's is a slash; as a path it is itself.
  const auto effective = [&](const std::string& key) {
    const std::string base = "net/ipv4/conf/";
    return std::max(sysctl(base + "all/" + key), sysctl(base + name.text() + '/' + key));
  };
  here.arp_ignore = effective("arp_ignore");
  here.rp_filter = effective("rp_filter");
  here.ipv6 = value_is_zero("/proc/sys/net/ipv6/conf/" + name.text() + "/disable_ipv6");
  if (programs.names.contains("systemd-network")) look_at_networkd(link->index, here);
  if (programs.names.contains("NetworkManager")) {
    const auto state = text_of("/run/NetworkManager/devices/" + std::to_string(link->index));
    here.network_manager_has = value_in(state, "managed").value_or("true") != "false";
  }
  return here;
}

void gather_network(Facts& facts) {
  const auto programs = programs_here();
  facts.sockets = bound_sockets(programs);
  for (const auto& name : programs.names) {
    for (const auto manager : other_managers) {
      if (name.starts_with(manager)) facts.other_managers.insert(std::string(manager));
    }
  }
  facts.default_interface = default_interface_in(text_of("/proc/self/net/route", table_bytes_max));
  if (!facts.config) return;
  for (const auto& service : facts.config->services) {
    for (const auto& vip : service.vips) {
      const auto known = std::ranges::find(facts.interfaces, vip.interface, &InterfaceHere::name);
      if (known == facts.interfaces.end()) {
        facts.interfaces.push_back(look_at_interface(vip.interface, programs));
      }
    }
  }
}

void gather_haproxy(Facts& facts) {
  const auto program = lb_supervisor::find_program("haproxy");
  if (!program) {
    facts.haproxy_trouble = program.error().sentence;
    return;
  }
  const auto ran = lab::run({*program, "-v"}, {});
  if (ran) facts.haproxy_version = haproxy_version_in(ran->output);
  if (facts.haproxy_version.empty()) facts.haproxy_trouble = *program + " does not tell a version";
}

}  // namespace

Facts gather(const GatherOptions& options, const Progress& progress) {
  Facts facts;
  facts.config_file = options.config_file;
  facts.version = options.version;
  facts.running = options.running;
  facts.is_root = ::geteuid() == 0;
  progress("looking at the files");
  gather_files(options, facts);
  gather_self(options, facts);
  gather_key(facts);
  progress("trying what the kernel allows");
  facts.kernel_release = kernel_release();
  facts.bounding_set = bounding_set_in(text_of("/proc/self/status")).value_or(~0ULL);
  facts.fence = try_fence();
  facts.freebind = try_freebind();
  facts.nonlocal_bind = sysctl("net/ipv4/ip_nonlocal_bind") != 0;
  facts.clock_synchronised = is_clock_synchronised();
  progress("looking at interfaces and processes");
  gather_network(facts);
  progress("asking HAProxy for its version");
  gather_haproxy(facts);
  if (facts.config) {
    const std::string doing = "asking the kube-apiservers";
    progress(doing);
    facts.api_servers = ask_api_servers(*facts.config, [&] { progress(doing); });
    const std::string measuring = "measuring etcd's commits";
    if (facts.config->arbiter) progress(measuring);
    facts.etcd = ask_etcd(*facts.config, [&] { progress(measuring); });
  }
  return facts;
}

}  // namespace hapx::appliance::doctor
