// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include <algorithm>

#include "config/assert.hpp"
#include "membership/voters_file.hpp"

namespace hapx::membership::testing {

namespace {

VoterIdentity identity_of(const World& world, const World::Machine& machine) {
  return {world.config.name, machine.config.name, machine.boot};
}

}  // namespace

World::World(std::size_t nodes, Timing timing, std::uint64_t seed) : random_(seed) {
  config.name = ClusterName("world");
  config.timing = timing;
  for (std::size_t i = 0; i < nodes; ++i) {
    NodeConfig node;
    node.name = NodeName("node" + std::to_string(i + 1));
    node.address = ipv4(10, 0, 0, static_cast<std::uint8_t>(i + 1));
    config.nodes.push_back(node);
    Machine machine;
    machine.config = node;
    machine.boot.bytes[0] = static_cast<std::uint8_t>(++boots_);
    machines.push_back(std::move(machine));
  }
  keys.first[0] = 7;
}

Instant World::local(std::size_t node, WorldTime at) const {
  const Machine& machine = machines[node];
  return Instant((at - machine.booted) * machine.rate_permille / 1000);
}

WorldTime World::world_time(std::size_t node, Instant at) const {
  const Machine& machine = machines[node];
  return machine.booted + at.time_since_epoch() * 1000 / machine.rate_permille;
}

ClusterConfig World::config_of(std::size_t node) const {
  ClusterConfig file = config;
  const Machine& machine = machines[node];
  if (machine.nodes) file.nodes = *machine.nodes;
  if (!machine.uses_arbiter) file.arbiter.reset();
  return file;
}

void World::start(std::size_t node) {
  Machine& machine = machines[node];
  HAPX_ASSERT(!machine.member);
  FoundMemory found;
  if (!machine.file.empty()) found.mapped = machine.file;
  found.marker = machine.marker;
  const VoterIdentity identity = identity_of(*this, machine);
  Recollection recollection = recall(found, identity, local(node));
  if (recollection.write_file) machine.file = recollection.memory.encode();
  if (recollection.write_marker) machine.marker = encode_marker(identity);
  MemberOptions options;
  options.config = config_of(node);
  options.self = machine.config.name;
  options.boot = machine.boot;
  options.incarnation.value = random_.next();
  options.keys = machine.keys.value_or(keys);
  options.memory = std::move(recollection.memory);
  options.abstain = recollection.abstain;
  options.seed = random_.next();
  const RecordOwner owner{config.name, machine.config.name};
  options.record = decode_record(machine.disk.file, owner).kept;
  options.record.electorate =
      adopt(decode_voters(machine.disk.voters, owner), votes_of(options.config));
  machine.disk.voters = encode_voters(*options.record.electorate, owner);
  ++machine.lives;
  machine.news.clear();
  machine.obeyed = 0;
  machine.held.clear();
  machine.member.emplace(std::move(options), local(node));
  const Duration offset = world_begins.time_since_epoch() + now_ - local(node).time_since_epoch();
  with(node, [&](Member& member, Instant at) { return member.step(WallClockSet{offset}, at); });
  with(node, [](Member& member, Instant at) { return member.step(at); });
}

void World::kill(std::size_t node) {
  machines[node].member.reset();
  machines[node].socket.clear();
  machines[node].paused = false;
}

void World::power_off(std::size_t node) {
  kill(node);
  Machine& machine = machines[node];
  machine.file.clear();
  machine.open_until.clear();
  machine.boot.bytes[0] = static_cast<std::uint8_t>(++boots_);
  machine.boot.bytes[1] = static_cast<std::uint8_t>(boots_ >> 8U);
  machine.booted = now_;
}

void World::resume(std::size_t node) {
  Machine& machine = machines[node];
  machine.paused = false;
  auto unread = std::exchange(machine.socket, {});
  for (auto& [at, datagram] : unread)
    with(node, [&datagram](Member& member, Instant now) { return member.step(datagram, now); });
}

void World::claim(std::size_t node, const LeaseKey& key) {
  with(node, [&key](Member& member, Instant at) { return member.claim(key, at); });
}

void World::release(std::size_t node, const LeaseKey& key) {
  machines[node].open_until.erase(key);
  with(node, [&key](Member& member, Instant at) { return member.release(key, at); });
}

void World::cut(std::size_t a, std::size_t b, bool is_cut) {
  cuts_[{a, b}] = is_cut;
  cuts_[{b, a}] = is_cut;
}

std::vector<NodeConfig> World::first_nodes(std::size_t count) const {
  return {config.nodes.begin(), config.nodes.begin() + static_cast<std::ptrdiff_t>(count)};
}

void World::stage(std::size_t node, const std::vector<NodeConfig>& nodes, bool with_arbiter) {
  machines[node].staged = nodes;
  machines[node].stages_arbiter = with_arbiter;
  ClusterConfig file = config;
  file.nodes = nodes;
  if (!with_arbiter) file.arbiter.reset();
  with(node, [&](Member& member, Instant at) {
    return member.stage(StagedConfig{hash_of(votes_of(file)), nodes, votes_of(file)}, at);
  });
}

void World::with(std::size_t node, const std::function<Outcome(Member&, Instant)>& call) {
  Machine& machine = machines[node];
  if (!machine.member || machine.paused) return;
  carry_out(node, call(*machine.member, local(node)));
}

void World::carry_out(std::size_t node, Outcome outcome) {
  Machine& machine = machines[node];
  look_at_rights(node);
  for (const Action& action : outcome.actions) {
    if (const auto* store = std::get_if<StorePromise>(&action)) {
      std::copy(
          store->bytes.begin(), store->bytes.end(),
          machine.file.begin() + static_cast<std::ptrdiff_t>(store->slot * promise_slot_bytes));
    } else if (const auto* record = std::get_if<StoreRecord>(&action)) {
      this->store(node, *record);
    } else if (const auto* ask = std::get_if<AskArbiter>(&action)) {
      consult(node, *ask);
    } else {
      send(node, std::get<SendDatagram>(action));
    }
  }
  for (News& item : outcome.news) {
    if (std::holds_alternative<RightGained>(item)) ++gains;
    if (std::holds_alternative<StagedAgreed>(item)) restart_with_staged(node);
    if (machine.news.size() < 100'000) machine.news.push_back(std::move(item));
  }
  obey(node);
}

void World::restart_with_staged(std::size_t node) {
  constexpr Duration restart_takes = std::chrono::milliseconds(8);
  stores_[{now_ + restart_takes, ++order_}] = [this, node, life = machines[node].lives] {
    Machine& machine = machines[node];
    if (machine.lives != life || !machine.member || !machine.staged) return;
    machine.nodes = machine.staged;
    machine.uses_arbiter = machine.stages_arbiter;
    kill(node);
    start(node);
  };
}

void World::reply(std::size_t node, std::uint64_t life, Duration after,
                  const std::variant<ArbiterAnswered, ArbiterFailed>& what) {
  stores_[{now_ + after, ++order_}] = [this, node, life, what] {
    Machine& machine = machines[node];
    if (machine.lives != life || !machine.member) return;
    if (machine.paused) return reply(node, life, std::chrono::milliseconds(10), what);
    with(node, [&](Member& member, Instant at) {
      return std::visit([&](const auto& event) { return member.step(event, at); }, what);
    });
  };
}

/// What is done is done at one instant between the asking and the answer, or after it.
void World::consult(std::size_t node, const AskArbiter& action) {
  ++arbitration.questions;
  if (!action.swaps.empty()) ++arbitration.writes;
  const auto life = machines[node].lives;
  const auto happens = [&](unsigned permille) { return random_.next() % 1000 < permille; };
  const bool is_lost = arbitration.is_away || machines[node].is_cut_from_arbiter ||
                       happens(arbitration.loss_permille) || arbitration.takes > action.patience;
  const bool is_late = is_lost && happens(arbitration.late_permille);
  const bool answer_is_lost = happens(arbitration.loss_permille);
  const ArbiterFailed failed{action.ticket, {ErrorKind::unavailable, "no answer"}};
  if (is_lost || answer_is_lost) reply(node, life, action.patience, failed);
  if (is_lost && !is_late) return;
  const Duration done =
      is_late ? action.patience + random_.up_to(std::chrono::seconds(1)) : arbitration.takes / 2;
  stores_[{now_ + done, ++order_}] = [this, node, life, action,
                                      is_silent = is_late || answer_is_lost] {
    const ArbiterAnswered answer = arbitration.store.carry_out(action);
    if (!is_silent) reply(node, life, arbitration.takes / 2, answer);
  };
}

void World::store(std::size_t node, const StoreRecord& action) {
  if (machines[node].disk.hangs) return;
  stores_[{now_ + machines[node].disk.takes, ++order_}] = [this, node, action,
                                                           life = machines[node].lives] {
    Machine& machine = machines[node];
    if (machine.lives != life || !machine.member) return;  // the process died before
    if (machine.disk.fails) {
      const RecordStoreFailed failed{action.ticket, {ErrorKind::failed, "no room", 28}};
      return with(node, [&](Member& member, Instant at) { return member.step(failed, at); });
    }
    machine.disk.file = action.bytes;
    if (!action.voters.empty()) machine.disk.voters = action.voters;
    const RecordStored stored{action.ticket};
    with(node, [&](Member& member, Instant at) { return member.step(stored, at); });
  };
}

std::uint64_t World::ask(std::size_t node, const RecordChange& change) {
  const std::uint64_t id = ++order_;
  with(node, [&](Member& member, Instant at) {
    return member.order({id, machines[node].config.name, change}, at);
  });
  return id;
}

void World::obey(std::size_t node) {
  Machine& machine = machines[node];
  for (; machine.obeyed < machine.news.size(); ++machine.obeyed) {
    const auto* arrived = std::get_if<OrderArrived>(&machine.news[machine.obeyed]);
    if (arrived == nullptr || !std::holds_alternative<RecordChange>(arrived->order.what)) continue;
    const Order order = arrived->order;
    ++machine.obeyed;
    return with(node, [&](Member& member, Instant at) { return member.keep(order, at); });
  }
}

std::optional<KeptRecord> World::on_disk(std::size_t node) const {
  const auto decoded =
      decode_record(machines[node].disk.file, {config.name, machines[node].config.name});
  if (decoded.finding != RecordFinding::intact) return std::nullopt;
  KeptRecord kept = decoded.kept;
  kept.electorate =
      decode_voters(machines[node].disk.voters, {config.name, machines[node].config.name});
  return kept;
}

std::optional<OrderAnswer> World::answer(std::size_t node, std::uint64_t id) const {
  for (const OrderAnswered& answered : news<OrderAnswered>(node))
    if (answered.answer.id == id) return answered.answer;
  return std::nullopt;
}

void World::send(std::size_t from, const SendDatagram& action) {
  ++datagrams;
  if (on_send) on_send(from, action);
  for (std::size_t to = 0; to < machines.size(); ++to) {
    if (machines[to].config.address != action.to.address) continue;
    if (cuts_[{from, to}]) return;
    if (random_.next() % 1000 < weather.loss_permille) return;
    const int copies = random_.next() % 1000 < weather.doubling_permille ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
      Duration delay = weather.delay_min + random_.up_to(weather.delay_max - weather.delay_min);
      if (random_.next() % 1000 < weather.straggling_permille)
        delay += random_.up_to(weather.straggling);
      flights_.push({now_ + delay,
                     ++order_,
                     to,
                     {{machines[from].config.address, config.port}, action.bytes}});
    }
  }
}

/// The checker: after each step, the deadlines that this machine's kernel now has.
void World::look_at_rights(std::size_t node) {
  Machine& machine = machines[node];
  const auto& rights = machine.member->view().rights;
  // What the process no longer holds it closes. A new process leaves the inherited deadline alone
  // until it has a right of its own.
  std::erase_if(machine.open_until, [&](const auto& entry) {
    return !rights.contains(entry.first) && machine.held.contains(entry.first);
  });
  for (const auto& [key, until] : rights) {
    machine.held.insert(key);
    WorldTime& open = machine.open_until[key];
    open = std::max(open, world_time(node, until));
    for (std::size_t other = 0; other < machines.size(); ++other) {
      if (other == node || !this->open(other, key) || open <= now_) continue;
      violations.push_back(key.text() + ": " + machine.config.name.text() + " and " +
                           machines[other].config.name.text() + " at " + hapx::to_string(now_));
    }
  }
}

bool World::open(std::size_t node, const LeaseKey& key) const {
  const auto found = machines[node].open_until.find(key);
  return found != machines[node].open_until.end() && found->second > now_;
}

std::optional<std::size_t> World::holder(const LeaseKey& key) const {
  for (std::size_t i = 0; i < machines.size(); ++i)
    if (open(i, key)) return i;
  return std::nullopt;
}

std::optional<std::size_t> World::coordinator() const {
  for (std::size_t i = 0; i < machines.size(); ++i)
    if (machines[i].member && machines[i].member->view().coordinating) return i;
  return std::nullopt;
}

std::optional<std::pair<WorldTime, std::size_t>> World::next_alarm() const {
  std::optional<std::pair<WorldTime, std::size_t>> earliest;
  for (std::size_t i = 0; i < machines.size(); ++i) {
    if (!machines[i].member || machines[i].paused) continue;
    const auto deadline = machines[i].member->next_deadline();
    if (!deadline) continue;
    // Rounded up past the clock's grain, as an epoll timer is: never early.
    const WorldTime at = world_time(i, *deadline) + std::chrono::microseconds(3);
    if (!earliest || at < earliest->first) earliest = {std::max(at, now_), i};
  }
  return earliest;
}

void World::run_for(Duration duration) {
  const WorldTime end = now_ + duration;
  for (;;) {
    const auto alarm = next_alarm();
    if (!stores_.empty() && stores_.begin()->first.first < end &&
        (!alarm || stores_.begin()->first.first <= alarm->first) &&
        (flights_.empty() || stores_.begin()->first.first <= flights_.top().at)) {
      now_ = std::max(now_, stores_.begin()->first.first);
      const auto happen = std::move(stores_.begin()->second);
      stores_.erase(stores_.begin());
      happen();
      continue;
    }
    const bool has_flight = !flights_.empty();
    const bool flight_first = has_flight && (!alarm || flights_.top().at <= alarm->first);
    const WorldTime next = flight_first ? flights_.top().at : alarm ? alarm->first : end;
    if (next >= end || (!has_flight && !alarm)) break;
    now_ = std::max(now_, next);
    if (!flight_first) {
      with(alarm->second, [](Member& member, Instant at) { return member.step(at); });
      continue;
    }
    Flight flight = flights_.top();
    flights_.pop();
    Machine& machine = machines[flight.to];
    if (machine.paused && machine.socket.size() < 200)
      machine.socket.emplace_back(now_, flight.datagram);
    with(flight.to, [&](Member& member, Instant at) { return member.step(flight.datagram, at); });
  }
  now_ = end;
}

}  // namespace hapx::membership::testing
