// SPDX-License-Identifier: Apache-2.0
// How are lines, boxes and words put into a picture?
//
// The few shapes of SVG that the plots are made of, each with a class by which the page colours it,
// and the two scales that place them. Knows nothing of what is drawn.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "config/time.hpp"

namespace hapx::appliance::drill {

struct Point {
  double x = 0;
  double y = 0;
};

enum class Anchor { start, middle, end };

class Svg {
 public:
  /// `id` becomes a part of the ids of title and description.
  Svg(double width, double height, std::string id);

  void line(Point from, Point to, std::string_view style);
  void box(Point corner, double width, double height, std::string_view style, double radius = 0);
  void dot(Point centre, double radius, std::string_view style);
  /// One stroke down from each point: many in one element.
  void strokes(const std::vector<Point>& points, double height, std::string_view style);
  /// A small x at each point.
  void crosses(const std::vector<Point>& points, double size, std::string_view style);
  void text(Point at, std::string_view words, std::string_view style,
            Anchor anchor = Anchor::start);

  /// The whole element; the title is what a screen reader says first.
  [[nodiscard]] std::string whole(std::string_view title, std::string_view description) const;

 private:
  double width_;
  double height_;
  std::string id_;
  std::string body_;
};

/// About how wide so many letters are at the plots' size.
[[nodiscard]] double width_of(std::string_view words);

/// From values to places, evenly or by logarithm.
class Scale {
 public:
  static Scale linear(double least, double most, double from, double to);
  /// REQUIRES 0 < least.
  static Scale logarithmic(double least, double most, double from, double to);

  /// Values beyond the ends are put at the ends.
  [[nodiscard]] double place(double value) const;
  /// Round values within the ends, at most about `count`.
  [[nodiscard]] std::vector<double> ticks(std::size_t count) const;

 private:
  double least_ = 0;
  double most_ = 1;
  double from_ = 0;
  double to_ = 1;
  bool is_logarithmic_ = false;
};

/// "20 ms", "1 s": a value in milliseconds as an axis has it.
[[nodiscard]] std::string axis_label(double milliseconds);

}  // namespace hapx::appliance::drill
