// SPDX-License-Identifier: Apache-2.0
// What can a damaged file of who votes make us believe?
//
// The input is tried as the file, and as all of it but the checksum, which is put right then: so
// the fuzzer gets behind it. Either is a list within its limits, or none; and what was read,
// written again, is read alike.
#include "checksum.hpp"
#include "fuzz.hpp"
#include "membership/promise_memory.hpp"
#include "membership/voters_file.hpp"

namespace hapx::fuzz {
namespace {

using namespace membership;

const RecordOwner owner{ClusterName("kube-demo"), NodeName("node1")};

void try_file(Bytes file) {
  const auto kept = decode_voters(file, owner);
  if (!kept) return;
  must(kept->generation > 0 && !kept->list.empty(), "somebody votes");
  must(kept->previous.empty() || kept->succeeds == hash_of(kept->previous.front()),
       "the list before is the one that it succeeds");
  must(kept->previous.size() <= lists_max, "lists are bounded");
  auto lists = kept->previous;
  lists.push_back(kept->list);
  for (const auto& list : lists) {
    for (const auto& [node, votes] : list) {
      must(!node.empty() && node.text().size() <= name_bytes_max, "names are bounded");
    }
  }
  must(decode_voters(encode_voters(*kept, owner), owner) == kept, "what is written is read back");
  must(adopt(kept, kept->list) == *kept, "the same list is no change");
}

}  // namespace

void try_input(Bytes input) {
  try_file(input);
  try_file(with_checksum(input));
}

}  // namespace hapx::fuzz
