// SPDX-License-Identifier: Apache-2.0
// Is whatever comes from etcd's gateway an answer within our limits, or refused in a sentence?
//
// What is read could be written back, entry by entry.
#include "appliance/etcd.hpp"

#include "fuzz.hpp"

namespace hapx::fuzz {

using namespace appliance;

void try_input(Bytes input) {
  const std::string prefix = etcd_prefix(ClusterName("c"));
  const auto refused = decode_etcd_answer(500, text_of(input), prefix);
  must(!refused.has_value(), "a failure is no answer");
  must_be_a_sentence(refused.error().sentence);
  const auto answer = decode_etcd_answer(200, text_of(input), prefix);
  if (!answer) return must_be_a_sentence(answer.error().sentence);
  must(answer->store != 0 && answer->revision > 0, "a store has an identity and a revision");
  must(answer->entries.size() <= etcd_entries_max, "there are no more entries than allowed");
  const std::string* last = nullptr;
  membership::AskArbiter again;
  for (const membership::ArbiterEntry& entry : answer->entries) {
    must(entry.revision > 0 && entry.revision <= answer->revision, "an entry was written before");
    must(last == nullptr || *last < entry.key, "each key is there once, in order");
    last = &entry.key;
    again.swaps.push_back({entry.key, entry.revision, entry.value});
  }
  must(etcd_request(again, prefix).has_value(), "what is read can be written");
}

}  // namespace hapx::fuzz
