// SPDX-License-Identifier: Apache-2.0
#include "config/net.hpp"

#include <gtest/gtest.h>

namespace hapx {
namespace {

TEST(Ip, ReadsAndWritesDottedQuads) {
  for (const auto* text : {"0.0.0.0", "192.168.4.20", "255.255.255.255", "1.2.3.4"}) {
    const auto address = parse_ip(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->family, Family::ipv4);
    EXPECT_EQ(to_string(*address), text);
  }
  EXPECT_EQ(*parse_ip("10.0.255.1"), ipv4(10, 0, 255, 1));
}

TEST(Ip, RefusesWhatIsNoDottedQuad) {
  for (const auto* text : {"", ".", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.-1", "01.2.3.4",
                           "1.2.3.4 ", " 1.2.3.4", "1..3.4", "1.2.3.", ".1.2.3", "a.b.c.d",
                           "1.2.3.4/24", "0x1.2.3.4", "1.2.3.1000", "1.2.3.+4"}) {
    EXPECT_FALSE(parse_ip(text)) << text;
  }
  EXPECT_EQ(parse_ip("1.2.3.300").error().sentence, "`1.2.3.300` is not an IP address");
}

TEST(Ip, WritesIpv6InItsShortestForm) {
  const std::pair<const char*, const char*> cases[] = {
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"2001:0DB8:0:0:0:0:0:1", "2001:db8::1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},  // RFC 5952 section 4.2.2
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},           // section 4.2.3: the longest run
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},     // of equal ones the first
      {"::ffff:192.168.4.20", "::ffff:c0a8:414"},
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
      {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
      {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
      {"fe80::1:0", "fe80::1:0"}};
  for (const auto& [text, canonical] : cases) {
    const auto address = parse_ip(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->family, Family::ipv6);
    EXPECT_EQ(to_string(*address), canonical);
    EXPECT_EQ(*parse_ip(canonical), *address);
  }
}

TEST(Ip, RefusesWhatIsNoIpv6Address) {
  for (const auto* text :
       {":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::", "::1%eth0",
        "::1/64", "[::1]", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:1.2.3.4",
        "1.2.3.4::", "::1.2.3", "1:", ":1", "::1.2.3.4:5"}) {
    EXPECT_FALSE(parse_ip(text)) << text;
  }
}

TEST(Cidr, KeepsTheHostBits) {
  const auto cidr = parse_cidr("192.168.4.20/27");
  ASSERT_TRUE(cidr);
  EXPECT_EQ(cidr->address, ipv4(192, 168, 4, 20));
  EXPECT_EQ(cidr->prefix, 27);
  EXPECT_EQ(to_string(*cidr), "192.168.4.20/27");
  EXPECT_EQ(to_string(*parse_cidr("2001:db8::1/64")), "2001:db8::1/64");
  EXPECT_TRUE(parse_cidr("1.2.3.4/0"));
  EXPECT_TRUE(parse_cidr("::/128"));
}

TEST(Cidr, RefusesAPrefixThatCannotBe) {
  for (const auto* text : {"1.2.3.4", "1.2.3.4/", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/024", "/24",
                           "1.2.3.4/24/24", "::1/129", "1.2.3.4/ 24", "1.2.3/24", "1.2.3.4/1000"}) {
    EXPECT_FALSE(parse_cidr(text)) << text;
  }
  EXPECT_EQ(parse_cidr("1.2.3.4/33").error().sentence,
            "`1.2.3.4/33` is not an address with a prefix, like 192.168.4.20/27");
}

TEST(Endpoint, BracketsIpv6) {
  EXPECT_EQ(to_string(Endpoint{ipv4(127, 0, 0, 1), 7405}), "127.0.0.1:7405");
  EXPECT_EQ(to_string(Endpoint{*parse_ip("::1"), 7405}), "[::1]:7405");
}

TEST(Endpoint, IsReadAsItIsWritten) {
  for (const auto* text : {"127.0.0.1:9405", "0.0.0.0:0", "1.2.3.4:65535", "[::1]:9405", "[::]:1",
                           "[2001:db8::1]:65535"}) {
    const auto endpoint = parse_endpoint(text);
    ASSERT_TRUE(endpoint) << text;
    EXPECT_EQ(to_string(*endpoint), text);
  }
  for (const auto* text : {"",
                           ":",
                           ":9405",
                           "9405",
                           "1.2.3.4",
                           "1.2.3.4:",
                           "1.2.3.4:65536",
                           "1.2.3.4:-1",
                           "1.2.3.4:+1",
                           "1.2.3.4:09",
                           "1.2.3.4: 9",
                           "1.2.3.4:100000",
                           "::1:9405",
                           "::1",
                           "[::1]",
                           "[::1]:",
                           "[::1]9405",
                           "[1.2.3.4]:9405",
                           "[]:9405",
                           "[[::1]]:9405",
                           "localhost:9405",
                           "1.2.3.4:4294967297",
                           "127.0.0.1:9405:9405"}) {
    EXPECT_FALSE(parse_endpoint(text)) << text;
  }
}

TEST(Cidr, HasANetwork) {
  const auto network = [](const char* text) { return to_string(network_of(*parse_cidr(text))); };
  EXPECT_EQ(network("192.168.4.62/27"), "192.168.4.32");
  EXPECT_EQ(network("192.168.4.62/32"), "192.168.4.62");
  EXPECT_EQ(network("192.168.4.62/0"), "0.0.0.0");
  EXPECT_EQ(network("2001:db8::1:2:3/64"), "2001:db8::");
  EXPECT_EQ(network("2001:db8:ffff::1/33"), "2001:db8:8000::");
  EXPECT_EQ(network("2001:db8::1/128"), "2001:db8::1");
}

TEST(Mac, ReadsAndWrites) {
  const auto mac = parse_mac("52:54:00:AB:cd:0f");
  ASSERT_TRUE(mac);
  EXPECT_EQ(to_string(*mac), "52:54:00:ab:cd:0f");
  for (const auto* text : {"", "52:54:00:ab:cd", "52:54:00:ab:cd:0f:11", "52-54-00-ab-cd-0f",
                           "52:54:00:ab:cd:0g", "5:254:00:ab:cd:0f"}) {
    EXPECT_FALSE(parse_mac(text)) << text;
  }
}

}  // namespace
}  // namespace hapx
