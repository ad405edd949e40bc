// SPDX-License-Identifier: Apache-2.0
// A machine is ended only by an agent that has it for itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "appliance/drill/machine_end.hpp"

namespace hapx::appliance::drill {
namespace {

constexpr const char* first_network = "net:[4026531840]";
constexpr const char* first_processes = "pid:[4026531836]";

TEST(MachineEnd, OfAMachineIsByTheKernelAndOfAContainerByItsOwn) {
  EXPECT_EQ(machine_end({first_network, first_network, first_processes}).value(),
            MachineEnd::by_sysrq);
  EXPECT_EQ(machine_end({"net:[4026532296]", "net:[4026532296]", "pid:[4026532299]"}).value(),
            MachineEnd::by_reboot);
}

TEST(MachineEnd, IsRefusedWhereOthersLiveOnTheMachineOrNobodyKnows) {
  for (const Whereabouts& here :
       {Whereabouts{"net:[4026532296]", first_network, first_processes},
        Whereabouts{first_network, "", first_processes}, Whereabouts{"", "", first_processes},
        Whereabouts{first_network, first_network, ""}}) {
    const auto end = machine_end(here);
    ASSERT_FALSE(end);
    EXPECT_THAT(end.error().sentence, testing::HasSubstr("only a part of a machine"));
  }
}

}  // namespace
}  // namespace hapx::appliance::drill
