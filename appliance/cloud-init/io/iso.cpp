// SPDX-License-Identifier: Apache-2.0
#include "appliance/cloud-init/io/iso.hpp"

#include <cerrno>
#include <cstdio>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include "appliance/lab/io/process.hpp"

namespace hapx::appliance::cloud_init {

namespace {

constexpr int not_found = 127;  // as of a shell
constexpr mode_t owner_reads = S_IRUSR;

/// All three understand mkisofs's words.
const std::vector<std::vector<std::string>>& programs() {
  static const std::vector<std::vector<std::string>> all{
      {"xorriso", "-as", "mkisofs"}, {"genisoimage"}, {"mkisofs"}};
  return all;
}

Result<void> have_made(const std::vector<std::string>& words) {
  for (std::vector<std::string> command : programs()) {
    command.insert(command.end(), words.begin(), words.end());
    const auto outcome = lab::run(command, {});
    if (!outcome) return outcome.error();
    if (outcome->code == not_found) continue;
    if (outcome->code == 0) return {};
    const std::string& said = outcome->errors;
    return Error{ErrorKind::failed,
                 command.front() + " failed: " + said.substr(0, said.find('\n'))};
  }
  return Error{ErrorKind::absent,
               "making volumes needs one of xorriso, genisoimage and mkisofs: install one of them"};
}

}  // namespace

Result<void> make_iso(const std::string& folder, const std::string& file) {
  const std::string draft = file + ".new";
  // Whoever makes it makes it for everybody, and there is a key in it.
  const mode_t before = ::umask(S_IRWXG | S_IRWXO);
  ::unlink(draft.c_str());
  std::vector<std::string> words{"-quiet", "-output", draft,  "-volid",
                                 "cidata", "-joliet", "-rock"};
  for (const char* name : seed_files) words.push_back(folder + '/' + name);
  auto made = have_made(words);
  ::umask(before);
  if (made && ::chmod(draft.c_str(), owner_reads) != 0)
    made = system_error(errno, "cannot close " + draft + " to others");
  if (made && std::rename(draft.c_str(), file.c_str()) != 0)
    made = system_error(errno, "cannot write " + file);
  if (!made) ::unlink(draft.c_str());
  return made;
}

}  // namespace hapx::appliance::cloud_init
