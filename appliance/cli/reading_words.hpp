// SPDX-License-Identifier: Apache-2.0
// How are the verbs said that only look: status, get, events, describe, failcount, why?
//
// The part of hapx_words.cpp for them, in a file of its own; nobody else includes it.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include "appliance/cli/hapx_words.hpp"

namespace hapx::appliance::cli {

/// Where CLI11 puts what was said; lives as long as the command line.
struct ReadingWords {
  ShowStatus status;
  ShowEvents events;
  Describe node{Describe::What::node};
  Describe service{Describe::What::service};
  ShowFailCounts fail_counts;
  Why why;
};

/// Adds a verb with its help to a parent.
using AddVerb = std::function<CLI::App*(CLI::App* parent, const char* name, const char* what,
                                        const char* help)>;

/// Whichever verb is given leaves its value in `verb`.
void add_reading_verbs(CLI::App& app, const AddVerb& add, ReadingWords& words, Verb& verb);

/// "30m", "2h"; CLI11 refuses whatever else was said.
[[nodiscard]] CLI::Validator is_duration();

}  // namespace hapx::appliance::cli
