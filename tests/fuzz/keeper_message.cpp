// SPDX-License-Identifier: Apache-2.0
// Is every packet between hapxd and HAProxy's keeper understood or refused, on both sides?
//
// The keeper outlives an upgrade of hapxd, so either may hear what the other's next version says. A
// request is understood to the byte: what it says, written again, is the same packet.
#include "lb-supervisor/keeper_message.hpp"

#include <algorithm>

#include "fuzz.hpp"

namespace hapx::fuzz {

using namespace lb_supervisor;

void try_input(Bytes input) {
  const std::vector<std::uint8_t> packet(input.begin(), input.end());
  const auto request = decode_request(packet);
  const auto answer = decode_answer(packet);
  must(!request || !answer, "no packet means something on both sides");
  if (request) {
    must(packet.size() <= message_bytes_max, "a longer packet is refused");
    must(encode(*request) == packet, "a request is understood to the byte");
  }
  if (answer) {
    const auto written = encode(*answer);
    // What is said of nothing that runs is dropped, and a reason is cut.
    const auto* connected = std::get_if<KeeperConnected>(&*answer);
    const bool whole = packet.size() <= reason_bytes_max && (!connected || connected->running);
    must(!whole || written == packet, "so is an answer");
    const auto again = decode_answer(written);
    must(again.has_value() && again->index() == answer->index(), "what is written is read back");
    must(encode(*again) == written, "and written again as it was");
  }
  if (!request) must_be_a_sentence(request.error().sentence);
  if (!answer) must_be_a_sentence(answer.error().sentence);
}

}  // namespace hapx::fuzz
