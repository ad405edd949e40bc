// SPDX-License-Identifier: Apache-2.0
// How does a test get a network of its own?
//
// Namespaces without a name, joined by virtual cables. They live as long as their descriptors, so
// nothing is left behind, whatever becomes of the test. A thread is inside one only for the length
// of a call; sockets opened there stay there.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "config/io/descriptor.hpp"
#include "vip/arp.hpp"
#include "vip/claim.hpp"
#include "vip/event.hpp"
#include "vip/io/fence_filter.hpp"

namespace hapx::vip::test {

/// Generous: how long anything may take that is bound to happen.
inline constexpr Duration patience = std::chrono::seconds(10);

class Namespace {
 public:
  Namespace();
  /// Runs `work` inside.
  void within(const std::function<void()>& work) const;
  /// Runs a shell command inside; false if it failed.
  [[nodiscard]] bool runs(const std::string& command) const;
  /// What a command prints.
  [[nodiscard]] std::string output(const std::string& command) const;
  /// A name that `ip ... netns` understands while this process lives.
  [[nodiscard]] std::string path() const;

 private:
  Descriptor self_;
};

/// Runs each of the commands inside, and fails the test at the first that fails.
void must(const Namespace& where, const std::vector<std::string>& commands);

/// What `look` sees. The kernel counts lifetimes down in whole seconds, so one that took a second
/// is taken again.
[[nodiscard]] std::string seen_within_a_second(const std::function<std::string()>& look);

/// Somebody else on the segment: sends frames and sees all that come.
class Bystander {
 public:
  Bystander(const Namespace& where, const std::string& interface);

  void send(std::span<const std::uint8_t> frame);
  /// The next frame, or nothing if none comes within `wait`.
  [[nodiscard]] std::optional<std::vector<std::uint8_t>> receive(Duration wait);
  void drain();

  /// The hardware addresses that answer one probe for `address` within `wait`.
  [[nodiscard]] std::vector<MacAddress> ask(const IpAddress& address,
                                            Duration wait = std::chrono::milliseconds(100));
  /// Whether anybody answers; asks again until then, for at most `wait`.
  [[nodiscard]] bool hears(const IpAddress& address, Duration wait = patience);

  [[nodiscard]] const MacAddress& mac() const { return mac_; }

 private:
  Descriptor socket_;
  MacAddress mac_;
};

/// Everything that a door told, in order.
struct Told {
  std::vector<Event> events;

  template <class Kind>
  [[nodiscard]] std::vector<Kind> all() const {
    std::vector<Kind> found;
    for (const Event& event : events) {
      if (const auto* one = std::get_if<Kind>(&event)) found.push_back(*one);
    }
    return found;
  }
  template <class Kind>
  [[nodiscard]] std::size_t count() const {
    return all<Kind>().size();
  }
};

/// Runs the loop until `happened`; fails the test if it doesn't.
void run_until(boost::asio::io_context& io, const std::function<bool()>& happened,
               const std::string& what, Duration wait = patience);
/// Runs the loop for a while.
void run_for(boost::asio::io_context& io, Duration wait);

/// Runs `work` in a child process, which ends with its result; returns its exit status.
[[nodiscard]] int in_child(const std::function<int()>& work);
/// The same inside a namespace.
[[nodiscard]] int in_child_of(const Namespace& where, const std::function<int()>& work);
/// Takes capabilities from the calling process for ever.
[[nodiscard]] bool drop_capabilities(const std::vector<int>& capabilities);

/// Skips the test, loudly, where the kernel or our rights can't carry it.
#define HAPX_NEEDS_NETWORK_NAMESPACES()                                                 \
  do {                                                                                  \
    if (::hapx::vip::test::in_child([] { return ::hapx::vip::test::can_unshare(); })) { \
      GTEST_SKIP() << "needs root and network namespaces";                              \
    }                                                                                   \
  } while (false)
[[nodiscard]] int can_unshare();

}  // namespace hapx::vip::test
