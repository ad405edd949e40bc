// SPDX-License-Identifier: Apache-2.0
// May a node be listened to there?
//
// The file is the same on every node, so it can only name an address that every node has; and where
// HAProxy listens, nobody else can.
#pragma once

#include <string>
#include <vector>

#include "config/validate.hpp"

namespace hapx {

/// What is found there, for the sentences.
struct ListenWords {
  std::string path;     ///< "spec.metrics.listen"
  std::string what;     ///< "metrics": every node has them
  std::string example;  ///< "127.0.0.1:9405"
};

/// The broken rules of `listen`; the other parts of `config` need not be sound.
[[nodiscard]] std::vector<Finding> validate_listen(const Endpoint& listen, const ListenWords& words,
                                                   const ClusterConfig& config);

}  // namespace hapx
