// SPDX-License-Identifier: Apache-2.0
// May this be put on somebody's screen, or handed to a program?
//
// What the targets of the windows say of every text and every document that comes out of them.
#pragma once

#include <algorithm>
#include <string>

#include <boost/json.hpp>

#include "config/utf8.hpp"
#include "fuzz.hpp"

namespace hapx::fuzz {

/// Lines, and nothing in them that drives a terminal.
inline void must_be_shown(const std::string& text) {
  must(text.empty() || text.ends_with('\n'), "a screen is whole lines");
  std::string lines = text;
  std::erase(lines, '\n');
  must(printable(lines) == lines, "a screen has no control characters");
}

inline boost::json::value must_be_json(const std::string& text) {
  boost::system::error_code error;
  boost::json::value value = boost::json::parse(text, error);
  must(!error, "a document is JSON");
  return value;
}

}  // namespace hapx::fuzz
