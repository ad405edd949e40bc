// SPDX-License-Identifier: Apache-2.0
#include "membership/member.hpp"

#include <algorithm>
#include <utility>

#include "config/assert.hpp"
#include "membership/member_state.hpp"

namespace hapx::membership {

namespace {

/// A lost release costs the next holder a whole lease, so it is told this often.
constexpr unsigned release_beats = 3;
/// Asking ourselves settles in two rounds, grant and acceptance; more is a bug that must not spin.
constexpr int settle_rounds_max = 8;

PromiseMemory memory_of(const MemberOptions& options) {
  const VoterIdentity identity{options.config.name, options.self, options.boot};
  if (options.memory.identity() == VoterIdentity{}) return PromiseMemory(identity);
  HAPX_ASSERT(options.memory.identity() == identity);
  return options.memory;
}

std::vector<LeaseKey> keys_of(const ClusterConfig& config) {
  std::vector<LeaseKey> keys{LeaseKey::coordinator()};
  for (const ServiceConfig& service : config.services)
    for (const VipConfig& vip : service.vips) keys.push_back(LeaseKey::of(vip.address.address));
  HAPX_ASSERT(keys.size() <= promise_keys_max);
  return keys;
}

std::vector<Peer> peers_of(const MemberOptions& options) {
  std::vector<Peer> peers;
  for (const NodeConfig& node : options.config.nodes)
    if (node.name != options.self) peers.emplace_back(node, options.config.timing);
  HAPX_ASSERT(peers.size() + 1 == options.config.nodes.size());
  return peers;
}

Instant abstention_of(const MemberOptions& options, Instant now) {
  const Instant remembered = options.memory.abstain_until();
  return options.abstain ? std::max(remembered, now + *options.abstain) : remembered;
}

/// Either of two nodes may coordinate without the other: by evidence, or by a vote that keeps no
/// record.
bool may_act_alone(const ClusterConfig& config) {
  return config.no_quorum_policy == NoQuorumPolicy::ignore || config.arbiter;
}

/// Ages aside, and unless one has become younger: then there is a new failure behind it.
bool says_the_same(const ResourceReport& before, const ResourceReport& now) {
  ResourceReport aged = before;
  aged.since_last_failure = now.since_last_failure;
  return aged == now && now.since_last_failure >= before.since_last_failure;
}

bool says_the_same(const NodeReport& before, const NodeReport& now) {
  return std::equal(before.services.begin(), before.services.end(), now.services.begin(),
                    now.services.end(), [](const ServiceReport& a, const ServiceReport& b) {
                      ServiceReport aged = a;
                      aged.vip = b.vip;
                      aged.haproxy = b.haproxy;
                      return aged == b && says_the_same(a.vip, b.vip) &&
                             says_the_same(a.haproxy, b.haproxy);
                    });
}

}  // namespace

Member::State::State(MemberOptions given, Instant now)
    : options(std::move(given)),
      self{options.self, options.boot},
      succession(adopt(options.record.electorate, votes_of(options.config)), options.self),
      counting_since(now),
      codec({options.config.name, options.self, options.boot, options.incarnation, options.keys}),
      random(options.seed),
      voter(memory_of(options), keys_of(options.config), abstention_of(options, now)),
      peers(peers_of(options)),
      config_parts(parts_of(options.config)),
      config_fingerprint(fingerprint_of(config_parts)),
      copy(options.record, {options.config.name, options.self}),
      writer(options.config.nodes, succession.electorate(), options.config.timing,
             may_act_alone(options.config) ? Differing::merged : Differing::newest_counts),
      next_beat(now) {
  if (options.config.arbiter) {
    arbiter.emplace(self, options.config.timing);
    arbiter_voter = voter_of(*options.config.arbiter);
  }
  const Promise* inherited = voter.memory().find(LeaseKey::coordinator());
  inherits_coordinator = inherited != nullptr && inherited->accepted &&
                         inherited->accepted->session() == self &&
                         inherited->accepted->expiry > now;
  for (const NodeConfig& node : options.config.nodes) {
    MemberView member;
    member.name = node.name;
    member.role = node.role;
    member.votes = node.votes;
    if (node.name == options.self) {
      member.liveness = Liveness::alive;
      member.hears_us = true;
      member.incarnation = options.incarnation;
      member.report_heard = now;
      ways_here = node.ways().size();
    } else if (!node.links.empty()) {
      member.ways.assign(node.ways().size(), Liveness::unheard);
    }
    view.members.push_back(std::move(member));
  }
  report_made = now;
  copy.keep(succession.kept());
  refresh_view(now);
}

// ---- time ----

void Member::State::pass_time(Instant now) {
  for (auto& [key, claim] : claims) {
    claim.lease.pass_time(now);
    note_right(claim);
  }
  for (OrderAnswer& answer : orders.expire(now)) news.push_back(OrderAnswered{std::move(answer)});
}

std::optional<Instant> Member::State::next_deadline() const {
  if (left) return orders.next_deadline();
  Instant earliest = next_beat;
  const auto consider = [&earliest](const std::optional<Instant>& instant) {
    if (instant) earliest = std::min(earliest, *instant);
  };
  // A deadline that has been seen to pass is no deadline: `seen` is never after the next beat.
  const Instant seen = last_now;
  for (const Peer& peer : peers) {
    consider(peer.detector().next_deadline(seen));
    if (peer.ways().size() < 2) continue;
    for (const auto& way : peer.ways()) consider(way.detector.next_deadline(seen));
  }
  for (const auto& [key, claim] : claims) consider(claim.lease.next_deadline());
  if (const auto* known = watch.current(seen)) consider(known->until);
  consider(turn);
  if (outheard_since && coordinating(seen)) {
    const Instant since = std::max(*outheard_since, resigned_at.value_or(*outheard_since));
    consider(since + options.config.timing.lease);
  }
  if (witness.asked) {
    const Instant worth_until = *witness.asked + right_of(options.config.timing.lease);
    if (worth_until > seen) consider(worth_until);
  }
  if (arbiter) consider(arbiter->next_deadline(seen));
  consider(orders.next_deadline());
  consider(copy.next_deadline());
  consider(writer.next_deadline());
  consider(next_order_end());
  const Instant countable = counting_since + lease_max;
  if (staging && seen < countable) consider(countable);
  return earliest;
}

// ---- claims ----

Member::State::Claim& Member::State::claim_of(const LeaseKey& key) {
  const auto found = claims.find(key);
  if (found != claims.end()) return found->second;
  HAPX_ASSERT(claims.size() < promise_keys_max);
  const Promise* remembered = voter.memory().find(key);
  std::uint64_t highest_round = remembered != nullptr ? remembered->promised.round : 0;
  // The record outlives every lease, and takes no write below what it has met (LEASE.md, rule 19).
  if (key == LeaseKey::coordinator()) highest_round = std::max(highest_round, copy.highest_round());
  Claim& claim =
      claims
          .emplace(key, Claim(Lease(key, self, options.incarnation, succession.electorate(),
                                    options.config.timing, highest_round, random.next())))
          .first->second;
  if (key == LeaseKey::coordinator()) coordinator_lease = &claim.lease;
  return claim;
}

/// Brings what the node above knows of a right in line with what it is.
void Member::State::note_right(Claim& claim) {
  const LeaseKey& key = claim.lease.key();
  const auto& right = claim.lease.right();
  const bool is_address = key != LeaseKey::coordinator();
  if (is_address && right && claim.told_until && right->ballot != claim.told_ballot)
    news.push_back(RightRegained{key});
  if (right && !claim.told_until) {
    if (is_address) news.push_back(RightGained{key, right->until});
    claim.told_denial.clear();
  } else if (right && right->until > *claim.told_until) {
    if (is_address) news.push_back(RightExtended{key, right->until});
  } else if (!right && claim.told_until) {
    if (is_address) news.push_back(RightLost{key, claim.lease.loss()});
  }
  if (right) {
    claim.told_until = right->until;
    claim.told_ballot = right->ballot;
    view.rights[key] = right->until;
  } else {
    claim.told_until.reset();
    view.rights.erase(key);
  }
}

void Member::State::tell_denials() {
  for (auto& [key, claim] : claims) {
    const std::string& denial = claim.lease.denial();
    if (claim.lease.right() || denial.empty() || denial == claim.told_denial) continue;
    claim.told_denial = denial;
    if (key != LeaseKey::coordinator()) news.push_back(RightDenied{key, denial});
  }
}

void Member::State::release(Claim& claim, Instant now) {
  for (const Release& release : claim.lease.release()) {
    if (auto store = voter.release(release, self, now)) actions.emplace_back(std::move(*store));
    for (const Peer& peer : peers)
      if (peer.current()) message_to(peer).releases.push_back(release);
    repeated_releases.push_back({release, release_beats});
    if (arbiter && arbiter->concerns(release.key)) releases_for_arbiter.push_back(release);
  }
  claim.told_until.reset();  // asked for: no news
  claim.told_denial.clear();
  view.rights.erase(claim.lease.key());
}

/// Asks the voters at once, ourselves first: a cluster of one is settled without a datagram.
void Member::State::pursue(Claim& claim, Instant now) {
  if (silenced(now)) return;
  for (int i = 0; i < settle_rounds_max; ++i) {
    vote_ourselves(claim, now);
    if (!claim.lease.take_urgency()) break;
  }
  for (const Peer& peer : peers)
    if (peer.current()) say_lease(claim.lease, peer, now);
  if (other_is_away(now)) want_arbiter(claim, now);
}

void Member::State::settle(Instant now) {
  for (int i = 0; i < settle_rounds_max; ++i) {
    weigh(now);
    refresh_arbiter(now);
    govern(now);
    keep_record(now);
    keep_plan_current(now);
    bool calm = true;
    for (auto& [key, claim] : claims) {
      if (!claim.lease.take_urgency()) continue;
      calm = false;
      pursue(claim, now);
    }
    if (calm) break;
  }
  tell_denials();
}

// ---- the coordinator ----

bool Member::State::coordinating(Instant now) const {
  return coordinator_lease != nullptr && coordinator_lease->right() &&
         now < coordinator_lease->right()->until;
}

bool Member::State::quorate(Instant now) const {
  if (acts_alone) return true;
  return succession.electorate().is_majority_where([&](const NodeName& node) {
    const Peer* peer = find_peer(node);
    if (arbiter && node == arbiter_voter) return arbiter->answers(now);
    return node == options.self || (peer != nullptr && peer->detector().present(now));
  });
}

/// A plan must be above every plan that anybody has seen, or it is not obeyed (LEASE.md, rule 21).
/// A new ballot of ours gives our plan a new name.
void Member::State::keep_plan_current(Instant now) {
  if (!coordinating(now)) {
    published.reset();
    return;
  }
  Lease& lease = claim_of(LeaseKey::coordinator()).lease;
  std::optional<Ballot> seen;
  if (view.plan) seen = view.plan->ballot;
  for (const Peer& peer : peers)
    if (peer.has_plan() && (!seen || *seen < peer.has_plan()->ballot))
      seen = peer.has_plan()->ballot;
  const Ballot& ours = lease.right()->ballot;
  if (seen && ours < *seen) {
    lease.go_above(*seen, now);
  } else if (published && (!view.plan || view.plan->ballot < ours)) {
    view.plan = Plan{ours, ++plan_number, *published};
    news.push_back(PlanArrived{});
    for (const Peer& peer : peers) say_plan(peer, now);
  }
  for (Order& order : orders.take_undelivered()) news.push_back(OrderArrived{std::move(order)});
}

// ---- the view ----

void Member::State::refresh_view(Instant now) {
  const auto update = [this](auto& field, auto value) {
    if (field == value) return;
    field = std::move(value);
    view_changed = true;
  };
  update(view.quorate, quorate(now));
  const bool ours = coordinating(now);
  update(view.coordinating, ours);
  std::optional<NodeName> coordinator;
  if (ours)
    coordinator = options.self;
  else if (const auto* known = watch.current(now))
    coordinator = known->ballot.node;
  update(view.coordinator, coordinator);
  for (MemberView& member : view.members) {
    const Peer* peer = find_peer(member.name);
    if (peer == nullptr) continue;
    const Liveness liveness = peer->detector().liveness(now);
    update(member.liveness, liveness);
    update(member.hears_us, peer->hears_us() && peer->detector().present(now));
    for (std::size_t way = 0; way < member.ways.size(); ++way)
      update(member.ways[way], peer->ways()[way].detector.liveness(now));
    if (peer->current()) update(member.incarnation, std::optional(peer->current()->incarnation));
  }
  refresh_electorate(now);
}

Outcome Member::State::finish(Instant now) {
  settle(now);
  for (const NodeName& name : std::exchange(beats_owed, {}))
    if (Peer* peer = find_peer(name); peer != nullptr && !left) beat_to(*peer, now);
  refresh_view(now);
  last_now = now;
  consult_arbiter(now);
  if (std::exchange(view_changed, false)) news.push_back(ViewChanged{});
  flush();
  return {std::exchange(actions, {}), std::exchange(news, {})};
}

const Peer* Member::State::find_peer(const NodeName& name) const {
  const auto found =
      std::ranges::find_if(peers, [&](const Peer& peer) { return peer.node().name == name; });
  return found == peers.end() ? nullptr : &*found;
}

Peer* Member::State::find_peer(const NodeName& name) {
  return const_cast<Peer*>(std::as_const(*this).find_peer(name));
}

// ---- the public face ----

Member::Member(MemberOptions options, Instant now)
    : state_(std::make_unique<State>(std::move(options), now)) {}
Member::~Member() = default;
Member::Member(Member&&) noexcept = default;
Member& Member::operator=(Member&&) noexcept = default;

Outcome Member::step(const DatagramArrived& datagram, Instant now) {
  state_->pass_time(now);
  state_->receive(datagram, now);
  if (std::exchange(state_->renewed, false) && !state_->left) state_->beat_along(now);
  return state_->finish(now);
}

Outcome Member::step(Instant now) {
  // What is due at an instant is done by the first call of that instant, beats aside.
  if (now == state_->last_now && (state_->left || now < state_->next_beat)) return {};
  state_->pass_time(now);
  if (!state_->left && state_->next_beat <= now) state_->beat_all(now);
  return state_->finish(now);
}

std::optional<Instant> Member::next_deadline() const {
  return state_->next_deadline();
}

Outcome Member::claim(const LeaseKey& key, Instant now) {
  state_->pass_time(now);
  if (!state_->left) state_->claim_of(key).lease.claim(now);
  return state_->finish(now);
}

Outcome Member::release(const LeaseKey& key, Instant now) {
  state_->pass_time(now);
  if (state_->claims.contains(key)) state_->release(state_->claim_of(key), now);
  return state_->finish(now);
}

Outcome Member::tell(NodeReport report, Instant now) {
  HAPX_ASSERT(report.services.size() <= entries_max);
  State& state = *state_;
  const bool told = state.report_version != 0;
  if (told && report == state.report) return {};
  state.pass_time(now);
  const bool same = told && says_the_same(state.report, report);
  state.report = std::move(report);
  state.report_made = now;
  for (MemberView& member : state.view.members) {
    if (member.name != state.options.self) continue;
    member.report = state.report;
    member.report_heard = now;
  }
  if (!same) {
    ++state.report_version;
    state.view_changed = true;
    for (const Peer& peer : state.peers) state.say_report(peer, now);
  }
  return state.finish(now);
}

Outcome Member::publish(std::vector<Assignment> assignments, Instant now) {
  HAPX_ASSERT(assignments.size() <= entries_max);
  State& state = *state_;
  state.pass_time(now);
  if (!state.coordinating(now)) return state.finish(now);
  state.published = std::move(assignments);
  state.plan_knows_other = state.peers.size() != 1 || (state.peers.front().hears_us() &&
                                                       state.peers.front().detector().present(now));
  const Ballot& ballot = state.coordinator_lease->right()->ballot;
  if (!state.view.plan || state.view.plan->ballot <= ballot) {
    state.view.plan = Plan{ballot, ++state.plan_number, *state.published};
    state.news.push_back(PlanArrived{});
    for (const Peer& peer : state.peers) state.say_plan(peer, now);
  }
  return state.finish(now);
}

Outcome Member::order(Order order, Instant now) {
  State& state = *state_;
  state.pass_time(now);
  order.from = state.options.self;
  const NodeName* addressee = addressee_of(order);
  HAPX_ASSERT(addressee == nullptr || *addressee != state.options.self);
  const bool is_for_coordinator = addressee == nullptr;
  if (is_for_coordinator && !state.quorate(now)) {
    state.news.push_back(
        OrderAnswered{{order.id, state.options.self, OrderOutcome::refused,
                       "there is no quorum: fewer than half of the votes are here, so nobody can "
                       "keep an order or carry it out"}});
  } else if (!state.orders.give(order, now)) {
    state.news.push_back(OrderAnswered{{order.id, state.options.self, OrderOutcome::refused,
                                        "refused: too many orders wait for an answer"}});
  }
  for (const Peer& peer : state.peers) state.say_orders(peer, now);
  return state.finish(now);
}

Outcome Member::answer(OrderAnswer answer, Instant now) {
  state_->pass_time(now);
  state_->give_answer(std::move(answer));
  return state_->finish(now);
}

Outcome Member::leave(Instant now) {
  State& state = *state_;
  state.pass_time(now);
  for (auto& [key, claim] : state.claims) state.release(claim, now);
  state.left = true;
  for (Peer& peer : state.peers)
    if (peer.current()) state.message_to(peer).beat = state.make_beat(peer, now);
  return state.finish(now);
}

Outcome Member::abstain(Duration length, Instant now) {
  state_->pass_time(now);
  state_->actions.emplace_back(state_->voter.abstain(now + length));
  return state_->finish(now);
}

const View& Member::view() const {
  return state_->view;
}

Member::Contact Member::contact(const NodeName& peer) const {
  const Peer* found = state_->find_peer(peer);
  if (found == nullptr) return {};
  return {found->detector().last_heard(), found->detector().has_left()};
}

}  // namespace hapx::membership
