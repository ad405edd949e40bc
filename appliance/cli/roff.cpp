// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/roff.hpp"

#include <algorithm>

namespace hapx::appliance::cli {

std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

std::string roff_lines(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    if (line.starts_with('.') || line.starts_with('\'')) out += "\\&";
    out += roff(line) + '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string roff_example(std::string_view text) {
  return ".PP\n.nf\n" + roff_lines(text) + ".fi\n";
}

std::string roff_tagged(std::string_view tag, std::string_view text) {
  return ".TP\n\\fB" + roff(tag) + "\\fR\n" + roff_lines(text);
}

std::string roff_title(std::string_view title, std::string_view section, std::string_view version) {
  return ".\\\" SPDX-License-Identifier: Apache-2.0\n"
         ".\\\" Made by hapx_documents; change its sources, then `ninja documents`.\n"
         ".TH " +
         std::string(title) + ' ' + std::string(section) + " \"\" \"hapx " + std::string(version) +
         "\" \"hapx\"\n";
}

}  // namespace hapx::appliance::cli
