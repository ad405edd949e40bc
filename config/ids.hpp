// SPDX-License-Identifier: Apache-2.0
// Which things have names?
//
// Each kind of name is a type of its own, so that a node can't be passed where a service is meant.
// A name is checked where it comes from outside (config/validate); here it is only a value.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <utility>

#include "config/archived.hpp"

namespace hapx {

/// Compared as its text is, but far more often than made: the first eight bytes decide most.
template <class Tag>
class Name {
 public:
  Name() = default;
  explicit Name(std::string text) : text_(std::move(text)), head_(head_of(text_)) {}

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }

  friend bool operator==(const Name& a, const Name& b) {
    return a.head_ == b.head_ && a.text_.size() == b.text_.size() &&
           (a.text_.size() <= sizeof head_ || a.text_ == b.text_);
  }
  friend std::strong_ordering operator<=>(const Name& a, const Name& b) {
    if (a.head_ != b.head_) return a.head_ <=> b.head_;
    return a == b ? std::strong_ordering::equal : a.text_ <=> b.text_;
  }

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(text_, head_);
  }

  static std::uint64_t head_of(const std::string& text) {
    std::uint64_t head = 0;
    for (std::size_t i = 0; i < sizeof head; ++i)
      head = head << 8U | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0U);
    return head;
  }

  std::string text_;
  std::uint64_t head_ = 0;
};

using ClusterName = Name<struct ClusterTag>;
using NodeName = Name<struct NodeTag>;
using ServiceName = Name<struct ServiceTag>;
using InterfaceName = Name<struct InterfaceTag>;  ///< 1 to 15 bytes, Linux's IFNAMSIZ - 1

}  // namespace hapx
