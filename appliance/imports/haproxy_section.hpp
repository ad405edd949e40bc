// SPDX-License-Identifier: Apache-2.0
// What are the sections of a haproxy.cfg, and at which addresses does a line of one listen?
//
// The form of the file, and of the addresses in it (HAProxy's configuration manual, 2.1 and 4.2:
// bind). What a line means to hapx is haproxy_cfg's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/result.hpp"

namespace hapx::appliance::imports {

struct HaproxyLine {
  std::vector<std::string> words;  ///< at least one; without quotes
  std::string text;                ///< as written, without comment; a blank for many
  std::size_t line = 1;

  [[nodiscard]] std::string_view word(std::size_t n) const {
    return n < words.size() ? std::string_view(words[n]) : std::string_view();
  }
};

struct HaproxySection {
  HaproxyLine head;  ///< "frontend kube-apiserver"
  std::vector<HaproxyLine> lines;

  [[nodiscard]] std::string_view kind() const { return head.word(0); }
  [[nodiscard]] std::string_view name() const { return head.word(1); }
};

/// Total; a line before the first section is refused, and so is what is too large.
[[nodiscard]] Result<std::vector<HaproxySection>> read_sections(std::string_view text,
                                                                std::string_view file);

/// Whether the word begins a section.
[[nodiscard]] bool is_section_word(std::string_view word);

/// "192.168.4.20:6443", ":6443", "*:6443", "[::]:6443".
struct HaproxyAddress {
  std::string host;        ///< without brackets; empty: all addresses of the machine
  std::uint16_t port = 0;  ///< 0: not said
};

/// Nothing of a path, a descriptor, a variable or a range of ports.
[[nodiscard]] std::vector<HaproxyAddress> addresses_of(std::string_view word);

}  // namespace hapx::appliance::imports
