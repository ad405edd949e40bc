// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "appliance/drill/markup.hpp"
#include "appliance/drill/svg.hpp"

namespace hapx::appliance::drill {
namespace {

TEST(Markup, NothingForeignBecomesMarkup) {
  EXPECT_EQ(escaped("<b a=\"1\" c='2'>&</b>"),
            "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;&lt;/b&gt;");
  EXPECT_EQ(escaped("a\nb é \xe2\x89\xa4"), "a\nb é \xe2\x89\xa4");
}

TEST(Markup, WhatXmlCannotHoldIsAQuestionMark) {
  EXPECT_EQ(escaped("\x01|\x1b|\t|\x7f"), "?|?|?|?");
  EXPECT_EQ(escaped(std::string_view("\0", 1)), "?");
  EXPECT_EQ(escaped("\xff\xc3"), "??");
  EXPECT_EQ(escaped("\xef\xbf\xbe\xef\xbf\xbf"), "??");
}

TEST(Markup, NumbersHaveNoEmptyDigits) {
  EXPECT_EQ(number(300, 1), "300");
  EXPECT_EQ(number(12.54, 1), "12.5");
  EXPECT_EQ(number(-0.01, 1), "0");
  EXPECT_EQ(number(100, 0), "100");
  EXPECT_EQ(number(std::numeric_limits<double>::infinity(), 1), "0");
  EXPECT_EQ(number(std::nan(""), 1), "0");
}

TEST(Scale, PutsValuesBetweenItsEnds) {
  const Scale even = Scale::linear(-100, 300, 0, 400);
  EXPECT_DOUBLE_EQ(even.place(0), 100);
  EXPECT_DOUBLE_EQ(even.place(9999), 400);
  EXPECT_DOUBLE_EQ(even.place(-9999), 0);
  const Scale powers = Scale::logarithmic(1, 1000, 0, 300);
  EXPECT_NEAR(powers.place(10), 100, 1e-9);
  EXPECT_DOUBLE_EQ(powers.place(0), 0);
  EXPECT_DOUBLE_EQ(powers.place(-5), 0);
}

TEST(Scale, TicksAreRoundAndFew) {
  EXPECT_EQ(Scale::linear(-100, 300, 0, 1).ticks(9),
            (std::vector<double>{-100, -50, 0, 50, 100, 150, 200, 250, 300}));
  EXPECT_EQ(Scale::linear(0, 20'000, 0, 1).ticks(9).size(), 5U);
  EXPECT_EQ(Scale::logarithmic(2, 800, 0, 1).ticks(9).size(), 8U);
  EXPECT_LE(Scale::logarithmic(1, 1e9, 0, 1).ticks(9).size(), 10U);
  EXPECT_LE(Scale::linear(1e12, 1e12, 0, 1).ticks(9).size(), 100U);
}

TEST(Svg, IsOneElementWithATitleForThoseWhoDoNotSeeIt) {
  Svg svg(10, 20, "x");
  svg.text({1, 2}, "<&>", "note");
  svg.box({0, 0}, -5, 3, "bar");
  const std::string text = svg.whole("a \"title\"", "words");
  EXPECT_TRUE(text.starts_with("<svg viewBox=\"0 0 10 20\" role=\"img\"")) << text;
  EXPECT_NE(text.find("<title id=\"x-title\">a &quot;title&quot;</title>"), std::string::npos);
  EXPECT_NE(text.find(">&lt;&amp;&gt;</text>"), std::string::npos);
  EXPECT_NE(text.find("width=\"0\""), std::string::npos) << "never a negative width";
}

}  // namespace
}  // namespace hapx::appliance::drill
