// SPDX-License-Identifier: Apache-2.0
// Does a voter abstain whenever it can't know what it has promised in this boot?
//
// The input is the state directory's marker, a text that any editor may have been at; it is tried
// beside a mapped file that is absent, torn, empty and good. Also the kernel's boot id.
#include <chrono>

#include "config/cluster_config.hpp"
#include "fuzz.hpp"
#include "membership/promise_memory.hpp"

namespace hapx::fuzz {
namespace {

using namespace membership;

const Instant now{std::chrono::seconds(2)};

VoterIdentity self() {
  VoterIdentity identity{ClusterName("kube-demo"), NodeName("node1"), {}};
  identity.boot.bytes.fill(7);
  return identity;
}

using Mapped = std::optional<std::vector<std::uint8_t>>;

void try_recall(const std::string& marker, const Mapped& mapped) {
  const Recollection recalled = recall({mapped, marker}, self(), now);
  must(recalled.memory.identity() == self(), "the memory is our own from now on");
  must_be_a_sentence(recalled.sentence);
  const Duration abstention = recalled.abstain.value_or(Duration{0});
  must(!recalled.abstain || abstention > Duration{0}, "an abstention lasts");
  must(
      recalled.memory.abstain_until() <= now || recalled.memory.abstain_until() == now + abstention,
      "a restart does not cut an abstention short");
  const bool intact = mapped && decode_memory(*mapped, self()).finding == MemoryFinding::intact;
  const auto owner = decode_marker(marker);
  const bool in_this_boot = owner && *owner == self();
  must(recalled.write_marker == !in_this_boot, "the marker says this boot before the first vote");
  // Safety: of rule 5. A marker is there, so this node has voted, or somebody with its disk has.
  if (in_this_boot && !intact) must(abstention >= lease_max, "a voter without memory abstains");
  if (!in_this_boot) must(now + abstention >= Instant(lease_max), "so does one of another boot");
}

}  // namespace

void try_input(Bytes input) {
  const std::string text(text_of(input));
  static const std::vector<std::uint8_t> good = PromiseMemory(self()).encode();
  static const std::vector<std::uint8_t> torn(good.begin(), good.begin() + 100);
  for (const Mapped& mapped : {Mapped(), Mapped(good), Mapped(torn), Mapped(std::in_place)}) {
    try_recall(text, mapped);
  }
  if (const auto identity = decode_marker(text)) {
    must(decode_marker(encode_marker(*identity)) == identity, "a marker is read back");
  }
  if (const auto boot = parse_boot_id(text)) {
    must(parse_boot_id(to_string(*boot)) == boot, "a boot id is read back");
  }
}

}  // namespace hapx::fuzz
