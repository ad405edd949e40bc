// SPDX-License-Identifier: Apache-2.0
#include "appliance/open_metrics.hpp"

#include <algorithm>
#include <cstddef>

namespace hapx::appliance {
namespace {

/// Up to the next newline, which is passed over.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

/// The name in "# TYPE name counter"; empty for any other line.
std::string_view counter_named_in(std::string_view line) {
  constexpr std::string_view before = "# TYPE ";
  constexpr std::string_view after = "_total counter";
  if (!line.starts_with(before) || !line.ends_with(after)) return {};
  line.remove_prefix(before.size());
  line.remove_suffix(after.size());
  return line;
}

/// `le="1"` as `le="1.0"`: a bound is a float, and that is its canonical form.
std::string with_float_bound(std::string_view line) {
  constexpr std::string_view bound = "le=\"";
  const std::size_t begin = line.find(bound, line.find('{'));
  std::string out(line);
  if (begin == line.npos || line.find("_bucket{") == line.npos) return out;
  const std::size_t end = line.find_first_not_of("0123456789", begin + bound.size());
  if (end != line.npos && line[end] == '"') out.insert(end, ".0");
  return out;
}

}  // namespace

std::string open_metrics(std::string_view metrics_text) {
  std::string out;
  std::string_view help;  // the line stands before that which tells the type
  while (!metrics_text.empty()) {
    const std::string_view line = take_line(metrics_text);
    if (line.starts_with("# HELP ")) {
      help = line;
      continue;
    }
    const std::string_view counter_name = counter_named_in(line);
    if (!counter_name.empty()) {
      const std::string name(counter_name);
      const std::size_t sentence = help.find(' ', std::string_view("# HELP ").size());
      out += "# HELP " + name + std::string(help.substr(std::min(sentence, help.size()))) + "\n";
      out += "# TYPE " + name + " counter\n";
    } else {
      if (line.starts_with("# TYPE ")) out += std::string(help) + "\n";
      out += with_float_bound(line) + "\n";
    }
  }
  return out + "# EOF\n";
}

}  // namespace hapx::appliance
