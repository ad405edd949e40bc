// SPDX-License-Identifier: Apache-2.0
// The frames of other hosts as a capture file, and who makes their cards.
#include "appliance/cli/capture.hpp"

#include <gtest/gtest.h>

#include "appliance/cli/vendor.hpp"

namespace hapx::appliance::cli {
namespace {

using namespace std::chrono_literals;

Status with_frames(const std::vector<FrameStatus>& frames) {
  Status status;
  ServiceStatus service;
  VipStatus vip;
  vip.rivals = {{"52:54:00:00:00:07", "answer", 1, 0ms, 0ms, frames}};
  service.vips = {vip};
  status.services = {service};
  return status;
}

std::string bytes(std::initializer_list<int> all) {
  std::string out;
  for (const int byte : all) out += static_cast<char>(byte);
  return out;
}

/// As tcpdump wrote it.
TEST(Capture, IsAHeaderAndTheFramesInTheirOrder) {
  const Utc now(std::chrono::seconds(1000));
  const std::string capture = capture_of(with_frames({{500ms, "0a 0b"}, {2s, "ff"}}), now);
  const std::string header = bytes(
      {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 1, 0, 0, 0});
  const std::string earlier = bytes({0xe6, 3, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0xff});
  const std::string later =
      bytes({0xe7, 3, 0, 0, 0x20, 0xa1, 7, 0, 2, 0, 0, 0, 2, 0, 0, 0, 0x0a, 0x0b});
  EXPECT_EQ(capture, header + earlier + later);
}

TEST(Capture, OfNoFrameIsNone) {
  EXPECT_EQ(capture_of(Status(), Utc()), "");
  EXPECT_EQ(capture_of(with_frames({}), Utc()), "");
}

/// hapxd may be another version than we are.
TEST(Capture, OfBytesThatAreNoneIsCutShort) {
  for (const char* text : {"zz", "0", "0a zz", "0a 0", "-1 0a"}) {
    const std::string capture = capture_of(with_frames({{0ms, text}}), Utc(1s));
    EXPECT_LE(capture.size(), 24U + 16U + 1U) << text;
  }
}

TEST(Vendor, OfVirtualMachinesIsKnownByHeart) {
  EXPECT_EQ(virtual_vendor("52:54:00:12:34:56"), "QEMU or KVM");
  EXPECT_EQ(virtual_vendor("00:00:5e:00:01:0a"), "VRRP or another protocol of the IETF");
  EXPECT_EQ(virtual_vendor("f8:1a:67:00:00:01"), "");
  EXPECT_EQ(virtual_vendor(""), "");
}

TEST(Vendor, OfOthersStandsInSystemdsList) {
  constexpr const char* list =
      "# This file is part of systemd.\n\n"
      "OUI:F81A67*\n ID_OUI_FROM_DATABASE=TP-LINK TECHNOLOGIES CO.,LTD.\n\n"
      "OUI:F81A680*\n ID_OUI_FROM_DATABASE=A smaller one\n\n"
      "OUI:AABBCC*\n";
  EXPECT_EQ(vendor_in(list, "f8:1a:67:00:00:01"), "TP-LINK TECHNOLOGIES CO.,LTD.");
  EXPECT_EQ(vendor_in(list, "f8:1a:68:00:00:01"), "");
  EXPECT_EQ(vendor_in(list, "aa:bb:cc:00:00:01"), "");
  EXPECT_EQ(vendor_in(list, "f8:1a"), "");
  EXPECT_EQ(vendor_in("", "f8:1a:67:00:00:01"), "");
}

}  // namespace
}  // namespace hapx::appliance::cli
