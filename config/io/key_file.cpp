// SPDX-License-Identifier: Apache-2.0
#include "config/io/key_file.hpp"

#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/io/descriptor.hpp"
#include "config/io/regular_file.hpp"

namespace hapx {
namespace {

constexpr std::size_t key_file_bytes_max = 4096;
constexpr mode_t owner_reads = S_IRUSR;
constexpr mode_t others_may = S_IRWXG | S_IRWXO;

std::optional<Error> check_rights(const struct stat& status, const std::string& path) {
  if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
    return Error{ErrorKind::refused, "the key file " + path +
                                         " belongs to another user, who can read it; run `chown "
                                         "root " +
                                         path + "`, or make a new key"};
  }
  if ((status.st_mode & others_may) != 0) {
    return Error{ErrorKind::refused, "the key file " + path +
                                         " is open to group or others, so the key is no secret; "
                                         "run `chmod 0400 " +
                                         path + "`, or make a new key if others may have read it"};
  }
  return std::nullopt;
}

void wipe(std::string& text) {
  ::explicit_bzero(text.data(), text.size());
}

/// 0, or the errno of what went wrong.
int write_and_sync(int file, std::string_view text) {
  while (!text.empty()) {
    const auto put = ::write(file, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  // The umask can only take rights away; this gives the owner's back.
  if (::fchmod(file, owner_reads) != 0) return errno;
  return ::fsync(file) == 0 ? 0 : errno;
}

/// Makes the directory's entry durable. Where that can't be done, the file is there all the same.
void sync_directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  const auto directory = slash == std::string::npos ? std::string(".") : path.substr(0, slash + 1);
  const Descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.is_open()) static_cast<void>(::fsync(opened.number()));
}

Result<ClusterKey> random_key() {
  ClusterKey key{};
  // Up to 256 bytes come whole or not at all (getrandom(2)).
  while (::getrandom(key.data(), key.size(), 0) < 0) {
    if (errno != EINTR) return system_error(errno, "cannot get random bytes for a key");
  }
  return key;
}

/// What the service manager read for us. Its copy has rights of its own, so the file itself is
/// judged, by name: a mistake of the operator is to be found, not an attack by root.
Result<std::string> read_credential(const std::string& path, const std::string& credentials) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    return system_error(errno, "cannot examine the key file " + path);
  }
  if (auto refused = check_rights(status, path)) return *std::move(refused);
  const auto name = path.substr(path.rfind('/') + 1);
  return read_regular_file(credentials + '/' + name, "the credential", key_file_bytes_max, {});
}

}  // namespace

Result<ClusterKeys> read_key_file(const std::string& path,
                                  const std::optional<std::string>& credentials) {
  auto text = read_regular_file(path, "the key file", key_file_bytes_max,
                                [&](const auto& status) { return check_rights(status, path); });
  if (!text && text.error().kind == ErrorKind::forbidden && credentials) {
    text = read_credential(path, *credentials);
  }
  if (!text) {
    auto error = text.error();
    if (error.kind == ErrorKind::absent) {
      error.sentence +=
          "; make it on one node with `hapx keygen " + path + "` and copy it to the others";
    }
    return error;
  }
  auto keys = parse_keys(*text);
  wipe(*text);
  if (!keys) return Error{keys.error().kind, path + ": " + keys.error().sentence};
  return keys;
}

namespace {

/// And forgets the text, whatever comes of it.
Result<void> write_new(const std::string& path, std::string text) {
  const Descriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, owner_reads));
  const int open_error = file.is_open() ? 0 : errno;
  const int error_number = open_error != 0 ? open_error : write_and_sync(file.number(), text);
  wipe(text);
  if (open_error == EEXIST) {
    return Error{ErrorKind::exists,
                 path +
                     " exists already, and a key is never overwritten; remove it first if the "
                     "cluster shall have another",
                 EEXIST};
  }
  if (open_error != 0) return system_error(open_error, "cannot make the key file " + path);
  if (error_number != 0) {
    ::unlink(path.c_str());
    return system_error(error_number, "cannot write the key file " + path);
  }
  sync_directory_of(path);
  return {};
}

}  // namespace

Result<void> write_key_file(const std::string& path) {
  auto key = random_key();
  if (!key) return key.error();
  auto text = write_key(*key);
  ::explicit_bzero(&*key, sizeof *key);
  return write_new(path, std::move(text));
}

Result<void> copy_key_file(const std::string& from, const std::string& to) {
  auto keys = read_key_file(from);
  if (!keys) return keys.error();
  auto text = write_key(keys->first);
  if (keys->second) text += write_key(*keys->second);
  ::explicit_bzero(&*keys, sizeof *keys);
  return write_new(to, std::move(text));
}

}  // namespace hapx
