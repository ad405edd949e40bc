// SPDX-License-Identifier: Apache-2.0
#include "appliance/recording/recording.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "appliance/journal.hpp"
#include "appliance/node.hpp"
#include "config/archive.hpp"
#include "config/assert.hpp"
#include "config/utf8.hpp"
#include "membership/bytes.hpp"
#include "membership/codec.hpp"
#include "membership/record.hpp"

namespace hapx::appliance {

namespace {

using membership::ByteReader;
using membership::ByteWriter;
using Bytes = std::vector<std::uint8_t>;

constexpr std::array<std::uint8_t, 8> magic = {'h', 'a', 'p', 'x', 'r', 'e', 'c', '1'};
constexpr std::size_t head_bytes = magic.size() + 8 + 8;
/// A shorter body says nothing that has to be left out.
constexpr std::size_t body_bytes_max = 160;

void leave_out(std::string& body) {
  if (body.size() <= body_bytes_max) return;
  const auto hash =
      membership::fnv1a({reinterpret_cast<const std::uint8_t*>(body.data()), body.size()});
  body = std::to_string(body.size()) + " bytes, hash " + std::to_string(hash);
}

void seal_anew(membership::Codec& codec, Step& step) {
  if (auto* arrived = std::get_if<membership::DatagramArrived>(&step.event))
    codec.seal_with_stand_in(arrived->bytes);
  for (Action& action : step.actions) {
    if (auto* send = std::get_if<membership::SendDatagram>(&action))
      codec.seal_with_stand_in(send->bytes);
  }
}

Bytes without_keys(const Bytes& steps, membership::Codec& codec) {
  ArchiveReader reader(steps);
  ArchiveWriter writer;
  while (!reader.is_at_end()) {
    Step step;
    reader(step);
    HAPX_ASSERT(reader.ok());  // we have written it
    seal_anew(codec, step);
    writer(step);
  }
  return std::move(writer).take();
}

/// What is in the frame: the label, and all the rest.
Result<std::span<const std::uint8_t>> open_frame(std::span<const std::uint8_t> bytes,
                                                 const std::string& file) {
  ByteReader reader(bytes);
  const auto refuse = [&](const char* why) { return Error{ErrorKind::refused, file + " " + why}; };
  if (reader.raw<8>() != magic || !reader.ok()) return refuse("is no recording of hapx");
  const std::uint64_t length = reader.u64();
  const std::uint64_t checksum = reader.u64();
  if (!reader.ok() || length != bytes.size() - head_bytes)
    return refuse("is not whole: its end is missing, or there is something behind it");
  const auto content = bytes.subspan(head_bytes);
  if (membership::fnv1a(content) != checksum) return refuse("is damaged");
  return content;
}

/// A text of the label, or any, that is short and one line.
bool is_plain(const std::string& text) {
  return text.size() <= 256 && printable(text) == text;
}

/// Of a machine that has been up for less than a hundred years, in these centuries.
bool is_sane(const RecordingLabel& label) {
  constexpr Duration up_max = std::chrono::hours(24 * 365 * 100);
  constexpr Duration utc_max = membership::utc_max.time_since_epoch();
  const auto offset = label.utc_offset.value_or(Duration(0));
  return Instant{} <= label.from && label.from <= label.until && label.until <= Instant(up_max) &&
         -utc_max <= offset && offset <= utc_max;
}

}  // namespace

std::string RecordingLabel::time_of(Instant at) const {
  const std::string moment = time_of_day(at, utc_offset);
  if (!moment.empty()) return moment;
  return age_text(at.time_since_epoch()) + " after the start of the machine";
}

Action as_recorded(Action action) {
  if (auto* answer = std::get_if<Respond>(&action)) leave_out(answer->body);
  if (auto* publish = std::get_if<Publish>(&action)) leave_out(publish->piece);
  return action;
}

std::vector<std::uint8_t> encode_recording(const Recording& recording, const ClusterKeys& keys) {
  NodeOptions options;
  ArchiveReader reader(recording.options);
  reader(options);
  HAPX_ASSERT(reader.is_done());
  membership::Codec codec(
      {options.config.name, options.self, options.boot, options.incarnation, keys});
  std::vector<Stretch> stretches;
  for (const Stretch& stretch : recording.stretches)
    stretches.push_back({stretch.before, without_keys(stretch.steps, codec)});
  ArchiveWriter content;
  content(recording.label, recording.options, stretches);
  const Bytes inside = std::move(content).take();
  ByteWriter writer;
  writer.reserve(head_bytes + inside.size());
  writer.raw(magic);
  writer.u64(inside.size());
  writer.u64(membership::fnv1a(inside));
  writer.raw(inside);
  return std::move(writer).take();
}

Result<RecordingLabel> decode_label(std::span<const std::uint8_t> bytes, const std::string& file) {
  const auto content = open_frame(bytes, file);
  if (!content) return content.error();
  RecordingLabel label;
  ArchiveReader reader(*content);
  reader(label);
  if (!reader.ok() || !is_plain(label.version) || !is_plain(label.node.text()) ||
      !is_plain(label.cluster.text()) || !is_sane(label)) {
    return Error{ErrorKind::refused, file + " has no label that can be read"};
  }
  return label;
}

Result<Recording> decode_recording(std::span<const std::uint8_t> bytes, const std::string& file,
                                   const std::string& version) {
  Recording recording;
  auto label = decode_label(bytes, file);
  if (!label) return label.error();
  if (label->version != version) {
    return Error{ErrorKind::refused, file + " was recorded by hapx " + label->version +
                                         ", and this is hapx " + version +
                                         ": only the same version decides the same"};
  }
  ArchiveReader reader(*open_frame(bytes, file));
  reader(recording.label, recording.options, recording.stretches);
  if (!reader.is_done() || recording.stretches.empty())
    return Error{ErrorKind::refused, file + " was recorded by another build of hapx " + version};
  return recording;
}

std::string file_name_of(const RecordingLabel& label) {
  std::string name(recording_name_prefix);
  const std::string moment = time_of_day(label.until, label.utc_offset);
  if (moment.empty()) {
    const std::string text = std::to_string(label.until.time_since_epoch() / Duration(1'000'000));
    return name + "after-" + std::string(16 - std::min<std::size_t>(16, text.size()), '0') + text +
           "ms";
  }
  // Without the signs that other systems don't allow in a name.
  std::copy_if(moment.begin(), moment.end(), std::back_inserter(name),
               [](char c) { return c != '-' && c != ':'; });
  return name;
}

}  // namespace hapx::appliance
