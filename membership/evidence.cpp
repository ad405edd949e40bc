// SPDX-License-Identifier: Apache-2.0
#include "membership/evidence.hpp"

#include <algorithm>
#include <array>

namespace hapx::membership {

namespace {

constexpr std::array rows{
    EvidenceRow{
        {OtherIs::heard}, {}, {}, {}, {false, "the other node hears us, and votes for itself"}},
    EvidenceRow{
        {}, false, {}, {}, {false, "the tie-breaker doesn't answer: we may be the one cut off"}},
    EvidenceRow{
        {}, {}, {}, {KeyIs::held}, {true, "it is held here, and whoever would take it asks first"}},
    EvidenceRow{
        {}, {}, false, {}, {false, "the other node has not been heard since this machine started"}},
    EvidenceRow{{OtherIs::left}, {}, {}, {}, {true, "the other node has given everything up"}},
    EvidenceRow{{OtherIs::suspect},
                {},
                {},
                {},
                {false, "the other node has not been silent for a lease yet"}},
    EvidenceRow{{OtherIs::unsure},
                {},
                {},
                {},
                {false, "the other node is heard, and doesn't vote for us (yet)"}},
    EvidenceRow{{OtherIs::garbled},
                {},
                {},
                {},
                {false, "the other node is there, but what it says can't be opened"}},
    EvidenceRow{{}, {}, {}, {KeyIs::unasked}, {false, "somebody may have the address"}},
    EvidenceRow{
        {OtherIs::deaf}, {}, {}, {}, {true, "the other node doesn't hear us, and holds nothing"}},
    EvidenceRow{{OtherIs::silent}, {}, {}, {}, {true, "the other node is silent"}},
};

bool fits(const EvidenceRow& row, const Evidence& evidence) {
  return row.other.fits(evidence.other) && row.key.fits(evidence.key) &&
         row.tie_breaker_answers.value_or(evidence.tie_breaker_answers) ==
             evidence.tie_breaker_answers &&
         row.met.value_or(evidence.met) == evidence.met;
}

constexpr std::array others{OtherIs::heard,   OtherIs::left,    OtherIs::deaf,  OtherIs::unsure,
                            OtherIs::garbled, OtherIs::suspect, OtherIs::silent};
constexpr std::array keys{KeyIs::held, KeyIs::free, KeyIs::unasked, KeyIs::role};

template <class Values, class Value>
std::string list(const Values& values, const AnyOf<Value>& some) {
  if (some.is_anything()) return "any";
  std::string text;
  for (const Value value : values) {
    if (!some.fits(value)) continue;
    if (!text.empty()) text += ", ";
    text += to_string(value);
  }
  return text;
}

std::string_view word(const std::optional<bool>& value) {
  if (!value) return "any";
  return *value ? "yes" : "no";
}

}  // namespace

std::span<const EvidenceRow> evidence_table() {
  return rows;
}

Finding judge(const Evidence& evidence) {
  const auto row =
      std::ranges::find_if(rows, [&](const auto& each) { return fits(each, evidence); });
  return row == rows.end() ? Finding{} : row->finding;
}

std::string_view to_string(OtherIs other) {
  switch (other) {
    case OtherIs::heard:
      return "heard";
    case OtherIs::left:
      return "left";
    case OtherIs::deaf:
      return "deaf";
    case OtherIs::unsure:
      return "unsure";
    case OtherIs::garbled:
      return "garbled";
    case OtherIs::suspect:
      return "suspect";
    case OtherIs::silent:
      break;
  }
  return "silent";
}

std::string_view to_string(KeyIs key) {
  switch (key) {
    case KeyIs::held:
      return "held";
    case KeyIs::free:
      return "free";
    case KeyIs::unasked:
      return "unasked";
    case KeyIs::role:
      break;
  }
  return "role";
}

std::string evidence_markdown() {
  std::string text =
      "| the other node | tie-breaker answers | met | the key | evidence stands in | because |\n"
      "| --- | --- | --- | --- | --- | --- |\n";
  for (const EvidenceRow& row : rows) {
    text += "| " + list(others, row.other) + " | ";
    text += word(row.tie_breaker_answers);
    text += " | ";
    text += word(row.met);
    text +=
        " | " + list(keys, row.key) + " | " + (row.finding.stands_in ? "**yes**" : "no") + " | ";
    text += row.finding.reason;
    text += " |\n";
  }
  return text;
}

}  // namespace hapx::membership
