// SPDX-License-Identifier: Apache-2.0
#include "appliance/imports/crm_text.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "appliance/imports/statement.hpp"
#include "config/yaml.hpp"

namespace hapx::appliance::imports {
namespace {

using namespace std::string_view_literals;

/// A word, and the line that it stands in.
struct Word {
  std::string text;
  std::size_t line = 1;
};

using Words = std::span<const Word>;

constexpr std::array section_words{"params"sv,     "meta"sv,       "op"sv,        "utilization"sv,
                                   "operations"sv, "attributes"sv, "op_params"sv, "op_meta"sv};

bool is_section(std::string_view word) {
  return std::ranges::find(section_words, word) != section_words.end();
}

/// "ip=192.168.4.20"; a word without a value is set to nothing.
Setting setting_of(const Word& word) {
  const auto equals = word.text.find('=');
  if (equals == std::string::npos) return {word.text, "", word.line};
  return {word.text.substr(0, equals), word.text.substr(equals + 1), word.line};
}

std::string text_of(Words words) {
  std::string out;
  for (const Word& word : words) out += (out.empty() ? "" : " ") + word.text;
  return out;
}

/// "haproxy:Started": "haproxy".
std::string without_role(const std::string& resource) {
  return resource.substr(0, resource.find(':'));
}

class Reader {
 public:
  [[nodiscard]] Cib take() { return std::move(cib_); }

  void read(Words words) {
    // "sudo crm configure property ..."
    if (words[0].text == "sudo" || words[0].text == "crm") {
      const auto configure = std::ranges::find(words, "configure", &Word::text);
      if (configure != words.end() && configure + 1 != words.end()) {
        words = words.subspan(static_cast<std::size_t>(configure - words.begin()) + 1);
      }
    }
    const std::string& kind = words[0].text;
    if (kind == "node" && words.size() > 1) return read_node(words);
    if (kind == "primitive" && words.size() > 2) return read_primitive(words);
    if ((kind == "group" || kind == "clone" || kind == "ms" || kind == "master") &&
        words.size() > 2) {
      return read_holder(words);
    }
    if (kind == "location" && words.size() > 3) return read_location(words);
    if (kind == "colocation" && words.size() > 4) return read_colocation(words);
    if (kind == "property") return read_settings(words, cib_.properties);
    if (kind == "rsc_defaults") return read_settings(words, cib_.defaults);
    add_other(words);
  }

 private:
  void add_other(Words words) {
    cib_.others.push_back({words[0].text, text_of(words), words[0].line});
  }

  /// "node 1: hapx-node01 attributes standby=off".
  void read_node(Words words) {
    CibNode node;
    node.line = words[0].line;
    std::size_t at = 1;
    if (words[at].text.starts_with("$id=")) node.id = words[at++].text.substr(4);
    if (at < words.size() && words[at].text.ends_with(':')) {
      node.id = words[at].text.substr(0, words[at].text.size() - 1);
      ++at;
    }
    if (at == words.size()) return add_other(words);
    node.name = words[at++].text;
    // "node hapx-node01:normal", as older ones write it.
    node.name = node.name.substr(0, node.name.find(':'));
    for (; at < words.size(); ++at) {
      if (!is_section(words[at].text)) node.attributes.push_back(setting_of(words[at]));
    }
    cib_.nodes.push_back(std::move(node));
  }

  /// "primitive ID AGENT params ip=... meta ... op monitor interval=20".
  void read_primitive(Words words) {
    CibResource resource;
    resource.line = words[0].line;
    resource.id = words[1].text;
    resource.agent = words[2].text;
    std::string_view section = "params";
    for (std::size_t i = 3; i < words.size(); ++i) {
      const Word& word = words[i];
      if (word.text == "op") {
        section = "op";
        CibOperation operation;
        operation.line = word.line;
        if (i + 1 < words.size()) operation.name = words[++i].text;
        resource.operations.push_back(std::move(operation));
      } else if (is_section(word.text)) {
        section = word.text;
      } else if (section == "params") {
        resource.params.push_back(setting_of(word));
      } else if (section == "meta") {
        resource.meta.push_back(setting_of(word));
      } else if (!resource.operations.empty() && section.starts_with("op")) {
        resource.operations.back().settings.push_back(setting_of(word));
      } else {
        cib_.others.push_back({std::string(section), section_text(section, word), word.line});
      }
    }
    cib_.resources.push_back(std::move(resource));
  }

  static std::string section_text(std::string_view section, const Word& word) {
    return std::string(section) + " " + word.text;
  }

  /// "group ID a b meta ...".
  void read_holder(Words words) {
    CibHolder holder;
    holder.line = words[0].line;
    holder.kind = words[0].text;
    holder.id = words[1].text;
    bool members = true;
    for (const Word& word : words.subspan(2)) {
      if (is_section(word.text)) {
        members = false;
      } else if (members && word.text.find('=') == std::string::npos) {
        holder.members.push_back(word.text);
      } else {
        holder.meta.push_back(setting_of(word));
      }
    }
    cib_.holders.push_back(std::move(holder));
  }

  /// "location ID RESOURCE 100: NODE", "location ID RESOURCE rule 100: #uname eq NODE".
  void read_location(Words words) {
    CibLocation location;
    location.line = words[0].line;
    location.id = words[1].text;
    std::size_t at = 2;
    if (words[at].text == "{") {
      for (++at; at < words.size() && words[at].text != "}"; ++at) {
        location.resources.push_back(without_role(words[at].text));
      }
      ++at;
    } else {
      location.resources.push_back(without_role(words[at++].text));
    }
    const auto rest = at < words.size() ? words.subspan(at) : Words();
    const auto score = std::ranges::find_if(
        rest, [](const Word& word) { return word.text.size() > 1 && word.text.ends_with(':'); });
    if (score != rest.end()) {
      location.score = score->text.substr(0, score->text.size() - 1);
      const auto behind = rest.subspan(static_cast<std::size_t>(score - rest.begin()) + 1);
      const bool rule = std::ranges::find(rest, "rule", &Word::text) != rest.end();
      if (!rule && behind.size() == 1) location.node = behind[0].text;
      const bool by_name =
          rule && behind.size() == 3 && behind[0].text == "#uname" && behind[1].text == "eq";
      if (by_name) location.node = behind[2].text;
    }
    cib_.locations.push_back(std::move(location));
  }

  /// "colocation ID inf: a b".
  void read_colocation(Words words) {
    CibColocation colocation;
    colocation.line = words[0].line;
    colocation.id = words[1].text;
    const std::string& score = words[2].text;
    colocation.score = score.substr(0, score.find(':'));
    for (const Word& word : words.subspan(3)) {
      const bool member = word.text.find_first_of("=()[]{}") == std::string::npos;
      if (member) colocation.resources.push_back(without_role(word.text));
    }
    cib_.colocations.push_back(std::move(colocation));
  }

  /// "property $id=cib-bootstrap-options stonith-enabled=no"; the set's name is crm's own.
  static void read_settings(Words words, Settings& settings) {
    for (const Word& word : words.subspan(1)) {
      const bool name_of_set = word.text.starts_with("$id=") || word.text.ends_with(':');
      if (!name_of_set) settings.push_back(setting_of(word));
    }
  }

  Cib cib_;
};

}  // namespace

Result<Cib> parse_crm(std::string_view text, std::string_view file) {
  if (const auto good = check_source(text, file); !good) return good.error();
  Reader reader;
  std::vector<Word> words;
  std::size_t number = 0;
  std::size_t count = 0;
  while (!text.empty()) {
    ++number;
    std::string_view line = take_line(text);
    while (!line.empty() && " \t\r"sv.find(line.back()) != std::string_view::npos) {
      line.remove_suffix(1);
    }
    const bool goes_on = line.ends_with('\\');
    if (goes_on) line.remove_suffix(1);
    const auto begin = line.find_first_not_of(" \t");
    if (begin != line.npos && line[begin] != '#') {
      for (std::string& word : words_of(line, "")) words.push_back({std::move(word), number});
    }
    if (words.size() > source_words_max) {
      return refusal(file, {number, 1}, "a line has too many words");
    }
    if (goes_on && !text.empty()) continue;
    if (words.empty()) continue;
    if (++count > source_statements_max) {
      return refusal(file, {number, 1}, "there are more elements than any cluster has");
    }
    reader.read(words);
    words.clear();
  }
  return reader.take();
}

}  // namespace hapx::appliance::imports
