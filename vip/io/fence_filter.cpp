// SPDX-License-Identifier: Apache-2.0
#include "vip/io/fence_filter.hpp"

#include <array>
#include <cerrno>
#include <set>
#include <string>
#include <utility>

#include <sys/mman.h>
#include <time.h>

#include "config/assert.hpp"
#include "config/cluster_config.hpp"
#include "config/io/clock.hpp"
#include "vip/fence_message.hpp"
#include "vip/io/bpf.hpp"

namespace hapx::vip {
namespace {

constexpr std::size_t page_bytes = DeadlinePage::words * sizeof(std::uint64_t);
constexpr std::array<Direction, 2> both = {Direction::ingress, Direction::egress};
/// The kernel reads its clock a moment before or after us, and without a lock.
constexpr Duration clock_tolerance = std::chrono::milliseconds(1);

Result<std::uint64_t*> map_page(int descriptor) {
  void* memory = ::mmap(nullptr, page_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (memory == MAP_FAILED) return system_error(errno, "mapping the deadlines");
  return static_cast<std::uint64_t*>(memory);
}

/// The page of an earlier incarnation, if it is one.
Result<std::uint64_t*> map_inherited(int descriptor) {
  if (auto fits = expect_word_array(descriptor, DeadlinePage::words); !fits) return fits.error();
  auto memory = map_page(descriptor);
  if (!memory) return memory;
  if (DeadlinePage(std::span<std::uint64_t, DeadlinePage::words>(*memory, DeadlinePage::words))
          .valid()) {
    return memory;
  }
  ::munmap(*memory, page_bytes);
  return Error{ErrorKind::refused, "the inherited deadlines have another layout", 0};
}

}  // namespace

FenceFilter::FenceFilter(Descriptor page_map, std::uint64_t* memory, bool adopted)
    : page_map_(std::move(page_map)),
      memory_(memory),
      page_(std::span<std::uint64_t, DeadlinePage::words>(memory, DeadlinePage::words)),
      adopted_(adopted) {
  if (!adopted_) page_.begin();
  slots_ = page_.slots();
}

FenceFilter::FenceFilter(FenceFilter&& other) noexcept
    : page_map_(std::move(other.page_map_)),
      memory_(std::exchange(other.memory_, nullptr)),
      page_(other.page_),
      slots_(std::move(other.slots_)),
      adopted_(other.adopted_),
      address_map_(std::move(other.address_map_)),
      programs_(std::move(other.programs_)) {}

FenceFilter::~FenceFilter() {
  if (memory_ != nullptr) ::munmap(memory_, page_bytes);
}

Result<FenceFilter> FenceFilter::open(std::optional<int> inherited) {
  if (inherited) {
    Descriptor map(*inherited);
    if (auto memory = map_inherited(map.number())) {
      return FenceFilter(std::move(map), *memory, true);
    }
  }
  auto map = create_word_array(DeadlinePage::words);
  if (!map) return map.error();
  auto memory = map_page(map->number());
  if (!memory) return memory.error();
  return FenceFilter(std::move(*map), *memory, false);
}

Result<void> FenceFilter::arm(const std::vector<IpAddress>& addresses) {
  if (!address_map_.is_open()) {
    auto map = create_address_map(DeadlinePage::slots_max);
    if (!map) return map.error();
    address_map_ = std::move(*map);
  }
  if (auto assigned = assign_slots(addresses); !assigned) return assigned;
  if (programs_) return {};
  if (auto equal = compare_clocks(); !equal) return equal;
  auto programs = load();
  if (!programs) return programs.error();
  programs_ = std::move(*programs);
  return {};
}

/// Safety: an address that left the file is closed, and stays known (so that its frames are
/// dropped) until the next incarnation; only then may its slot serve another.
Result<void> FenceFilter::assign_slots(const std::vector<IpAddress>& addresses) {
  const std::set<IpAddress> wanted(addresses.begin(), addresses.end());
  for (const auto& [address, slot] : page_.slots()) {
    if (wanted.contains(address)) continue;
    if (page_.deadline(slot) == 0) {
      page_.free(slot);
      if (auto gone = remove_element(address_map_.number(), address_key(address)); !gone)
        return gone;
    } else {
      page_.close(slot);
    }
  }
  for (const IpAddress& address : wanted) {
    if (!page_.claim(address)) {
      return Error{ErrorKind::unavailable, "there are more than 64 virtual addresses", 0};
    }
  }
  slots_ = page_.slots();
  for (const auto& [address, slot] : slots_) {
    auto set =
        set_element(address_map_.number(), address_key(address), DeadlinePage::deadline_word(slot));
    if (!set) return set;
  }
  return {};
}

Result<void> FenceFilter::compare_clocks() {
  auto program = load_program(clock_program(page_map_.number()), "hapx_clock");
  if (!program) return program.error();
  const std::array<std::uint8_t, 64> frame{};
  const Instant before = boot_now();
  auto run = run_program(program->number(), frame);
  const Instant after = boot_now();
  if (!run) return run.error();
  const Instant kernel{Duration(static_cast<Duration::rep>(page_.clock()))};
  if (kernel >= before - clock_tolerance && kernel <= after + clock_tolerance) return {};
  return Error{ErrorKind::refused,
               "the kernel's filters have another clock than we (a time namespace?)", 0};
}

Result<FenceFilter::Programs> FenceFilter::load() {
  Programs programs;
  for (const Direction direction : both) {
    const bool ingress = direction == Direction::ingress;
    auto program = load_program(fence_program(direction, address_map_.number(), page_map_.number()),
                                ingress ? "hapx_ingress" : "hapx_egress");
    if (!program) return program.error();
    auto id = program_id(program->number());
    if (!id) return id.error();
    (ingress ? programs.ingress : programs.egress) = std::move(*program);
    (ingress ? programs.ingress_id : programs.egress_id) = *id;
  }
  return programs;
}

Result<void> FenceFilter::attach(NetlinkSocket& socket, const LinkSeen& link) const {
  HAPX_ASSERT(armed());
  const std::string what = "putting the fence on " + link.name.text();
  auto hooks = socket.ask(
      [&](std::uint32_t sequence) { return add_clsact_request(sequence, link.index); }, what);
  if (!hooks) return hooks;
  for (const Direction direction : both) {
    const int program =
        direction == Direction::ingress ? programs_->ingress.number() : programs_->egress.number();
    auto attached = socket.ask(
        [&](std::uint32_t sequence) {
          return attach_fence_request(sequence, link.index, direction, program);
        },
        what);
    if (!attached) return attached;
  }
  return {};
}

Result<bool> FenceFilter::attached(NetlinkSocket& socket, std::uint32_t interface_index) const {
  HAPX_ASSERT(armed());
  for (const Direction direction : both) {
    const std::uint32_t wanted =
        direction == Direction::ingress ? programs_->ingress_id : programs_->egress_id;
    auto filters = socket.dump(
        [&](std::uint32_t sequence) {
          return dump_filters_request(sequence, interface_index, direction);
        },
        "looking at the filters of an interface");
    if (!filters) return filters.error();
    bool found = false;
    for (const NetlinkMessage& message : *filters) {
      const auto seen = parse_filter(message);
      found = found || (seen && seen->ours && seen->program_id == wanted);
    }
    if (!found) return false;
  }
  return true;
}

void FenceFilter::extend(const IpAddress& address, Instant until) {
  HAPX_ASSERT(until <= boot_now() + lease_max);
  const auto slot = slots_.find(address);
  if (slot != slots_.end()) page_.extend(slot->second, until);
}

void FenceFilter::close(const IpAddress& address) {
  const auto slot = slots_.find(address);
  if (slot != slots_.end()) HAPX_ASSERT(page_.close(slot->second) == 0);
}

std::map<IpAddress, Instant> FenceFilter::deadlines() const {
  std::map<IpAddress, Instant> open;
  for (const auto& [address, slot] : slots_) {
    const std::uint64_t deadline = page_.deadline(slot);
    if (deadline != 0)
      open.emplace(address, Instant(Duration(static_cast<Duration::rep>(deadline))));
  }
  return open;
}

Result<bool> detach_fence(NetlinkSocket& socket, std::uint32_t interface_index) {
  const std::string what = "taking the filter off an interface";
  bool others = false;
  bool found = false;
  for (const Direction direction : both) {
    auto filters = socket.dump(
        [&](std::uint32_t sequence) {
          return dump_filters_request(sequence, interface_index, direction);
        },
        what);
    if (!filters) return filters.error();
    bool ours = false;
    for (const NetlinkMessage& message : *filters) {
      const auto seen = parse_filter(message);
      if (!seen || seen->chain_only) continue;
      ours = ours || seen->ours;
      others = others || !seen->ours;
    }
    if (!ours) continue;
    found = true;
    auto gone = socket.ask(
        [&](std::uint32_t sequence) {
          return detach_fence_request(sequence, interface_index, direction);
        },
        what);
    if (!gone && gone.error().kind != ErrorKind::absent) return gone.error();
  }
  if (!found || others) return found;
  // If they went meanwhile, that is as good.
  (void)socket.ask(
      [&](std::uint32_t sequence) { return remove_clsact_request(sequence, interface_index); },
      what);
  return true;
}

}  // namespace hapx::vip
