// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/cloud_words.hpp"

namespace hapx::appliance::cli {

void CloudWords::add(CLI::App& app) {
  CLI::App* cloud_init =
      add_verb(&app, "cloud-init", "what machines are given, so that they are nodes when they boot",
               "  hapx cloud-init render --config hapx.yaml --out seeds");
  cloud_init->require_subcommand(1);
  add_render(*cloud_init);
  add_iso(*cloud_init);
}

void CloudWords::add_render(CLI::App& cloud_init) {
  CLI::App* render = add_verb(
      &cloud_init, "render",
      "write user-data, meta-data and network-config, and a volume, per node",
      "  hapx cloud-init render --config hapx.yaml --out seeds \\\n"
      "      --interface enp0s3.43 --network 192.168.4.128/27 --gateway 192.168.4.129 \\\n"
      "      --with users.yaml\n\n"
      "For each node of the file: a folder with its NoCloud seed, and the same as an ISO volume\n"
      "(label cidata). Attach that to a machine whose image has hapx and cloud-init in it.\n"
      "user-data has the file and the key and is the same for all; each node finds itself by the\n"
      "host name in its meta-data. An interface called PARENT.ID is made as that VLAN, and the\n"
      "VIPs' interfaces are brought up without an address. Files of an earlier time are replaced;\n"
      "a key is made where there is none, and is never replaced.\n"
      "Whoever has a seed or a volume has the key: both are for root alone (0400).");
  render->add_option("--config", render_.file, "the cluster's file, as it is to be on the nodes")
      ->capture_default_str()
      ->type_name("FILE");
  render->add_option("--out", render_.folder, "the folder for all of it")
      ->required()
      ->type_name("FOLDER");
  render
      ->add_option("--key", render_.key_file,
                   "the cluster's key (else the one that the file names, or FOLDER/cluster.key)")
      ->type_name("FILE");
  render
      ->add_option("--with", render_.more_file,
                   "a cloud-config of yours that goes before: users, their keys, a time zone")
      ->type_name("FILE");
  auto& network = render_.network;
  add_repeated(render, "--interface", network.interfaces,
               "that has the nodes' addresses; again for the first of their links, and so on "
               "(else the VIP's, if they are in its network)",
               "NAME");
  add_repeated(render, "--network", network.networks, "of the nodes' addresses, likewise",
               "ADDRESS/PREFIX");
  render->add_option("--gateway", network.gateway, "of the nodes")->type_name("IP");
  add_repeated(render, "--nameserver", network.nameservers, "may be repeated", "IP");
  render
      ->add_option("--network-version", render_.network_version,
                   "which of cloud-init's two is network-config; the other one lies beside it")
      ->capture_default_str()
      ->check(CLI::Range(1U, 2U).description(""))
      ->type_name("1|2");
  render->add_flag("--no-iso", render_.without_volumes, "only the folders");
  render->callback([this] { verb_ = render_; });
}

void CloudWords::add_iso(CLI::App& cloud_init) {
  CLI::App* iso =
      add_verb(&cloud_init, "iso", "make the volume of a seed again, after you edited it",
               "  hapx cloud-init iso seeds/node1 seeds/node2\n\n"
               "Writes seeds/node1.iso and seeds/node2.iso. A machine that has booted\n"
               "with the seed before looks at it again only if you change the\n"
               "instance-id in meta-data. Needs xorriso, genisoimage or mkisofs.");
  iso->add_option("FOLDER", volumes_.folders, "with user-data, meta-data and network-config")
      ->required()
      ->type_name("");
  iso->callback([this] { verb_ = volumes_; });
}

}  // namespace hapx::appliance::cli
