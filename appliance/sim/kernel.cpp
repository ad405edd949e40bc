// SPDX-License-Identifier: Apache-2.0
#include "appliance/sim/kernel.hpp"

#include <algorithm>
#include <utility>

namespace hapx::appliance::sim {

namespace {

constexpr Duration expiry_late_max = std::chrono::milliseconds(450);
constexpr Instant closed{};  // the deadline of a slot that lets nothing pass

Error no_such(const std::string& what) {
  return {ErrorKind::absent, what + " does not exist", 0};
}

}  // namespace

Kernel::Kernel(const KernelOptions& options, std::uint64_t seed)
    : random_(seed), fence_permitted_(options.fence_permitted), fence_works_(options.fence_works) {
  std::uint32_t index = 1;
  for (const InterfaceOptions& each : options.interfaces) {
    const MacAddress mac{{0x02, 0, 0, static_cast<std::uint8_t>(random_.next()),
                          static_cast<std::uint8_t>(random_.next()),
                          static_cast<std::uint8_t>(++index)}};
    interfaces_[each.name] = {index, each.present, each.carrier, mac};
  }
}

Result<void> Kernel::add_address(const InterfaceName& interface, const Cidr& address,
                                 Duration lifetime, Instant now) {
  const auto found = interfaces_.find(interface);
  if (found == interfaces_.end() || !found->second.present) return no_such(interface.text());
  const Duration whole = std::chrono::ceil<std::chrono::seconds>(lifetime);
  const Duration late = random_.between(Duration(0), expiry_late_max);
  addresses_[address.address] = {interface, address, now + whole + late};
  return {};
}

Result<void> Kernel::remove_address(const InterfaceName& interface, const Cidr& address) {
  const auto found = addresses_.find(address.address);
  if (found == addresses_.end() || found->second.interface != interface) {
    return no_such(to_string(address.address));
  }
  delete_address(address.address);
  return {};
}

Result<void> Kernel::arm_fence(const std::vector<IpAddress>& addresses) {
  if (!fence_permitted_) return Error{ErrorKind::forbidden, "no right to load a BPF program", 1};
  filter_attached_ = true;
  for (const IpAddress& address : addresses) deadlines_.try_emplace(address, closed);
  return {};
}

void Kernel::extend_deadline(const IpAddress& address, Instant until) {
  const auto slot = deadlines_.find(address);
  if (slot != deadlines_.end()) slot->second = until;
}

void Kernel::close_fence(const IpAddress& address) {
  extend_deadline(address, closed);
}

void Kernel::disarm_fence() {
  filter_attached_ = false;
  deadlines_.clear();
}

void Kernel::store(std::size_t offset, const std::vector<std::uint8_t>& bytes) {
  if (mapped_file_.size() < offset + bytes.size()) mapped_file_.resize(offset + bytes.size());
  std::copy(bytes.begin(), bytes.end(), mapped_file_.begin() + static_cast<std::ptrdiff_t>(offset));
}

vip::LinkChanged Kernel::link(const InterfaceName& interface) const {
  const auto found = interfaces_.find(interface);
  if (found == interfaces_.end() || !found->second.present) return {interface, false, false, 0, {}};
  const Interface& it = found->second;
  return {interface, true, it.carrier, it.index, it.mac};
}

bool Kernel::answers(const IpAddress& address, Instant now) const {
  const auto held = addresses_.find(address);
  if (held == addresses_.end() || !passes(address, now)) return false;
  const auto on = interfaces_.find(held->second.interface);
  return on != interfaces_.end() && on->second.present && on->second.carrier;
}

bool Kernel::passes(const IpAddress& address, Instant now) const {
  if (!filter_attached_) return true;
  const auto slot = deadlines_.find(address);
  if (slot == deadlines_.end() || slot->second == closed) return false;
  return now < slot->second || !fence_works_;
}

void Kernel::delete_address(const IpAddress& address) {
  delete_if([&](const HeldAddress& held) { return held.address.address == address; });
}

template <class Condition>
void Kernel::delete_if(const Condition& condition) {
  std::erase_if(addresses_, [&](const auto& entry) {
    const auto& [address, held] = entry;
    const bool goes = condition(held);
    if (goes) notices_.emplace_back(vip::AddressRemoved{held.interface, address});
    return goes;
  });
}

void Kernel::flush_addresses() {
  delete_if([](const HeldAddress&) { return true; });
}

void Kernel::detach_filter() {
  if (!filter_attached_) return;
  filter_attached_ = false;
  for (const auto& [name, interface] : interfaces_) {
    if (interface.present) notices_.emplace_back(vip::FenceRemoved{name});
  }
}

void Kernel::set_carrier(const InterfaceName& interface, bool carrier) {
  const auto found = interfaces_.find(interface);
  if (found == interfaces_.end() || found->second.carrier == carrier) return;
  found->second.carrier = carrier;
  if (found->second.present) notices_.emplace_back(link(interface));
}

void Kernel::set_present(const InterfaceName& interface, bool present) {
  const auto found = interfaces_.find(interface);
  if (found == interfaces_.end() || found->second.present == present) return;
  found->second.present = present;
  delete_if([&](const HeldAddress& held) { return held.interface == interface; });
  notices_.emplace_back(link(interface));
}

std::optional<Instant> Kernel::next_edge(Instant now) const {
  std::optional<Instant> first;
  const auto consider = [&](Instant instant) {
    if (instant > now && (!first || instant < *first)) first = instant;
  };
  for (const auto& [key, held] : addresses_) consider(held.expires);
  for (const auto& [key, deadline] : deadlines_) consider(deadline);
  return first;
}

void Kernel::advance(Instant now) {
  delete_if([&](const HeldAddress& held) { return held.expires <= now; });
}

std::vector<Notice> Kernel::take_notices() {
  return std::exchange(notices_, {});
}

}  // namespace hapx::appliance::sim
