// SPDX-License-Identifier: Apache-2.0
#include "appliance/recording/replay.hpp"

#include <algorithm>
#include <utility>

#include "appliance/step_words.hpp"
#include "config/wording.hpp"

namespace hapx::appliance {

namespace {

constexpr std::size_t words_bytes_max = 200;

std::string words_of(const Action& action) {
  std::string words = describe(action);
  if (words.size() > words_bytes_max) words = words.substr(0, words_bytes_max) + "...";
  return words;
}

/// Those of `ours` that `theirs` doesn't have at the same place.
std::vector<std::string> only_in(const Actions& ours, const Actions& theirs) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    if (i < theirs.size() && archived(ours[i]) == archived(theirs[i])) continue;
    words.push_back(words_of(ours[i]));
  }
  return words;
}

Difference difference_of(const Replay::Again& again) {
  Difference difference{again.step.at, describe(again.step.event),
                        only_in(again.step.actions, again.actions),
                        only_in(again.actions, again.step.actions)};
  if (!again.remembers_the_same)
    difference.again.insert(difference.again.begin(), "(it remembers something else)");
  return difference;
}

}  // namespace

Replay::Replay(const Recording& recording, NodeOptions options)
    : label_(recording.label),
      stretches_(recording.stretches),
      options_(std::move(options)),
      now_(recording.label.from) {}

/// As it was when this stretch began.
bool Replay::make_node() {
  node_ = std::make_unique<Node>(options_, now_);
  ArchiveReader memory(stretches_[stretch_].before);
  memory(*node_);
  return memory.is_done();
}

Result<Replay> Replay::begin(const Recording& recording) {
  const Error unreadable{ErrorKind::refused,
                         "the recording can't be read: it is damaged, or of another build of hapx"};
  NodeOptions options;
  ArchiveReader reader(recording.options);
  reader(options);
  const auto& nodes = options.config.nodes;
  const bool is_named = std::ranges::count(nodes, options.self, &NodeConfig::name) == 1;
  if (!reader.is_done() || !is_named || recording.stretches.empty()) return unreadable;
  Replay replay(recording, std::move(options));
  if (!replay.make_node()) return unreadable;
  replay.look_ahead();
  return replay;
}

void Replay::look_ahead() {
  next_.reset();
  begins_stretch_ = false;
  if (!trouble_.empty()) return;
  while (stretch_ < stretches_.size() && read_ == stretches_[stretch_].steps.size()) {
    ++stretch_;
    read_ = 0;
    begins_stretch_ = true;
  }
  if (stretch_ == stretches_.size()) return;
  const auto rest = std::span(stretches_[stretch_].steps).subspan(read_);
  ArchiveReader reader(rest);
  Step step;
  reader(step);
  if (!reader.ok() || step.at < now_) {
    trouble_ = "what follows can't be read: it is damaged, or of another build of hapx";
    return;
  }
  read_ += rest.size() - reader.left();
  next_ = std::move(step);
}

std::optional<Instant> Replay::next_at() const {
  return next_ ? std::optional(next_->at) : std::nullopt;
}

std::optional<Replay::Again> Replay::next() {
  if (!next_) return std::nullopt;
  Again again;
  again.step = std::move(*next_);
  if (begins_stretch_) {
    again.remembers_the_same = archived(*node_) == stretches_[stretch_].before;
    if (!make_node()) again.remembers_the_same = false;
  }
  now_ = again.step.at;
  for (Action& action : node_->step(again.step.event, now_))
    again.actions.push_back(as_recorded(std::move(action)));
  again.is_equal =
      again.remembers_the_same && archived(again.actions) == archived(again.step.actions);
  look_ahead();
  return again;
}

Respond Replay::ask(const std::string& method, const std::string& target) {
  RequestArrived request;
  request.id = ~std::uint64_t{0};
  request.method = method;
  request.target = target;
  for (Action& action : node_->step(request, now_)) {
    auto* answer = std::get_if<Respond>(&action);
    if (answer != nullptr && answer->id == request.id) return std::move(*answer);
  }
  return {.id = request.id, .status = 504, .body = {}};
}

std::string to_sentence(const Difference& difference) {
  const auto all = [](const std::vector<std::string>& words) {
    return words.empty() ? "nothing besides" : joined(words);
  };
  return "at " + hapx::to_string(difference.at.time_since_epoch()) + " " + difference.event +
         ": recorded " + all(difference.recorded) + "; now " + all(difference.again);
}

Replayed replay_all(Replay& replay, const std::function<void(const Replay::Again&)>& tell) {
  Replayed all;
  while (const auto again = replay.next()) {
    ++all.events;
    all.actions += again->actions.size();
    if (tell) tell(*again);
    if (again->is_equal) continue;
    all.difference = difference_of(*again);
    break;
  }
  all.trouble = replay.trouble();
  return all;
}

}  // namespace hapx::appliance
