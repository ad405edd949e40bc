// SPDX-License-Identifier: Apache-2.0
// What can a damaged file of the record make us believe?
//
// The input is tried as the file, and as all of it but the checksum, which is put right then: so
// the fuzzer gets behind it. Either is a record within its limits, or a blank copy; and what was
// read, written again, is read alike; and merged with another it is still one.
#include "membership/record.hpp"

#include "checksum.hpp"
#include "fuzz.hpp"
#include "membership/promise_memory.hpp"
#include "membership/record_merge.hpp"

namespace hapx::fuzz {
namespace {

using namespace membership;

const RecordOwner owner{ClusterName("kube-demo"), NodeName("node1")};

void must_be_within_limits(const Record& record) {
  must(record.orders.size() + record.lifted.size() <= record_entries_max, "orders are bounded");
  must(is_sound(record), "nothing is out of place");
  const auto must_be_bounded = [](const Subject& subject) {
    must(is_whole(subject), "an order is about something");
    must(subject.node.text().size() <= name_bytes_max, "names are bounded");
    must(subject.service.text().size() <= name_bytes_max, "names are bounded");
  };
  for (const LiftedOrder& lifted : record.lifted) must_be_bounded(lifted.subject);
  const StandingOrder* before = nullptr;
  for (const StandingOrder& order : record.orders) {
    must_be_bounded(order.subject);
    must(order.by.size() <= by_bytes_max, "texts are bounded");
    must(is_sane(order.since) && (!order.until || is_sane(*order.until)), "times are bounded");
    must(before == nullptr || before->subject < order.subject, "a subject has one order");
    must(!to_sentence(order).empty(), "an order can be told");
    before = &order;
  }
}

void try_file(Bytes file) {
  const DecodedRecord decoded = decode_record(file, owner);
  if (decoded.finding != RecordFinding::intact) {
    return must(decoded.kept == KeptRecord{}, "what can't be read is a blank copy");
  }
  if (decoded.kept.record) must_be_within_limits(*decoded.kept.record);
  const DecodedRecord again = decode_record(encode_record(decoded.kept, owner), owner);
  must(again.finding == RecordFinding::intact && again.kept == decoded.kept,
       "what is written is read back");
  if (!decoded.kept.record) return;
  const Record& record = *decoded.kept.record;
  const Record other{{{5, NodeName("node2"), {7}}, 1}, {}};
  must(is_sound(within_limits(merge(record, other))), "what is merged is sound");
  must(merge(record, record) == record, "nothing is new in the same");
}

}  // namespace

void try_input(Bytes input) {
  try_file(input);
  try_file(with_checksum(input));
}

}  // namespace hapx::fuzz
