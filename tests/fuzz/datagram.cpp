// SPDX-License-Identifier: Apache-2.0
// Does a node believe only what a holder of the cluster's key has sealed?
//
// The bytes as they arrive. The input is tried twice: as a datagram, and as an alteration of a
// genuine one (each byte turned over where the input is not zero, cut to the input's length). Only
// the genuine one opens, unaltered; whatever else came before it does not keep it from opening.
#include <algorithm>

#include "fuzz.hpp"
#include "genuine.hpp"

namespace hapx::fuzz {
namespace {

using namespace membership;
using Datagram = std::vector<std::uint8_t>;

const Datagram& genuine() {
  static const Datagram datagram =
      Codec(options_of("node1", sender_incarnation)).seal(rich_message()).front();
  return datagram;
}

Codec& receiver() {
  static Codec codec(options_of("node2", 22));
  return codec;
}

void must_be_refused(const std::variant<Opened, Refused>& result) {
  const auto* refused = std::get_if<Refused>(&result);
  must(refused != nullptr, "only what was sealed opens");
  must(std::ranges::count(refusal_reason::all, refused->reason) == 1, "the reason is a known one");
}

void try_datagram(Bytes bytes) {
  const auto claimed = receiver().peek(bytes);
  const auto result = receiver().open(bytes);
  if (std::ranges::equal(bytes, genuine())) {
    const auto* opened = std::get_if<Opened>(&result);
    must(opened != nullptr && opened->message == rich_message(), "what was sealed opens");
    return must(std::get<Envelope>(claimed) == opened->envelope, "the envelope is the sender's");
  }
  must_be_refused(result);
  if (const auto* refused = std::get_if<Refused>(&claimed)) {
    must(refused->reason == std::get<Refused>(result).reason, "a glance refuses as a look does");
  }
  const auto* envelope = std::get_if<Envelope>(&claimed);
  must(!envelope || std::get<Refused>(result).reason == refusal_reason::wrong_key,
       "without the key nothing behind the envelope is even looked at");
}

}  // namespace

void try_input(Bytes input) {
  try_datagram(input);
  Datagram altered(genuine().begin(), genuine().begin() + static_cast<std::ptrdiff_t>(std::min(
                                                              input.size(), genuine().size())));
  for (std::size_t i = 0; i < altered.size(); ++i) altered[i] ^= input[i];
  try_datagram(altered);
  try_datagram(genuine());
}

}  // namespace hapx::fuzz
