// SPDX-License-Identifier: Apache-2.0
// The life of one address, as text that a person can read.
//
// Each .txt beside this file is a story of a vip::Holder: lines that begin with "> " say what
// happens to it, the lines below what it wants done (in this order), what it tells the node
// (marked *), and what it is from then on, with the milliseconds since the story began. Nothing
// answers by itself: the kernel's answers stand in the story, too. Run with HAPX_REWRITE=1 to write
// the files anew, and read the difference before you believe it.
//
//   > lease DURATION            a holder for an address, of a cluster with this lease
//   > link up|down|gone         > fence armed|removed|refused REASON
//   > acquire DURATION          the right is won, for so long   > extend DURATION
//   > acquire-unproven DURATION the same, and nobody knows whether the address is anybody's
//   > on-conflict defend|yield  > claimed MAC answer|announcement|question|probe
//   > probe-sent   > probe-failed REASON   > asked-elsewhere MAC
//   > release   > lose REASON   > serve   > stop-serving   > announce-again
//   > adopt [DURATION]          an earlier process left the address behind, with so much time left
//   > added   > removed   > add-refused REASON   > remove-refused REASON     the kernel's news
//   > wait DURATION             time passes; at each deadline the holder is woken
#include <cstdio>
#include <optional>
#include <sstream>

#include <gtest/gtest.h>

#include "stories.hpp"
#include "vip/holder.hpp"

namespace hapx::vip {
namespace {

const InterfaceName interface { "eth0" };
const VipConfig vip_config{{ipv4(192, 168, 4, 20), 27}, interface};
const IpAddress& address = vip_config.address.address;
constexpr Instant start{std::chrono::seconds(1000)};

std::string stamp(Instant instant) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f",
                std::chrono::duration<double, std::milli>(instant - start).count());
  return text;
}

struct Wording {
  std::string operator()(const ArmFence&) const { return "arm the fence"; }
  std::string operator()(const ExtendDeadline& one) const {
    return "fence: let pass until " + stamp(one.until);
  }
  std::string operator()(const CloseFence&) const { return "fence: let nothing pass"; }
  std::string operator()(const AddAddress& one) const {
    return "add the address, for " + hapx::to_string(one.lifetime);
  }
  std::string operator()(const RemoveAddress&) const { return "remove the address"; }
  std::string operator()(const Probe&) const { return "ask whether anybody has it"; }
  std::string operator()(const Announce&) const { return "announce"; }
  std::string operator()(const Advertise& one) const {
    return "advertise " + hapx::to_string(one.address);
  }
  std::string operator()(const Withdraw& one) const {
    return "withdraw " + hapx::to_string(one.address);
  }
  std::string operator()(const AnnounceTo& one) const {
    return "announce to " + hapx::to_string(one.asker_mac) + " alone";
  }

  std::string operator()(const Started&) const { return "* the address is there"; }
  std::string operator()(const StartFailed& one) const {
    return "* it can't be held: " + one.error.sentence;
  }
  std::string operator()(const Stopped&) const { return "* the address is off"; }
  std::string operator()(const StopFailed& one) const {
    return "* it can't be removed: " + one.error.sentence;
  }
  std::string operator()(const TakenAway&) const { return "* somebody took the address away"; }
  std::string operator()(const LinkLost& one) const { return "* link lost: " + one.reason; }
  std::string operator()(const HoldingEnded& one) const { return "* let go: " + one.reason; }
  std::string operator()(const Unclaimed&) const { return "* nobody else has it"; }
  std::string operator()(const Contested& one) const {
    constexpr const char* responses[] = {"waiting", "the kernel answers", "defending", "yielding"};
    return "* " + hapx::to_string(one.mac) +
           " claims it: " + responses[static_cast<std::size_t>(one.response)];
  }
};

/// Tells one story.
class Teller {
 public:
  std::string obey(const std::string& line) {
    out_.clear();
    std::istringstream in(line);
    std::string verb;
    std::string rest;
    in >> verb >> std::ws;
    std::getline(in, rest);
    if (!carry_out(verb, rest)) out_ += "  what is \"" + line + "\"?\n";
    return out_;
  }

 private:
  bool carry_out(const std::string& verb, const std::string& rest) {
    const auto duration = parse_duration(rest);
    if (verb == "on-conflict") {
      vip_config_.on_conflict = rest == "yield" ? OnConflict::yield : OnConflict::defend;
      return true;
    }
    if (verb == "lease" && duration) {
      holder_.emplace(vip_config_, *duration, 1);
      was_.clear();
      tell_state();
      return true;
    }
    if (!holder_) return false;
    if (verb == "wait" && duration) {
      wait(*duration);
      return true;
    }
    if (const auto outcome = orders(verb, rest)) {
      tell(*outcome);
    } else if (const auto event = news(verb, rest)) {
      tell(holder_->step(*event, now_));
    } else {
      return false;
    }
    return true;
  }

  /// What the node says.
  std::optional<Outcome> orders(const std::string& verb, const std::string& rest) {
    const auto duration = parse_duration(rest);
    if (verb == "acquire" && duration)
      return holder_->acquire(now_ + *duration, Proof::held_by_us, now_);
    if (verb == "acquire-unproven" && duration)
      return holder_->acquire(now_ + *duration, Proof::none, now_);
    if (verb == "extend" && duration) return holder_->extend(now_ + *duration, now_);
    if (verb == "adopt") {
      if (!duration) return holder_->adopt(std::nullopt, now_);
      return holder_->adopt(now_ + *duration, now_);
    }
    if (verb == "release") return holder_->release(now_);
    if (verb == "lose") return holder_->lose(rest, now_);
    if (verb == "serve") return holder_->serve(now_);
    if (verb == "announce-again") return holder_->announce_again(now_);
    if (verb != "stop-serving") return std::nullopt;
    holder_->stop_serving();
    return Outcome{};
  }

  /// What the world says.
  static std::optional<Event> news(const std::string& verb, const std::string& rest) {
    using Operation = AddressRefused::Operation;
    const Error error{ErrorKind::forbidden, rest, 0};
    if (verb == "claimed") return claimed(rest);
    if (verb == "asked-elsewhere") {
      const auto mac = parse_mac(rest);
      if (mac) return AskedElsewhere{interface, {address, ipv4(192, 168, 4, 9), *mac, {}}};
    }
    if (verb == "probe-sent") return ProbeSent{interface, address};
    if (verb == "probe-failed") return ProbeFailed{interface, address, error};
    if (verb == "added") return AddressAdded{interface, address};
    if (verb == "removed") return AddressRemoved{interface, address};
    if (verb == "add-refused") return AddressRefused{interface, address, Operation::add, error};
    if (verb == "remove-refused")
      return AddressRefused{interface, address, Operation::remove, error};
    if (verb == "link" && rest == "up") return LinkChanged{interface, true, true, 3, {}};
    if (verb == "link" && rest == "down") return LinkChanged{interface, true, false, 3, {}};
    if (verb == "link" && rest == "gone") return LinkChanged{interface, false, false, 0, {}};
    if (verb != "fence") return std::nullopt;
    if (rest == "armed") return FenceArmed{};
    if (rest == "removed") return FenceRemoved{interface};
    if (rest.starts_with("refused ")) return FenceUnavailable{rest.substr(8)};
    return std::nullopt;
  }

  static std::optional<Event> claimed(const std::string& rest) {
    const auto mac = parse_mac(rest.substr(0, rest.find(' ')));
    for (const ClaimKind kind :
         {ClaimKind::answer, ClaimKind::announcement, ClaimKind::question, ClaimKind::probe}) {
      if (mac && rest.ends_with(to_string(kind)))
        return AddressClaimed{interface, {address, *mac, {}, kind}, {}};
    }
    return std::nullopt;
  }

  void wait(Duration duration) {
    const Instant end = now_ + duration;
    for (auto due = holder_->next_deadline(); due && *due <= end; due = holder_->next_deadline()) {
      now_ = std::max(now_, *due);
      tell(holder_->step(now_));
    }
    now_ = end;
  }

  void say(const std::string& sentence) {
    char text[32];
    std::snprintf(text, sizeof text, "%9s ", stamp(now_).c_str());
    out_ += text + sentence + "\n";
  }

  void tell(const Outcome& outcome) {
    for (const Action& action : outcome.actions) say(std::visit(Wording{}, action));
    for (const News& item : outcome.news) say(std::visit(Wording{}, item));
    tell_state();
  }

  void tell_state() {
    const HolderStatus status = holder_->status();
    std::string state = "is " + std::string(to_string(status.state));
    if (status.serving) state += " and serving";
    if (const auto obstacle = holder_->obstacle()) state += "; can't be held: " + *obstacle;
    if (std::exchange(was_, state) != state) say(state);
  }

  VipConfig vip_config_ = vip_config;
  std::optional<Holder> holder_;
  Instant now_ = start;
  std::string out_;
  std::string was_;
};

TEST(Transcript, an_address_lives_as_its_stories_say) {
  transcripts::expect_stories_told_as_written<Teller>("vip");
}

}  // namespace
}  // namespace hapx::vip
