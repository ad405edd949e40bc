// SPDX-License-Identifier: Apache-2.0
#include "appliance/doctor/io/etcd.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <boost/asio/io_context.hpp>

#include "appliance/io/etcd_door.hpp"
#include "config/io/clock.hpp"

namespace hapx::appliance::doctor {
namespace {

using membership::ArbiterAnswered;
using membership::ArbiterFailed;

constexpr Duration patience = std::chrono::seconds(2);
constexpr int commits = 10;
constexpr const char* entry = "doctor";

/// One member's door, and whoever waits at it.
class Visit {
 public:
  Visit(const ClusterConfig& config, const Endpoint& at) {
    EtcdConfig alone = config.arbiter->etcd;
    alone.endpoints = {at};
    auto opened = EtcdDoor::open(io_, alone, config.name,
                                 [this](EtcdDoor::Outcome told) { told_ = std::move(told); });
    if (opened)
      door_ = std::move(*opened);
    else
      trouble_ = opened.error().sentence;
  }

  /// Absent: trouble() says why.
  std::optional<ArbiterAnswered> ask(std::vector<membership::ArbiterSwap> swaps) {
    if (!door_) return std::nullopt;
    told_.reset();
    door_->carry_out({++ticket_, std::move(swaps), patience});
    // The door tells something when its patience ends.
    io_.restart();
    const Instant end = boot_now() + 2 * patience;
    while (!told_ && boot_now() < end) io_.run_one_for(std::chrono::milliseconds(50));
    if (told_) {
      if (auto* answered = std::get_if<ArbiterAnswered>(&*told_)) return std::move(*answered);
      trouble_ = std::get<ArbiterFailed>(*told_).error.sentence;
    }
    return std::nullopt;
  }
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

 private:
  boost::asio::io_context io_;
  std::unique_ptr<EtcdDoor> door_;
  std::optional<EtcdDoor::Outcome> told_;
  std::uint64_t ticket_ = 0;
  std::string trouble_ = "no answer";
};

std::int64_t revision_of(const ArbiterAnswered& answered) {
  const auto found = std::ranges::find(answered.entries, entry, &membership::ArbiterEntry::key);
  return found == answered.entries.end() ? 0 : found->revision;
}

EtcdMemberHere look_at(const ClusterConfig& config, const Endpoint& at,
                       const std::function<void()>& progress) {
  EtcdMemberHere here{at};
  Visit visit(config, at);
  auto answered = visit.ask({});
  for (int i = 0; answered && i < commits; ++i) {
    here.store = answered->store;
    progress();
    const Instant asked = boot_now();
    answered = visit.ask({{entry, revision_of(*answered), {'h', 'a', 'p', 'x'}}});
    // Another doctor may have been there before; that is no commit.
    if (answered && answered->swapped)
      here.slowest_commit = std::max<Duration>(here.slowest_commit, boot_now() - asked);
  }
  if (!answered) here.trouble = visit.trouble();
  return here;
}

}  // namespace

std::vector<EtcdMemberHere> ask_etcd(const ClusterConfig& config,
                                     const std::function<void()>& progress) {
  std::vector<EtcdMemberHere> members;
  if (!config.arbiter) return members;
  for (const Endpoint& at : config.arbiter->etcd.endpoints)
    members.push_back(look_at(config, at, progress));
  return members;
}

}  // namespace hapx::appliance::doctor
