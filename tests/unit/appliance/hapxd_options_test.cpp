// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/hapxd_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hapx::appliance {
namespace {

using testing::HasSubstr;

HapxdOptions read(const std::vector<std::string>& words) {
  auto outcome = read_hapxd_options(words, "1.2.3");
  if (const auto* usage = std::get_if<HapxdUsage>(&outcome)) ADD_FAILURE() << usage->text;
  auto* options = std::get_if<HapxdOptions>(&outcome);
  return options ? *options : HapxdOptions{};
}

HapxdUsage refuse(const std::vector<std::string>& words) {
  auto outcome = read_hapxd_options(words, "1.2.3");
  const auto* usage = std::get_if<HapxdUsage>(&outcome);
  EXPECT_NE(usage, nullptr);
  return usage ? *usage : HapxdUsage{};
}

TEST(HapxdOptions, AreTheKeepersWithoutWords) {
  const auto options = read({});
  EXPECT_EQ(options.role, HapxdRole::keeper);
  EXPECT_EQ(options.config_file, "/etc/hapx/hapx.yaml");
  EXPECT_EQ(options.haproxy_dir, std::nullopt);
}

TEST(HapxdOptions, NameTheFolderOfAKeeperThatSomebodyElseStarts) {
  EXPECT_EQ(read({"--haproxy-dir", "/run/x"}).haproxy_dir, "/run/x");
  const auto options = read({"--as", "haproxy-keeper", "--haproxy-dir", "/run/x"});
  EXPECT_EQ(options.role, HapxdRole::haproxy_keeper);
  EXPECT_EQ(options.haproxy_dir, "/run/x");
}

TEST(HapxdOptions, RefuseAnotherRole) {
  const auto usage = refuse({"--as", "king"});
  EXPECT_EQ(usage.status, 1);
  EXPECT_THAT(usage.text, HasSubstr("--as"));
}

TEST(HapxdOptions, AreAllInTheHelp) {
  const auto usage = refuse({"--help"});
  EXPECT_EQ(usage.status, 0);
  for (const char* word : {"--config", "--node", "--haproxy-dir", "--as", "SIGUSR2"}) {
    EXPECT_THAT(usage.text, HasSubstr(word));
  }
}

}  // namespace
}  // namespace hapx::appliance
