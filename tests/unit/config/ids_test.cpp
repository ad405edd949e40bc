// SPDX-License-Identifier: Apache-2.0
// Names are compared as their texts are, however the comparison is made quick.
#include "config/ids.hpp"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace hapx {
namespace {

using namespace std::string_literals;

TEST(IdsTest, names_are_ordered_as_their_texts_are) {
  const std::array texts{""s,
                         "a"s,
                         "a\0"s,
                         "n1"s,
                         "n10"s,
                         "n2"s,
                         "\xc3\xa4"s,
                         "control-"s,
                         "control-\0"s,
                         "controller"s,
                         "control-plane-1"s,
                         "control-plane-10"s};
  for (const std::string& a : texts) {
    EXPECT_EQ(NodeName(a).text(), a);
    for (const std::string& b : texts) {
      EXPECT_EQ(NodeName(a) == NodeName(b), a == b) << a << " and " << b;
      EXPECT_EQ(NodeName(a) <=> NodeName(b), a <=> b) << a << " and " << b;
    }
  }
}

}  // namespace
}  // namespace hapx
