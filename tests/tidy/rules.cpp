// SPDX-License-Identifier: Apache-2.0
#include "rules.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace hapx::tidy {
namespace {

/// Where a file stands in the house.
enum class Floor {
  config,
  config_door,
  room,  ///< membership, vip, lb-supervisor
  room_door,
  appliance,
  appliance_door,  ///< appliance/**/io and the mains
  outside,         ///< tests and the like: may see everything
};

constexpr std::array<std::string_view, 3> rooms{"membership", "vip", "lb-supervisor"};

std::string_view first_folder(std::string_view path) {
  return path.substr(0, path.find('/'));
}

bool is_main(std::string_view path) {
  return path == "appliance/hapxd.cpp" || path == "appliance/hapx.cpp";
}

bool is_door(std::string_view path) {
  return path.find("/io/") != path.npos;
}

Floor floor_of(std::string_view path) {
  const std::string_view folder = first_folder(path);
  if (folder == "config") return is_door(path) ? Floor::config_door : Floor::config;
  if (std::ranges::find(rooms, folder) != rooms.end()) {
    return is_door(path) ? Floor::room_door : Floor::room;
  }
  if (folder != "appliance") return Floor::outside;
  return is_door(path) || is_main(path) ? Floor::appliance_door : Floor::appliance;
}

/// Whether a file on `from` may include one on `to`; of siblings, only itself.
bool may_include(Floor from, Floor to, bool same_room) {
  switch (from) {
    case Floor::outside:
    case Floor::appliance_door:
      return true;
    case Floor::appliance:
      return to == Floor::config || to == Floor::room || to == Floor::appliance;
    case Floor::room_door:
      if (to == Floor::room || to == Floor::room_door) return same_room;
      return to == Floor::config || to == Floor::config_door;
    case Floor::room:
      return to == Floor::config || (to == Floor::room && same_room);
    case Floor::config_door:
      return to == Floor::config || to == Floor::config_door;
    case Floor::config:
      return to == Floor::config;
  }
  return false;
}

bool starts_with_any(std::string_view text, const std::vector<std::string_view>& beginnings) {
  return std::ranges::any_of(beginnings, [&](auto one) { return text.starts_with(one); });
}

/// A family of headers, and the beginnings of the paths that may include it. "io" stands for every
/// door and the mains.
struct ThirdParty {
  std::string_view header;
  std::vector<std::string_view> allowed;
};

/// The first family that fits counts.
const std::vector<ThirdParty>& third_parties() {
  static const std::vector<ThirdParty> table{
      {"yaml-cpp/", {"config/yaml.cpp"}},
      {"pugixml.hpp", {"appliance/imports/cib_xml.cpp"}},
      {"libmnl/", {"vip/netlink_message.cpp", "vip/address_message.cpp", "vip/fence_message.cpp"}},
      {"openssl/",
       {"membership/codec.cpp", "config/cluster_key.cpp", "config/fingerprint.cpp",
        "appliance/lab/io/tls.cpp", "appliance/io/etcd_credentials.cpp",
        "appliance/io/pem_files.cpp", "appliance/io/gate.cpp"}},
      {"google/protobuf/", {"membership/codec.cpp", "membership/plaintext"}},
      {"message.pb.h", {"membership/codec.cpp", "membership/plaintext"}},
      {"membership/message.pb.h", {"membership/codec.cpp", "membership/plaintext"}},
      {"prometheus/", {"appliance/metrics.cpp"}},
      {"CLI/", {"appliance/cli/"}},
      {"curl/", {"appliance/hooks/io/post.cpp"}},
      {"boost/pfr/", {"config/archive.hpp"}},
      {"boost/system/", {"config/", "membership/", "vip/", "lb-supervisor/", "appliance/"}},
      {"boost/json", {"appliance/"}},
      {"boost/asio", {"io"}},
      {"boost/beast", {"io"}},
      {"boost/", {}},
      {"gtest/", {}},
      {"gmock/", {}},
  };
  return table;
}

struct Banned {
  std::string_view word;
  std::string_view instead;
};

constexpr std::array banned_words{
    Banned{"steady_clock", "be told `now`"},
    Banned{"system_clock", "be told `now`"},
    Banned{"high_resolution_clock", "be told `now`"},
    Banned{"clock_gettime", "be told `now`"},
    Banned{"gettimeofday", "be told `now`"},
    Banned{"sleep_for", "name a deadline"},
    Banned{"sleep_until", "name a deadline"},
    Banned{"usleep", "name a deadline"},
    Banned{"std::thread", "a thread lives behind a door"},
    Banned{"std::jthread", "a thread lives behind a door"},
    Banned{"std::mutex", "the loop has one thread"},
    Banned{"std::atomic", "the loop has one thread"},
    Banned{"::socket(", "a socket lives behind a door"},
    Banned{"getenv", "be told"},
    Banned{"std::cout", "return text"},
    Banned{"std::cerr", "return text"},
    Banned{"printf", "return text"},
    Banned{"fprintf", "return text"},
    Banned{"ifstream", "be given the text"},
    Banned{"ofstream", "return the text"},
    Banned{"fopen", "be given the text"},
    Banned{"std::filesystem", "be given the text"},
    Banned{"random_device", "be given a seed"},
    Banned{"getrandom", "be given a seed"},
    Banned{"unordered_map", "iteration order must not depend on a hash: use map"},
    Banned{"unordered_set", "iteration order must not depend on a hash: use set"},
};

/// A bug's last words go to stderr from wherever the bug is.
constexpr std::string_view assertion_file = "config/assert.cpp";

constexpr std::size_t columns_max = 100;
constexpr std::size_t lines_max = 500;
constexpr std::size_t function_lines_max = 75;

void report(const Source& source, std::size_t line, std::string sentence, Findings& findings) {
  findings.push_back({source.path, line, std::move(sentence)});
}

/// Characters, not bytes.
std::size_t columns_of(std::string_view line) {
  return static_cast<std::size_t>(std::ranges::count_if(
      line, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

std::string_view trimmed(std::string_view line) {
  const auto begin = line.find_first_not_of(' ');
  return begin == line.npos ? std::string_view() : line.substr(begin);
}

std::string spaces(std::size_t count) {
  return std::string(count, ' ');
}

bool opens_type_or_namespace(std::string_view line) {
  return starts_with_any(
      trimmed(line), {"namespace", "class ", "struct ", "enum ", "union ", "extern ", "template"});
}

/// The formatter puts a function's last brace under its first character, and nothing else of it
/// further left. `begin` is the line with the opening brace.
std::size_t length_from(const Source& source, std::size_t begin, std::size_t indent) {
  const std::string end = spaces(indent) + "}";
  for (std::size_t i = begin + 1; i < source.code.size(); ++i) {
    if (source.code[i].starts_with(end)) return i - begin + 1;
  }
  return 0;
}

/// CLI11 wants a refusal thrown to it, and catches it before parse() returns.
bool speaks_cli11(const Source& source, std::size_t line) {
  return source.path.starts_with("appliance/cli/") && has_word(source.code[line], "throw CLI::");
}

void check_function_length(const Source& source, Findings& findings) {
  for (std::size_t i = 0; i < source.code.size(); ++i) {
    const std::string& line = source.code[i];
    const std::string_view text = trimmed(line);
    const std::size_t indent = line.size() - text.size();
    const bool opens = line.ends_with(" {") && line.find(')') != line.npos && indent <= 2;
    const bool statement = starts_with_any(text, {"if ", "for ", "while ", "switch ", "} else"});
    if (!opens || statement || opens_type_or_namespace(line)) continue;
    const std::size_t length = length_from(source, i, indent);
    if (length > function_lines_max) {
      report(source, i + 1,
             "a function of " + std::to_string(length) + " lines; about 70 are the limit",
             findings);
    }
  }
}

constexpr std::string_view fuzz_folder = "tests/fuzz/";

/// The function in `line` whose name says that it reads bytes or text of others; empty: none.
std::string parser_in(const std::string& line) {
  const auto in_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  for (auto end = line.find('('); end != line.npos; end = line.find('(', end + 1)) {
    auto begin = end;
    while (begin > 0 && in_name(line[begin - 1])) --begin;
    const std::string name = line.substr(begin, end - begin);
    if (name.starts_with("parse_") || name == "decode" || name.starts_with("decode_") ||
        name.ends_with("_from_json")) {
      return name;
    }
  }
  return "";
}

}  // namespace

void check_rooms(const Source& source, Findings& findings) {
  const Floor from = floor_of(source.path);
  if (from == Floor::outside) return;
  for (const Include& include : source.includes) {
    if (!include.quoted || include.header.ends_with(".pb.h")) continue;
    const Floor to = floor_of(include.header);
    const bool same_room = first_folder(source.path) == first_folder(include.header);
    if (include.header.find('/') == std::string::npos) {
      report(source, include.line, "write the include from the root: " + include.header, findings);
    } else if (to == Floor::outside || !may_include(from, to, same_room)) {
      report(source, include.line, "may not include " + include.header, findings);
    }
  }
}

void check_third_party(const Source& source, Findings& findings) {
  const Floor floor = floor_of(source.path);
  if (floor == Floor::outside) return;
  const bool door =
      floor == Floor::config_door || floor == Floor::room_door || floor == Floor::appliance_door;
  for (const Include& include : source.includes) {
    const auto& table = third_parties();
    const auto family = std::ranges::find_if(
        table, [&](const ThirdParty& one) { return include.header.starts_with(one.header); });
    if (family == table.end() || starts_with_any(source.path, family->allowed)) continue;
    const bool for_doors =
        std::ranges::find(family->allowed, std::string_view("io")) != family->allowed.end();
    if (for_doors && door) continue;
    report(source, include.line, "<" + include.header + "> does not belong here", findings);
  }
}

void check_purity(const Source& source, Findings& findings) {
  const Floor floor = floor_of(source.path);
  const bool pure = floor == Floor::config || floor == Floor::room || floor == Floor::appliance;
  const bool in_house = floor != Floor::outside;
  for (std::size_t i = 0; i < source.code.size(); ++i) {
    if (in_house && has_word(source.code[i], "throw") && !speaks_cli11(source, i)) {
      report(source, i + 1, "`throw`: no function of hapx throws, return a Result", findings);
    }
    if (!pure || source.path == assertion_file) continue;
    for (const Banned& banned : banned_words) {
      if (!has_word(source.code[i], banned.word)) continue;
      report(source, i + 1,
             "`" + std::string(banned.word) + "` outside io/: " + std::string(banned.instead),
             findings);
    }
  }
}

void check_opening(const Source& source, Findings& findings) {
  constexpr std::string_view licence = "SPDX-License-Identifier: Apache-2.0";
  const bool script = !source.lines.empty() && source.lines[0].starts_with("#!");
  const std::size_t first = script ? 1 : 0;
  if (source.lines.size() <= first || !source.lines[first].ends_with(licence)) {
    report(source, first + 1, "the first line is `" + std::string(licence) + "`", findings);
    return;
  }
  const bool header = source.path.ends_with(".hpp");
  const bool target = source.path.starts_with(fuzz_folder) && source.path.ends_with(".cpp");
  if (!header && !target) return;
  std::size_t line = 1;
  while (line < source.lines.size() && !comment_text(source.lines[line]).empty()) ++line;
  if (line == 1) {
    report(source, 2, "a header or a fuzz target opens by saying which question it answers",
           findings);
  }
  if (!header) return;
  const auto is_guard = [](const std::string& text) { return text == "#pragma once"; };
  if (std::ranges::none_of(source.lines, is_guard)) {
    report(source, 0, "`#pragma once` is missing", findings);
  }
}

void check_sizes(const Source& source, Findings& findings) {
  for (std::size_t i = 0; i < source.lines.size(); ++i) {
    const std::string& line = source.lines[i];
    if (columns_of(line) > columns_max) {
      report(source, i + 1, "more than 100 columns", findings);
    }
    if (line.find('\t') != line.npos) report(source, i + 1, "a tab", findings);
    if (line.ends_with(' ')) report(source, i + 1, "blanks at the end of the line", findings);
  }
  if (source.lines.size() > lines_max) {
    report(source, 0, std::to_string(source.lines.size()) + " lines; about 500 are the limit",
           findings);
  }
  if (!source.ends_with_newline) report(source, 0, "no newline at the end", findings);
  // A test's table of cases is as long as the cases are many.
  if (floor_of(source.path) != Floor::outside) check_function_length(source, findings);
}

void check_words(const Source& source, Findings& findings) {
  // In two halves, so that this file is not its own finding.
  static const std::array notes{std::string("TO") + "DO", std::string("FIX") + "ME",
                                std::string("XX") + "X"};
  static const std::array paths{std::string("/wo") + "rk/", std::string("/ho") + "me/"};
  for (std::size_t i = 0; i < source.lines.size(); ++i) {
    for (const std::string& note : notes) {
      if (has_word(source.lines[i], note)) report(source, i + 1, "a note to self", findings);
    }
    for (const std::string& path : paths) {
      if (source.lines[i].find(path) != std::string::npos) {
        report(source, i + 1, "a path of somebody's machine", findings);
      }
    }
    const std::string_view comment = comment_text(source.lines[i]);
    if (!starts_with_any(comment, {"Safety:", "Liveness:", "Limit:"})) continue;
    // The sentence may go on over the lines that follow.
    std::string sentence(comment);
    for (std::size_t j = i + 1; j < source.lines.size() && sentence.find('.') == sentence.npos;
         ++j) {
      const std::string_view next = comment_text(source.lines[j]);
      if (next.empty()) break;
      sentence += " " + std::string(next);
    }
    if (sentence.find('.') == sentence.npos) {
      report(source, i + 1, "a marked sentence ends with a period", findings);
    }
  }
}

void check_parsers(const std::vector<Source>& house, Findings& findings) {
  const auto is_tried = [&](const std::string& name) {
    return std::ranges::any_of(house, [&](const Source& source) {
      return source.path.starts_with(fuzz_folder) &&
             std::ranges::any_of(source.code,
                                 [&](const std::string& line) { return has_word(line, name); });
    });
  };
  for (const Source& source : house) {
    if (floor_of(source.path) == Floor::outside || !source.path.ends_with(".hpp")) continue;
    for (std::size_t i = 0; i < source.code.size(); ++i) {
      const std::string name = parser_in(source.code[i]);
      if (name.empty() || is_tried(name)) continue;
      report(source, i + 1, name + " reads what comes from outside: fuzz it in tests/fuzz",
             findings);
    }
  }
}

Findings check(const Source& source) {
  Findings findings;
  check_rooms(source, findings);
  check_third_party(source, findings);
  check_purity(source, findings);
  check_opening(source, findings);
  check_sizes(source, findings);
  check_words(source, findings);
  return findings;
}

std::string to_string(const Finding& finding) {
  return finding.path + ":" + std::to_string(finding.line) + ": " + finding.sentence;
}

}  // namespace hapx::tidy
