// SPDX-License-Identifier: Apache-2.0
#include "search.hpp"

#include <algorithm>
#include <deque>

namespace hapx::membership::explore {

namespace {

std::uint64_t mixed(std::uint64_t hash, std::uint64_t number) {
  hash = (hash ^ number) * 0x9e3779b97f4a7c15U;
  return hash ^ (hash >> 29U);
}

std::uint64_t hash_of(const State& state) {
  std::uint64_t hash = state.forgotten;
  for (const Id id : state.contender) hash = mixed(hash, id);
  for (std::size_t i = 0; i < voters_max; ++i)
    hash = mixed(hash, (std::uint64_t{state.voter[i]} << 32U) | state.mail[i]);
  return mixed(hash, hash >> 31U);
}

/// Every state once, in the order in which they were met.
class Seen {
 public:
  Seen() : slots_(std::size_t{1} << 16U, empty) {}

  /// Whether it is new.
  bool add(const State& state, Id parent) {
    if (2 * states_.size() >= slots_.size()) grow();
    Id& slot = slot_of(state);
    if (slot != empty) return false;
    slot = static_cast<Id>(states_.size());
    states_.push_back(state);
    parents_.push_back(parent);
    return true;
  }
  [[nodiscard]] const State& operator[](std::size_t at) const { return states_[at]; }
  [[nodiscard]] Id parent(std::size_t at) const { return parents_[at]; }
  [[nodiscard]] std::size_t size() const { return states_.size(); }

 private:
  static constexpr Id empty = ~Id{0};

  Id& slot_of(const State& state) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = hash_of(state) & mask;
    while (slots_[at] != empty && states_[slots_[at]] != state) at = (at + 1) & mask;
    return slots_[at];
  }
  void grow() {
    std::vector<Id>(2 * slots_.size(), empty).swap(slots_);
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t i = 0; i < states_.size(); ++i) {
      std::size_t at = hash_of(states_[i]) & mask;
      while (slots_[at] != empty) at = (at + 1) & mask;
      slots_[at] = static_cast<Id>(i);
    }
  }

  std::vector<Id> slots_;
  std::deque<State> states_;
  std::deque<Id> parents_;
};

class Search {
 public:
  Search(const Scope& scope, bool voters_are_alike) : model_(scope, voters_are_alike) {
    findings_.scope = scope.name;
    findings_.voters_alike = voters_are_alike;
  }

  Findings run(std::uint64_t states_max) {
    seen_.add(model_.canonical(model_.first()), 0);
    std::size_t level_end = 1;
    for (std::size_t at = 0; at < seen_.size(); ++at) {
      if (at == level_end) {
        level_end = seen_.size();
        ++findings_.depth;
      }
      if (seen_.size() > states_max) {
        findings_.complete = false;
        break;
      }
      if (!visit(at) || model_.irregular()) break;
    }
    findings_.states = seen_.size();
    findings_.sizes = model_.sizes();
    return findings_;
  }
  [[nodiscard]] bool irregular() const { return model_.irregular(); }

 private:
  bool visit(std::size_t at) {
    const State state = seen_[at];
    bool acting = false;
    for (std::size_t i = 0; i < contenders; ++i) {
      if (!model_.open(state, i)) continue;
      acting = true;
      ++findings_.acted[i];
    }
    if (acting) ++findings_.acting;
    for (const Successor& next : model_.successors(state)) {
      ++findings_.transitions;
      if (next.too_far) ++findings_.too_far;
      findings_.violation = judge(next);
      if (!findings_.violation.empty()) {
        tell(at);
        return false;
      }
      if (!next.too_far) seen_.add(model_.canonical(next.state), static_cast<Id>(at));
    }
    return true;
  }

  std::string judge(const Successor& next) const {
    if (next.broken_word != nullptr) return *next.broken_word;
    return model_.judge(next.state);
  }

  /// Plays the story again, this time with the voters' names, and says what happens.
  void tell(std::size_t last) {
    std::vector<std::size_t> path;
    for (std::size_t at = last; at != 0; at = seen_.parent(at)) path.push_back(at);
    std::ranges::reverse(path);
    State state = model_.first();
    for (const std::size_t at : path) {
      const std::vector<Successor> all = model_.successors(state);
      const auto next = std::ranges::find_if(all, [&](const Successor& one) {
        return !one.too_far && model_.canonical(one.state) == seen_[at];
      });
      if (next == all.end()) return;  // voters were not alike after all: irregular
      findings_.story.push_back(model_.words(*next, state));
      state = next->state;
    }
    for (const Successor& next : model_.successors(state)) {
      if (judge(next) != findings_.violation) continue;
      findings_.story.push_back(model_.words(next, state));
      return;
    }
  }

  Model model_;
  Seen seen_;
  Findings findings_;
};

}  // namespace

std::string Findings::words() const {
  std::string text = scope + ": " + std::to_string(states) + " states, " +
                     std::to_string(transitions) + " transitions (" + std::to_string(too_far) +
                     " beyond the bounds), depth " + std::to_string(depth) + "; somebody acts in " +
                     std::to_string(acting) + " (a " + std::to_string(acted[0]) + ", b " +
                     std::to_string(acted[1]) + "); " + sizes;
  if (!voters_alike) text += "; voters told apart";
  if (!complete)
    text += "; NOT COMPLETE, but everything within " + std::to_string(depth) + " events";
  if (violation.empty()) return text;
  text += "\nVIOLATION: " + violation + ". The shortest way to it:\n";
  for (std::size_t i = 0; i < story.size(); ++i)
    text += "  " + std::to_string(i + 1) + ". " + story[i] + "\n";
  return text;
}

Findings explore(const Scope& scope, std::uint64_t states_max) {
  {
    Search search(scope, true);
    Findings findings = search.run(states_max);
    if (!search.irregular()) return findings;
  }
  return Search(scope, false).run(states_max);
}

}  // namespace hapx::membership::explore
