// SPDX-License-Identifier: Apache-2.0
// What is said of a bad configuration?
//
// Each case takes one good file, changes one place in it, and knows exactly what must be said:
// file, line, column, reason and advice. The tables stand in refusals_*_test.cpp.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "config/parse.hpp"

namespace hapx::refusals {

inline constexpr const char* the_full_nodes =
    "    - {name: node1, address: 10.0.0.1}\n    - {name: node2, address: 10.0.0.2}\n";
inline constexpr const char* the_nodes =
    "    - {name: node1, address: 10.0.0.1}\n    - {name: node2, address: 10.0.0.2}\n"
    "    - {name: node3, address: 10.0.0.3, role: witness}\n";
inline constexpr const char* the_service = R"(    - name: api
      vips: [{address: 10.0.0.20/24, interface: eth0}]
      port: 6443
      apiServers: [mast1:6443, 10.0.0.31:6443]
      location: {node1: 50}
)";
inline constexpr const char* location = "      location: {node1: 50}";
inline constexpr const char* timing = "  timing: {heartbeat: 50ms, lease: 300ms}";
inline constexpr const char* last_line = "  timing: {heartbeat: 50ms, lease: 300ms}\n";

inline std::string good_file() {
  return std::string(
             "apiVersion: hapx.dev/v1alpha1\n"
             "kind: Cluster\n"
             "metadata: {name: demo}\n"
             "spec:\n"
             "  nodes:\n") +
         the_nodes + "  services:\n" + the_service + last_line;
}

struct Case {
  std::string name;
  std::string good;
  std::string bad;
  std::vector<std::string> sentences;
};

inline void expect_refused(const Case& each) {
  auto text = good_file();
  const auto at = text.find(each.good);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, each.good.size(), each.bad);
  const auto checked = check_config(text, "f");
  EXPECT_FALSE(checked.config);
  std::vector<std::string> sentences;
  for (const auto& refused : checked.refusals) {
    EXPECT_EQ(refused.kind, ErrorKind::refused);
    sentences.push_back(refused.sentence);
  }
  EXPECT_EQ(sentences, each.sentences) << text;
  const auto parsed = parse_config(text, "f");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().sentence, each.sentences.front());
}

}  // namespace hapx::refusals
