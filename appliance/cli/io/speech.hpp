// SPDX-License-Identifier: Apache-2.0
// How does a verb say what it found, in the notation that was asked for?
#pragma once

#include <map>
#include <string>

#include "appliance/cli/hapx_words.hpp"
#include "appliance/cli/io/client.hpp"
#include "appliance/cli/io/verbs.hpp"
#include "config/result.hpp"

namespace hapx::appliance::cli {

/// Says `sentence` on err as hapx's own, and returns `status`.
int complain(const Surroundings& around, const std::string& sentence, int status = exit_refused);

/// Prints a JSON document as JSON or YAML. Returns exit_done, or exit_refused if it is no JSON.
int print_document(const Surroundings& around, Output output, const std::string& json);

/// The body of a 200, else what hapxd said instead: an Error of kind `refused` with its sentence.
[[nodiscard]] Result<std::string> ask_for(const std::string& socket, const Question& question);

/// The same of an answer that is there; `target` is what was asked for.
[[nodiscard]] Result<std::string> body_of(Answer answer, const std::string& target);

/// hapxd gives an order up after 3 s, its socket an answer after 30 s.
inline constexpr Duration order_answer_time_max = std::chrono::seconds(35);

/// A name as part of a target. Names have only letters, digits, '-' and '.'; whatever else was
/// typed can't be one, and must not become another target. `what`: "service".
[[nodiscard]] Result<std::string> as_segment(const std::string& name, const char* what);

/// A JSON object of the texts that are not empty.
[[nodiscard]] std::string as_body(const std::map<std::string, std::string>& texts);
/// The sentence of hapxd's answer to an order.
void print_answer(const GlobalOptions& global, const Surroundings& around, const std::string& body);

/// exit_refused if hapxd said no, exit_no_answer if it said nothing.
int complain_of(const Surroundings& around, const Error& error);

/// A whole file, or standard input for "-". `what` is for the sentence: "the scenario". Limit: 1
/// MiB.
[[nodiscard]] Result<std::string> read_input(const std::string& file, const std::string& what);

/// What a refusal calls that file: its name, or "stdin".
[[nodiscard]] std::string name_of_input(const std::string& file);

}  // namespace hapx::appliance::cli
