// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/capture.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace hapx::appliance::cli {
namespace {

constexpr std::uint32_t magic = 0xa1b2c3d4;  ///< times in microseconds
constexpr std::uint32_t version = 2 | 4U << 16U;
constexpr std::uint32_t frame_bytes_max = 65535;
constexpr std::uint32_t ethernet = 1;

void put(std::string& out, std::uint32_t number) {
  for (unsigned i = 0; i < 4; ++i) out += static_cast<char>(number >> (8 * i) & 0xffU);
}

/// Of "ff 02 00"; what is no such pair ends it.
std::string bytes_of(std::string_view text) {
  std::string bytes;
  for (std::size_t at = 0; at + 2 <= text.size(); at += 3) {
    unsigned value = 0;
    const char* end = text.data() + at + 2;
    const auto read = std::from_chars(text.data() + at, end, value, 16);
    if (read.ec != std::errc() || read.ptr != end) break;
    bytes += static_cast<char>(value);
  }
  return bytes;
}

}  // namespace

std::string capture_of(const Status& status, Utc now) {
  std::vector<std::pair<Utc, std::string>> frames;
  for (const ServiceStatus& service : status.services) {
    for (const VipStatus& vip : service.vips) {
      for (const RivalStatus& rival : vip.rivals) {
        for (const FrameStatus& frame : rival.frames)
          frames.emplace_back(now - frame.ago, bytes_of(frame.bytes));
      }
    }
  }
  if (frames.empty()) return {};
  std::ranges::stable_sort(frames, {}, &std::pair<Utc, std::string>::first);
  std::string out;
  for (const std::uint32_t word : {magic, version, 0U, 0U, frame_bytes_max, ethernet})
    put(out, word);
  for (const auto& [at, bytes] : frames) {
    const auto since = std::max(Duration(0), at.time_since_epoch());
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
    put(out, static_cast<std::uint32_t>(seconds.count()));
    put(out, static_cast<std::uint32_t>(
                 std::chrono::duration_cast<std::chrono::microseconds>(since - seconds).count()));
    put(out, static_cast<std::uint32_t>(bytes.size()));
    put(out, static_cast<std::uint32_t>(bytes.size()));
    out += bytes;
  }
  return out;
}

}  // namespace hapx::appliance::cli
