// SPDX-License-Identifier: Apache-2.0
#include "config/yaml.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <set>
#include <sstream>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "config/assert.hpp"
#include "config/utf8.hpp"
#include "config/wording.hpp"

namespace hapx {
namespace {

constexpr std::size_t text_bytes_max = 1024 * 1024;
constexpr std::size_t depth_max = 32;
constexpr std::size_t key_bytes_max = 256;

struct Refused {
  Location where;
  std::string sentence;
};

/// Looks at the bytes before yaml-cpp does, which takes NUL for the end and guesses encodings.
std::optional<Refused> check_bytes(std::string_view text) {
  if (text.size() > text_bytes_max) {
    return Refused{{}, "the file is larger than 1 MiB; a configuration is a few KiB"};
  }
  Location where;
  while (!text.empty()) {
    const auto length = utf8_length(text);
    const char c = text[0];
    if (length == 0) return Refused{where, "this is not UTF-8 text; save the file as UTF-8"};
    const bool line_end = c == '\r' && text.size() > 1 && text[1] == '\n';
    const bool control = static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t';
    if ((control && !line_end) || c == 0x7f) {
      return Refused{where, "a control character stands here; remove it"};
    }
    text.remove_prefix(length);
    where = c == '\n' ? Location{where.line + 1, 1} : Location{where.line, where.column + 1};
  }
  return std::nullopt;
}

/// yaml-cpp counts columns in bytes; editors count characters.
class Columns {
 public:
  explicit Columns(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if ((static_cast<unsigned char>(text[i]) & 0xc0U) == 0x80U) continuations_.push_back(i);
    }
  }

  [[nodiscard]] Location locate(const YAML::Mark& mark) const {
    if (mark.is_null() || mark.line < 0 || mark.column < 0) return {};
    const auto position = static_cast<std::size_t>(std::max(mark.pos, mark.column));
    const auto column = static_cast<std::size_t>(mark.column);
    const auto skipped = before(position) - before(position - column);
    return {static_cast<std::size_t>(mark.line) + 1, column - std::min(skipped, column) + 1};
  }

 private:
  [[nodiscard]] std::size_t before(std::size_t position) const {
    const auto at = std::lower_bound(continuations_.begin(), continuations_.end(), position);
    return static_cast<std::size_t>(at - continuations_.begin());
  }

  std::vector<std::size_t> continuations_;
};

/// Builds the tree from yaml-cpp's events. After the first refusal it ignores whatever follows.
class Builder final : public YAML::EventHandler {
 public:
  explicit Builder(const Columns& columns) : columns_(columns) {}

  [[nodiscard]] const std::optional<Refused>& refused() const { return refused_; }
  [[nodiscard]] const std::optional<YAML::Mark>& last_quoted() const { return last_quoted_; }
  [[nodiscard]] YamlNode take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) refuse(mark, "a second document begins here; a file holds one document");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    YamlNode node;
    node.kind = YamlNode::Kind::null;
    add(mark, "", anchor, std::move(node));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(mark, "aliases (*name) are not supported; write the value out");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    // The file is UTF-8, but yaml-cpp makes single bytes of these two.
    if (!is_utf8(value)) {
      refuse(mark, "the escapes \\N and \\_ are not supported; write \\x85 and \\xa0");
    }
    YamlNode node;
    node.kind = YamlNode::Kind::scalar;
    node.scalar = value;
    node.quoted = tag == "!";
    if (node.quoted) last_quoted_ = mark;
    add(mark, tag, anchor, std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::list);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::map);
  }
  void OnMapEnd() override { close(); }

 private:
  /// A list or map whose end has not come yet.
  struct Open {
    YamlNode node;
    std::optional<YamlKey> key;  ///< of a map: the key whose value comes next
    std::set<std::string> seen;  ///< of a map: its keys
  };

  void refuse(const YAML::Mark& mark, std::string sentence) {
    if (!refused_) refused_ = Refused{columns_.locate(mark), std::move(sentence)};
  }

  /// What every node is asked for. False: it was refused, now or before.
  bool acceptable(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (refused_) return false;
    if (anchor != YAML::NullAnchor) refuse(mark, "anchors (&name) are not supported; remove it");
    if (!tag.empty() && tag != "?" && tag != "!") {
      refuse(mark, "tags (!name) are not supported; remove it");
    }
    return !refused_;
  }

  bool expects_key() const {
    return !open_.empty() && open_.back().node.kind == YamlNode::Kind::map && !open_.back().key;
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YamlNode::Kind kind) {
    if (!acceptable(mark, tag, anchor)) return;
    if (expects_key())
      return refuse(mark, "a key must be plain text, not a list or a map; is a bracket left open?");
    if (open_.size() >= depth_max) return refuse(mark, "this is nested more than 32 levels deep");
    Open opened;
    opened.node.kind = kind;
    opened.node.where = columns_.locate(mark);
    open_.push_back(std::move(opened));
  }

  void close() {
    if (refused_) return;
    HAPX_ASSERT(!open_.empty());
    YamlNode node = std::move(open_.back().node);
    open_.pop_back();
    place(std::move(node));
  }

  void add(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YamlNode node) {
    if (!acceptable(mark, tag, anchor)) return;
    node.where = columns_.locate(mark);
    if (expects_key()) return add_key(mark, std::move(node));
    place(std::move(node));
  }

  void add_key(const YAML::Mark& mark, YamlNode node) {
    if (node.kind != YamlNode::Kind::scalar) return refuse(mark, "a key is missing here");
    if (node.scalar.size() > key_bytes_max) {
      return refuse(mark, "a key of more than 256 bytes stands here");
    }
    auto& map = open_.back();
    if (!map.seen.insert(node.scalar).second) {
      return refuse(mark, "duplicate key " + shown(node.scalar) + "; remove one of the two");
    }
    map.key = YamlKey{std::move(node.scalar), node.where};
  }

  void place(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    auto& parent = open_.back();
    if (parent.node.kind == YamlNode::Kind::list) {
      parent.node.items.push_back(std::move(node));
      return;
    }
    HAPX_ASSERT(parent.key.has_value());
    parent.node.entries.push_back({std::move(*parent.key), std::move(node)});
    parent.key.reset();
  }

  const Columns& columns_;
  std::vector<Open> open_;
  YamlNode root_;
  std::optional<Refused> refused_;
  std::optional<YAML::Mark> last_quoted_;
  int documents_ = 0;
};

/// yaml-cpp takes the end of the text for a missing closing quote; then a truncated file would
/// pass.
bool is_closed(std::string_view text, const YAML::Mark& mark) {
  const auto start = static_cast<std::size_t>(std::max(mark.pos, 0));
  if (start >= text.size() || (text[start] != '"' && text[start] != '\'')) return true;  // a block
  const char quote = text[start];
  for (std::size_t i = start + 1; i < text.size(); ++i) {
    if (text[i] == '\\' && quote == '"') {
      ++i;
    } else if (text[i] == quote) {
      if (quote == '"' || i + 1 == text.size() || text[i + 1] != quote) return true;
      ++i;  // two of them stand for one
    }
  }
  return false;
}

Location end_of(std::string_view text) {
  Location where;
  for (const char c : text) {
    if (c == '\n') {
      where = {where.line + 1, 1};
    } else if ((static_cast<unsigned char>(c) & 0xc0U) != 0x80U) {
      ++where.column;
    }
  }
  return where;
}

/// A complaint may repeat the text that it is about, a directive's as long as it is.
std::string not_yaml(std::string_view complaint) {
  constexpr std::size_t complaint_bytes_max = 100;
  return "this is not YAML: " + printable(complaint.substr(0, complaint_bytes_max));
}

/// yaml-cpp's most frequent complaints in an operator's words.
std::string syntax_error(const std::string& message) {
  if (message.starts_with("end of map not found") ||
      message.starts_with("end of sequence not found")) {
    return "this line does not fit the lines above; check its indentation";
  }
  if (message.starts_with("illegal map value")) {
    return "no value can begin at this colon; put the text in quotes or check the indentation";
  }
  if (message.starts_with("end of map flow not found") ||
      message.starts_with("end of sequence flow not found")) {
    return "a bracket that was opened before is not closed; close it";
  }
  // yaml-cpp quotes the byte behind the backslash, which may be half a character.
  if (message.starts_with("unknown escape character")) {
    return "this backslash begins no escape of YAML; in double quotes write \\\\ for a backslash, "
           "or use single quotes";
  }
  return not_yaml(message);
}

/// What may stand without quotes and is read back as the same plain text. Narrower than YAML.
bool is_plain(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") {
    return false;
  }
  if (text.starts_with("---") || text.starts_with("...")) return false;
  const auto alphanumeric = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  const bool signed_word = text.size() > 1 && text[0] == '-' && text[1] != ' ';
  const bool begins = alphanumeric(text[0]) || text[0] == '/' || text[0] == '_' || text[0] == '.' ||
                      text[0] == '+' || text[0] == '<' || signed_word;
  if (!begins || text.back() == ' ' || text.back() == ':') return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ':' && text[i + 1] == ' ') return false;  // a colon never stands last
    if (!alphanumeric(c) && std::string_view("_-./:+@ <>=()%").find(c) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

std::string quote(std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\x";
      out += digits[byte >> 4];
      out += digits[byte & 0xf];
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string write_text(std::string_view text, bool quoted) {
  return !quoted && is_plain(text) ? std::string(text) : quote(text);
}

/// Writes `node` at the end of `out`, which stands behind "key:", "-" or at the start of a line.
/// Limit: recursion is as deep as the tree, and parse_yaml makes none deeper than 32.
void write_node(std::string& out, const YamlNode& node, std::size_t indent, bool after_dash) {
  auto start_line = [&, first = after_dash || out.empty()]() mutable {
    if (!first) out += '\n' + std::string(indent, ' ');
    first = false;
  };
  const auto write_value = [&](const YamlNode& value, bool behind_dash) {
    const bool block = !value.items.empty() || !value.entries.empty();
    if (!block || behind_dash) out += ' ';
    write_node(out, value, indent + 2, behind_dash);
  };
  switch (node.kind) {
    case YamlNode::Kind::null:
      out += "null";
      break;
    case YamlNode::Kind::scalar:
      out += write_text(node.scalar, node.quoted);
      break;
    case YamlNode::Kind::list:
      if (node.items.empty()) out += "[]";
      for (const auto& item : node.items) {
        start_line();
        out += '-';
        write_value(item, true);
      }
      break;
    case YamlNode::Kind::map:
      if (node.entries.empty()) out += "{}";
      for (const auto& [key, value] : node.entries) {
        start_line();
        out += write_text(key.text, false) + ':';
        write_value(value, false);
      }
      break;
  }
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const auto& [name, value] : entries) {
    if (name.text == key) return &value;
  }
  return nullptr;
}

Result<YamlNode> parse_yaml(std::string_view text, std::string_view file) {
  if (const auto refused = check_bytes(text))
    return refusal(file, refused->where, refused->sentence);
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  const Columns columns(text);
  Builder builder(columns);
  std::optional<Refused> broken;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (!builder.refused() && parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    // At the end of the text yaml-cpp knows no column any more.
    const bool at_end =
        error.mark.pos >= 0 && static_cast<std::size_t>(error.mark.pos) >= text.size();
    broken = Refused{at_end ? end_of(text) : columns.locate(error.mark), syntax_error(error.msg)};
  } catch (const std::exception& error) {
    broken = Refused{{}, not_yaml(error.what())};
  }
  if (const auto& refused = builder.refused()) {
    return refusal(file, refused->where, refused->sentence);
  }
  if (broken) return refusal(file, broken->where, broken->sentence);
  if (const auto& quoted = builder.last_quoted(); quoted && !is_closed(text, *quoted)) {
    return refusal(file, columns.locate(*quoted), "this quote is never closed; close it");
  }
  return builder.take_root();
}

std::string write_yaml(const YamlNode& root) {
  std::string out;
  write_node(out, root, 0, false);
  return out + '\n';
}

Error refusal(std::string_view file, Location where, const std::string& sentence) {
  return {ErrorKind::refused, std::string(file) + ':' + std::to_string(where.line) + ':' +
                                  std::to_string(where.column) + ": " + sentence};
}

}  // namespace hapx
