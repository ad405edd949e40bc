// SPDX-License-Identifier: Apache-2.0
// Which things have names?
//
// Each kind of name is a type of its own, so that a node can't be passed where a service is meant.
// A name is checked where it comes from outside (config/validate); here it is only a value.
#pragma once

#include <compare>
#include <string>
#include <utility>

namespace hapx {

template <class Tag>
class Name {
 public:
  Name() = default;
  explicit Name(std::string text) : text_(std::move(text)) {}

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }

  friend bool operator==(const Name&, const Name&) = default;
  friend auto operator<=>(const Name&, const Name&) = default;

 private:
  std::string text_;
};

using ClusterName = Name<struct ClusterTag>;
using NodeName = Name<struct NodeTag>;
using ServiceName = Name<struct ServiceTag>;
using InterfaceName = Name<struct InterfaceTag>;  ///< 1 to 15 bytes, Linux's IFNAMSIZ - 1

}  // namespace hapx
