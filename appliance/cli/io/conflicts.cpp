// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/io/conflicts.hpp"

#include <chrono>

#include "appliance/cli/capture.hpp"
#include "appliance/cli/io/questions.hpp"
#include "appliance/cli/io/speech.hpp"
#include "appliance/cli/vendor.hpp"
#include "config/io/config_file.hpp"
#include "config/io/regular_file.hpp"

namespace hapx::appliance::cli {
namespace {

constexpr std::size_t list_bytes_max = 64UL << 20U;

}  // namespace

std::string vendor_of(const std::string& mac) {
  std::string vendor = virtual_vendor(mac);
  if (!vendor.empty()) return vendor;
  for (const char* folder : {"/usr/lib/udev/hwdb.d", "/lib/udev/hwdb.d"}) {
    const auto list =
        read_regular_file(std::string(folder) + "/20-OUI.hwdb", "the list", list_bytes_max);
    if (list) return vendor_in(*list, mac);
  }
  return {};
}

int write_evidence(const GlobalOptions& global, const std::string& file,
                   const Surroundings& around) {
  std::string json;
  const Result<Status> status = ask_status(global, json);
  if (!status) return complain_of(around, status.error());
  const Utc now(std::chrono::system_clock::now().time_since_epoch());
  const std::string capture = capture_of(*status, now);
  if (capture.empty()) {
    return complain(around, "nobody has claimed an address that " + status->node.text() +
                                " has, so there is nothing to write");
  }
  if (const auto written = write_new_config_file(file, capture); !written)
    return complain(around, written.error().sentence);
  around.out << "wrote " << file << "; read it with tcpdump -enr " << file << "\n";
  return exit_done;
}

}  // namespace hapx::appliance::cli
