// SPDX-License-Identifier: Apache-2.0
#include "appliance/imports/statement.hpp"

#include <utility>

#include "config/utf8.hpp"
#include "config/yaml.hpp"

namespace hapx::appliance::imports {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// "key: value" to two words; the value is one word, whatever is in it. Braces are words, too.
std::vector<std::string> corosync_words(std::string_view line) {
  std::vector<std::string> words;
  line = trimmed(line);
  if (line.starts_with('#')) return words;
  while (!line.empty()) {
    const auto brace = line.find('{');
    const auto colon = line.find(':');
    if (line.front() == '}') {
      words.emplace_back("}");
      line.remove_prefix(1);
    } else if (brace < colon) {
      if (const auto name = trimmed(line.substr(0, brace)); !name.empty()) words.emplace_back(name);
      words.emplace_back("{");
      line.remove_prefix(brace + 1);
    } else {
      const bool closes = line.ends_with('}');
      if (closes) line.remove_suffix(1);
      words.emplace_back(trimmed(line.substr(0, colon)));
      if (colon != line.npos) words.emplace_back(trimmed(line.substr(colon + 1)));
      if (closes) words.emplace_back("}");
      line = {};
    }
    line = trimmed(line);
  }
  return words;
}

/// Puts the lines' words together to a tree.
class Builder {
 public:
  explicit Builder(std::string_view file) : file_(file) {}

  [[nodiscard]] Result<void> line(std::vector<std::string> words, std::size_t number) {
    if (words.size() > source_words_max) return refuse(number, "a line has too many words");
    Statement statement;
    statement.line = number;
    for (std::string& word : words) {
      // "VI_1{", but not "${VIP}" or "x${".
      const bool glued = word.size() > 1 && word.ends_with('{') && !word.ends_with("${");
      const bool opens = glued || word == "{";
      const bool closes = word == "}";
      if (glued) statement.words.push_back(word.substr(0, word.size() - 1));
      if (opens) {
        if (auto opened = open(std::move(statement), number); !opened) return opened;
        statement = Statement{};
        statement.line = number;
      } else if (closes) {
        if (auto kept = keep(std::move(statement)); !kept) return kept;
        statement = Statement{};
        statement.line = number;
        if (auto closed = close(number); !closed) return closed;
      } else {
        statement.words.push_back(std::move(word));
      }
    }
    return keep(std::move(statement));
  }

  [[nodiscard]] Result<std::vector<Statement>> take() {
    if (open_.size() == 1) return std::move(open_.front().block);
    return refuse(open_.back().line,
                  "the block that begins here is never closed; the file may be cut off");
  }

 private:
  [[nodiscard]] Error refuse(std::size_t number, const std::string& sentence) const {
    return refusal(file_, {number, 1}, sentence);
  }

  [[nodiscard]] Result<void> keep(Statement statement) {
    if (statement.words.empty()) return {};
    if (++count_ > source_statements_max) {
      return refuse(statement.line, "there are more statements than any configuration has");
    }
    open_.back().block.push_back(std::move(statement));
    return {};
  }

  /// A block belongs to the words before its brace, on its line or the last one before.
  [[nodiscard]] Result<void> open(Statement statement, std::size_t number) {
    auto& before = open_.back().block;
    if (statement.words.empty()) {
      if (before.empty() || before.back().has_block) {
        return refuse(number, "a block begins here that has no name");
      }
      statement = std::move(before.back());
      before.pop_back();
    } else if (++count_ > source_statements_max) {
      return refuse(number, "there are more statements than any configuration has");
    }
    if (open_.size() > source_depth_max) {
      return refuse(number, "blocks are nested deeper than in any configuration");
    }
    statement.has_block = true;
    open_.push_back(std::move(statement));
    return {};
  }

  [[nodiscard]] Result<void> close(std::size_t number) {
    if (open_.size() == 1) return refuse(number, "a block ends here that has not begun");
    Statement done = std::move(open_.back());
    open_.pop_back();
    open_.back().block.push_back(std::move(done));
    return {};
  }

  std::string_view file_;
  std::vector<Statement> open_ = std::vector<Statement>(1);  ///< the first is the text itself
  std::size_t count_ = 0;
};

}  // namespace

std::string Statement::text(std::size_t from) const {
  std::string out;
  for (std::size_t i = from; i < words.size(); ++i) {
    if (!out.empty()) out += ' ';
    out += words[i];
  }
  return out;
}

std::vector<std::string> words_of(std::string_view& line, std::string_view comments) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        word += c;
      }
    } else if (c == '"' || c == '\'') {
      quote = c;
      in_word = true;
    } else if (c == '\\' && i + 1 < line.size()) {
      word += line[++i];
      in_word = true;
    } else if (comments.find(c) != comments.npos) {
      line = trimmed(line.substr(0, i));
      break;
    } else if (is_blank(c)) {
      if (in_word) words.push_back(std::exchange(word, {}));
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (in_word) words.push_back(std::move(word));
  line = trimmed(line);
  return words;
}

std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == text.npos ? text.size() : end + 1);
  return line;
}

Result<void> check_source(std::string_view text, std::string_view file) {
  if (text.size() > source_bytes_max) {
    return refusal(file, {1, 1}, "the file is larger than 1 MiB; no configuration is");
  }
  Location where;
  while (!text.empty()) {
    const auto length = utf8_length(text);
    const char c = text[0];
    if (length == 0) return refusal(file, where, "this is not UTF-8 text");
    const bool blank = c == '\n' || c == '\t' || c == '\r';
    if ((static_cast<unsigned char>(c) < 0x20 && !blank) || c == 0x7f) {
      return refusal(file, where, "a control character stands here");
    }
    text.remove_prefix(length);
    where = c == '\n' ? Location{where.line + 1, 1} : Location{where.line, where.column + 1};
  }
  return {};
}

Result<std::vector<Statement>> read_statements(std::string_view text, std::string_view file,
                                               Notation notation) {
  if (const auto good = check_source(text, file); !good) return good.error();
  Builder builder(file);
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    std::string_view line = take_line(text);
    auto words = notation == Notation::corosync ? corosync_words(line) : words_of(line, "#!");
    if (auto kept = builder.line(std::move(words), number); !kept) return kept.error();
  }
  return builder.take();
}

}  // namespace hapx::appliance::imports
