// SPDX-License-Identifier: Apache-2.0
#include "appliance/sim/kernel.hpp"

#include <gtest/gtest.h>

namespace hapx::appliance::sim {
namespace {

using namespace std::chrono_literals;

const InterfaceName eth1("eth1");
const Cidr vip{ipv4(192, 168, 4, 20), 27};
const IpAddress& address = vip.address;

KernelOptions options() {
  KernelOptions made;
  made.interfaces = {{eth1, true, true}};
  return made;
}

/// A kernel with the address and an armed fence that is open until 1 s.
Kernel serving_kernel(const KernelOptions& made = options()) {
  Kernel kernel(made, 1);
  EXPECT_TRUE(kernel.arm_fence({address}));
  kernel.extend_deadline(address, Instant(1s));
  EXPECT_TRUE(kernel.add_address(eth1, vip, 2s, Instant(0s)));
  return kernel;
}

TEST(Kernel, AnswersWhileAddressLinkAndFenceAreThere) {
  EXPECT_TRUE(serving_kernel().answers(address, Instant(500ms)));
}

TEST(Kernel, ClosesItsFenceAtTheDeadlineByItself) {
  const Kernel kernel = serving_kernel();
  EXPECT_TRUE(kernel.answers(address, Instant(1s) - 1ns));
  EXPECT_FALSE(kernel.answers(address, Instant(1s)));
  EXPECT_EQ(kernel.next_edge(Instant(0s)), Instant(1s));
}

TEST(Kernel, AFenceThatDoesNotWorkStaysOpen) {
  KernelOptions broken = options();
  broken.fence_works = false;
  EXPECT_TRUE(serving_kernel(broken).answers(address, Instant(1500ms)));
}

TEST(Kernel, AnUnknownSlotIsClosedAndSoIsANewOne) {
  Kernel kernel(options(), 1);
  ASSERT_TRUE(kernel.arm_fence({address}));
  ASSERT_TRUE(kernel.add_address(eth1, vip, 2s, Instant(0s)));
  EXPECT_FALSE(kernel.answers(address, Instant(1ms)));
  EXPECT_FALSE(kernel.passes(ipv4(10, 0, 0, 1), Instant(1ms)));
}

TEST(Kernel, CloseFenceHoldsAtOnce) {
  Kernel kernel = serving_kernel();
  kernel.close_fence(address);
  EXPECT_FALSE(kernel.answers(address, Instant(1ms)));
}

TEST(Kernel, ArmingAgainKeepsTheDeadlinesThatAreThere) {
  Kernel kernel = serving_kernel();
  ASSERT_TRUE(kernel.arm_fence({address}));
  EXPECT_TRUE(kernel.answers(address, Instant(500ms)));
}

TEST(Kernel, WithoutRightToAFenceNothingIsFenced) {
  KernelOptions poor = options();
  poor.fence_permitted = false;
  Kernel kernel(poor, 1);
  const Result<void> armed = kernel.arm_fence({address});
  ASSERT_FALSE(armed);
  EXPECT_EQ(armed.error().kind, ErrorKind::forbidden);
  ASSERT_TRUE(kernel.add_address(eth1, vip, 1s, Instant(0s)));
  EXPECT_TRUE(kernel.answers(address, Instant(1ms)));
}

TEST(Kernel, EndsAnAddressAfterItsLifetimeInWholeSecondsNeverEarly) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Kernel kernel(options(), seed);
    ASSERT_TRUE(kernel.add_address(eth1, vip, 1200ms, Instant(0s)));
    kernel.advance(Instant(1999ms));
    EXPECT_TRUE(kernel.holds(address));
    kernel.advance(Instant(2450ms));
    EXPECT_FALSE(kernel.holds(address));
    const std::vector<Notice> notices = kernel.take_notices();
    ASSERT_EQ(notices.size(), 1U);
    EXPECT_TRUE(std::holds_alternative<vip::AddressRemoved>(notices.front()));
    EXPECT_TRUE(kernel.take_notices().empty());
  }
}

TEST(Kernel, AddingAgainProlongs) {
  Kernel kernel = serving_kernel();
  ASSERT_TRUE(kernel.add_address(eth1, vip, 2s, Instant(1900ms)));
  kernel.advance(Instant(3800ms));
  EXPECT_TRUE(kernel.holds(address));
}

TEST(Kernel, RefusesAnAddressOnAnAbsentInterface) {
  KernelOptions made = options();
  made.interfaces.front().present = false;
  Kernel kernel(made, 1);
  const Result<void> added = kernel.add_address(eth1, vip, 2s, Instant(0s));
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().kind, ErrorKind::absent);
  EXPECT_FALSE(kernel.link(eth1).present);
}

TEST(Kernel, RemovingAnAbsentAddressIsNoNews) {
  Kernel kernel(options(), 1);
  const Result<void> removed = kernel.remove_address(eth1, vip);
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().kind, ErrorKind::absent);
  EXPECT_TRUE(kernel.take_notices().empty());
}

TEST(Kernel, IsSilentWithoutCarrierButKeepsTheAddress) {
  Kernel kernel = serving_kernel();
  kernel.set_carrier(eth1, false);
  EXPECT_FALSE(kernel.answers(address, Instant(1ms)));
  EXPECT_TRUE(kernel.holds(address));
  kernel.set_carrier(eth1, true);
  EXPECT_TRUE(kernel.answers(address, Instant(1ms)));
  EXPECT_EQ(kernel.take_notices().size(), 2U);
}

TEST(Kernel, LosesTheAddressesOfAnInterfaceThatGoes) {
  Kernel kernel = serving_kernel();
  kernel.set_present(eth1, false);
  EXPECT_FALSE(kernel.holds(address));
  const std::vector<Notice> notices = kernel.take_notices();
  ASSERT_EQ(notices.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<vip::AddressRemoved>(notices[0]));
  EXPECT_FALSE(std::get<vip::LinkChanged>(notices[1]).present);
}

TEST(Kernel, ADetachedFilterLetsEverythingPassUntilItIsBack) {
  Kernel kernel = serving_kernel();
  kernel.detach_filter();
  EXPECT_TRUE(kernel.answers(address, Instant(1500ms)));
  kernel.attach_filter_again();
  EXPECT_FALSE(kernel.answers(address, Instant(1500ms)));
  EXPECT_TRUE(kernel.answers(address, Instant(500ms)));
}

TEST(Kernel, KeepsTheMappedFile) {
  Kernel kernel(options(), 1);
  EXPECT_TRUE(kernel.mapped_file().empty());
  kernel.store(2, {7, 8});
  EXPECT_EQ(kernel.mapped_file(), (std::vector<std::uint8_t>{0, 0, 7, 8}));
}

}  // namespace
}  // namespace hapx::appliance::sim
