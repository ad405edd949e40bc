// SPDX-License-Identifier: Apache-2.0
// What does the first file of a cluster look like?
//
// From the few things that only an operator knows (who the nodes are, which address is wanted,
// which kube-apiservers are there) to a hapx.yaml with these and nothing else: all that has a
// default is left out. It is judged like any other file before anybody sees it.
#pragma once

#include <string>
#include <vector>

#include "config/parse.hpp"

namespace hapx::appliance::cli {

struct FileWishes {
  std::string cluster;
  std::vector<std::string> nodes{};      ///< "node1=192.168.4.11"
  std::vector<std::string> witnesses{};  ///< likewise
  std::string vip{};                     ///< "192.168.4.20/27"
  std::string interface {};
  std::vector<std::string> api_servers{};
  std::string service = "kube-apiserver";
  std::string port = "6443";
  std::string profile{};   ///< of timing; empty: the default one
  std::string key_file{};  ///< empty: the default one
};

struct FirstFile {
  std::string text;       ///< with a comment at its top
  CheckedConfig checked;  ///< of that text; refusals name no line, there is no file yet
};

[[nodiscard]] FirstFile first_file(const FileWishes& wishes);

}  // namespace hapx::appliance::cli
