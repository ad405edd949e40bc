// SPDX-License-Identifier: Apache-2.0
// What becomes of one frontend with its backend?
//
// Their sections are read one after another (defaults, frontend, backend; or defaults, listen);
// what a later one says counts. Each line becomes a part of it, a line that HAProxy may have
// unchanged, or a remark.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "appliance/imports/haproxy_section.hpp"
#include "appliance/imports/source.hpp"

namespace hapx::appliance::imports {

class HaproxyProxy {
 public:
  explicit HaproxyProxy(std::string file) : file_(std::move(file)) {}

  void read(const HaproxySection& section);

  [[nodiscard]] const SourceFrontend& frontend() const { return frontend_; }
  [[nodiscard]] bool is_tcp() const { return tcp_; }
  [[nodiscard]] SourceFrontend take() && { return std::move(frontend_); }

 private:
  [[nodiscard]] Place place(const HaproxyLine& line) const { return {file_, line.line}; }
  void leave_out(const HaproxyLine& line, std::string_view words, std::string_view why);
  template <class T>
  void set(std::optional<Said<T>>& field, const HaproxyLine& line, std::string_view words, T value);
  /// Of what each server may say differently, the first counts.
  template <class T>
  void set_once(std::optional<Said<T>>& field, const HaproxyLine& line, const std::string& words,
                T value);

  void read_line(const HaproxyLine& line, std::string_view section);
  void read_bind(const HaproxyLine& line);
  void read_timeout(const HaproxyLine& line);
  void read_server(const HaproxyLine& line);
  void read_server_options(const HaproxyLine& line, std::size_t from);
  [[nodiscard]] bool keeps(const HaproxyLine& line, std::string_view section);

  std::string file_;
  SourceFrontend frontend_;
  bool tcp_ = true;  ///< HAProxy's own default
};

}  // namespace hapx::appliance::imports
