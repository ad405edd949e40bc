// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/svg.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "appliance/drill/markup.hpp"
#include "config/utf8.hpp"

namespace hapx::appliance::drill {
namespace {

constexpr double letter_width = 7.2;
constexpr std::size_t ticks_max = 100;

std::string at(double value) {
  return number(value, 1);
}

std::string attribute(std::string_view name, std::string_view value) {
  return " " + std::string(name) + "=\"" + escaped(value) + "\"";
}

std::string attribute(std::string_view name, double value) {
  return attribute(name, at(value));
}

std::string_view word_of(Anchor anchor) {
  switch (anchor) {
    case Anchor::start:
      return "start";
    case Anchor::middle:
      return "middle";
    case Anchor::end:
      break;
  }
  return "end";
}

}  // namespace

Svg::Svg(double width, double height, std::string id)
    : width_(width), height_(height), id_(std::move(id)) {}

void Svg::line(Point from, Point to, std::string_view style) {
  body_ += "<line" + attribute("x1", from.x) + attribute("y1", from.y) + attribute("x2", to.x) +
           attribute("y2", to.y) + attribute("class", style) + "/>\n";
}

void Svg::box(Point corner, double width, double height, std::string_view style, double radius) {
  body_ += "<rect" + attribute("x", corner.x) + attribute("y", corner.y) +
           attribute("width", std::max(0.0, width)) + attribute("height", std::max(0.0, height)) +
           (radius > 0 ? attribute("rx", radius) : "") + attribute("class", style) + "/>\n";
}

void Svg::dot(Point centre, double radius, std::string_view style) {
  body_ += "<circle" + attribute("cx", centre.x) + attribute("cy", centre.y) +
           attribute("r", radius) + attribute("class", style) + "/>\n";
}

void Svg::strokes(const std::vector<Point>& points, double height, std::string_view style) {
  if (points.empty()) return;
  std::string path;
  for (const Point& point : points) {
    path += "M" + at(point.x) + " " + at(point.y) + "v" + at(height);
  }
  body_ += "<path" + attribute("d", path) + attribute("class", style) + "/>\n";
}

void Svg::crosses(const std::vector<Point>& points, double size, std::string_view style) {
  if (points.empty()) return;
  const std::string half = at(size / 2);
  const std::string whole = at(size);
  std::string path;
  for (const Point& point : points) {
    path += "M" + at(point.x) + " " + at(point.y) + "m-" + half + " -" + half + "l" + whole + " " +
            whole + "m0 -" + whole + "l-" + whole + " " + whole;
  }
  body_ += "<path" + attribute("d", path) + attribute("class", style) + "/>\n";
}

void Svg::text(Point at_point, std::string_view words, std::string_view style, Anchor anchor) {
  body_ += "<text" + attribute("x", at_point.x) + attribute("y", at_point.y) +
           attribute("class", style) +
           (anchor == Anchor::start ? "" : attribute("text-anchor", word_of(anchor))) + ">" +
           escaped(words) + "</text>\n";
}

std::string Svg::whole(std::string_view title, std::string_view description) const {
  const std::string title_id = id_ + "-title";
  const std::string description_id = id_ + "-desc";
  return "<svg" + attribute("viewBox", "0 0 " + at(width_) + " " + at(height_)) +
         attribute("role", "img") + attribute("aria-labelledby", title_id) +
         attribute("aria-describedby", description_id) +
         attribute("xmlns", "http://www.w3.org/2000/svg") + ">\n<title" +
         attribute("id", title_id) + ">" + escaped(title) + "</title>\n<desc" +
         attribute("id", description_id) + ">" + escaped(description) + "</desc>\n" + body_ +
         "</svg>\n";
}

double width_of(std::string_view words) {
  return letter_width * static_cast<double>(words.size());
}

Scale Scale::linear(double least, double most, double from, double to) {
  Scale scale;
  scale.least_ = least;
  scale.most_ = std::max(most, least + 1e-9);
  scale.from_ = from;
  scale.to_ = to;
  return scale;
}

Scale Scale::logarithmic(double least, double most, double from, double to) {
  Scale scale = linear(std::log10(least), std::log10(std::max(most, least)), from, to);
  scale.is_logarithmic_ = true;
  return scale;
}

double Scale::place(double value) const {
  if (is_logarithmic_) value = value > 0 ? std::log10(value) : least_;
  const double share = (std::clamp(value, least_, most_) - least_) / (most_ - least_);
  return from_ + share * (to_ - from_);
}

std::vector<double> Scale::ticks(std::size_t count) const {
  std::vector<double> found;
  if (is_logarithmic_) {
    // 1, 2, 5 of each power of ten, or its 1 alone where that would be too many.
    const bool is_wide = (most_ - least_) * 3 > static_cast<double>(count);
    for (double power = std::floor(least_); power <= most_; power += 1) {
      for (const double digit : {1.0, 2.0, 5.0}) {
        if (is_wide && digit != 1.0) continue;
        const double value = std::log10(digit) + power;
        if (value >= least_ - 1e-9 && value <= most_ + 1e-9) {
          found.push_back(digit * std::pow(10, power));
        }
      }
    }
    return found;
  }
  const double rough = (most_ - least_) / static_cast<double>(std::max<std::size_t>(count, 1));
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = power * 10;
  for (const double digit : {1.0, 2.0, 5.0}) {
    if (digit * power >= rough) {
      step = digit * power;
      break;
    }
  }
  const double first = std::ceil(least_ / step) * step;
  for (std::size_t i = 0; i < ticks_max; ++i) {
    const double value = first + static_cast<double>(i) * step;
    if (value > most_ + step * 1e-9) break;
    found.push_back(std::abs(value) < step * 1e-9 ? 0 : value);
  }
  return found;
}

std::string axis_label(double milliseconds) {
  if (std::abs(milliseconds) >= 1000) return number(milliseconds / 1000, 2) + " s";
  return number(milliseconds, 2) + " ms";
}

}  // namespace hapx::appliance::drill
