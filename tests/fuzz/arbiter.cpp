// SPDX-License-Identifier: Apache-2.0
// What can an entry of etcd make a clerk believe that was never promised?
//
// The input is tried as an entry, and as all of it but the checksum, which is put right then. With
// whatever is there, the vote rests, or is one that a voter may give; no promise is waited for
// longer than any may last; and what is written over it is read by another clerk alike.
#include "membership/arbiter.hpp"

#include <limits>
#include <variant>
#include <vector>

#include "checksum.hpp"
#include "fuzz.hpp"

namespace hapx::fuzz {
namespace {

using namespace membership;

const Instant now{std::chrono::hours(1)};
const LeaseKey key("192.168.4.20");
const std::string entry = "leases/192.168.4.20";
const Session self{NodeName("node1"), {}};

/// The clerk, and etcd with that one entry.
struct Table {
  explicit Table(Bytes entry_there) : value(entry_there.begin(), entry_there.end()) {
    (void)clerk.hear(carry_out(clerk.ask({}, now)), now);
    must(clerk.knows(), "it has looked");
  }

  ArbiterAnswered carry_out(const AskArbiter& asked) {
    for (const ArbiterSwap& swap : asked.swaps) {
      must(swap.value.size() <= 1024, "what is written is bounded");
      if (swap.key == entry) value = swap.value;
      ++revision;
    }
    return {asked.ticket, true, 7, revision, {{entry, revision, value}}};
  }

  PrepareAnswer ask(std::uint64_t round, Instant at) {
    const auto reply =
        clerk.hear(carry_out(clerk.ask({Prepare{key, {round, self.node, {1}}, {}}}, at)), at);
    must(reply.answers.size() == 1 && reply.again.empty(), "it is answered");
    return std::get<PrepareAnswer>(reply.answers.front());
  }

  Arbiter clerk{self, {}};
  std::int64_t revision = 3;
  std::vector<std::uint8_t> value;
};

void try_entry(Bytes value) {
  Table table(value);
  const PrepareAnswer first = table.ask(1, now);
  must(first.abstention <= lease_max, "an abstention is bounded");
  if (first.lease) must(first.lease->remaining <= lease_max, "no promise lasts longer");
  if (first.vote == Vote::yes) must(first.promised.round == 1, "what is granted is promised");
  // After the longest promise whoever goes above what it is told is granted it.
  const Instant later = now + lease_max;
  const PrepareAnswer then = table.ask(1, later);
  must(then.vote != Vote::abstains && !then.lease, "everything is over by then");
  if (then.promised.round == std::numeric_limits<std::uint64_t>::max()) return;
  must(table.ask(then.promised.round + 1, later).vote == Vote::yes, "it is free");
}

}  // namespace

void try_input(Bytes input) {
  try_entry(input);
  try_entry(with_checksum(input));
}

}  // namespace hapx::fuzz
