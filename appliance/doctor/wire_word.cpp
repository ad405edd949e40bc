// SPDX-License-Identifier: Apache-2.0
#include "appliance/doctor/wire_word.hpp"

#include <algorithm>
#include <limits>

#include <boost/json.hpp>

#include "appliance/json_reading.hpp"

namespace hapx::appliance::doctor {
namespace {

namespace json = boost::json;

constexpr std::size_t name_bytes_max = 63;
constexpr std::size_t interface_bytes_max = 15;
constexpr std::size_t trouble_bytes_max = 160;
constexpr std::size_t addresses_max = 8;
constexpr std::size_t sizes_max = 16;

/// Whole characters of UTF-8 only.
std::string cut(const std::string& text, std::size_t bytes_max) {
  std::size_t end = std::min(text.size(), bytes_max);
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) {
    --end;
  }
  return text.substr(0, end);
}

json::string text_of(const IpAddress& address) {
  return json::string(to_string(address));
}

template <class List, class Text>
json::array listed(const List& list, Text text) {
  json::array out;
  for (const auto& item : list) out.push_back(text(item));
  return out;
}

/// Kinds without a frame are left out.
json::object counts(const FrameCounts& frames) {
  json::object out;
  for (std::size_t kind = 0; kind < frame_kinds; ++kind) {
    if (frames[kind] > 0) out[to_string(static_cast<FrameKind>(kind))] = frames[kind];
  }
  return out;
}

json::object notes_of(const SegmentEnd& end) {
  const auto address = [](const IpAddress& one) { return json::value(text_of(one)); };
  const auto number = [](unsigned one) { return json::value(one); };
  const auto claimant = [](const Claimant& one) {
    return json::value(json::array{text_of(one.address), json::string(to_string(one.mac))});
  };
  const auto offer = [](const DhcpSight& one) {
    return json::value(json::array{text_of(one.server), text_of(one.offered), one.was_asked});
  };
  return {{"trouble", cut(end.trouble, trouble_bytes_max)},
          {"mac", to_string(end.mac)},
          {"own", text_of(end.own)},
          {"mtu", end.mtu},
          {"served", listed(end.served, address)},
          {"sent", counts(end.sent)},
          {"seen", counts(end.seen)},
          {"sizesSent", listed(end.sizes_sent, number)},
          {"sizesSeen", listed(end.sizes_seen, number)},
          {"seenFrom", to_string(end.seen_from)},
          {"claimants", listed(end.claimants, claimant)},
          {"offers", listed(end.offers, offer)}};
}

unsigned small_number(const json::value& value) {
  return static_cast<unsigned>(
      std::min<std::uint64_t>(number_in(value), std::numeric_limits<std::uint16_t>::max()));
}

IpAddress address_in(const json::value& value) {
  const auto* text = value.if_string();
  const auto read = text ? parse_ip({text->data(), text->size()}) : Result<IpAddress>(IpAddress{});
  return read ? *read : IpAddress{};
}

MacAddress mac_in(const json::value& value) {
  const auto* text = value.if_string();
  const auto read =
      text ? parse_mac({text->data(), text->size()}) : Result<MacAddress>(MacAddress{});
  return read ? *read : MacAddress{};
}

json::value at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value ? *value : json::value();
}

bool is_true(const json::value& value) {
  return value.is_bool() && value.get_bool();
}

FrameCounts read_counts(const json::value& value) {
  FrameCounts out{};
  const json::object* object = value.if_object();
  if (!object) return out;
  for (std::size_t kind = 0; kind < frame_kinds; ++kind) {
    out[kind] = small_number(at(*object, to_string(static_cast<FrameKind>(kind))));
  }
  return out;
}

template <class Item, class Read>
std::vector<Item> read_list(const json::object& object, std::string_view key, std::size_t most,
                            Read read) {
  std::vector<Item> out;
  for (const json::value& value : list_at(object, key)) {
    if (out.size() == most) break;
    out.push_back(read(value));
  }
  return out;
}

/// A list of fixed length, as an item of another.
const json::value& item(const json::value& value, std::size_t index) {
  static const json::value none;
  const json::array* list = value.if_array();
  return list && index < list->size() ? (*list)[index] : none;
}

SegmentEnd read_notes(const json::object& object) {
  SegmentEnd end;
  end.trouble = text_at(object, "trouble");
  end.mac = mac_in(at(object, "mac"));
  end.own = address_in(at(object, "own"));
  end.mtu = small_number(at(object, "mtu"));
  end.served = read_list<IpAddress>(object, "served", addresses_max, address_in);
  end.sent = read_counts(at(object, "sent"));
  end.seen = read_counts(at(object, "seen"));
  end.sizes_sent = read_list<unsigned>(object, "sizesSent", sizes_max, small_number);
  end.sizes_seen = read_list<unsigned>(object, "sizesSeen", sizes_max, small_number);
  end.seen_from = mac_in(at(object, "seenFrom"));
  end.claimants = read_list<Claimant>(object, "claimants", claimants_max, [](const auto& value) {
    return Claimant{address_in(item(value, 0)), mac_in(item(value, 1))};
  });
  end.offers = read_list<DhcpSight>(object, "offers", dhcp_sights_max, [](const auto& value) {
    return DhcpSight{address_in(item(value, 0)), address_in(item(value, 1)),
                     is_true(item(value, 2))};
  });
  return end;
}

std::string written(const WireWord& word) {
  const auto address = [](const IpAddress& one) { return json::value(text_of(one)); };
  return json::serialize(json::object{{"to", word.to.text()},
                                      {"hears", word.hears},
                                      {"phase", static_cast<unsigned>(word.phase)},
                                      {"done", word.is_done},
                                      {"hasYours", word.has_yours},
                                      {"given", listed(word.given, address)},
                                      {"interface", word.interface.text()},
                                      {"ipVersion", word.family == Family::ipv6 ? 6 : 4},
                                      {"notes", notes_of(word.notes)}});
}

}  // namespace

std::string to_text(const WireWord& word) {
  std::string text = written(word);
  WireWord shorter = word;
  // A segment on which so much goes on has been heard enough of by what is left.
  while (text.size() > word_bytes_max) {
    SegmentEnd& notes = shorter.notes;
    if (!notes.claimants.empty()) {
      notes.claimants.pop_back();
    } else if (!notes.offers.empty()) {
      notes.offers.pop_back();
    } else {
      notes.served.clear();
      notes.trouble.clear();
      shorter.given.clear();
    }
    std::string next = written(shorter);
    if (next.size() == text.size()) break;
    text = std::move(next);
  }
  return text;
}

std::optional<WireWord> parse_word(std::string_view text) {
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = 8;
  const json::value value = json::parse(text, error, {}, options);
  const json::object* object = error ? nullptr : value.if_object();
  if (!object) return std::nullopt;
  WireWord word;
  word.to = NodeName(text_at(*object, "to"));
  word.hears = number_at(*object, "hears");
  const std::uint64_t phase = number_at(*object, "phase");
  if (phase > static_cast<std::uint64_t>(WirePhase::over)) return std::nullopt;
  word.phase = static_cast<WirePhase>(phase);
  word.is_done = is_true(at(*object, "done"));
  word.has_yours = is_true(at(*object, "hasYours"));
  word.given = read_list<IpAddress>(*object, "given", addresses_max, address_in);
  word.interface = InterfaceName(text_at(*object, "interface"));
  word.family = number_at(*object, "ipVersion") == 6 ? Family::ipv6 : Family::ipv4;
  const json::value notes = at(*object, "notes");
  if (const json::object* inside = notes.if_object()) word.notes = read_notes(*inside);
  const bool is_bounded = word.to.text().size() <= name_bytes_max &&
                          word.interface.text().size() <= interface_bytes_max &&
                          word.notes.trouble.size() <= trouble_bytes_max;
  return is_bounded ? std::optional(word) : std::nullopt;
}

}  // namespace hapx::appliance::doctor
