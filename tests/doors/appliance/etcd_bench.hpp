// SPDX-License-Identifier: Apache-2.0
// What do the tests of etcd's door have in common?
//
// A node that asks and waits for what it is told, and somebody at a member's place who is no etcd.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "appliance/io/etcd_door.hpp"
#include "certificates.hpp"
#include "config/io/clock.hpp"
#include "config/io/descriptor.hpp"

namespace hapx::appliance::test {

using membership::ArbiterAnswered;
using membership::ArbiterEntry;
using membership::ArbiterFailed;
using membership::ArbiterSwap;
using membership::AskArbiter;

/// Generous: how long anything may take that is bound to happen.
inline constexpr Duration long_enough = std::chrono::seconds(30);
/// A question's, unless its end is what is looked at.
inline constexpr Duration patient = std::chrono::seconds(10);

/// A loop with a door, as hapxd has it.
class Asker {
 public:
  explicit Asker(const EtcdConfig& config, const std::string& cluster = "kube-demo") {
    auto opened = EtcdDoor::open(io_, config, ClusterName(cluster),
                                 [this](auto outcome) { told_.push_back(std::move(outcome)); });
    EXPECT_TRUE(opened.has_value()) << opened.error().sentence;
    if (opened) door_ = std::move(*opened);
  }

  /// Asks, and does not wait.
  std::uint64_t begin(std::vector<ArbiterSwap> swaps = {}, Duration patience = patient) {
    began_ = boot_now();
    door_->carry_out(AskArbiter{++ticket_, std::move(swaps), patience});
    return ticket_;
  }
  /// Runs the loop until something is told.
  EtcdDoor::Outcome wait() {
    const Instant end = boot_now() + long_enough;
    while (told_.empty() && boot_now() < end) io_.run_one_for(std::chrono::milliseconds(100));
    took_ = boot_now() - began_;
    if (told_.empty()) {
      ADD_FAILURE() << "nothing is told";
      return ArbiterFailed{};
    }
    auto outcome = std::move(told_.front());
    told_.erase(told_.begin());
    return outcome;
  }
  /// Asks and expects an answer.
  ArbiterAnswered ask(std::vector<ArbiterSwap> swaps = {}, Duration patience = patient) {
    begin(std::move(swaps), patience);
    const auto outcome = wait();
    const auto* failed = std::get_if<ArbiterFailed>(&outcome);
    EXPECT_EQ(failed, nullptr) << failed->error.sentence;
    if (failed != nullptr) return {};
    EXPECT_EQ(std::get<ArbiterAnswered>(outcome).ticket, ticket_);
    return std::get<ArbiterAnswered>(outcome);
  }
  /// Asks and expects none: says why.
  std::string ask_in_vain(Duration patience = patient) {
    begin({}, patience);
    const auto outcome = wait();
    const auto* failed = std::get_if<ArbiterFailed>(&outcome);
    EXPECT_NE(failed, nullptr);
    if (failed == nullptr) return "";
    EXPECT_EQ(failed->ticket, ticket_);
    return failed->error.sentence;
  }
  /// Asks until there is an answer.
  ArbiterAnswered insist(Duration patience) {
    const Instant end = boot_now() + long_enough;
    while (boot_now() < end) {
      begin({}, patience);
      const auto outcome = wait();
      if (const auto* answer = std::get_if<ArbiterAnswered>(&outcome)) return *answer;
    }
    ADD_FAILURE() << "no question is answered any more";
    return {};
  }

  void run_for(Duration time) { io_.run_for(time); }
  void close() { door_.reset(); }
  [[nodiscard]] std::size_t left() const { return told_.size(); }
  /// From asking to being told.
  [[nodiscard]] Duration took() const { return took_; }
  [[nodiscard]] long microseconds() const {
    return std::chrono::duration_cast<std::chrono::microseconds>(took_).count();
  }

 private:
  boost::asio::io_context io_{1};
  std::unique_ptr<EtcdDoor> door_;
  std::vector<EtcdDoor::Outcome> told_;
  std::uint64_t ticket_ = 0;
  Instant began_;
  Duration took_{0};
};

inline std::vector<std::uint8_t> bytes(std::string_view text) {
  return {text.begin(), text.end()};
}

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Listens where a member could, and does with each connection, one after another, what it is told.
class Impostor {
 public:
  explicit Impostor(std::function<void(int)> serve);
  ~Impostor();
  Impostor(const Impostor&) = delete;
  Impostor& operator=(const Impostor&) = delete;

  [[nodiscard]] Endpoint endpoint() const { return endpoint_; }

  /// Says nothing until the other side goes.
  static void hang(int guest);
  /// Speaks TLS as `shown` lets it, takes a request, says `words`, and goes.
  static std::function<void(int)> saying(const hapx::test::Certificate& shown, std::string words);

 private:
  Descriptor listener_;
  Endpoint endpoint_;
  std::thread thread_;
};

}  // namespace hapx::appliance::test
