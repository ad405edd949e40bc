// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/io/release.hpp"

#include <string>
#include <utility>

#include "appliance/cli/io/client.hpp"
#include "appliance/cli/io/speech.hpp"
#include "appliance/document.hpp"
#include "config/tree.hpp"
#include "vip/io/sweep.hpp"

namespace hapx::appliance::cli {

namespace {

YamlNode document_of(const vip::Swept& swept) {
  YamlNode addresses = tree::list();
  for (const vip::LeftOver& gone : swept.addresses) {
    YamlNode one;
    tree::add(one, "address", tree::text(to_string(gone.address)));
    tree::add(one, "interface", tree::text(gone.interface.text()));
    addresses.items.push_back(std::move(one));
  }
  YamlNode filters = tree::list();
  for (const InterfaceName& interface : swept.interfaces) {
    filters.items.push_back(tree::text(interface.text()));
  }
  YamlNode document;
  tree::add(document, "addresses", std::move(addresses));
  tree::add(document, "filters", std::move(filters));
  return document;
}

}  // namespace

int release_all(const GlobalOptions& global, const Surroundings& around) {
  const Result<vip::Swept> swept = vip::sweep();
  if (!swept) {
    return complain(around, "not everything could be released: " + swept.error().sentence);
  }
  if (global.output != Output::text) {
    print_document(around, global.output, json_from_tree(document_of(*swept)));
  } else {
    for (const vip::LeftOver& gone : swept->addresses) {
      around.out << to_string(gone.address) << " removed from " << gone.interface.text() << '\n';
    }
    for (const InterfaceName& interface : swept->interfaces) {
      around.out << "filter removed from " << interface.text() << '\n';
    }
    if (swept->addresses.empty() && swept->interfaces.empty()) {
      around.out << "nothing of hapx is here\n";
    }
  }
  if (ask(global.socket, {"GET", "/v1/status", ""})) {
    complain(around, "a hapxd runs here (" + global.socket +
                         ") and puts back what it holds; stop it first");
    return exit_refused;
  }
  return exit_done;
}

}  // namespace hapx::appliance::cli
