// SPDX-License-Identifier: Apache-2.0
// How does an instrument tell what it measures while it measures?
//
// Through a list in memory that parent and child share: the child appends, the parent reads at any
// time, nobody waits for anybody. The entries consist of atomics for which zero bytes are the first
// state. When the list is full the instrument stops measuring; it is made long enough for a drill.
#pragma once

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <memory>

#include <sys/mman.h>

#include "config/result.hpp"

namespace hapx::appliance::drill {

template <class T>
class SharedLog {
 public:
  /// Memory is used as it is written; an unused capacity costs nothing.
  [[nodiscard]] static Result<SharedLog> open(std::size_t capacity) {
    const std::size_t bytes = sizeof(Head) + capacity * sizeof(T);
    void* memory =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return system_error(errno, "memory for an instrument");
    SharedLog log;
    log.head_ = std::unique_ptr<Head, Unmap>(static_cast<Head*>(memory), Unmap{bytes});
    log.capacity_ = capacity;
    return log;
  }

  /// For the one writer: the next entry, not yet seen by readers; nullptr when full.
  [[nodiscard]] T* next() const {
    const std::size_t count = head_->count.load(std::memory_order_relaxed);
    return count < capacity_ ? entries() + count : nullptr;
  }
  /// For the one writer: shows what `next` gave.
  void publish() const { head_->count.fetch_add(1, std::memory_order_release); }

  [[nodiscard]] std::size_t size() const { return head_->count.load(std::memory_order_acquire); }
  /// REQUIRES index < size().
  [[nodiscard]] const T& operator[](std::size_t index) const { return entries()[index]; }

 private:
  struct Head {
    alignas(64) std::atomic<std::size_t> count;
  };
  struct Unmap {
    std::size_t bytes = 0;
    void operator()(Head* head) const { ::munmap(head, bytes); }
  };

  SharedLog() = default;
  [[nodiscard]] T* entries() const { return reinterpret_cast<T*>(head_.get() + 1); }

  std::unique_ptr<Head, Unmap> head_;
  std::size_t capacity_ = 0;
};

}  // namespace hapx::appliance::drill
