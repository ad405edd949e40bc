// SPDX-License-Identifier: Apache-2.0
// Is every text a word of a wire test, or nothing, and does a machine go on whatever it is told?
#include "appliance/doctor/wire_word.hpp"

#include "appliance/doctor/judge_wire.hpp"
#include "appliance/doctor/wire_end.hpp"
#include "fuzz.hpp"
#include "shown.hpp"

namespace hapx::fuzz {
namespace {

using namespace appliance;
using namespace appliance::doctor;

WireEnd::Options options() {
  WireEnd::Options out;
  out.config.nodes = {{NodeName("node1"), ipv4(192, 0, 2, 11)},
                      {NodeName("node2"), ipv4(192, 0, 2, 12)}};
  ServiceConfig service;
  service.vips = {{{ipv4(192, 0, 2, 20), 24}, InterfaceName("eth0")}};
  out.config.services = {service};
  out.self = NodeName("node1");
  out.incarnation = 7;
  out.notes.resize(1);
  out.notes[0].mtu = 1500;
  return out;
}

/// Told it again and again, until the test is over.
void try_end(const WireWord& word) {
  Instant now{std::chrono::seconds(1)};
  WireEnd end(options(), now);
  WireWord told = word;
  told.to = NodeName("node1");
  told.hears = 7;
  for (int beat = 0; beat < 1000 && !end.is_over(); ++beat) {
    now += std::chrono::milliseconds(100);
    for (const auto& order : end.step(WordHeard{NodeName("node2"), 9, told}, now)) {
      if (const auto* said = std::get_if<SendWord>(&order)) {
        must(to_text(said->word).size() <= word_bytes_max, "what it says fits a datagram");
      }
    }
  }
  must(end.is_over(), "whatever the other says, it ends");
  must_be_shown(to_text(judge_wire(end.facts()), {}));
  must_be_json(to_json(judge_wire(end.facts())));
}

}  // namespace

void try_input(Bytes input) {
  const auto word = parse_word(text_of(input));
  if (!word) return;
  const std::string text = to_text(*word);
  must(text.size() <= word_bytes_max, "it fits a datagram");
  const auto again = parse_word(text);
  must(again.has_value(), "what is written is read");
  must(again->notes.sent == word->notes.sent && again->notes.seen == word->notes.seen,
       "with all that was counted");
  try_end(*word);
}

}  // namespace hapx::fuzz
