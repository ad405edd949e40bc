// SPDX-License-Identifier: Apache-2.0
#include "appliance/io/life.hpp"

#include <cerrno>

#include <sys/mman.h>

namespace hapx::appliance {

Result<Descriptor> make_life_file() {
  Descriptor file(::memfd_create("hapx-life", MFD_CLOEXEC));
  if (!file.is_open()) return system_error(errno, "cannot make the page of life signs");
  if (::ftruncate(file.number(), sizeof(Life)) != 0) {
    return system_error(errno, "cannot size the page of life signs");
  }
  return file;
}

Result<Life*> map_life(int file) {
  void* page = ::mmap(nullptr, sizeof(Life), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (page == MAP_FAILED) return system_error(errno, "cannot map the page of life signs");
  return static_cast<Life*>(page);
}

}  // namespace hapx::appliance
