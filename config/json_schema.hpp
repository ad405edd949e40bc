// SPDX-License-Identifier: Apache-2.0
// What does an editor have to know of a hapx.yaml?
//
// The JSON Schema (draft 7, which the editors' YAML servers know) of the file, made of
// config/schema_table: keys, shapes, limits, defaults, a sentence for each. It refuses every
// unknown key, as the reader does, and never what the reader takes; rules between values it can't
// tell, for them there is `hapx config check`.
#pragma once

#include "config/yaml.hpp"

namespace hapx {

/// As a tree: numbers unquoted, texts quoted, as JSON wants them.
[[nodiscard]] YamlNode json_schema();

}  // namespace hapx
