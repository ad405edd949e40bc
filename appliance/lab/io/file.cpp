// SPDX-License-Identifier: Apache-2.0
#include "appliance/lab/io/file.hpp"

#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>

#include "config/io/descriptor.hpp"

namespace hapx::appliance::lab {

Result<std::string> read_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return system_error(errno, path);
  std::string text;
  std::array<char, 4096> block{};
  for (;;) {
    const ssize_t count = ::read(file.number(), block.data(), block.size());
    if (count < 0) return system_error(errno, path);
    if (count == 0) return text;
    text.append(block.data(), static_cast<std::size_t>(count));
  }
}

Result<void> write_file(const std::string& path, const std::string& text, mode_t mode) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
  if (!file.is_open()) return system_error(errno, path);
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t count = ::write(file.number(), rest.data(), rest.size());
    if (count < 0) return system_error(errno, path);
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Result<void> make_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return system_error(error.value(), path);
  return {};
}

Result<void> remove_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) return system_error(error.value(), path);
  return {};
}

void remove_if_empty(const std::string& path) {
  ::rmdir(path.c_str());
}

bool exists(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0;
}

}  // namespace hapx::appliance::lab
