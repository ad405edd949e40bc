// SPDX-License-Identifier: Apache-2.0
#include "appliance/doctor/io/processes.hpp"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "appliance/doctor/io/kernel.hpp"
#include "appliance/doctor/texts.hpp"

namespace hapx::appliance::doctor {
namespace {

namespace fs = std::filesystem;

std::string target_of(const fs::path& link) {
  std::error_code error;
  const auto target = fs::read_symlink(link, error);
  return error ? std::string() : target.string();
}

/// The inode of "socket:[12345]"; 0: it is something else.
std::uint64_t socket_inode(const std::string& target) {
  constexpr std::string_view begin = "socket:[";
  if (!target.starts_with(begin)) return 0;
  return std::strtoull(target.c_str() + begin.size(), nullptr, 10);
}

void look_at(const fs::path& process, Programs& programs) {
  auto name = text_of(process / "comm");
  if (name.ends_with('\n')) name.pop_back();
  if (name.empty()) return;
  programs.names.insert(name);
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(process / "fd", error)) {
    if (const auto inode = socket_inode(target_of(entry.path()))) programs.by_socket[inode] = name;
  }
}

}  // namespace

Programs programs_here() {
  const auto ours = target_of("/proc/self/ns/net");
  Programs programs;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const auto number = entry.path().filename().string();
    if (!std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; })) continue;
    const auto theirs = target_of(entry.path() / "ns/net");
    if (theirs.empty() || theirs == ours) look_at(entry.path(), programs);
  }
  return programs;
}

std::vector<BoundSocket> bound_sockets(const Programs& programs) {
  std::vector<BoundSocket> out;
  for (const auto protocol : {Protocol::tcp, Protocol::udp}) {
    const std::string table =
        std::string("/proc/self/net/") + (protocol == Protocol::tcp ? "tcp" : "udp");
    for (const auto& file : {table, table + "6"}) {
      for (const auto& line : bound_sockets_in(text_of(file, table_bytes_max), protocol)) {
        const auto owner = programs.by_socket.find(line.inode);
        out.push_back({protocol == Protocol::udp, line.at,
                       owner == programs.by_socket.end() ? std::string() : owner->second});
      }
    }
  }
  return out;
}

}  // namespace hapx::appliance::doctor
