// SPDX-License-Identifier: Apache-2.0
// The words that targets share, and where libFuzzer calls one.
#include "fuzz.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>

namespace hapx::fuzz {
namespace {

/// The length of the UTF-8 sequence at the front of `text` (RFC 3629); 0: it is none.
std::size_t sequence_bytes(std::string_view text) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  unsigned value = lead & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80U) return 0;
    value = value << 6U | (byte(i) & 0x3fU);
  }
  constexpr unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  return lead < 0xc0 || lead > 0xf7 || value < least[length] || surrogate || value > 0x10ffff
             ? 0
             : length;
}

bool is_control(std::string_view sequence) {
  const auto lead = static_cast<unsigned char>(sequence[0]);
  if (sequence.size() == 1) return lead < 0x20 || lead == 0x7f;
  return lead == 0xc2 && static_cast<unsigned char>(sequence[1]) < 0xa0;
}

/// Takes "7:" off the front of `text`.
std::size_t take_number(std::string_view& text) {
  std::size_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  must(error == std::errc() && rest != end && *rest == ':', "a refusal begins file:line:column:");
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()) + 1);
  return number;
}

}  // namespace

void must(bool holds, std::string_view sentence) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: not so: %.*s\n", static_cast<int>(sentence.size()), sentence.data());
  std::abort();
}

std::string_view text_of(Bytes input) {
  return {reinterpret_cast<const char*>(input.data()), input.size()};
}

std::uint8_t Input::byte() {
  const Bytes taken = bytes(1);
  return taken.empty() ? 0 : taken[0];
}

std::uint16_t Input::number() {
  const unsigned low = byte();
  return static_cast<std::uint16_t>(low | static_cast<unsigned>(byte()) << 8U);
}

Bytes Input::bytes(std::size_t count) {
  const Bytes taken = left_.first(std::min(count, left_.size()));
  left_ = left_.subspan(taken.size());
  return taken;
}

std::string_view Input::text_until(char end) {
  const std::string_view all = text_of(left_);
  const std::string_view taken = all.substr(0, all.find(end));
  left_ = left_.subspan(std::min(taken.size() + 1, left_.size()));
  return taken;
}

void must_be_a_sentence(std::string_view sentence) {
  must(!sentence.empty(), "a refusal says something");
  must(sentence.size() <= sentence_bytes_max, "a sentence is bounded");
  while (!sentence.empty()) {
    const std::size_t length = sequence_bytes(sentence);
    must(length > 0, "a sentence is UTF-8");
    must(!is_control(sentence.substr(0, length)), "a sentence has no control characters");
    sentence.remove_prefix(length);
  }
}

Place must_point_into(std::string_view text, const Error& refused) {
  must(refused.kind == ErrorKind::refused, "a bad text is refused, not failed");
  must_be_a_sentence(refused.sentence);
  std::string_view sentence = refused.sentence;
  must(sentence.starts_with(file) && sentence.substr(file.size()).starts_with(':'),
       "a refusal begins with the file's name");
  sentence.remove_prefix(file.size() + 1);
  Place place;
  place.line = take_number(sentence);
  place.column = take_number(sentence);
  must(sentence.size() > 1 && sentence[0] == ' ', "a reason follows the place");
  must_be_within(text, place);
  return place;
}

void must_be_within(std::string_view text, Place place) {
  must(place.line >= 1 && place.column >= 1, "lines and columns count from 1");
  for (std::size_t line = 1; line < place.line; ++line) {
    const std::size_t end = text.find('\n');
    must(end != std::string_view::npos, "the line is one of the text's");
    text.remove_prefix(end + 1);
  }
  const std::string_view line = text.substr(0, text.find('\n'));
  const auto characters = std::count_if(line.begin(), line.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
  });
  must(place.column <= static_cast<std::size_t>(characters) + 1, "the column is one of the line's");
}

void must_stand_in_order(std::string_view text, const std::vector<Error>& refusals,
                         std::size_t most) {
  must(refusals.size() <= most, "refusals are bounded");
  Place last{1, 1};
  for (const Error& refused : refusals) {
    const Place place = must_point_into(text, refused);
    must(place >= last, "refusals stand in the order of the text");
    last = place;
  }
}

}  // namespace hapx::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  hapx::fuzz::try_input({data, size});
  return 0;
}
