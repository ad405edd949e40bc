// SPDX-License-Identifier: Apache-2.0
// What is in the configuration of a Pacemaker cluster, however it was written?
//
// The same information base (CIB) is written as XML by `cibadmin --query` and as text by `crm
// configure show`. Both become this value; what it means to hapx is said once, for both.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "appliance/imports/source.hpp"

namespace hapx::appliance::imports {

/// "cidr_netmask=27".
struct Setting {
  std::string name;
  std::string value;
  std::size_t line = 1;

  [[nodiscard]] std::string text() const { return name + "=" + value; }
};

using Settings = std::vector<Setting>;

struct CibNode {
  std::string id;  ///< empty: not said
  std::string name;
  Settings attributes;
  std::size_t line = 1;
};

struct CibOperation {
  std::string name;  ///< "monitor"
  Settings settings;
  std::size_t line = 1;
};

struct CibResource {
  std::string id;
  std::string agent;  ///< "ocf:heartbeat:IPaddr2"
  Settings params;
  Settings meta;
  std::vector<CibOperation> operations;
  std::size_t line = 1;
};

/// A group, a clone or the like: a resource made of others.
struct CibHolder {
  std::string kind;  ///< "group", "clone", "ms"
  std::string id;
  std::vector<std::string> members;
  Settings meta;
  std::size_t line = 1;
};

/// That a resource prefers or avoids a node.
struct CibLocation {
  std::string id;
  std::vector<std::string> resources;
  std::string score;
  std::string node;  ///< empty: it is said by a rule that names no single node
  std::size_t line = 1;
};

/// That resources are on one node.
struct CibColocation {
  std::string id;
  std::string score;
  std::vector<std::string> resources;
  std::size_t line = 1;
};

/// Anything else.
struct CibElement {
  std::string word;  ///< "order"
  std::string text;  ///< what is shown of it
  std::size_t line = 1;
};

struct Cib {
  std::vector<CibNode> nodes;
  std::vector<CibResource> resources;
  std::vector<CibHolder> holders;
  std::vector<CibLocation> locations;
  std::vector<CibColocation> colocations;
  Settings properties;  ///< of the cluster
  Settings defaults;    ///< of all resources' meta
  std::vector<CibElement> others;
};

/// What hapx has words for, and remarks about the rest.
[[nodiscard]] Source source_of(const Cib& cib, std::string_view file);

}  // namespace hapx::appliance::imports
