// SPDX-License-Identifier: Apache-2.0
#include "appliance/doctor/finding.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "appliance/document.hpp"
#include "config/tree.hpp"
#include "config/wording.hpp"

namespace hapx::appliance::doctor {
namespace {

constexpr std::array<std::string_view, 3> words{"ok", "warn", "fail"};

std::string_view word_of(Verdict verdict) {
  return words[static_cast<std::size_t>(verdict)];
}

Tone tone_of(Verdict verdict) {
  constexpr std::array tones{Tone::good, Tone::warning, Tone::bad};
  return tones[static_cast<std::size_t>(verdict)];
}

}  // namespace

Verdict verdict_on(const Findings& findings) {
  Verdict worst = Verdict::ok;
  for (const auto& finding : findings) worst = std::max(worst, finding.verdict);
  return worst;
}

std::string to_text(const Findings& findings, Style style) {
  constexpr std::size_t about_width = 12;
  std::string out;
  for (const auto& finding : findings) {
    const auto word = word_of(finding.verdict);
    const auto about = printable(finding.about);
    out += paint(word, tone_of(finding.verdict), style) + std::string(6 - word.size(), ' ') +
           about + std::string(about_width > about.size() ? about_width - about.size() : 1, ' ') +
           printable(finding.sentence) + '\n';
    if (finding.advice.empty()) continue;
    out += std::string(6 + about_width, ' ') + "-> " + printable(finding.advice) + '\n';
  }
  const auto of = [&](Verdict verdict) {
    return static_cast<std::size_t>(std::ranges::count(findings, verdict, &Finding::verdict));
  };
  return out + '\n' + counted(of(Verdict::fail), "failure") + ", " +
         counted(of(Verdict::warn), "warning") + ", " + std::to_string(of(Verdict::ok)) + " ok\n";
}

std::string to_json(const Findings& findings) {
  YamlNode list = tree::list();
  for (const auto& finding : findings) {
    YamlNode one;
    tree::add(one, "verdict", tree::text(word_of(finding.verdict)));
    tree::add(one, "about", tree::text(finding.about));
    tree::add(one, "sentence", tree::text(finding.sentence));
    tree::add(one, "advice", tree::text(finding.advice));
    list.items.push_back(std::move(one));
  }
  YamlNode document;
  tree::add(document, "verdict", tree::text(word_of(verdict_on(findings))));
  tree::add(document, "findings", std::move(list));
  return json_from_tree(document);
}

}  // namespace hapx::appliance::doctor
