// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/plots.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "appliance/drill/statistics.hpp"
#include "appliance/drill/svg.hpp"

namespace hapx::appliance::drill {
namespace {

constexpr double width = 760;
constexpr double right = 728;
/// Between a name on the left and what is drawn beside it.
constexpr double gutter = 14;
constexpr double run_left = 104;
/// Of a machine's name; that of a hardware address is 17 letters long.
constexpr std::size_t name_letters_max = 17;
constexpr double row_height = 34;
constexpr double axis_height = 40;
/// From so many runs on, a box says more than it hides.
constexpr std::size_t box_runs_min = 5;

struct Outage {
  double value = 0;
  bool is_passed = true;
};

/// A run that was never begun has no outage.
std::vector<Outage> outages_of(const Report& report, const Row& row) {
  std::vector<Outage> found;
  for (const Run& run : report.runs) {
    if (run.fault != row.fault || run.objective != row.objective) continue;
    if (!run.trouble.empty() && run.outage == Duration::zero()) continue;
    found.push_back({milliseconds(run.outage), is_passed(run)});
  }
  std::ranges::sort(found, {}, &Outage::value);
  return found;
}

std::optional<Duration> promised_of(const Report& report, Fault fault) {
  return promise_of(fault, report.timing, report.links).outage_max;
}

double most_of(const Report& report, const std::vector<Row>& rows) {
  double most = milliseconds(report.timing.lease);
  for (const Row& row : rows) {
    most = std::max(most, milliseconds(row.outage_maximum));
    if (row.objective) most = std::max(most, milliseconds(*row.objective));
    if (const auto promised = promised_of(report, row.fault)) {
      most = std::max(most, milliseconds(*promised));
    }
  }
  return most * 1.6;
}

void draw_axis(Svg& svg, const Scale& scale, double top, double bottom, const std::string& what) {
  for (const double tick : scale.ticks(9)) {
    const double x = scale.place(tick);
    svg.line({x, top}, {x, bottom}, "grid");
    svg.text({x, bottom + 16}, axis_label(tick), "tick", Anchor::middle);
  }
  svg.text({right + 12, bottom + 34}, what, "axis", Anchor::end);
}

void draw_mark(Svg& svg, double x, double y, std::string_view style) {
  svg.line({x, y - 12}, {x, y + 12}, style);
}

/// What was to be: left of it all is well.
void draw_bounds(Svg& svg, const Scale& scale, const Report& report, const Row& row, double y) {
  if (const auto promised = promised_of(report, row.fault)) {
    draw_mark(svg, scale.place(milliseconds(*promised)), y, "promised");
  }
  if (row.objective) draw_mark(svg, scale.place(milliseconds(*row.objective)), y, "objective");
}

void draw_row(Svg& svg, const Scale& scale, const Report& report, const Row& row, double y) {
  draw_bounds(svg, scale, report, row, y);
  const std::vector<Outage> outages = outages_of(report, row);
  if (outages.empty()) return;
  svg.line({scale.place(outages.front().value), y}, {scale.place(outages.back().value), y},
           "whisker");
  if (outages.size() >= box_runs_min) {
    const double low = scale.place(outages[outages.size() / 4].value);
    const double high = scale.place(outages[outages.size() * 3 / 4].value);
    svg.box({low, y - 8}, std::max(high - low, 3.0), 16, "quartiles", 3);
  }
  std::vector<Point> missed;
  for (std::size_t i = 0; i < outages.size(); ++i) {
    // Beside each other where they would lie upon each other.
    const double aside = outages.size() == 1 ? 0 : (static_cast<double>(i * 7 % 5) - 2) * 2.6;
    const Point point{scale.place(outages[i].value), y + aside};
    if (outages[i].is_passed) {
      svg.dot(point, 3.6, "run");
    } else {
      missed.push_back(point);
    }
  }
  svg.crosses(missed, 9, "missed");
  if (outages.size() == 1) return;
  const double median = milliseconds(row.outage_median);
  svg.line({scale.place(median), y - 10}, {scale.place(median), y + 10}, "median");
}

/// A run's picture, from the fault on.
class RunPlot {
 public:
  RunPlot(const Run& run, const Report& report, std::size_t id)
      : run_(run),
        report_(report),
        until_(after(shown_until(run))),
        scale_(Scale::linear(from_, until_, run_left, right)),
        svg_(width, height(), "run" + std::to_string(id)) {}

  std::string draw() {
    draw_axis(svg_, scale_, client_top - 6, lanes_end(), "time since the fault");
    draw_outage();
    draw_client();
    double y = client_top + client_height + 10;
    if (has_phases()) {
      draw_phases(y);
      y += lane_height;
    }
    for (const MacAddress& mac : machines()) {
      draw_machine(mac, y);
      y += lane_height;
    }
    svg_.line({scale_.place(0), client_top - 8}, {scale_.place(0), lanes_end()}, "fault");
    svg_.text({scale_.place(0), client_top - 12}, "fault", "note strong", Anchor::middle);
    draw_undoing();
    return svg_.whole(title(), description());
  }

 private:
  static constexpr double from_ = -std::chrono::duration<double, std::milli>(shown_before).count();
  static constexpr double client_top = 38;
  static constexpr double client_height = 38;
  static constexpr double lane_height = 26;
  static constexpr double bar_height = 14;

  [[nodiscard]] double after(Instant at) const { return milliseconds(at - run_.at); }
  [[nodiscard]] bool has_phases() const { return run_.phases.size() > 1; }
  [[nodiscard]] double lanes_end() const {
    const std::size_t lanes = machines().size() + (has_phases() ? 1 : 0);
    return client_top + client_height + 8 + lane_height * static_cast<double>(lanes);
  }
  [[nodiscard]] double height() const { return lanes_end() + axis_height; }

  /// Those that answered within the picture, in the order in which they did.
  [[nodiscard]] std::vector<MacAddress> machines() const {
    std::vector<MacAddress> found;
    for (const Tenure& tenure : run_.wire.tenures) {
      if (after(tenure.last) < from_ || after(tenure.first) > until_) continue;
      if (std::ranges::find(found, tenure.mac) == found.end()) found.push_back(tenure.mac);
    }
    return found;
  }
  [[nodiscard]] std::string name(const MacAddress& mac) const {
    const auto found = report_.names.find(mac);
    std::string words = found == report_.names.end() ? to_string(mac) : found->second;
    if (words.size() > name_letters_max) words = words.substr(0, name_letters_max - 3) + "...";
    return words;
  }

  void draw_outage() {
    const double begin = scale_.place(after(run_.service.dark_from));
    const double end = scale_.place(after(run_.service.dark_until));
    const bool is_outage = run_.outage > resolution;
    const std::string words =
        (is_outage ? "no answer for " : "no outage: answers at least every ") +
        readable(run_.outage);
    if (!is_outage) {
      svg_.text({right, client_top - 12}, words, "note", Anchor::end);
      return;
    }
    svg_.box({begin, client_top - 6}, std::max(end - begin, 2.0), lanes_end() - client_top + 6,
             "dark");
    const double middle =
        std::clamp((begin + end) / 2, run_left + width_of(words) / 2, right - width_of(words) / 2);
    svg_.text({middle, client_top - 26}, words, "note bad", Anchor::middle);
  }

  /// Three rows: what failed above, what was late in the middle, what was served below.
  void draw_client() {
    std::vector<Point> served;
    std::vector<Point> late;
    std::vector<Point> lost;
    for (const Request& request : run_.requests) {
      const double x = scale_.place(after(request.start));
      const bool is_prompt =
          request.fate == Fate::served && request.end - request.start <= prompt_max;
      if (is_prompt) {
        served.push_back({x, client_top + 24});
      } else if (request.fate == Fate::served) {
        late.push_back({x, client_top + 13});
      } else {
        lost.push_back({x, client_top + 6});
      }
    }
    svg_.text({run_left - 10, client_top + 24}, "client", "label", Anchor::end);
    svg_.strokes(served, 13, "served");
    svg_.strokes(late, 9, "late");
    svg_.crosses(lost, 5, "lost");
  }

  void draw_phases(double y) {
    svg_.text({run_left - 10, y + 11}, "failover", "label", Anchor::end);
    static constexpr std::string_view styles[] = {"phase-one", "phase-two", "phase-three"};
    double begin = 0;
    for (std::size_t i = 0; i < run_.phases.size(); ++i) {
      const double end = milliseconds(run_.phases[i].after);
      const double x = scale_.place(begin);
      const double length = scale_.place(end) - x;
      if (length > 0) svg_.box({x, y}, length, bar_height, styles[std::min<std::size_t>(i, 2)], 2);
      const std::string words = readable(run_.phases[i].after - phase_before(i));
      if (length > width_of(words) + 8) {
        svg_.text({x + length / 2, y + 11}, words, "on-bar", Anchor::middle);
      }
      begin = std::max(begin, end);
    }
    std::vector<Point> moments;
    for (const Phase& phase : run_.story) {
      moments.push_back({scale_.place(milliseconds(phase.after)), y - 3});
    }
    svg_.strokes(moments, bar_height + 6, "moment");
  }
  [[nodiscard]] Duration phase_before(std::size_t i) const {
    return i == 0 ? Duration::zero() : std::max(run_.phases[i - 1].after, Duration::zero());
  }

  void draw_machine(const MacAddress& mac, double y) {
    svg_.text({run_left - 10, y + 11}, name(mac), "label", Anchor::end);
    svg_.line({run_left, y + bar_height / 2}, {right, y + bar_height / 2}, "rail");
    for (const Tenure& tenure : run_.wire.tenures) {
      if (tenure.mac != mac || after(tenure.last) < from_ || after(tenure.first) > until_) continue;
      const double begin = scale_.place(after(tenure.first));
      const double end = scale_.place(after(tenure.last));
      svg_.box({begin, y}, std::max(end - begin, 3.0), bar_height,
               name(mac) == run_.struck ? "holder-before" : "holder-after", 2);
    }
  }

  void draw_undoing() {
    const double undone = after(run_.undone);
    if (undone <= 0 || undone >= until_) return;
    const double x = scale_.place(undone);
    svg_.line({x, client_top - 8}, {x, lanes_end()}, "undone");
    svg_.text({x, client_top - 12}, "undone", "note", Anchor::middle);
  }

  [[nodiscard]] std::string title() const {
    return std::string(name_of(run_.fault)) + " " + std::to_string(run_.number) +
           ": no answer for " + readable(run_.outage);
  }
  [[nodiscard]] std::string description() const {
    std::string words = "Time runs from left to right, from 100 ms before the fault to " +
                        axis_label(until_) + " after it. ";
    for (const Phase& phase : run_.phases) {
      words += phase.name + " after " + readable(phase.after) + ". ";
    }
    for (const Tenure& tenure : run_.wire.tenures) {
      words += name(tenure.mac) + " answered for the address from " +
               readable(tenure.first - run_.at) + " to " + readable(tenure.last - run_.at) + ". ";
    }
    return words;
  }

  const Run& run_;
  const Report& report_;
  double until_;
  Scale scale_;
  Svg svg_;
};

}  // namespace

std::string plot_outages(const Report& report) {
  const std::vector<Row> rows = rows_of(report);
  if (rows.empty()) return "";
  constexpr double top = 34;
  const double bottom = top + row_height * static_cast<double>(rows.size());
  double left = 0;
  for (const Row& row : rows) left = std::max(left, width_of(name_of(row.fault)) + gutter);
  Svg svg(width, bottom + axis_height, "outages");
  // Below the beat of the client nothing is seen.
  const double beat = milliseconds(report.beat);
  const Scale scale = Scale::logarithmic(beat * 0.4, most_of(report, rows), left, right);
  svg.box({left, top}, scale.place(beat) - left, bottom - top, "unseen");
  draw_axis(svg, scale, top, bottom, "longest time without an answer (logarithmic)");
  const double lease = scale.place(milliseconds(report.timing.lease));
  svg.line({lease, top - 6}, {lease, bottom}, "lease");
  svg.text({lease, top - 12}, "lease " + readable(report.timing.lease), "note", Anchor::middle);
  std::string description = "One line a fault. ";
  double y = top + row_height / 2;
  for (const Row& row : rows) {
    svg.text({left - gutter, y + 4}, name_of(row.fault), "label", Anchor::end);
    draw_row(svg, scale, report, row, y);
    y += row_height;
    description += std::string(name_of(row.fault)) + ": median " + readable(row.outage_median) +
                   ", most " + readable(row.outage_maximum) + ". ";
  }
  return svg.whole("Outages by fault", description);
}

std::string plot_run(const Run& run, const Report& report, std::size_t id) {
  return RunPlot(run, report, id).draw();
}

}  // namespace hapx::appliance::drill
