// SPDX-License-Identifier: Apache-2.0
// What a report adds to the look that it shares with the live page (appliance/web/look.css).
#include "appliance/drill/page_style.hpp"

#include <string_view>

#include "appliance/web/web_file.hpp"
#include "config/assert.hpp"

namespace hapx::appliance::drill {
namespace {

constexpr std::string_view plots = R"(
figure { margin: .25rem 0 .75rem; }
figure .wide svg { display: block; width: 100%; min-width: 40rem; height: auto; }
pre { overflow-x: auto; font: .82rem/1.5 ui-monospace, "DejaVu Sans Mono", monospace;
  background: var(--rail); padding: .8rem 1rem; border-radius: .5rem; }
svg .tick, svg .axis, svg .note { fill: var(--soft); font-size: 11px; }
svg .strong { fill: var(--ink); font-weight: 650; }
svg .bad { fill: var(--bad); font-weight: 650; font-size: 12px; }
svg .rail { stroke: var(--hair); stroke-width: 1; stroke-dasharray: 1 4; }
svg .fault { stroke: var(--ink); stroke-width: 1.5; }
svg .undone { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 3 3; }
svg .dark { fill: var(--dark-window); }
svg .unseen { fill: var(--rail); }
svg .served { stroke: var(--blue); stroke-width: 1.6; fill: none; }
svg .late { stroke: var(--orange); stroke-width: 1.6; fill: none; }
svg .lost { stroke: var(--red); stroke-width: 1.4; fill: none; }
svg .phase-one { fill: var(--purple); }
svg .phase-two { fill: var(--red); }
svg .phase-three { fill: var(--orange); }
svg .moment { stroke: var(--ink); stroke-width: 1.2; fill: none; }
svg .holder-before { fill: var(--sky); }
svg .holder-after { fill: var(--blue); }
svg .whisker { stroke: var(--soft); stroke-width: 1.5; }
svg .quartiles { fill: var(--sky); opacity: .35; }
svg .run { fill: var(--blue); fill-opacity: .75; }
svg .missed { stroke: var(--red); stroke-width: 2.2; fill: none; }
svg .median { stroke: var(--ink); stroke-width: 2.5; }
svg .promised { stroke: var(--good); stroke-width: 2; stroke-dasharray: 3 2; }
svg .objective { stroke: var(--bad); stroke-width: 2.5; }
svg .lease { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 6 3; }
)";

}  // namespace

std::string page_style() {
  const web::WebFile* look = web::find_web_file("/look.css");
  HAPX_ASSERT(look != nullptr);
  return std::string(look->text) + std::string(plots);
}

}  // namespace hapx::appliance::drill
