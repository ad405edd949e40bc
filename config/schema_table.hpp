// SPDX-License-Identifier: Apache-2.0
// What may stand at each key of a hapx.yaml, and what does it mean?
//
// The keys and words are those of config/schema, by which files are read and written; here each has
// its shape, its limits and a sentence. A key without an entry here does not compile. Whoever tells
// people or editors about the file (the JSON Schema, the manual page) walks this table, so neither
// can promise a key that is refused, nor keep one secret. Rules between values are validate's.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "config/yaml.hpp"

namespace hapx::schema {

enum class Shape {
  word,           ///< one of `words`
  label,          ///< a name: lower-case letters, digits, hyphens
  interface,      ///< a name that Linux gives to an interface
  address,        ///< an IP address
  prefix,         ///< an IP address with its network's prefix
  listen,         ///< an address and a port, or `off`
  api_server,     ///< a host or an address, and perhaps a port
  etcd_endpoint,  ///< https://, an IP address, and perhaps a port
  path,           ///< absolute
  number,         ///< whole, within `least` and `most`
  duration,       ///< as Go writes them
  score,          ///< a whole number, INFINITY or -INFINITY
  scores,         ///< a map from a node's name to a score
  line,           ///< a line of HAProxy's config
  common_name,    ///< of a certificate
  argument,       ///< a word of a command
  url,            ///< https://, or http:// of this machine
  map,            ///< of the keys in `inner`
};

/// What `depends` is required unless another key of the file stands in for it.
enum class Need { required, depends, optional };
/// Whether the shape stands there once, or a list of it (with `least` to `most` items).
enum class Count { one, list };

struct Field;

struct Map {
  std::span<const Field> fields;
};

struct Field {
  std::string_view key;
  Shape shape = Shape::label;
  std::string_view meaning;  ///< without a period; the first word is in lower case
  Need need = Need::optional;
  Count count = Count::one;
  std::uint64_t least = 0;
  std::uint64_t most = 0;
  std::span<const std::string_view> words{};
  const Map* inner = nullptr;
};

/// The whole file.
[[nodiscard]] const Map& document();

/// The canonical form of the smallest file: where a key has a default, it stands there.
[[nodiscard]] YamlNode smallest_file();

/// Of `file` (a tree like smallest_file's): the value at `field`, or nullptr. In a list: of the
/// first item.
[[nodiscard]] const YamlNode* value_at(const YamlNode* parent, const Field& field);

/// Whether a field's default is worth telling: it may be left out, and is no map or list.
[[nodiscard]] bool has_default(const Field& field, const YamlNode* value);

}  // namespace hapx::schema
