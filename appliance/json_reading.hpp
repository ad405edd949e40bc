// SPDX-License-Identifier: Apache-2.0
// What stands under a key of a JSON object, whatever another version wrote there?
//
// For what reads back a document of ours: total, a missing key and a value of another kind are the
// default.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include <boost/json.hpp>

namespace hapx::appliance {

/// "" where there is none.
[[nodiscard]] inline std::string text_at(const boost::json::object& object,
                                         boost::json::string_view key) {
  const boost::json::value* value = object.if_contains(key);
  const boost::json::string* text = value ? value->if_string() : nullptr;
  return text ? std::string(text->begin(), text->end()) : std::string();
}

/// 0 for what is none, or negative.
[[nodiscard]] inline std::uint64_t number_in(const boost::json::value& value) {
  if (const std::uint64_t* number = value.if_uint64()) return *number;
  const std::int64_t* number = value.if_int64();
  return number && *number > 0 ? static_cast<std::uint64_t>(*number) : 0;
}

[[nodiscard]] inline std::uint64_t number_at(const boost::json::object& object,
                                             boost::json::string_view key) {
  const boost::json::value* value = object.if_contains(key);
  return value ? number_in(*value) : 0;
}

/// `missing` where there is none.
[[nodiscard]] inline bool flag_at(const boost::json::object& object, boost::json::string_view key,
                                  bool missing) {
  const boost::json::value* value = object.if_contains(key);
  const bool* flag = value ? value->if_bool() : nullptr;
  return flag ? *flag : missing;
}

/// Empty where there is none.
[[nodiscard]] inline const boost::json::array& list_at(const boost::json::object& object,
                                                       boost::json::string_view key) {
  static const boost::json::array none;
  const boost::json::value* value = object.if_contains(key);
  const boost::json::array* list = value ? value->if_array() : nullptr;
  return list ? *list : none;
}

/// Visits what is an object in the list under `key`.
template <class Visit>
void each_object_at(const boost::json::object& object, boost::json::string_view key, Visit visit) {
  for (const boost::json::value& item : list_at(object, key)) {
    if (const boost::json::object* inner = item.if_object()) visit(*inner);
  }
}

}  // namespace hapx::appliance
