// SPDX-License-Identifier: Apache-2.0
// The host's name and addresses, as the kernel of this network namespace tells them.
#include "config/io/host.hpp"

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hapx {
namespace {

constexpr int no_namespace = 77;

/// In a child with an empty network namespace of its own, which ends with it.
int list_in_a_namespace() {
  if (::unshare(CLONE_NEWNET) != 0) return no_namespace;
  const auto before = local_addresses();
  if (!before || !before->empty()) return 1;
  const auto run = [](const char* command) { return std::system(command); };
  if (run("ip link set lo up") != 0) return 2;
  if (run("ip link add v0 type veth peer name v1") != 0) return 3;
  if (run("ip addr add 192.0.2.7/24 dev v0 && ip addr add 192.0.2.3/32 dev v1") != 0) return 4;
  const auto after = local_addresses();
  if (!after) return 5;
  std::vector<IpAddress> ipv4_only;
  for (const auto& address : *after) {
    if (address.family == Family::ipv4) ipv4_only.push_back(address);
  }
  const std::vector<IpAddress> expected{ipv4(127, 0, 0, 1), ipv4(192, 0, 2, 3), ipv4(192, 0, 2, 7)};
  return ipv4_only == expected ? 0 : 6;
}

TEST(Host, HasTheKernelsName) {
  const auto name = host_name();
  ASSERT_TRUE(name) << name.error().sentence;
  std::ifstream file("/proc/sys/kernel/hostname");
  std::string expected;
  std::getline(file, expected);
  EXPECT_EQ(*name, expected);
}

TEST(Host, ListsTheAddressesOfItsNamespace) {
  const auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(list_in_a_namespace());
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == no_namespace) {
    GTEST_SKIP() << "making a network namespace is not allowed here";
  }
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace hapx
