// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/import_words.hpp"

namespace hapx::appliance::cli {

void ImportWords::add(CLI::App& app) {
  CLI::App* verb = add_verb(
      &app, "import", "make hapx.yaml of what Pacemaker, or keepalived and HAProxy, were told",
      "  hapx import > hapx.yaml                                 on a node of the old cluster\n"
      "  crm configure show > cib.crm\n"
      "  hapx import corosync.conf cib.crm haproxy.cfg --tie-breaker 192.168.4.1 --out new.yaml\n"
      "  hapx import node1/keepalived.conf node2/keepalived.conf haproxy.cfg --cluster demo \\\n"
      "      --node node1=192.168.4.11 --node node2=192.168.4.12 --witness node3=192.168.4.13\n"
      "  hapx import -o json haproxy.cfg ... | jq '.leftOut[] | {file, line, words, why}'\n\n"
      "Reads corosync.conf, a CIB (`cibadmin -Q`, or `crm configure show`), keepalived.conf and\n"
      "haproxy.cfg; which one a file is, is seen by what is in it. Without FILE it reads those\n"
      "that are in their usual places. On stderr it tells, line by line, what was taken, and\n"
      "what was left out and why. It asks nobody and changes nothing; what it writes is good\n"
      "for `hapx config check`. Passwords are not taken along.\n"
      "Exit status: 0 written, 1 something is missing (said with the option that gives it).");
  verb->add_option("FILE", import_.files, "what the others were told; - is standard input")
      ->type_name("");
  verb->add_option("--out", import_.out, "a new file (else: standard output)")->type_name("PATH");
  auto& wishes = import_.wishes;
  add_repeated(verb, "--node", wishes.nodes, "gives a node's address, or its name, or adds one",
               "NAME=ADDRESS");
  add_repeated(verb, "--witness", wishes.witnesses, "a node that only votes", "NAME=ADDRESS");
  verb->add_option("--interface", wishes.interface, "of the VIPs whose interface is not said")
      ->type_name("NAME");
  verb->add_option("--cluster", wishes.cluster, "its name (else: Corosync's)")->type_name("NAME");
  add_repeated(verb, "--vip", wishes.vips, "a virtual address, or the prefix of one that was read",
               "ADDRESS/PREFIX");
  add_repeated(verb, "--apiserver", wishes.api_servers,
               "a kube-apiserver, instead of those that were read", "HOST[:PORT]");
  verb->add_option("--tie-breaker", wishes.tie_breaker,
                   "whom one of two nodes asks before it goes on alone, mostly the gateway")
      ->type_name("ADDRESS");
  verb->callback([this] { verb_ = import_; });
}

}  // namespace hapx::appliance::cli
