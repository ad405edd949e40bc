// SPDX-License-Identifier: Apache-2.0
// How does the lab read and write its small files?
//
// Whole files at a time, and folders with all that is in them. Nothing here knows what they mean.
#pragma once

#include <string>

#include <sys/types.h>

#include "config/result.hpp"

namespace hapx::appliance::lab {

[[nodiscard]] Result<std::string> read_file(const std::string& path);
[[nodiscard]] Result<void> write_file(const std::string& path, const std::string& text,
                                      mode_t mode = 0644);
/// Makes the folder and its parents; no failure where it exists.
[[nodiscard]] Result<void> make_folder(const std::string& path);
/// Removes the folder with everything in it; no failure where it does not exist.
[[nodiscard]] Result<void> remove_folder(const std::string& path);
/// Removes the folder only if it is empty; anything else is left alone.
void remove_if_empty(const std::string& path);
[[nodiscard]] bool exists(const std::string& path);

}  // namespace hapx::appliance::lab
