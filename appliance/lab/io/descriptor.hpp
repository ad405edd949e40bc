// SPDX-License-Identifier: Apache-2.0
// Who closes a file descriptor of the lab?
//
// Whoever owns the Descriptor, when it goes out of scope. The lab shares no code with the daemon
// that it tests, so it has its own.
#pragma once

#include <utility>

#include <unistd.h>

namespace hapx::appliance::lab {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { close(); }

  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] bool is_open() const { return number_ >= 0; }
  void close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }

 private:
  int number_ = -1;
};

}  // namespace hapx::appliance::lab
