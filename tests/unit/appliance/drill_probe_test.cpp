// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "appliance/drill/probe_text.hpp"

namespace hapx::appliance::drill {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Utc noon{std::chrono::hours(12)};

Service calm() {
  Service service;
  service.requests = service.served = 200;
  service.outage = milliseconds(6);
  service.latency_median = milliseconds(2);
  service.latency_maximum = milliseconds(4);
  return service;
}

Service dark() {
  Service service = calm();
  service.served = 197;
  service.failed = 3;
  service.late = 1;
  service.outage = milliseconds(276);
  service.latency_maximum = milliseconds(1050);
  return service;
}

TEST(Probe, ASecondIsALine) {
  EXPECT_EQ(second_as_text(calm(), noon), "12:00:00Z  200 requests, all served, slowest 4.0 ms\n");
  EXPECT_EQ(
      second_as_text(dark(), noon),
      "12:00:00Z  200 requests, 197 served, 3 failed, 1 late, slowest 1.05 s, outage 276 ms\n");
  Service nothing;
  EXPECT_EQ(second_as_text(nothing, noon), "12:00:00Z  0 requests\n");
  Service refused = calm();
  refused.failed = refused.requests;
  refused.served = 0;
  refused.outage = seconds(1);
  EXPECT_EQ(second_as_text(refused, noon),
            "12:00:00Z  200 requests, 0 served, 200 failed, outage 1.00 s\n");
}

TEST(Probe, WhatIsShorterThanAClientCanTellIsNoOutage) {
  EXPECT_TRUE(is_undisturbed(calm()));
  EXPECT_FALSE(is_undisturbed(dark()));
  EXPECT_FALSE(is_undisturbed(Service{})) << "nothing was asked, so nothing is known";
}

TEST(Probe, TheEndSaysWhatCameOfItAll) {
  const Endpoint endpoint{ipv4(192, 168, 4, 20), 6443};
  EXPECT_EQ(summary_as_text({endpoint, milliseconds(61'900), dark(), noon}),
            "192.168.4.20:6443, 1m1s: 200 requests, 197 served, 3 failed, 1 late, slowest 1.05 s, "
            "outage 276 "
            "ms at 12:00:00Z\n");
  EXPECT_EQ(summary_as_text({endpoint, seconds(2), calm(), noon}),
            "192.168.4.20:6443, 2s: 200 requests, all served, slowest 4.0 ms\n");
}

TEST(Probe, ProgramsAreToldTheSame) {
  const auto line = boost::json::parse(second_as_json(dark(), noon));
  EXPECT_EQ(line.at("at").as_string(), "1970-01-01T12:00:00Z");
  EXPECT_EQ(line.at("failed").to_number<int>(), 3);
  const auto summary =
      boost::json::parse(summary_as_json({{ipv4(10, 0, 0, 1), 6443}, seconds(2), calm(), noon}))
          .at("summary");
  EXPECT_TRUE(summary.at("undisturbed").as_bool());
  EXPECT_TRUE(summary.at("darkAt").is_null());
  EXPECT_EQ(summary.at("address").as_string(), "10.0.0.1:6443");
}

}  // namespace
}  // namespace hapx::appliance::drill
