// SPDX-License-Identifier: Apache-2.0
#include "source.hpp"

#include <cctype>

namespace hapx::tidy {
namespace {

bool is_word_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// Replaces what is not code by blanks and keeps every newline where it is.
class Blanker {
 public:
  explicit Blanker(std::string_view text) : text_(text), code_(text) {}

  std::string run() {
    while (at_ < text_.size()) {
      if (starts("//")) {
        blank_until("\n", Keep::end);
      } else if (starts("/*")) {
        blank_until("*/", Keep::nothing);
      } else if (starts("R\"")) {
        const auto open = text_.find('(', at_);
        if (open == std::string_view::npos) break;
        blank_until(")" + std::string(text_.substr(at_ + 2, open - at_ - 2)) + "\"", Keep::nothing);
      } else if (starts("\"") || (starts("'") && !inside_number())) {
        blank_literal(text_[at_]);
      } else {
        ++at_;
      }
    }
    return std::move(code_);
  }

 private:
  enum class Keep { nothing, end };

  bool starts(std::string_view what) const { return text_.substr(at_).starts_with(what); }

  /// 1'000 is one number.
  bool inside_number() const {
    return at_ > 0 && std::isxdigit(static_cast<unsigned char>(text_[at_ - 1])) != 0 &&
           at_ + 1 < text_.size() && std::isxdigit(static_cast<unsigned char>(text_[at_ + 1])) != 0;
  }

  void blank(std::size_t end) {
    for (; at_ < end && at_ < text_.size(); ++at_) {
      if (text_[at_] != '\n') code_[at_] = ' ';
    }
  }

  void blank_until(std::string_view end, Keep keep) {
    const auto found = text_.find(end, at_ + 2);
    if (found == std::string_view::npos) return blank(text_.size());
    blank(keep == Keep::end ? found : found + end.size());
  }

  void blank_literal(char quote) {
    std::size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != quote && text_[end] != '\n') {
      end += text_[end] == '\\' ? 2 : 1;
    }
    blank(end + 1);
  }

  std::string_view text_;
  std::string code_;
  std::size_t at_ = 0;
};

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

std::vector<Include> find_includes(const std::vector<std::string>& lines) {
  constexpr std::string_view directive = "#include ";
  std::vector<Include> includes;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string_view line = lines[i];
    if (!line.starts_with(directive)) continue;
    const bool quoted = line.substr(directive.size()).starts_with('"');
    const auto begin = directive.size() + 1;
    const auto end = line.find(quoted ? '"' : '>', begin);
    if (end == std::string_view::npos) continue;
    includes.push_back({i + 1, std::string(line.substr(begin, end - begin)), quoted});
  }
  return includes;
}

}  // namespace

Source read_source(std::string path, std::string_view text) {
  Source source;
  source.path = std::move(path);
  source.lines = split_lines(text);
  const bool cpp = source.path.ends_with(".cpp") || source.path.ends_with(".hpp");
  if (cpp) {
    source.code = split_lines(Blanker(text).run());
    source.includes = find_includes(source.lines);
  }
  source.ends_with_newline = text.ends_with('\n');
  return source;
}

std::string_view comment_text(std::string_view line) {
  const auto begin = line.find_first_not_of(' ');
  if (begin == std::string_view::npos || !line.substr(begin).starts_with("//")) return {};
  line.remove_prefix(begin);
  line.remove_prefix(std::min(line.find_first_not_of("/<"), line.size()));
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  return line;
}

bool has_word(std::string_view line, std::string_view word) {
  for (auto at = line.find(word); at != std::string_view::npos; at = line.find(word, at + 1)) {
    const auto end = at + word.size();
    const bool begins = at == 0 || !is_word_character(line[at - 1]) || !is_word_character(word[0]);
    const bool ends =
        end >= line.size() || !is_word_character(line[end]) || !is_word_character(word.back());
    if (begins && ends) return true;
  }
  return false;
}

}  // namespace hapx::tidy
