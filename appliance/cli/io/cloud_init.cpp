// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/io/cloud_init.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/cli/io/speech.hpp"
#include "appliance/cloud-init/io/iso.hpp"
#include "appliance/cloud-init/seed.hpp"
#include "appliance/document.hpp"
#include "appliance/lab/io/file.hpp"
#include "config/io/config_file.hpp"
#include "config/io/durable_file.hpp"
#include "config/io/key_file.hpp"
#include "config/parse.hpp"
#include "config/tree.hpp"

namespace hapx::appliance::cli {

namespace {

namespace fs = std::filesystem;
using cloud_init::Seed;

constexpr mode_t root_reads = 0400;
constexpr mode_t everybody_reads = 0644;

Result<void> make_folder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return system_error(error.value(), "cannot make the folder " + path);
  return {};
}

Result<void> write(const std::string& folder, const std::string& name, const std::string& text,
                   mode_t mode) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  if (auto written = write_durably(folder, name, {bytes, text.size()}); !written) return written;
  if (::chmod((folder + '/' + name).c_str(), mode) != 0)
    return system_error(errno, "cannot set the rights of " + folder + '/' + name);
  return {};
}

Result<void> write_seed(const std::string& folder, const Seed& seed, unsigned network_version) {
  if (auto made = make_folder(folder); !made) return made;
  const bool is_v2 = network_version == 2;
  const std::pair<const char*, const std::string*> files[] = {
      {"meta-data", &seed.meta_data},
      {"network-config", is_v2 ? &seed.network_config : &seed.network_config_v1},
      {is_v2 ? "network-config.v1" : "network-config.v2",
       is_v2 ? &seed.network_config_v1 : &seed.network_config}};
  for (const auto& [name, text] : files) {
    if (auto written = write(folder, name, *text, everybody_reads); !written) return written;
  }
  return write(folder, "user-data", seed.user_data, root_reads);
}

std::string without_slashes(std::string folder) {
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  return folder;
}

/// What was rendered, and of what.
struct Rendered {
  ClusterConfig config;
  std::string key_file;
  bool made_key = false;
  std::vector<Seed> seeds;
};

/// Made where none is there.
Result<ClusterKeys> key_for(const RenderSeeds& verb, const std::string& folder,
                            Rendered& rendered) {
  rendered.key_file = verb.key_file;
  if (rendered.key_file.empty() && lab::exists(rendered.config.key_file))
    rendered.key_file = rendered.config.key_file;
  if (rendered.key_file.empty()) {
    rendered.key_file = folder + "/cluster.key";
    rendered.made_key = !lab::exists(rendered.key_file);
  }
  if (rendered.made_key) {
    if (auto written = write_key_file(rendered.key_file); !written) return written.error();
  }
  return read_key_file(rendered.key_file);
}

Result<Rendered> render(const RenderSeeds& verb, const std::string& folder, std::string text,
                        ClusterConfig config) {
  Rendered rendered{.config = std::move(config), .key_file = {}, .made_key = false, .seeds = {}};
  cloud_init::SeedWishes wishes{.config_text = std::move(text),
                                .keys = {},
                                .network = verb.network,
                                .more = {},
                                .more_file = verb.more_file};
  if (!verb.more_file.empty()) {
    auto more = read_input(verb.more_file, "the cloud-config");
    if (!more) return more.error();
    wishes.more = std::move(*more);
  }
  // What is refused leaves nothing behind, not even a key.
  if (const auto tried = cloud_init::seeds_of(rendered.config, wishes); !tried)
    return tried.error();
  if (auto made = make_folder(folder); !made) return made.error();
  auto keys = key_for(verb, folder, rendered);
  if (!keys) return keys.error();
  wishes.keys = std::move(*keys);
  auto seeds = cloud_init::seeds_of(rendered.config, wishes);
  ::explicit_bzero(&wishes.keys, sizeof wishes.keys);
  if (!seeds) return seeds.error();
  rendered.seeds = std::move(*seeds);
  return rendered;
}

std::string to_json(const Rendered& rendered, const std::string& folder, bool has_volumes) {
  YamlNode nodes = tree::list();
  for (const Seed& seed : rendered.seeds) {
    const std::string place = folder + '/' + seed.node.text();
    YamlNode node = tree::map();
    tree::add(node, "name", tree::text(seed.node.text()));
    tree::add(node, "folder", tree::text(place));
    tree::add(node, "iso", has_volumes ? tree::text(place + ".iso") : YamlNode{});
    nodes.items.push_back(std::move(node));
  }
  YamlNode document = tree::map();
  tree::add(document, "key", tree::text(rendered.key_file));
  tree::add(document, "madeKey", tree::flag(rendered.made_key));
  tree::add(document, "nodes", std::move(nodes));
  return json_from_tree(document);
}

void tell(const Rendered& rendered, const std::string& folder, bool has_volumes,
          const Surroundings& around) {
  around.out << rendered.key_file
             << (rendered.made_key ? ": a new key, mode 0400; whoever has it is the cluster\n"
                                   : ": the cluster's key, as it was\n");
  for (const NodeConfig& node : rendered.config.nodes) {
    const std::string place = folder + '/' + node.name.text();
    around.out << place << (has_volumes ? ".iso" : "") << ": for " << node.name.text() << " ("
               << to_string(node.address) << (node.role == Role::witness ? ", a witness" : "")
               << ")\n";
  }
  around.out << "\nnext:\n"
             << (has_volumes ? "  attach each volume to its machine, and boot it"
                             : "  give each machine its folder as a NoCloud seed, and boot it")
             << " (an image with hapx and cloud-init)\n"
             << "  hapx status           on any of them, some seconds later\n";
}

}  // namespace

int render_seeds(const GlobalOptions& global, const RenderSeeds& verb, const Surroundings& around) {
  const std::string folder = without_slashes(verb.folder);
  Result<std::string> text = read_config_file(verb.file);
  if (!text) return complain(around, text.error().sentence);
  CheckedConfig checked = check_config(*text, verb.file);
  if (!checked.config) {
    for (const Error& refusal : checked.refusals) around.err << printable(refusal.sentence) << '\n';
    return exit_refused;
  }
  const auto rendered = render(verb, folder, std::move(*text), std::move(*checked.config));
  if (!rendered) return complain(around, rendered.error().sentence);
  for (const Seed& seed : rendered->seeds) {
    const std::string place = folder + '/' + seed.node.text();
    auto done = write_seed(place, seed, verb.network_version);
    if (done && !verb.without_volumes) done = cloud_init::make_iso(place, place + ".iso");
    if (!done) {
      const bool lacks_program = done.error().kind == ErrorKind::absent;
      return complain(around, done.error().sentence + (lacks_program ? ", or say --no-iso" : ""));
    }
  }
  if (global.output != Output::text) {
    return print_document(around, global.output, to_json(*rendered, folder, !verb.without_volumes));
  }
  tell(*rendered, folder, !verb.without_volumes, around);
  return exit_done;
}

int make_volumes(const GlobalOptions& global, const MakeVolumes& verb, const Surroundings& around) {
  YamlNode volumes = tree::list();
  for (const std::string& given : verb.folders) {
    const std::string folder = without_slashes(given);
    for (const char* name : cloud_init::seed_files) {
      if (!lab::exists(folder + '/' + name))
        return complain(around, folder + " is no seed: there is no " + name + " in it");
    }
    const std::string file = folder + ".iso";
    if (const auto made = cloud_init::make_iso(folder, file); !made)
      return complain(around, made.error().sentence);
    if (global.output == Output::text) around.out << file << ": of " << folder << '\n';
    volumes.items.push_back(tree::text(file));
  }
  if (global.output == Output::text) return exit_done;
  YamlNode document = tree::map();
  tree::add(document, "volumes", std::move(volumes));
  return print_document(around, global.output, json_from_tree(document));
}

}  // namespace hapx::appliance::cli
