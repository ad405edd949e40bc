// SPDX-License-Identifier: Apache-2.0
// Who closes a file descriptor?
//
// Whoever owns the Descriptor. Moved, never copied.
#pragma once

#include <utility>

#include <unistd.h>

namespace hapx::vip {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }

  [[nodiscard]] int number() const { return number_; }  ///< -1: none
  [[nodiscard]] bool valid() const { return number_ >= 0; }
  [[nodiscard]] int let_go() { return std::exchange(number_, -1); }

 private:
  int number_ = -1;
};

}  // namespace hapx::vip
