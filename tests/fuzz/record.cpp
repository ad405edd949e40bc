// SPDX-License-Identifier: Apache-2.0
// What can a damaged file of the record make us believe?
//
// The input is tried as the file, and as all of it but the checksum, which is put right then: so
// the fuzzer gets behind it. Either is a record within its limits, or a blank copy; and what was
// read, written again, is read alike.
#include "membership/record.hpp"

#include "checksum.hpp"
#include "fuzz.hpp"
#include "membership/promise_memory.hpp"

namespace hapx::fuzz {
namespace {

using namespace membership;

const RecordOwner owner{ClusterName("kube-demo"), NodeName("node1")};

void must_be_within_limits(const Record& record) {
  must(record.orders.size() <= standing_orders_max, "orders are bounded");
  const StandingOrder* before = nullptr;
  for (const StandingOrder& order : record.orders) {
    must(is_whole(order.subject), "an order is about something");
    must(order.by.size() <= by_bytes_max, "texts are bounded");
    must(order.subject.node.text().size() <= name_bytes_max, "names are bounded");
    must(order.subject.service.text().size() <= name_bytes_max, "names are bounded");
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
}

}  // namespace

void try_input(Bytes input) {
  try_file(input);
  try_file(with_checksum(input));
}

}  // namespace hapx::fuzz
