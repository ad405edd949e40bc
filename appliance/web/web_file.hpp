// SPDX-License-Identifier: Apache-2.0
// Which files does the page consist of?
//
// What lies beside this header, as it was when hapxd was built: hapxd reads no file to show itself.
#pragma once

#include <span>
#include <string_view>

namespace hapx::appliance::web {

struct WebFile {
  std::string_view target;        ///< "/" or "/page.js"
  std::string_view content_type;  ///< "text/html; charset=utf-8"
  std::string_view text;
};

[[nodiscard]] std::span<const WebFile> web_files();

/// The one at `target`; null: there is none.
[[nodiscard]] const WebFile* find_web_file(std::string_view target);

}  // namespace hapx::appliance::web
