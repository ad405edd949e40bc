// SPDX-License-Identifier: Apache-2.0
#include "membership/plaintext_clients.hpp"

#include <algorithm>
#include <string>

#include "membership/promise_memory.hpp"

namespace hapx::membership {

namespace {

constexpr std::size_t port_bytes = 2;

std::string to_bytes(const std::vector<Endpoint>& clients, Family family) {
  std::string out;
  for (const Endpoint& client : clients) {
    if (client.address.family != family) continue;
    out.append(client.address.bytes.begin(),
               client.address.bytes.begin() + static_cast<std::ptrdiff_t>(byte_count(family)));
    out.push_back(static_cast<char>(client.port >> 8U));
    out.push_back(static_cast<char>(client.port & 0xffU));
  }
  return out;
}

/// False: some bytes are left over.
bool from_bytes(const std::string& bytes, Family family, std::vector<Endpoint>& out) {
  const std::size_t address_bytes = byte_count(family);
  const std::size_t each = address_bytes + port_bytes;
  for (std::size_t at = 0; at + each <= bytes.size(); at += each) {
    Endpoint client{{family, {}}, 0};
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), address_bytes,
                client.address.bytes.begin());
    const auto high = static_cast<std::uint8_t>(bytes[at + address_bytes]);
    const auto low = static_cast<std::uint8_t>(bytes[at + address_bytes + 1]);
    client.port = static_cast<std::uint16_t>(high * 256U + low);
    out.push_back(client);
  }
  return bytes.size() % each == 0;
}

}  // namespace

void to_wire(const ClientsTold& told, wire::ClientsTold& out) {
  out.set_key(told.key.text());
  out.set_version(told.version);
  out.set_index(told.index);
  out.set_count(told.count);
  out.set_ipv4(to_bytes(told.clients, Family::ipv4));
  out.set_ipv6(to_bytes(told.clients, Family::ipv6));
}

bool clients_from_wire(const wire::Datagram& in, Message& out) {
  for (const auto& item : in.clients_told()) {
    ClientsTold told{LeaseKey(item.key()), item.version(), item.index(), item.count(), {}};
    const bool well_formed = from_bytes(item.ipv4(), Family::ipv4, told.clients) &&
                             from_bytes(item.ipv6(), Family::ipv6, told.clients) &&
                             (item.ipv4().empty() || item.ipv6().empty());
    const bool has_content = !told.clients.empty();
    if (!well_formed || item.key().empty() || item.key().size() > key_bytes_max ||
        told.clients.size() > clients_part_max || told.count > entries_max ||
        told.index > told.count || has_content != (told.index < told.count)) {
      return false;
    }
    out.clients_told.push_back(std::move(told));
  }
  return true;
}

}  // namespace hapx::membership
