// SPDX-License-Identifier: Apache-2.0
// Are the small values of a file read totally: addresses, prefixes, ports, times?
//
// Each text is tried as each of them. What is read is written so that it is read back, and what is
// refused is refused in one sentence.
#include "config/etcd_endpoint.hpp"
#include "config/net.hpp"
#include "config/self.hpp"
#include "config/time.hpp"
#include "config/validate_hooks.hpp"
#include "fuzz.hpp"

namespace hapx::fuzz {
namespace {

template <class Value>
void try_value(std::string_view text, Result<Value> (*parse)(std::string_view)) {
  const Result<Value> value = parse(text);
  if (!value) {
    must(value.error().kind == ErrorKind::refused, "a bad text is refused, not failed");
    return must(value.error().sentence.size() <= sentence_bytes_max, "a sentence is bounded");
  }
  const std::string written = to_string(*value);
  const Result<Value> again = parse(written);
  must(again.has_value() && *again == *value, "what is written is read back");
  must(to_string(*again) == written, "and written again as it was");
}

void try_etcd_endpoint(std::string_view text) {
  const auto endpoint = parse_etcd_endpoint(text);
  if (!endpoint) return must_be_a_sentence(endpoint.error().sentence);
  const std::string written = write_etcd_endpoint(*endpoint);
  must(parse_etcd_endpoint(written) == endpoint, "what is written is read back");
}

/// What is below a second is not written.
void try_moment(std::string_view text) {
  const auto moment = parse_utc(text);
  if (!moment) return must_be_a_sentence(moment.error().sentence);
  const auto again = parse_utc(to_string(*moment));
  must(again && *again == std::chrono::floor<std::chrono::seconds>(*moment),
       "what is written is read back");
}

}  // namespace

void try_input(Bytes input) {
  const std::string_view text = text_of(input);
  try_value(text, parse_ip);
  try_value(text, parse_cidr);
  try_value(text, parse_endpoint);
  try_value(text, parse_mac);
  try_etcd_endpoint(text);
  if (const auto problem = url_problem(text)) must_be_a_sentence(*problem);
  try_value(text, parse_duration);
  try_moment(text);
  if (const auto duration = parse_duration(text)) {
    must(*duration >= Duration::zero() && *duration <= std::chrono::hours(10 * 365 * 24),
         "a duration is from nothing to ten years");
  }
  if (const auto cidr = parse_cidr(text)) {
    must(cidr->prefix <= 8 * byte_count(cidr->address.family), "a prefix fits its address");
  }
}

}  // namespace hapx::fuzz
