// SPDX-License-Identifier: Apache-2.0
// What can a damaged recording make us believe?
//
// The input is tried as the file, and as what is in the frame, with a length and a checksum that
// are right: so the fuzzer gets behind those. It is a recording or it is refused; and the archives
// in it are read to their end or given up.
#include "appliance/recording/recording.hpp"

#include "appliance/node.hpp"
#include "config/archive.hpp"
#include "fuzz.hpp"
#include "membership/bytes.hpp"

namespace hapx::fuzz {
namespace {

using namespace appliance;

constexpr std::size_t steps_max = 100'000;

void try_steps(const Stretch& stretch) {
  ArchiveReader reader(stretch.steps);
  for (std::size_t steps = 0; reader.ok() && !reader.is_at_end(); ++steps) {
    must(steps < steps_max, "every step takes bytes");
    Step step;
    reader(step);
    if (!reader.ok()) return;
    Step again;
    const auto bytes = archived(step);
    ArchiveReader once_more(bytes);
    once_more(again);
    must(once_more.is_done() && archived(again) == bytes, "what is written is read back");
  }
}

void try_file(std::span<const std::uint8_t> file) {
  const auto label = decode_label(file, "it");
  if (!label) return must(!label.error().sentence.empty(), "a refusal says why");
  must(!file_name_of(*label).empty() && !label->time_of(label->from).empty(), "it has a name");
  const auto recording = decode_recording(file, "it", label->version);
  if (!recording) return;
  NodeOptions options;
  ArchiveReader reader(recording->options);
  reader(options);
  for (const Stretch& stretch : recording->stretches) try_steps(stretch);
}

}  // namespace

void try_input(Bytes input) {
  try_file(input);
  membership::ByteWriter framed;
  const std::string_view magic = "hapxrec1";
  framed.raw({reinterpret_cast<const std::uint8_t*>(magic.data()), magic.size()});
  framed.u64(input.size());
  framed.u64(membership::fnv1a(input));
  framed.raw(input);
  try_file(framed.bytes());
}

}  // namespace hapx::fuzz
