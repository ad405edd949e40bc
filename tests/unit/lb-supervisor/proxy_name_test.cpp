// SPDX-License-Identifier: Apache-2.0
#include "lb-supervisor/proxy_name.hpp"

#include <set>

#include <gtest/gtest.h>

namespace hapx::lb_supervisor {
namespace {

TEST(ProxyName, keeps_ordinary_names_readable) {
  EXPECT_EQ(to_proxy_name("kube-apiserver"), "kube-apiserver");
  EXPECT_EQ(to_proxy_name("kube-mast01.lan"), "kube-mast01.lan");
  EXPECT_EQ(to_proxy_name("fd00::1"), "fd00::1");
}

TEST(ProxyName, writes_every_other_byte_as_two_digits) {
  EXPECT_EQ(to_proxy_name("a b"), "a_20b");
  EXPECT_EQ(to_proxy_name("a_b"), "a_5Fb");
  EXPECT_EQ(to_proxy_name("x\nserver y"), "x_0Aserver_20y");
  EXPECT_EQ(to_proxy_name("\xff"), "_FF");
  EXPECT_EQ(to_proxy_name(""), "_");
}

TEST(ProxyName, has_a_way_back_for_every_name) {
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) every_byte += static_cast<char>(byte);
  for (const std::string& name : {std::string(), std::string("_"), std::string("a_20b"),
                                  std::string("fd00::1"), every_byte}) {
    EXPECT_EQ(from_proxy_name(to_proxy_name(name)), name);
  }
}

TEST(ProxyName, never_makes_one_name_of_two) {
  std::set<std::string> written;
  const std::vector<std::string> names{"", "_", "__", "a b", "a_20b", "a_5F20b", "_20", " "};
  for (const auto& name : names) written.insert(to_proxy_name(name));
  EXPECT_EQ(written.size(), names.size());
}

TEST(ProxyName, leaves_what_it_did_not_write_as_it_is) {
  EXPECT_EQ(from_proxy_name("_probe"), "_probe");
  EXPECT_EQ(from_proxy_name("a_"), "a_");
  EXPECT_EQ(from_proxy_name("a_2"), "a_2");
  EXPECT_EQ(from_proxy_name("a_fF"), "a_fF");
}

TEST(Quoted, disarms_what_ends_a_word_or_begins_a_variable) {
  EXPECT_EQ(quoted("/run/hapx/haproxy.sock"), "\"/run/hapx/haproxy.sock\"");
  EXPECT_EQ(quoted("a\"b\\c$d e#f"), "\"a\\\"b\\\\c\\$d e#f\"");
  EXPECT_EQ(quoted("line\nbreak"), "\"line\\x0Abreak\"");
}

}  // namespace
}  // namespace hapx::lb_supervisor
