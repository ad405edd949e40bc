// SPDX-License-Identifier: Apache-2.0
// Refusals of spec.api.
#include "config/validate_api.hpp"
#include "refusals.hpp"

namespace hapx::refusals {
namespace {

constexpr const char* files = ", certFile: /c, keyFile: /k, clientCAFile: /a";

Case listen(std::string name, const std::string& value, const std::string& sentence) {
  return {std::move(name),
          last_line,
          "  api: {listen: " + value + files + "}\n",
          {"f:15:17: " + sentence}};
}

/// Behind `listen: 0.0.0.0:9406`.
Case rest(std::string name, const std::string& keys, std::vector<std::string> refusals) {
  return {std::move(name), last_line, "  api: {listen: 0.0.0.0:9406, " + keys + "}\n",
          std::move(refusals)};
}

std::vector<Case> cases() {
  return {
      listen("Off", "off", "without `spec.api` no other host is answered; remove it"),
      listen("PortAlone", "9406",
             "`9406` is no address and port; write the address, too, like 127.0.0.1:9406"),
      listen("WhereTheMetricsAre", "127.0.0.1:9405",
             "127.0.0.1:9405 is where the metrics are; choose another port, like 9406"),
      listen("AroundTheMetrics", "0.0.0.0:9405",
             "127.0.0.1:9405 is where the metrics are; choose another port, like 9406"),
      listen("WhereTheServiceIs", "10.0.0.20:6443",
             "10.0.0.20:6443 is where service `api` is served; choose another address and port, "
             "like 127.0.0.1:9406"),
      listen("AtTheVip", "10.0.0.20:9406",
             "10.0.0.20 is a VIP of service `api`, which is on one node at a time, and every node "
             "has the API; use 127.0.0.1, or 0.0.0.0:9406 for all addresses of each node"),
      rest("NoKey", "certFile: /c, clientCAFile: /a",
           {"f:15:8: `keyFile` is missing in spec.api; add it"}),
      rest("NoCertificates", "operators: [alice]",
           {"f:15:8: `certFile` is missing in spec.api; add it",
            "f:15:8: `keyFile` is missing in spec.api; add it",
            "f:15:8: `clientCAFile` is missing in spec.api; add it"}),
      rest("RelativeFile", "certFile: c, keyFile: /k, clientCAFile: /a",
           {"f:15:41: certFile must be an absolute path, not `c`; begin it with /"}),
      rest("OperatorTwice", "certFile: /c, keyFile: /k, clientCAFile: /a, operators: [al, al]",
           {"f:15:92: the operator `al` stands twice; remove one"}),
      rest("OperatorWithoutAName", "certFile: /c, keyFile: /k, clientCAFile: /a, operators: ['']",
           {"f:15:88: a common name has 1 to 64 bytes; write one or remove it"}),
      rest("OperatorAsAMap", "certFile: /c, keyFile: /k, clientCAFile: /a, operators: [{a: b}]",
           {"f:15:88: an operator must be the common name of a certificate, not a map"}),
      rest("UnknownKey", "certFile: /c, keyFile: /k, clientCAFile: /a, users: [a]",
           {"f:15:76: unknown key `users`; the keys here are listen, certFile, keyFile, "
            "clientCAFile and operators"}),
  };
}

class BadApi : public testing::TestWithParam<Case> {};

TEST_P(BadApi, IsRefused) {
  expect_refused(GetParam());
}

INSTANTIATE_TEST_SUITE_P(All, BadApi, testing::ValuesIn(cases()),
                         [](const auto& each) { return each.param.name; });

TEST(Api, MayHaveAsManyOperatorsAsIsSaid) {
  auto config = *parse_config(good_file(), "f");
  config.api = {Endpoint{ipv4(0, 0, 0, 0), 9406}, "/c", "/k", "/a", {}};
  for (std::size_t i = 0; i < operators_max; ++i)
    config.api->operators.push_back(std::string(60, 'x') + std::to_string(i));
  EXPECT_TRUE(validate(config).empty());
  config.api->operators.emplace_back("one more");
  config.api->operators[0] = std::string(common_name_bytes_max + 1, 'x');
  config.api->operators[1] = "evil\x1b[2J";
  std::vector<std::string> paths;
  for (const auto& finding : validate(config)) paths.push_back(finding.path);
  EXPECT_EQ(paths, (std::vector<std::string>{"spec.api.operators", "spec.api.operators[0]",
                                             "spec.api.operators[1]"}));
}

TEST(Api, MayBeWhereTheMetricsWouldBeIfTheyAreOff) {
  const auto parsed = parse_config(
      good_file() + "  metrics: {listen: off}\n  api: {listen: 127.0.0.1:9405" + files + "}\n",
      "f");
  EXPECT_TRUE(parsed) << parsed.error().sentence;
}

}  // namespace
}  // namespace hapx::refusals
