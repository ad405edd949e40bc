// SPDX-License-Identifier: Apache-2.0
// Is that what the node would decide again?
//
// A recording, step by step through the production Node: it is made as it was when a stretch began,
// is told what it was told, and what it decides is compared with what it had decided. Where the
// next stretch begins, what it remembers is compared as well, and it is made anew. Nothing it
// decides is carried out. Between two steps it can be asked whatever a running node can be asked,
// and answers as it would have answered then.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "appliance/node.hpp"
#include "appliance/recording/recording.hpp"
#include "config/archive.hpp"

namespace hapx::appliance {

class Replay {
 public:
  /// Refuses what can't be the beginning of anything.
  [[nodiscard]] static Result<Replay> begin(const Recording& recording);

  /// The next step, made again.
  struct Again {
    Step step;        ///< as recorded
    Actions actions;  ///< now, as they are recorded
    /// Where a stretch begins: the node remembers what it remembered then.
    bool remembers_the_same = true;
    bool is_equal = true;  ///< all of it
  };
  /// Absent: that was all; or what follows can't be read, see trouble().
  [[nodiscard]] std::optional<Again> next();
  /// When the next step was made; absent: there is none.
  [[nodiscard]] std::optional<Instant> next_at() const;
  /// Why there is no next step although there should be one; empty: there needn't be.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

  [[nodiscard]] const RecordingLabel& label() const { return label_; }
  /// A question as to a running node (api.hpp): what it would have answered after the last step.
  /// Ends the replay: afterwards it is another story.
  [[nodiscard]] Respond ask(const std::string& method, const std::string& target);

 private:
  Replay(const Recording& recording, NodeOptions options);
  [[nodiscard]] bool make_node();
  void look_ahead();

  RecordingLabel label_;
  std::vector<Stretch> stretches_;
  NodeOptions options_;
  std::size_t stretch_ = 0;
  std::size_t read_ = 0;  ///< bytes of its steps
  std::unique_ptr<Node> node_;
  std::optional<Step> next_;
  bool begins_stretch_ = false;  ///< with the next step
  Instant now_;
  std::string trouble_;
};

/// The first step that was not decided as recorded.
struct Difference {
  Instant at;
  std::string event;
  std::vector<std::string> recorded;  ///< what only one of them has, in words
  std::vector<std::string> again;
};

/// "at 312.042s DeadlineReached: recorded AddAddress ...; now nothing".
[[nodiscard]] std::string to_sentence(const Difference& difference);

/// What came of all of it.
struct Replayed {
  std::size_t events = 0;
  std::size_t actions = 0;
  std::optional<Difference> difference;
  std::string trouble;

  [[nodiscard]] bool is_equal() const { return !difference && trouble.empty(); }
};

/// To its end, or the first difference; `tell` hears of each step.
[[nodiscard]] Replayed replay_all(Replay& replay,
                                  const std::function<void(const Replay::Again&)>& tell = {});

}  // namespace hapx::appliance
