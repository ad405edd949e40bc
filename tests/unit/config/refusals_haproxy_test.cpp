// SPDX-License-Identifier: Apache-2.0
// Refusals of a service's haproxy.stats and haproxy.extraConfig.
#include "refusals.hpp"

namespace hapx::refusals {
namespace {

/// `haproxy: {...}` in place of the service's location, at line 14.
Case haproxy(std::string name, const std::string& inner, std::vector<std::string> sentences) {
  return {std::move(name), location, "      haproxy: {" + inner + "}", std::move(sentences)};
}

std::vector<Case> cases() {
  return {
      haproxy("StatsWithoutCredentials", "stats: {port: 32700}",
              {"f:14:24: `credentialsFile` is missing in spec.services[0].haproxy.stats; add it"}),
      haproxy("StatsAtTheServicesPort", "stats: {port: 6443, credentialsFile: /c}",
              {"f:14:31: 10.0.0.20:6443 is where service `api` listens; choose another port, like "
               "32700"}),
      haproxy("StatsAtPortZero", "stats: {port: 0, credentialsFile: /c}",
              {"f:14:31: port 0 means \"any port\"; choose one from 1 to 65535"}),
      haproxy("StatsFileWithoutASlash", "stats: {credentialsFile: stats}",
              {"f:14:42: credentialsFile must be an absolute path, like "
               "/etc/hapx/stats.credentials, not `stats`"}),
      haproxy("UnknownSection", "extraConfig: {globals: [x]}",
              {"f:14:31: unknown key `globals`; did you mean `global`?"}),
      haproxy("NoList", "extraConfig: {global: tune.x 1}",
              {"f:14:39: `global` must be a list, not a single value; begin each item with a "
               "hyphen"}),
      haproxy("AMapIsNoLine", "extraConfig: {backend: [{a: b}]}",
              {"f:14:41: a line of HAProxy's config must be a text, not a map; put it in quotes"}),
      haproxy("ASection", "extraConfig: {backend: [\" listen x\"]}",
              {"f:14:41: `listen` begins a section of its own; only lines of the section can be "
               "appended"}),
      haproxy("TwoLinesInOne", "extraConfig: {backend: [\"option a\\noption b\"]}",
              {"f:14:41: a line of HAProxy's config has no line break and no other control "
               "character; write each line as an item of its own"}),
      haproxy("AnEmptyLine", "extraConfig: {backend: [\"  \"]}",
              {"f:14:41: the line is empty; remove it"}),
      haproxy("AnEndlessLine", "extraConfig: {backend: [" + std::string(1001, 'x') + "]}",
              {"f:14:41: the line is longer than 1000 bytes"}),
  };
}

class RefusesHaproxy : public testing::TestWithParam<Case> {};

TEST_P(RefusesHaproxy, WithPlaceReasonAndAdvice) {
  expect_refused(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Config, RefusesHaproxy, testing::ValuesIn(cases()),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace hapx::refusals
