// SPDX-License-Identifier: Apache-2.0
// How the page of a report looks. The hues are those of Okabe and Ito, which people tell apart
// whatever colours they see; each has a darker and a lighter form for the two backgrounds.
#include "appliance/drill/page_style.hpp"

namespace hapx::appliance::drill {
namespace {

constexpr std::string_view style = R"(
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #1b2430; --soft: #566273; --hair: #dde2e9;
  --good: #00795a; --good-back: #e2f4ee; --bad: #b34700; --bad-back: #fdebdd;
  --blue: #0072b2; --sky: #56b4e9; --orange: #d98b00; --red: #d55e00; --purple: #a8548a;
  --dark-window: rgba(213, 94, 0, .12); --rail: #eef1f5; --on-bar: #ffffff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161c; --card: #1b2129; --ink: #e8ecf2; --soft: #9daabb; --hair: #303945;
    --good: #3ecf9f; --good-back: #12352b; --bad: #ff9a55; --bad-back: #402612;
    --blue: #4da8e0; --sky: #8accf2; --orange: #f0b030; --red: #ff8a3d; --purple: #dc92bd;
    --dark-window: rgba(255, 138, 61, .17); --rail: #262d37; --on-bar: #10151b;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink); line-height: 1.5;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
main { max-width: 66rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .25rem; letter-spacing: -.01em; }
h2 { font-size: 1.2rem; margin: 0 0 .5rem; }
h3 { font-size: 1rem; margin: 1.75rem 0 .25rem; }
h3:first-of-type { margin-top: .5rem; }
p { margin: .25rem 0 .75rem; max-width: 46rem; }
.soft, figcaption { color: var(--soft); font-size: .9rem; }
header { margin-bottom: 1.5rem; }
.verdict {
  display: inline-block; padding: .2rem .75rem; border-radius: 999px; font-weight: 650;
  margin-bottom: .75rem;
}
.verdict.good { color: var(--good); background: var(--good-back); }
.verdict.bad { color: var(--bad); background: var(--bad-back); }
section { background: var(--card); border: 1px solid var(--hair); border-radius: .75rem;
  padding: 1.1rem 1.25rem; margin: 1rem 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem;
  margin: 1rem 0; padding: 0; list-style: none; }
.tiles li { background: var(--card); border: 1px solid var(--hair); border-radius: .75rem;
  padding: .8rem 1rem; }
.tiles b { display: block; font-size: 1.5rem; font-weight: 650; line-height: 1.25;
  font-variant-numeric: tabular-nums; }
.tiles span { color: var(--soft); font-size: .85rem; }
.wide { overflow-x: auto; margin: 0 -.25rem; padding: 0 .25rem; }
table { border-collapse: collapse; width: 100%; font-size: .88rem;
  font-variant-numeric: tabular-nums; }
th, td { padding: .4rem .5rem; text-align: right; white-space: nowrap;
  border-bottom: 1px solid var(--hair); }
thead th { white-space: normal; line-height: 1.25; }
th { color: var(--soft); font-weight: 600; vertical-align: bottom; }
th:first-child { text-align: left; padding-left: 0; position: sticky; left: 0;
  background: var(--card); }
tbody th { color: var(--ink); }
tbody tr:last-child > * { border-bottom: 0; }
td.bad { color: var(--bad); font-weight: 650; }
ul.troubles { margin: .25rem 0; padding-left: 1.1rem; color: var(--bad); }
figure { margin: .25rem 0 .75rem; }
ol.story { display: flex; flex-wrap: wrap; gap: .1rem .9rem; margin: 0 0 .25rem; padding: 0;
  list-style: none; font-size: .82rem; color: var(--soft); }
ol.story b { color: var(--ink); font-weight: 600; font-variant-numeric: tabular-nums; }
figure .wide svg { display: block; width: 100%; min-width: 40rem; height: auto; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.25rem; margin: 0;
  font-size: .9rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
details { margin-top: .75rem; }
summary { cursor: pointer; color: var(--blue); }
pre { overflow-x: auto; font: .82rem/1.5 ui-monospace, "DejaVu Sans Mono", monospace;
  background: var(--rail); padding: .8rem 1rem; border-radius: .5rem; }
.key { display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; padding: 0; margin: .25rem 0 .5rem;
  list-style: none; color: var(--soft); font-size: .85rem; }
.key svg { width: 1.25rem; height: .9rem; vertical-align: -.1rem; margin-right: .35rem; }
footer { color: var(--soft); font-size: .85rem; margin-top: 1.5rem; }
svg text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
  fill: var(--ink); }
svg .tick, svg .axis, svg .note { fill: var(--soft); font-size: 11px; }
svg .strong { fill: var(--ink); font-weight: 650; }
svg .bad { fill: var(--bad); font-weight: 650; font-size: 12px; }
svg .on-bar { fill: var(--on-bar); font-size: 11px; font-weight: 600; }
svg .grid { stroke: var(--hair); stroke-width: 1; }
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
@media (max-width: 36rem) {
  main { padding: 1rem .6rem 2rem; }
  section { padding: .9rem .8rem; }
  h1 { font-size: 1.4rem; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .4rem; }
}
@media print {
  body { background: none; }
  section, .tiles li { break-inside: avoid; }
  details > * { display: block; }
}
)";

}  // namespace

std::string_view page_style() {
  return style;
}

}  // namespace hapx::appliance::drill
