// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/io/begin_node.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <string.h>
#include <unistd.h>

#include "appliance/cli/io/speech.hpp"
#include "appliance/document.hpp"
#include "config/io/config_file.hpp"
#include "config/io/host.hpp"
#include "config/io/key_file.hpp"
#include "config/self.hpp"
#include "config/tree.hpp"

namespace hapx::appliance::cli {

namespace {

namespace fs = std::filesystem;

constexpr const char* file_name = "hapx.yaml";
constexpr const char* key_name = "cluster.key";

Result<NodeName> this_node(const ClusterConfig& config, const std::string& asked) {
  const auto host = host_name();
  if (!host) return host.error();
  const auto addresses = local_addresses();
  if (!addresses) return addresses.error();
  return find_self(config, asked.empty() ? std::nullopt : std::optional(NodeName(asked)), *host,
                   *addresses);
}

/// Whether the key could be used; it is forgotten at once.
Result<void> check_key(const std::string& file) {
  auto key = read_key_file(file);
  if (!key) return key.error();
  ::explicit_bzero(&*key, sizeof *key);
  return {};
}

bool is_there(const std::string& path) {
  std::error_code error;
  return fs::exists(fs::symlink_status(path, error));
}

/// In one sentence why nothing may be written; both are looked at before either is.
Result<void> must_be_new(const std::string& file, const std::string& key) {
  for (const auto& path : {key, file}) {
    if (is_there(path)) {
      return Error{ErrorKind::exists,
                   path +
                       " exists already and is never overwritten; remove it first, or use it: "
                       "`hapx join` checks what is there"};
    }
  }
  return {};
}

/// The key first, the file last: hapxd's unit starts when the file appears.
template <class WriteKey>
Result<void> write_both(const std::string& file, const std::string& text, const std::string& key,
                        const WriteKey& write_key) {
  std::error_code error;
  for (const auto& path : {file, key}) {
    fs::create_directories(fs::path(path).parent_path(), error);
    if (error) return system_error(error.value(), "cannot make the folder of " + path);
  }
  if (auto written = write_key(); !written) return written;
  auto written = write_new_config_file(file, text);
  if (!written) ::unlink(key.c_str());
  return written;
}

/// Whether the key at `place` says the same as the one at `source`.
bool is_same_key(const std::string& source, const std::string& place) {
  auto wanted = read_key_file(source);
  auto found = read_key_file(place);
  const bool same = wanted && found && *wanted == *found;
  if (wanted) ::explicit_bzero(&*wanted, sizeof *wanted);
  if (found) ::explicit_bzero(&*found, sizeof *found);
  return same;
}

/// In the place of what is there: both are whole beside their places before either is replaced, so
/// a full disk changes nothing. What is the same already stays. Returns whether anything was
/// written.
Result<bool> replace_both(const std::string& file, const std::string& text, const std::string& key,
                          const std::string& key_source) {
  const auto found = read_config_file(file);
  const bool writes_key = !is_same_key(key_source, key);
  const bool writes_file = !found || *found != text;
  if (!writes_key && !writes_file) return false;
  const std::string key_draft = key + ".new";
  const std::string file_draft = file + ".new";
  ::unlink(key_draft.c_str());
  ::unlink(file_draft.c_str());
  auto written =
      write_both(file_draft, text, key_draft, [&] { return copy_key_file(key_source, key_draft); });
  if (!written) return written.error();
  std::error_code error;
  if (writes_key) fs::rename(key_draft, key, error);
  if (!error && writes_file) fs::rename(file_draft, file, error);
  ::unlink(key_draft.c_str());
  ::unlink(file_draft.c_str());
  if (error) return system_error(error.value(), "cannot replace " + key + " and " + file);
  return true;
}

struct Begun {
  std::string file;
  std::string key;
  std::optional<NodeName> self;
  bool wrote = false;
};

/// Returns whether anything was written.
Result<bool> put_in_place(const Join& verb, const Begun& begun, const std::string& text,
                          const std::string& key_source) {
  if (verb.replaces) return replace_both(begun.file, text, begun.key, key_source);
  const bool brings_key = key_source != begun.key;
  if (const auto good = must_be_new(begun.file, brings_key ? begun.key : begun.file); !good)
    return good.error();
  const auto write_key = [&] {
    return brings_key ? copy_key_file(key_source, begun.key) : Result<void>();
  };
  if (const auto written = write_both(begun.file, text, begun.key, write_key); !written)
    return written.error();
  return true;
}

std::string to_json(const Begun& begun) {
  YamlNode document;
  tree::add(document, "file", tree::text(begun.file));
  tree::add(document, "key", tree::text(begun.key));
  tree::add(document, "node", begun.self ? tree::text(begun.self->text()) : YamlNode{});
  tree::add(document, "wrote", tree::flag(begun.wrote));
  return json_from_tree(document);
}

void tell_node(const ClusterConfig& config, const NodeName& self, const Surroundings& around) {
  const auto node = std::ranges::find(config.nodes, self, &NodeConfig::name);
  around.out << "this machine is " << self.text() << " (" << to_string(node->address)
             << (node->role == Role::witness ? ", a witness" : "") << ")\n";
}

void tell_what_is_next(const ClusterConfig& config, const Begun& begun,
                       const Surroundings& around) {
  around.out << "\nnext:\n"
             << "  hapx doctor           what should be put right here\n";
  for (const auto& node : config.nodes) {
    if (begun.self == node.name) continue;
    around.out << "  scp -p " << begun.key << ' ' << begun.file << " root@"
               << to_string(node.address) << ":   then, there: hapx join /root\n";
  }
  around.out << "  hapx status           when hapxd runs (its unit starts as the file appears)\n";
}

}  // namespace

int init(const GlobalOptions& global, const Init& verb, const Surroundings& around) {
  Begun begun{verb.folder + '/' + file_name, verb.folder + '/' + key_name, {}, true};
  FileWishes wishes = verb.wishes;
  if (verb.folder != default_folder) {
    wishes.key_file = fs::absolute(begun.key).lexically_normal().string();
  }
  const FirstFile first = first_file(wishes);
  if (!first.checked.config) {
    for (const Error& refusal : first.checked.refusals) complain(around, refusal.sentence);
    return exit_refused;
  }
  if (const auto good = must_be_new(begun.file, begun.key); !good) {
    return complain(around, good.error().sentence);
  }
  const auto written =
      write_both(begun.file, first.text, begun.key, [&] { return write_key_file(begun.key); });
  if (!written) return complain(around, written.error().sentence);
  const ClusterConfig& config = *first.checked.config;
  const auto self = this_node(config, "");
  if (self) begun.self = *self;
  if (global.output != Output::text) {
    return print_document(around, global.output, to_json(begun));
  }
  around.out << begun.key << ": a new key, mode 0400; whoever has it is the cluster\n"
             << begun.file << ": written\n";
  if (self) {
    tell_node(config, *self, around);
  } else {
    around.out << self.error().sentence << '\n';
  }
  tell_what_is_next(config, begun, around);
  return exit_done;
}

int join(const GlobalOptions& global, const Join& verb, const Surroundings& around) {
  const std::string from = verb.from.empty() ? verb.folder : verb.from;
  Begun begun{verb.folder + '/' + file_name, {}, {}, false};
  const std::string source = from + '/' + file_name;
  const Result<std::string> text = read_config_file(source);
  if (!text) {
    return complain(around, text.error().sentence + "; copy it here from a node that has it");
  }
  const CheckedConfig checked = check_config(*text, source);
  if (!checked.config) {
    for (const Error& refusal : checked.refusals) {
      around.err << printable(refusal.sentence) << '\n';
    }
    return exit_refused;
  }
  const auto self = this_node(*checked.config, verb.node);
  if (!self) return complain(around, self.error().sentence);
  begun.self = *self;
  begun.key = checked.config->key_file;
  // A key that is in place already need not come along.
  const std::string beside = from + '/' + key_name;
  const bool brings_key = !verb.from.empty() && beside != begun.key && is_there(beside);
  const std::string& key_source = brings_key ? beside : begun.key;
  if (const auto good = check_key(key_source); !good) {
    return complain(around, good.error().sentence);
  }
  if (!verb.from.empty()) {
    const auto wrote = put_in_place(verb, begun, *text, key_source);
    if (!wrote) return complain(around, wrote.error().sentence);
    begun.wrote = *wrote;
  }
  if (global.output != Output::text) {
    return print_document(around, global.output, to_json(begun));
  }
  const char* how = begun.wrote ? ": put in place" : ": good";
  around.out << begun.key << (brings_key ? how : ": good") << '\n' << begun.file << how << '\n';
  tell_node(*checked.config, *self, around);
  around.out << "\nnext:\n"
             << "  hapx doctor           what should be put right here\n"
             << "  hapx status           when hapxd runs (its unit starts as the file appears)\n";
  if (brings_key) around.out << "  rm " << key_source << "   it is needed here no more\n";
  return exit_done;
}

}  // namespace hapx::appliance::cli
