// SPDX-License-Identifier: Apache-2.0
// What the simulated world does to the record: disks, wall clocks, and operators with standing
// orders.
#include <algorithm>
#include <utility>

#include "appliance/recording/recording.hpp"
#include "appliance/recording/replay.hpp"
#include "appliance/sim/world.hpp"

namespace hapx::appliance::sim {

using namespace std::chrono_literals;

namespace {

constexpr Duration fsync_min = 500us;  // an SSD; with a little work beside it
constexpr Duration fsync_max = 6ms;
constexpr Duration slow_min = 200ms;
constexpr Duration slow_max = 1s;
/// What the world's first moment is in UTC.
constexpr Duration world_begins = std::chrono::seconds(1'795'873'017);
/// An order that nobody has answered by then has come to nothing.
constexpr Duration order_under_way_max = 10s;

std::vector<membership::Subject> subjects_of(const Status& status) {
  std::vector<membership::Subject> subjects;
  for (const OrderStatus& order : status.orders) {
    const NodeName node(order.node);
    if (order.kind == "standby") subjects.push_back(membership::Subject::standby(node));
    if (order.kind == "maintenance") subjects.push_back(membership::Subject::maintenance());
    if (order.kind == "ban")
      subjects.push_back(membership::Subject::ban(ServiceName(order.service), node));
  }
  return subjects;
}

}  // namespace

void World::store_record(Machine& machine, const membership::StoreRecord& action) {
  RecordDisk& disk = machine.disk;
  disk.under_way = action;
  if (disk.health == DiskHealth::hanging) {
    disk.hangs = action;
    return;
  }
  const bool slow = disk.health == DiskHealth::slow;
  const Duration takes =
      slow ? random_.between(slow_min, slow_max) : random_.between(fsync_min, fsync_max);
  schedule_on(
      machine, takes, [this, &machine, ticket = action.ticket, life = machine.process->life] {
        if (!machine.process || machine.process->life != life) return;
        const auto stored = std::exchange(machine.disk.under_way, std::nullopt);
        if (machine.disk.health == DiskHealth::failing) {
          deliver(machine,
                  membership::RecordStoreFailed{ticket, {ErrorKind::failed, "made to fail", 5}});
          return;
        }
        if (stored && machine.options.record_disk_works) machine.disk.keep(*stored);
        deliver(machine, membership::RecordStored{ticket});
      });
}

/// It takes no time here; a disk that hangs says nothing.
void World::keep_drill(Machine& machine, const std::string& document) {
  if (machine.disk.health == DiskHealth::failing) {
    return tell(machine, Duration(0), DrillNotKept{"made to fail"});
  }
  if (machine.disk.health != DiskHealth::hanging) machine.disk.drill = document;
}

/// As a disk does it, that is in time or never.
void World::keep_recording(Machine& machine, const KeepRecording& action) {
  const Duration takes = replay_choice_.between(fsync_min, fsync_max);
  if (machine.disk.health == DiskHealth::hanging) return;
  if (machine.disk_full || machine.disk.health == DiskHealth::failing)
    return tell(machine, takes, RecordingNotKept{"made to fail", action.request});
  if (replay_choice_.chance(options_.replays_permille))
    replay_what_is_recorded(machine, action.occasion);
  tell(machine, takes, RecordingKept{"the simulated disk", action.request});
}

void World::replay_what_is_recorded(const Machine& machine, const std::string& occasion) {
  const Process& process = *machine.process;
  const auto bytes = encode_recording(process.recorder.recording(process.node, occasion),
                                      process.node.options().keys);
  RecordingReplayed replayed{machine.options.name, ""};
  const auto recording = decode_recording(bytes, "it", process.node.options().version);
  auto replay = recording ? Replay::begin(*recording) : recording.error();
  if (!replay) {
    replayed.difference = replay.error().sentence;
  } else {
    const Replayed all = appliance::replay_all(*replay);
    replayed.difference = all.trouble;
    if (all.difference) replayed.difference = to_sentence(*all.difference);
  }
  state(replayed);
}

void World::replay_all() {
  for (const auto& [name, machine] : machines_) {
    if (machine.process) replay_what_is_recorded(machine, "the end of the story");
  }
}

/// The process is gone, or the power: what was under way is there or not.
void World::settle_store(Machine& machine) {
  machine.disk.hangs.reset();
  const auto stored = std::exchange(machine.disk.under_way, std::nullopt);
  if (stored && machine.options.record_disk_works && random_.chance(500)) {
    machine.disk.keep(*stored);
  }
}

void World::tell_of_wall_clock(Machine& machine) {
  const Duration utc = world_begins + now_.time_since_epoch() + machine.disk.clock_shift;
  const Duration offset = utc - clock_of(machine).time_since_epoch();
  if (machine.process) machine.process->utc_offset = offset;
  deliver(machine, membership::WallClockSet{offset});
}

/// So much later it is for one hapxd than for another, or than it is: a machine that was paused is
/// late by that, one whose clock runs too fast is early.
Duration World::spread_of_wall_clocks() const {
  Duration latest = world_begins + now_.time_since_epoch();
  Duration earliest = latest;
  for (const auto& [name, machine] : machines_) {
    if (!machine.process) continue;
    const Duration utc = clock_of(machine).time_since_epoch() + machine.process->utc_offset;
    latest = std::max(latest, utc);
    earliest = std::min(earliest, utc);
  }
  return latest - earliest;
}

void World::set_wall_clock(const NodeName& node, Duration shift) {
  disturb(node.text() + ": somebody sets the wall clock");
  machine(node).disk.clock_shift = shift;
  tell_of_wall_clock(machine(node));
}

void World::set_disk(const NodeName& node, DiskHealth health) {
  static constexpr std::array words{"is well", "is slow", "fails", "hangs"};
  disturb(node.text() + ": the disk " + words[static_cast<std::size_t>(health)]);
  RecordDisk& disk = machine(node).disk;
  disk.health = health;
  if (health == DiskHealth::hanging) return;
  if (const auto hung = std::exchange(disk.hangs, std::nullopt)) store_record(machine(node), *hung);
}

void World::tear_record(const NodeName& node) {
  Machine& it = machine(node);
  if (it.process || it.disk.file.empty()) return;
  disturb(node.text() + ": the record's file is damaged");
  it.disk.file[random_.next() % it.disk.file.size()] ^= 0x40U;
}

void World::replace_disk(const NodeName& node) {
  Machine& it = machine(node);
  if (it.powered) return;
  disturb(node.text() + ": gets a new disk");
  it.disk.file.clear();
  it.disk.voters.clear();
  it.disk.drill.clear();
  it.marker.reset();
}

std::optional<membership::KeptRecord> World::record_on_disk(const NodeName& node) const {
  const auto decoded =
      membership::decode_record(machines_.at(node).disk.file, {options_.config.name, node});
  if (decoded.finding != membership::RecordFinding::intact) return std::nullopt;
  return decoded.kept;
}

std::uint64_t World::order(const NodeName& at, const membership::Subject& subject,
                           std::optional<Duration> time) {
  return ask(at, subject, true, time);
}

std::uint64_t World::lift(const NodeName& at, const membership::Subject& subject) {
  return ask(at, subject, false, std::nullopt);
}

std::uint64_t World::ask(const NodeName& at, const membership::Subject& subject, bool gives,
                         std::optional<Duration> time) {
  using membership::OrderKind;
  std::string target = "/v1/maintenance";
  std::string body = R"("by": "somebody@simulation")";
  if (time) body += ", \"ttl\": \"" + hapx::to_string(*time) + "\"";
  if (subject.kind == OrderKind::standby) target = "/v1/nodes/" + subject.node.text() + "/standby";
  if (subject.kind == OrderKind::ban) {
    target = "/v1/services/" + subject.service.text() + "/ban";
    if (gives) body += ", \"node\": \"" + subject.node.text() + "\"";
    if (!gives && !subject.node.empty()) target += "/" + subject.node.text();
  }
  const std::uint64_t id = requests_ + 1;  // the number that it will get
  const bool first = gives && !orders_given_.contains(subject);
  orders_asked_[id] = {subject, gives, first, now_};
  if (gives) orders_given_[subject].for_a_time |= time.has_value();
  // The earliest end: the clock that is most behind says when, the one most ahead judges, and from
  // now on runs as fast as any.
  std::optional<Moment> until;
  if (time) until = now_ + *time * 1000 / clock_rate_broken_max - spread_of_wall_clocks();
  state(StandingOrderAsked{id, subject, gives, until});
  return request(at, gives ? "POST" : "DELETE", target, "{" + body + "}");
}

void World::note_order_answer(const Respond& answer) {
  using membership::OrderOutcome;
  const auto asked = orders_asked_.find(answer.id);
  if (answer.window != Window::command || asked == orders_asked_.end()) return;
  const OrderAsked what = std::move(asked->second);
  orders_asked_.erase(asked);
  const OrderOutcome outcome = answer.status == 200   ? OrderOutcome::accepted
                               : answer.status >= 500 ? OrderOutcome::unknown
                                                      : OrderOutcome::refused;
  state(StandingOrderAnswered{answer.id, outcome});
  const bool came_to_nothing = what.first && outcome == OrderOutcome::refused;
  const bool ended = !what.gives && outcome == OrderOutcome::accepted;
  if (!came_to_nothing && !ended) return;
  // One of the same subject that is still under way may yet be kept.
  const bool again = std::any_of(orders_asked_.begin(), orders_asked_.end(), [&](const auto& each) {
    const OrderAsked& other = each.second;
    return other.gives && other.subject == what.subject && now_ < other.at + order_under_way_max;
  });
  if (!again) orders_given_.erase(what.subject);
  changed();
}

std::vector<membership::Subject> World::orders_given() const {
  std::vector<membership::Subject> all;
  for (const auto& [subject, given] : orders_given_) all.push_back(subject);
  for (const auto& [name, machine] : machines_) {
    if (!machine.thinks()) continue;
    for (auto& subject : subjects_of(machine.process->node.status(clock_of(machine)))) {
      if (std::count(all.begin(), all.end(), subject) == 0) all.push_back(std::move(subject));
    }
  }
  return all;
}

void World::observe_orders(const Machine& machine, const Status& status) {
  if (status.coordinator != machine.node.name || status.orders_state == OrdersState::unread) return;
  state(OrdersInForce{machine.node.name, status.orders_state == OrdersState::stale,
                      subjects_of(status), status.two_nodes && status.two_nodes->alone});
}

}  // namespace hapx::appliance::sim
