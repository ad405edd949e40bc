// SPDX-License-Identifier: Apache-2.0
#include "appliance/io/accepted_file.hpp"

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

#include "config/io/config_file.hpp"
#include "config/io/key_file.hpp"
#include "config/parse.hpp"

namespace hapx::appliance {
namespace {

Result<AcceptedFile> judge(std::string text, const std::string& path) {
  auto checked = check_config(text, path);
  if (checked.config) return AcceptedFile{*std::move(checked.config), std::move(text)};
  std::string sentences;
  for (const auto& refusal : checked.refusals) {
    sentences += (sentences.empty() ? "" : "\n") + refusal.sentence;
  }
  return Error{ErrorKind::refused, sentences, 0};
}

}  // namespace

Result<AcceptedFile> read_accepted_file(const std::string& path) {
  auto text = read_config_file(path);
  if (!text) return text.error();
  return judge(std::move(*text), path);
}

Result<ClusterKeys> read_cluster_keys(const ClusterConfig& config) {
  const char* credentials = std::getenv("CREDENTIALS_DIRECTORY");
  return read_key_file(config.key_file, credentials == nullptr
                                            ? std::nullopt
                                            : std::optional<std::string>(credentials));
}

Result<AcceptedFile> recall_accepted_file(const Descriptor& kept, const std::string& path) {
  std::string text(config_file_bytes_max, '\0');
  const auto length = ::pread(kept.number(), text.data(), text.size(), 0);
  if (length < 0) return system_error(errno, "cannot read the accepted file in memory");
  text.resize(static_cast<std::size_t>(length));
  return judge(std::move(text), path);
}

Result<Descriptor> keep_in_memory(const std::string& text) {
  Descriptor file(::memfd_create("hapx.yaml", MFD_CLOEXEC));
  if (!file.is_open()) return system_error(errno, "cannot keep the accepted file in memory");
  const auto written = ::pwrite(file.number(), text.data(), text.size(), 0);
  if (written != static_cast<ssize_t>(text.size())) {
    return system_error(errno, "cannot keep the accepted file in memory");
  }
  return file;
}

}  // namespace hapx::appliance
