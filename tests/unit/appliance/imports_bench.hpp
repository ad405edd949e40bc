// SPDX-License-Identifier: Apache-2.0
// What do the tests of `hapx import` have in common?
//
// A text is read as the file "f", and asked what it has become.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "appliance/imports/imported.hpp"
#include "appliance/imports/recognise.hpp"

namespace hapx::appliance::imports {

inline Source read_well(std::string_view text, std::string_view file = "f") {
  const auto source = read_source(text, file);
  EXPECT_TRUE(source.has_value()) << source.error().sentence;
  return source ? *source : Source{};
}

/// Why this was left out, with its line: "3: hapx logs to the journal"; empty: it wasn't.
inline std::string why_left_out(const std::vector<Remark>& remarks, const std::string& words) {
  for (const Remark& remark : remarks) {
    if (remark.what == Remark::What::left_out && remark.words == "`" + words + "`") {
      return std::to_string(remark.place.line) + ": " + remark.reason;
    }
  }
  return "";
}

/// What this became, likewise.
inline std::string became(const std::vector<Remark>& remarks, const std::string& words) {
  for (const Remark& remark : remarks) {
    if (remark.what == Remark::What::taken && remark.words == "`" + words + "`") {
      return std::to_string(remark.place.line) + ": " + remark.reason;
    }
  }
  return "";
}

/// Wherever it is cut off, it is read or refused with a place, and what was read can be gathered.
inline void cut_anywhere(std::string_view text) {
  for (std::size_t length = 0; length <= text.size(); ++length) {
    const auto source = read_source(text.substr(0, length), "f");
    if (!source) {
      EXPECT_THAT(source.error().sentence, testing::StartsWith("f:")) << length;
      continue;
    }
    const auto imported = import_all({*source}, {});
    EXPECT_EQ(imported.config.has_value(), imported.refusals.empty()) << length;
  }
}

/// Enough beside any file to make it whole.
inline Wishes plenty() {
  Wishes wishes;
  wishes.nodes = {"node1=10.0.0.1", "node2=10.0.0.2"};
  wishes.witnesses = {"node3=10.0.0.3"};
  wishes.cluster = "demo";
  wishes.vips = {"10.0.0.9/24"};
  wishes.interface = "eth0";
  wishes.api_servers = {"10.0.0.31"};
  return wishes;
}

}  // namespace hapx::appliance::imports
