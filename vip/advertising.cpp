// SPDX-License-Identifier: Apache-2.0
#include "vip/advertising.hpp"

#include <algorithm>
#include <utility>

namespace hapx::vip {
namespace {

/// Of what BIRD says so much is passed on.
constexpr std::size_t words_bytes_max = 60;

/// What the last line of an answer says, without what could harm a log.
std::string words_of(const BirdAnswer& answer) {
  std::string words =
      answer.lines.empty() ? "" : answer.lines.back().text.substr(0, words_bytes_max);
  std::ranges::replace_if(
      words, [](char c) { return c < ' ' || c > '~'; }, '?');
  return words;
}

}  // namespace

void Advertising::watch(const std::vector<IpAddress>& addresses) {
  std::map<IpAddress, Place> places;
  for (const IpAddress& address : addresses) {
    const auto known = places_.find(address);
    places[address] = known == places_.end() ? Place() : known->second;
  }
  places_ = std::move(places);
  tell_changes();
}

void Advertising::carry_out(const Advertise& action) {
  const auto found = places_.find(action.address);
  if (found == places_.end()) return;
  Place& place = found->second;
  place.wanted = true;
  place.interface = action.interface;
  place.looks_left = looks_until_exported_max;
  ++place.advertises;
  if (!open_ && trouble_) return answer_advertise(action.address, place, *trouble_);
  if (greeted_) questions_.push_front(Switch{action.address, true});
  look();
}

void Advertising::carry_out(const Withdraw& action) {
  const auto found = places_.find(action.address);
  if (found == places_.end()) return;
  found->second.wanted = false;
  found->second.advertises = 0;
  if (greeted_) questions_.push_front(Switch{action.address, false});
  look();
}

void Advertising::connected() {
  open_ = true;
  greeted_ = false;
  looks_ = false;
  questions_.clear();
  asked_ = Greeting{};
}

void Advertising::lost(const std::string& reason) {
  open_ = false;
  greeted_ = false;
  looks_ = false;
  questions_.clear();
  asked_.reset();
  sessions_.clear();
  trouble_ = reason;
  for (auto& [address, place] : places_) {
    place.on.reset();
    answer_advertise(address, place, reason);
  }
  tell_changes();
}

void Advertising::look() {
  if (!greeted_ || looks_) return;
  looks_ = true;
  questions_.emplace_back(Protocols{});
}

bool Advertising::hurries() const {
  return std::ranges::any_of(places_, [](const auto& one) { return one.second.advertises > 0; });
}

std::optional<std::string> Advertising::next_command() {
  if (asked_ || questions_.empty()) return std::nullopt;
  asked_ = std::move(questions_.front());
  questions_.pop_front();
  return command_of(*asked_);
}

std::string Advertising::command_of(const Question& question) const {
  if (const auto* one = std::get_if<Switch>(&question))
    return (one->on ? "enable " : "disable ") + bird_protocol_of(one->address);
  if (const auto* one = std::get_if<Exported>(&question))
    return show_exported(one->address, one->session);
  return std::string(show_protocols);
}

std::vector<Event> Advertising::take_events() {
  return std::exchange(events_, {});
}

void Advertising::hear(const BirdAnswer& answer) {
  if (!asked_) return;
  const Question question = *std::exchange(asked_, std::nullopt);
  std::visit([&](const auto& one) { on(one, answer); }, question);
  end_look_if_done();
}

void Advertising::on(const Greeting& /*question*/, const BirdAnswer& /*answer*/) {
  greeted_ = true;
  look();
}

void Advertising::on(const Switch& question, const BirdAnswer& answer) {
  const auto found = places_.find(question.address);
  if (found == places_.end()) return;
  const bool done = question.on ? answer.has(bird_enabled) || answer.has(bird_already_enabled)
                                : answer.has(bird_disabled) || answer.has(bird_already_disabled);
  if (done) {
    found->second.on = question.on;
    // After the look that goes on: until then nothing else is known to be so.
    if (!looks_) tell_changes();
  } else if (question.on) {
    answer_advertise(
        question.address, found->second,
        "BIRD refused to enable " + bird_protocol_of(question.address) + ": " + words_of(answer));
  }
}

void Advertising::on(const Protocols& /*question*/, const BirdAnswer& answer) {
  const auto protocols = protocols_of(answer);
  sessions_.clear();
  for (const BirdProtocol& protocol : protocols) {
    if (protocol.kind == "BGP" && protocol.up) sessions_.push_back(protocol);
  }
  for (auto& [address, place] : places_) {
    const auto ours = std::ranges::find(protocols, bird_protocol_of(address), &BirdProtocol::name);
    place.on = ours == protocols.end() ? std::nullopt : std::optional(ours->up);
    if (place.on && place.wanted && *place.on != *place.wanted)
      questions_.emplace_back(Switch{address, *place.wanted});
  }
  trouble_.emplace();
  ask_about_routes();
}

/// Of those that are waited for.
void Advertising::ask_about_routes() {
  for (auto& [address, place] : places_) {
    place.seen = false;
    if (place.advertises == 0) continue;
    std::size_t asked = 0;
    for (const std::string& session : sessions_for(address)) {
      if (++asked > sessions_asked_max) break;
      if (!show_exported(address, session).empty())
        questions_.emplace_back(Exported{address, session});
    }
  }
}

void Advertising::on(const Exported& question, const BirdAnswer& answer) {
  const auto found = places_.find(question.address);
  if (found != places_.end() && is_exported(answer)) found->second.seen = true;
}

void Advertising::end_look_if_done() {
  if (!looks_ || !questions_.empty()) return;
  looks_ = false;
  for (auto& [address, place] : places_) {
    if (place.advertises == 0) continue;
    if (place.seen) {
      answer_advertise(address, place, {});
    } else if (place.looks_left == 0 || !obstacle_of(address, place).empty()) {
      const std::string obstacle = obstacle_of(address, place);
      answer_advertise(address, place,
                       !obstacle.empty() ? obstacle
                                         : "no BGP session of BIRD exports the route of " +
                                               bird_protocol_of(address) +
                                               "; does its export filter let it pass?");
    } else {
      --place.looks_left;
    }
  }
  tell_changes();
}

/// Each Advertise that was not withdrawn has one answer; no `trouble`: it is done.
void Advertising::answer_advertise(const IpAddress& address, Place& place,
                                   const std::string& trouble) {
  for (; place.advertises > 0; --place.advertises) {
    if (trouble.empty()) {
      events_.emplace_back(AnnouncementSent{place.interface, address});
    } else {
      events_.emplace_back(
          AnnouncementFailed{place.interface, address, {ErrorKind::failed, trouble, 0}});
    }
  }
}

std::vector<std::string> Advertising::sessions_for(const IpAddress& address) const {
  std::vector<std::string> names;
  for (const BirdProtocol& session : sessions_) {
    if (std::ranges::find(session.carries, address.family) != session.carries.end())
      names.push_back(session.name);
  }
  return names;
}

std::string Advertising::obstacle_of(const IpAddress& address, const Place& place) const {
  if (!trouble_) return "BIRD has not been asked yet";
  if (!trouble_->empty()) return *trouble_;
  if (!place.on) return "BIRD has no protocol " + bird_protocol_of(address);
  if (sessions_.empty()) return "BIRD has no established BGP session";
  if (sessions_for(address).empty()) {
    return std::string("BIRD has no established BGP session with a channel ") +
           (address.family == Family::ipv4 ? "ipv4" : "ipv6");
  }
  return {};
}

void Advertising::tell_changes() {
  if (!trouble_) return;
  for (auto& [address, place] : places_) {
    RoutingChanged now{address, obstacle_of(address, place), place.on.value_or(false)};
    if (place.told && place.told->obstacle == now.obstacle &&
        place.told->switched_on == now.switched_on) {
      continue;
    }
    place.told = now;
    events_.emplace_back(std::move(now));
  }
}

}  // namespace hapx::vip
