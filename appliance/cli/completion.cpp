// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/completion.hpp"

#include <map>
#include <set>
#include <string_view>
#include <vector>

#include "config/wording.hpp"

namespace hapx::appliance::cli {
namespace {

/// What may stand somewhere: of a fixed list, or of a kind that the script knows how to list.
enum class Kind { words, files, nodes, services, anything };

struct Choice {
  Kind kind = Kind::anything;
  std::string words{};
};

Choice choice_of(const std::string& type) {
  static const std::map<std::string, Choice> choices{
      {"FORMAT", {Kind::words, "text wide json yaml"}},
      {"PROFILE", {Kind::words, "fast lan cloud"}},
      {"4|6", {Kind::words, "4 6"}},
      {"HEALTH", {Kind::words, "well failing unready ending hanging dead"}},
      {"FILE", {Kind::files}},
      {"PATH", {Kind::files}},
      {"FROM", {Kind::files}},
      {"ARCHIVE", {Kind::files}},
      {"NODE", {Kind::nodes}},
      {"SERVICE", {Kind::services}}};
  const auto found = choices.find(type);
  return found == choices.end() ? Choice{} : found->second;
}

struct Place {
  std::string path;  ///< " config diff"
  const VerbHelp* verb = nullptr;
};

void collect(const VerbHelp& verb, const std::string& path, std::vector<Place>& out) {
  out.push_back({path, &verb});
  for (const auto& inner : verb.verbs) collect(inner, path + ' ' + inner.name, out);
}

std::vector<Place> places_of(const VerbHelp& hapx) {
  std::vector<Place> out;
  collect(hapx, "", out);
  return out;
}

/// Options that take a value, each once, with what that is.
std::map<std::string, std::string> options_with_value(const std::vector<Place>& places) {
  std::map<std::string, std::string> out;
  for (const auto& [path, verb] : places) {
    for (const auto& option : verb->options) {
      if (option.value.empty()) continue;
      for (const auto& name : option.names) out.emplace(name, option.value);
    }
  }
  return out;
}

template <class Names>
std::string alternatives(const Names& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : "|") + name;
  return out;
}

/// `"' config'|' config diff'"`: the paths below the program itself.
std::string quoted_paths(const std::vector<Place>& places) {
  std::string out;
  for (const auto& [path, verb] : places) {
    if (!path.empty()) out += (out.empty() ? "\"" : "|\"") + path + '"';
  }
  return out;
}

std::vector<std::string> option_names(const VerbHelp& hapx, const VerbHelp& verb) {
  std::set<std::string> names;
  for (const auto* whose : {&hapx, &verb}) {
    for (const auto& option : whose->options) {
      for (const auto& name : option.names) names.insert(name);
    }
  }
  return {names.begin(), names.end()};
}

/// A verb below it, or a file: `hapx doctor`.
bool takes_either(const VerbHelp& verb) {
  return !verb.verbs.empty() && verb.words.size() == 1 &&
         choice_of(verb.words.front().name).kind == Kind::files;
}

constexpr const char* heading =
    "# SPDX-License-Identifier: Apache-2.0\n"
    "# Made by hapx_documents; change its sources, then `ninja documents`.\n";

/// What lists names that only a running hapxd knows.
constexpr const char* names_function = R"(_hapx_names() {
  hapx get "$1" 2>/dev/null | awk 'NR > 1 { print $1 }'
}
)";

/// The lines that offer a choice in bash.
std::string bash_offer(const Choice& choice) {
  switch (choice.kind) {
    case Kind::words:
      return "words=\"" + choice.words + "\"";
    case Kind::files:
      return "compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- \"$word\")); return";
    case Kind::nodes:
      return "words=$(_hapx_names members)";
    case Kind::services:
      return "words=$(_hapx_names services)";
    case Kind::anything:
      return "return";
  }
  return "return";
}

std::string zsh_offer(const Choice& choice) {
  switch (choice.kind) {
    case Kind::words:
      return "compadd -- " + choice.words + "; return";
    case Kind::files:
      return "_files; return";
    case Kind::nodes:
      return "compadd -- $(_hapx_names members); return";
    case Kind::services:
      return "compadd -- $(_hapx_names services); return";
    case Kind::anything:
      return "return";
  }
  return "return";
}

/// "name:what it does" as _describe wants it, in single quotes.
std::string zsh_described(const std::string& name, const std::string& what) {
  std::string out = "'";
  for (const char c : name + ':' + what) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c == '\n' ? ' ' : c;
    }
  }
  return out + "'";
}

}  // namespace

std::string bash_completion(const VerbHelp& hapx) {
  const auto places = places_of(hapx);
  const auto valued = options_with_value(places);
  std::set<std::string> names;
  for (const auto& [name, value] : valued) names.insert(name);
  std::string out = heading + std::string(names_function) + R"(
_hapx() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
  local path='' place=0 words='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      )" + alternatives(names) +
                    R"() ((i++)) ;;
      -*) ;;
      *)
        case "$path ${COMP_WORDS[i]}" in
          )" + quoted_paths(places) +
                    R"() path="$path ${COMP_WORDS[i]}" ;;
          *) ((place++)) ;;
        esac
        ;;
    esac
  done
  case $before in
)";
  for (const auto& [name, value] : valued) {
    out += "    " + name + ") " + bash_offer(choice_of(value)) + " ;;\n";
  }
  out += "    *)\n      case \"$path:$place\" in\n";
  for (const auto& [path, verb] : places) {
    std::vector<std::string> verbs;
    for (const auto& inner : verb->verbs) verbs.push_back(inner.name);
    if (takes_either(*verb)) {
      out += "        \"" + path + ":0\") [[ $word == -* ]] || words=\"" + joined(verbs, " ") +
             " $(compgen -f -- \"$word\")\" ;;\n";
      continue;
    }
    if (!verbs.empty())
      out += "        \"" + path + ":0\") words=\"" + joined(verbs, " ") + "\" ;;\n";
    for (std::size_t i = 0; i < verb->words.size(); ++i) {
      const auto choice = choice_of(verb->words[i].name);
      if (choice.kind == Kind::anything) continue;
      out += "        \"" + path + ":" + std::to_string(i) + "\") [[ $word == -* ]] || { " +
             bash_offer(choice) + "; } ;;\n";
    }
  }
  out += "      esac\n      if [[ $word == -* ]]; then\n        case $path in\n";
  for (const auto& [path, verb] : places) {
    out +=
        "          \"" + path + "\") words=\"" + joined(option_names(hapx, *verb), " ") + "\" ;;\n";
  }
  return out + R"(        esac
      fi
      ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -F _hapx hapx
)";
}

std::string zsh_completion(const VerbHelp& hapx) {
  const auto places = places_of(hapx);
  const auto valued = options_with_value(places);
  std::set<std::string> names;
  for (const auto& [name, value] : valued) names.insert(name);
  std::string out = "#compdef hapx\n" + std::string(heading) + names_function + R"(
_hapx() {
  local verb_path='' place=0 i
  local -a verbs flags
  for ((i = 2; i < CURRENT; i++)); do
    case $words[i] in
      ()" + alternatives(names) +
                    R"() ((i++)) ;;
      (-*) ;;
      (*)
        case "$verb_path $words[i]" in
          ()" + quoted_paths(places) +
                    R"() verb_path="$verb_path $words[i]" ;;
          (*) ((place++)) ;;
        esac
        ;;
    esac
  done
  case $words[CURRENT-1] in
)";
  for (const auto& [name, value] : valued) {
    out += "    (" + name + ") " + zsh_offer(choice_of(value)) + " ;;\n";
  }
  out += "  esac\n  case $verb_path in\n";
  for (const auto& [path, verb] : places) {
    out += "    (\"" + path + "\")\n      flags=(";
    for (const auto* whose : {&hapx, verb}) {
      if (whose == &hapx && verb == &hapx) continue;
      for (const auto& option : whose->options) {
        for (const auto& name : option.names) {
          if (whose == &hapx && (name == "-h" || name == "--help")) continue;
          out += "\n        " + zsh_described(name, option.what);
        }
      }
    }
    out += ")\n";
    if (!verb->verbs.empty()) {
      out += "      verbs=(";
      for (const auto& inner : verb->verbs) {
        out += "\n        " + zsh_described(inner.name, inner.what);
      }
      out += ")\n";
    }
    out += "      ;;\n";
  }
  out += R"(  esac
  if [[ $words[CURRENT] == -* ]]; then
    _describe option flags
    return
  fi
  case "$verb_path:$place" in
)";
  for (const auto& [path, verb] : places) {
    for (std::size_t i = 0; i < verb->words.size(); ++i) {
      const auto choice = choice_of(verb->words[i].name);
      if (choice.kind == Kind::anything) continue;
      const std::string verbs = takes_either(*verb) ? "_describe verb verbs; " : "";
      out +=
          "    (\"" + path + ":" + std::to_string(i) + "\") " + verbs + zsh_offer(choice) + " ;;\n";
    }
  }
  return out + R"(  esac
  (( $#verbs )) && _describe verb verbs
}
_hapx "$@"
)";
}

}  // namespace hapx::appliance::cli
