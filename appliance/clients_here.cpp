// SPDX-License-Identifier: Apache-2.0
#include "appliance/clients_here.hpp"

#include <string>
#include <utility>

namespace hapx::appliance {
namespace {

constexpr Duration look_interval = std::chrono::seconds(1);

std::string clients(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " client" : " clients");
}

}  // namespace

void ClientsHere::note(Instant now, std::string sentence, std::string reason,
                       Decisions& out) const {
  out.entries.push_back({now, EventKind::announcement, service_, std::nullopt, std::move(sentence),
                         std::move(reason)});
}

void ClientsHere::converge(bool serves, const std::vector<Endpoint>& before, Instant now,
                           Decisions& out) {
  if (!serves) {
    look_at_.reset();
    wakening_.stop();
    connected_ = 0;
    return;
  }
  if (!look_at_) {
    look_at_ = now + look_interval;
    wakening_.begin(before, now);
    if (!before.empty()) {
      note(now,
           "waking " + clients(before.size()) + " that the holder of " +
               to_string(served_.address) + " before had",
           "their connections ended there without a word", out);
    }
  }
  if (now >= *look_at_) {
    look_at_ = now + look_interval;
    out.actions.emplace_back(vip::ListClients{served_.address, served_.port});
  }
  wake(now, out);
}

void ClientsHere::wake(Instant now, Decisions& out) {
  if (auto round = wakening_.take_due(now)) {
    if (round->is_late && announce_ == Announcing::segment) {
      vip::AnnounceToClients told{served_.address, {}};
      for (const Endpoint& client : round->clients) told.clients.push_back(client.address);
      out.actions.emplace_back(std::move(told));
    }
    out.actions.emplace_back(vip::Tickle{served_, std::move(round->clients), round->sequence});
  }
  const auto outcome = wakening_.take_outcome(now);
  if (!outcome) return;
  const std::size_t missing = outcome->clients - outcome->answered;
  woken_ += outcome->answered;
  silent_ += missing;
  const std::string address = to_string(served_.address);
  if (missing == 0) {
    note(now,
         "all " + clients(outcome->clients) + " of the holder before have woken, and find " +
             address + " here",
         "the last one after " +
             hapx::to_string(std::chrono::floor<std::chrono::microseconds>(outcome->took)),
         out);
  } else {
    note(
        now,
        std::to_string(missing) + " of " + clients(outcome->clients) +
            " of the holder before did not answer",
        "they are gone, or look for " + address + " elsewhere, or a firewall drops what wakes them",
        out);
  }
}

void ClientsHere::hear(const vip::ClientsListed& event) {
  trouble_.clear();
  if (look_at_) connected_ = event.clients.size();
}

void ClientsHere::hear(const vip::ClientsNotListed& event, Instant now, Decisions& out) {
  if (std::exchange(trouble_, event.error.sentence) == event.error.sentence) return;
  note(now, "can't see who is connected to " + to_string(served_.address), event.error.sentence,
       out);
}

void ClientsHere::hear(const vip::ClientWoken& event, Instant now) {
  (void)wakening_.answered(event.client, now);
}

void ClientsHere::hear(const vip::TickleFailed& event, Instant now, Decisions& out) {
  note(now, "can't wake clients of the holder before of " + to_string(served_.address),
       event.error.sentence, out);
}

std::optional<Instant> ClientsHere::next_deadline() const {
  auto next = look_at_;
  const auto wakes_at = wakening_.next_deadline();
  if (wakes_at && (!next || *wakes_at < *next)) next = wakes_at;
  return next;
}

}  // namespace hapx::appliance
