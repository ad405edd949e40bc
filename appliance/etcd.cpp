// SPDX-License-Identifier: Apache-2.0
#include "appliance/etcd.hpp"

#include <charconv>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include <boost/json.hpp>

#include "appliance/json_reading.hpp"
#include "config/utf8.hpp"

namespace hapx::appliance {
namespace {

namespace json = boost::json;
using membership::ArbiterAnswered;
using membership::ArbiterEntry;

constexpr std::string_view digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// Of etcd's own words in a sentence of ours.
constexpr std::size_t words_bytes_max = 200;

/// RFC 4648, section 4.
std::string base64(std::span<const std::uint8_t> bytes) {
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(bytes.size() - at, 3);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) group = group << 8U | (i < count ? bytes[at + i] : 0U);
    for (std::size_t i = 0; i < 4; ++i)
      out += i <= count ? digits[group >> (18 - 6 * i) & 0x3fU] : '=';
  }
  return out;
}

std::string base64(std::string_view text) {
  return base64(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

/// Absent: it is not base64 as etcd writes it.
std::optional<std::vector<std::uint8_t>> bytes_of(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::vector<std::uint8_t> bytes;
  for (std::size_t at = 0; at < text.size(); at += 4) {
    std::string_view group = text.substr(at, 4);
    const bool is_last = at + 4 == text.size();
    if (is_last && group.ends_with('=')) group.remove_suffix(1);
    if (is_last && group.ends_with('=')) group.remove_suffix(1);
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      const std::size_t digit = i < group.size() ? digits.find(group[i]) : 0;
      if (digit == digits.npos) return std::nullopt;
      value = value << 6U | static_cast<std::uint32_t>(digit);
    }
    const std::size_t count = group.size() - 1;
    if ((value & ((1U << (24 - 8 * count)) - 1U)) != 0) return std::nullopt;
    for (std::size_t i = 0; i < count; ++i)
      bytes.push_back(static_cast<std::uint8_t>(value >> (16 - 8 * i)));
  }
  return bytes;
}

/// None there: none. Absent: something else is there.
std::optional<std::vector<std::uint8_t>> bytes_at(const json::object& object,
                                                  json::string_view key) {
  const json::value* value = object.if_contains(key);
  if (!value) return std::vector<std::uint8_t>();
  const json::string* text = value->if_string();
  return text ? bytes_of({text->data(), text->size()}) : std::nullopt;
}

/// Everything that begins with `prefix`, which is not empty.
json::object look(const std::string& prefix) {
  std::string end = prefix;
  ++end.back();
  return {{"request_range", json::object{{"key", base64(prefix)},
                                         {"range_end", base64(end)},
                                         {"limit", std::to_string(etcd_entries_max + 1)}}}};
}

Error refused(const std::string& what) {
  return {ErrorKind::refused, "etcd's answer can't be read: " + what, 0};
}

template <class Number>
std::optional<Number> number_text_at(const json::object& object, json::string_view key) {
  const std::string text = text_at(object, key);
  Number number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end || number <= 0) return std::nullopt;
  return number;
}

const json::object* object_at(const json::object& object, json::string_view key) {
  const json::value* value = object.if_contains(key);
  return value ? value->if_object() : nullptr;
}

/// The gateway can't speak with etcd (gRPC's UNAVAILABLE), in whatever words: likely it isn't let
/// in, for it shows the member's own certificate as a client's. What etcd itself can't do now has
/// the same code, and its name in front.
bool is_kept_out(const json::object& answer, std::string_view words) {
  constexpr std::int64_t unavailable = 14;
  const json::value* code = answer.if_contains("code");
  return code != nullptr && code->is_int64() && code->get_int64() == unavailable &&
         !words.starts_with("etcdserver: ");
}

/// What etcd itself, or its gateway, says of a request that failed; empty: nothing.
std::string complaint_of(const json::object& answer) {
  std::string words = text_at(answer, "message");  // with a newer gateway the only one
  if (words.empty()) words = text_at(answer, "error");
  std::string text = printable(std::string_view(words).substr(0, words_bytes_max));
  if (is_kept_out(answer, words))
    text += "; does the member's own certificate allow clientAuth, which its JSON gateway needs?";
  return text;
}

Result<ArbiterEntry> read_entry(const json::object& kv, const std::string& prefix) {
  const auto key = bytes_at(kv, "key");
  auto value = bytes_at(kv, "value");
  if (!key || !value) return refused("it has an entry that is not in base64");
  const std::string_view name(reinterpret_cast<const char*>(key->data()), key->size());
  if (!name.starts_with(prefix)) return refused("it has an entry that does not begin with ours");
  if (name.size() - prefix.size() > etcd_key_bytes_max)
    return refused("a key below " + prefix + " is longer than any of ours; remove it");
  if (value->size() > etcd_value_bytes_max)
    return refused("a value below " + prefix + " is longer than any of ours; remove it");
  const auto revision = number_text_at<std::int64_t>(kv, "mod_revision");
  if (!revision) return refused("it has an entry without a revision");
  return ArbiterEntry{std::string(name.substr(prefix.size())), *revision, std::move(*value)};
}

Result<std::vector<ArbiterEntry>> read_entries(const json::object& range,
                                               const std::string& prefix) {
  std::vector<ArbiterEntry> entries;
  const json::value* kvs = range.if_contains("kvs");
  if (kvs && !kvs->is_array()) return refused("its entries are no list");
  for (const json::value& item : list_at(range, "kvs")) {
    if (entries.size() == etcd_entries_max) {
      return refused("there are more than " + std::to_string(etcd_entries_max) + " entries below " +
                     prefix + "; remove those that aren't hapx's");
    }
    const json::object* kv = item.if_object();
    if (!kv) return refused("it has an entry that is none");
    auto entry = read_entry(*kv, prefix);
    if (!entry) return entry.error();
    if (!entries.empty() && entry->key <= entries.back().key)
      return refused("its entries are not in order");
    entries.push_back(std::move(*entry));
  }
  return entries;
}

}  // namespace

std::string etcd_prefix(const ClusterName& cluster) {
  return "/hapx/" + cluster.text() + "/";
}

Result<std::string> etcd_request(const membership::AskArbiter& question,
                                 const std::string& prefix) {
  json::array compare;
  json::array success;
  for (const membership::ArbiterSwap& swap : question.swaps) {
    if (swap.key.size() > etcd_key_bytes_max || swap.value.size() > etcd_value_bytes_max)
      return Error{ErrorKind::refused, "an entry for etcd is longer than can be read back", 0};
    const std::string key = base64(prefix + swap.key);
    compare.push_back(json::object{{"target", "MOD"},
                                   {"result", "EQUAL"},
                                   {"key", key},
                                   {"mod_revision", std::to_string(swap.revision)}});
    success.push_back(
        json::object{{"request_put", json::object{{"key", key}, {"value", base64(swap.value)}}}});
  }
  success.push_back(look(prefix));
  return json::serialize(json::object{{"compare", std::move(compare)},
                                      {"success", std::move(success)},
                                      {"failure", json::array{look(prefix)}}});
}

Result<ArbiterAnswered> decode_etcd_answer(unsigned status, std::string_view body,
                                           const std::string& prefix) {
  if (body.size() > etcd_answer_bytes_max) {
    return refused("it is longer than " + std::to_string(etcd_answer_bytes_max) + " bytes");
  }
  boost::system::error_code error;
  const json::value document = json::parse(json::string_view(body.data(), body.size()), error);
  const json::object* answer = error ? nullptr : document.if_object();
  if (const std::string words = answer ? complaint_of(*answer) : ""; !words.empty())
    return Error{ErrorKind::unavailable, "etcd says: " + words, 0};
  if (status != 200) {
    return Error{ErrorKind::unavailable,
                 "it answers with HTTP status " + std::to_string(status) + "; is this etcd?", 0};
  }
  if (!answer) return refused("it is no JSON object; is this etcd?");
  const json::object* header = object_at(*answer, "header");
  const auto store = header ? number_text_at<std::uint64_t>(*header, "cluster_id") : std::nullopt;
  const auto revision = header ? number_text_at<std::int64_t>(*header, "revision") : std::nullopt;
  if (!store || !revision) return refused("it does not say which store it is of");
  const json::array& responses = list_at(*answer, "responses");
  const json::object* last = responses.empty() ? nullptr : responses.back().if_object();
  const json::object* range = last ? object_at(*last, "response_range") : nullptr;
  if (!range) return refused("it does not say what the store has");
  auto entries = read_entries(*range, prefix);
  if (!entries) return entries.error();
  for (const ArbiterEntry& entry : *entries) {
    if (entry.revision > *revision) return refused("an entry is newer than its store");
  }
  const json::value* succeeded = answer->if_contains("succeeded");
  if (succeeded && !succeeded->is_bool()) return refused("it does not say whether it succeeded");
  const bool swapped = succeeded && succeeded->get_bool();
  return ArbiterAnswered{0, swapped, *store, *revision, std::move(*entries)};
}

}  // namespace hapx::appliance
