// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/io/speech.hpp"

#include <iostream>
#include <utility>

#include "appliance/document.hpp"
#include "config/io/config_file.hpp"
#include "config/io/regular_file.hpp"
#include "config/tree.hpp"

namespace hapx::appliance::cli {

int complain(const Surroundings& around, const std::string& sentence, int status) {
  around.err << "hapx: " << printable(sentence) << '\n';
  return status;
}

int print_document(const Surroundings& around, Output output, const std::string& json) {
  const Result<YamlNode> tree = tree_from_json(json);
  if (!tree) return complain(around, tree.error().sentence);
  around.out << (output == Output::yaml ? write_yaml(*tree) : json);
  if (output != Output::yaml && !json.ends_with('\n')) around.out << '\n';
  return exit_done;
}

Result<std::string> ask_for(const std::string& socket, const Question& question) {
  Result<Answer> answer = ask(socket, question);
  // Whatever kept the answer away, it is no refusal of hapxd's.
  if (!answer) {
    return Error{ErrorKind::unavailable, answer.error().sentence, answer.error().system_error};
  }
  return body_of(*std::move(answer), question.target);
}

Result<std::string> body_of(Answer answer, const std::string& target) {
  if (answer.status == 200) return std::move(answer.body);
  std::string sentence = "hapxd answered with status " + std::to_string(answer.status);
  const Result<YamlNode> body = tree_from_json(answer.body);
  const YamlNode* error = body ? body->find("error") : nullptr;
  if (error && !error->scalar.empty()) sentence = error->scalar;
  // A hapxd of this version has all that this program asks for.
  if (sentence == "there is nothing at " + target) {
    sentence =
        "the hapxd that runs is of another version than this hapx, and can't do that: " + sentence;
  }
  const ErrorKind kind = answer.status >= 500 ? ErrorKind::unavailable : ErrorKind::refused;
  return Error{kind, std::move(sentence)};
}

Result<std::string> as_segment(const std::string& name, const char* what) {
  constexpr std::string_view letters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
  if (name.empty() || name.size() > 253 || name.find_first_not_of(letters) != name.npos) {
    return Error{ErrorKind::refused, "\"" + name + "\" can't be the name of a " + what};
  }
  return name;
}

std::string as_body(const std::map<std::string, std::string>& texts) {
  YamlNode body = tree::map();
  for (const auto& [key, text] : texts) {
    if (!text.empty()) tree::add(body, key, tree::text(text));
  }
  return json_from_tree(body);
}

void print_answer(const GlobalOptions& global, const Surroundings& around,
                  const std::string& body) {
  if (global.output != Output::text) {
    print_document(around, global.output, body);
    return;
  }
  const Result<YamlNode> tree = tree_from_json(body);
  const YamlNode* answer = tree ? tree->find("answer") : nullptr;
  around.out << (answer ? printable(answer->scalar) : "done") << '\n';
}

int complain_of(const Surroundings& around, const Error& error) {
  return complain(around, error.sentence,
                  error.kind == ErrorKind::refused ? exit_refused : exit_no_answer);
}

Result<std::string> read_input(const std::string& file, const std::string& what) {
  if (file != "-") return read_regular_file(file, what, config_file_bytes_max);
  std::string text;
  char block[4096];
  while (text.size() <= config_file_bytes_max && std::cin.read(block, sizeof(block)).gcount() > 0) {
    text.append(block, static_cast<std::size_t>(std::cin.gcount()));
  }
  if (text.size() > config_file_bytes_max) {
    return Error{ErrorKind::refused, "stdin has more than 1 MiB"};
  }
  return text;
}

std::string name_of_input(const std::string& file) {
  return file == "-" ? "stdin" : file;
}

}  // namespace hapx::appliance::cli
