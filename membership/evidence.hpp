// SPDX-License-Identifier: Apache-2.0
// May evidence stand in for the vote of the other one of two?
//
// Two votes have no majority but both. Who chooses `noQuorumPolicy: ignore` wants one node to go on
// when the other is gone, and nobody can know that it is: a node that is cut off sees the same
// silence. So a vote is replaced by what can be asked: does the other node say anything, does
// anybody have the address, and does the tie-breaker, a third host of the segment, answer us?
//
// The answer to a question to the tie-breaker is worth what a vote is worth that was asked for at
// the same instant: the right that rests on it ends before another node could have asked for the
// address in vain (LEASE.md, rule 25). It stands in for the absent vote alone; our own voter keeps
// what it has promised.
//
// Pure values, and one table: the first row that fits decides. docs/two-nodes.md shows it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace hapx::membership {

/// The other node, as this one knows it.
enum class OtherIs : std::uint8_t {
  heard,    ///< and hears us, and votes: its vote is its own
  left,     ///< it said good-bye, less than a lease ago: it holds nothing
  deaf,     ///< heard; it has not heard us for a lease, and holds nothing
  unsure,   ///< heard; it doesn't hear us, or not vote for what we hold
  garbled,  ///< silent, but datagrams come from its address that we can't open
  suspect,  ///< silent for two and a half heartbeats
  silent,   ///< silent for a lease or longer
};

/// The key that the vote is about.
enum class KeyIs : std::uint8_t {
  held,     ///< by us, without a break
  free,     ///< an address; asked for three times over a lease, and nobody has it
  unasked,  ///< an address that somebody has, or that was not asked for
  role,     ///< the coordinator's, which no client sees
};

struct Evidence {
  OtherIs other = OtherIs::heard;
  bool tie_breaker_answers = false;
  bool met = false;  ///< the other node has been heard since this machine started
  KeyIs key = KeyIs::unasked;
};

struct Finding {
  bool stands_in = false;
  std::string_view reason;

  friend bool operator==(const Finding&, const Finding&) = default;
};

/// A set of values of one of the enumerations above; the empty one fits all.
template <class Value>
class AnyOf {
 public:
  constexpr AnyOf() = default;
  constexpr AnyOf(std::initializer_list<Value> values) {
    for (const Value value : values) bits_ |= bit(value);
  }
  [[nodiscard]] constexpr bool fits(Value value) const {
    return bits_ == 0 || (bits_ & bit(value)) != 0;
  }
  [[nodiscard]] constexpr bool is_anything() const { return bits_ == 0; }

 private:
  static constexpr unsigned bit(Value value) { return 1U << static_cast<unsigned>(value); }
  unsigned bits_ = 0;
};

/// A row of the table. What is absent fits everything.
struct EvidenceRow {
  AnyOf<OtherIs> other;
  std::optional<bool> tie_breaker_answers;
  std::optional<bool> met;
  AnyOf<KeyIs> key;
  Finding finding;
};

[[nodiscard]] std::span<const EvidenceRow> evidence_table();

/// What the first row that fits says. Total: one always does.
[[nodiscard]] Finding judge(const Evidence& evidence);

[[nodiscard]] std::string_view to_string(OtherIs other);
[[nodiscard]] std::string_view to_string(KeyIs key);
/// The table in Markdown, as the manual has it.
[[nodiscard]] std::string evidence_markdown();

}  // namespace hapx::membership
