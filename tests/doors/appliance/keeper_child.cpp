// SPDX-License-Identifier: Apache-2.0
// A stand-in for hapxd and haproxy-keeper under the real keeper: as --as=daemon it gives signs of
// life, leaves a descriptor with the keeper, and writes one line about itself into FOLDER/lives.
#include <cstdlib>
#include <fstream>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "appliance/io/handed_down.hpp"
#include "appliance/io/keeper.hpp"
#include "appliance/io/life.hpp"

namespace {

using namespace hapx::appliance;

volatile sig_atomic_t asked_to_end = 0;
volatile sig_atomic_t asked_to_reload = 0;

void hang_if_asked(const std::string& folder) {
  if (::access((folder + "/hang").c_str(), F_OK) != 0) return;
  std::ofstream(folder + "/hangs");
  ::pause();
}

int live(const std::string& folder) {
  hang_if_asked(folder);
  auto inherited = take_handed_down(std::getenv(descriptors_variable));
  Life* life = *map_life(inherited.at("life").number());
  std::string kept = "nothing";
  if (const auto found = inherited.find("thing"); found != inherited.end()) {
    char text[32] = {};
    if (::pread(found->second.number(), text, sizeof text - 1, 0) > 0) kept = text;
  } else {
    hapx::Descriptor thing(::memfd_create("thing", 0));
    const std::string text = "of-" + std::to_string(::getpid());
    if (::write(thing.number(), text.data(), text.size()) < 0) return 9;
    if (!send_descriptor(inherited.at("channel").number(), "thing", thing.number())) return 9;
  }
  if (!send_state(inherited.at("channel").number(), "STATUS=begun")) return 9;
  // Whether the one before us is gone by now is what LEASE.md's rule 14 is about.
  std::string before;
  {
    std::ifstream lives(folder + "/lives");
    for (std::string line; std::getline(lives, line);) before = line.substr(0, line.find(' '));
  }
  const bool gone = before.empty() || ::access(("/proc/" + before).c_str(), F_OK) != 0;
  std::ofstream(folder + "/lives", std::ios::app)
      << ::getpid() << ' ' << kept << ' ' << (gone ? "alone" : "not-alone") << std::endl;
  life->interval_nanoseconds = 25'000'000;
  ::signal(SIGTERM, [](int) { asked_to_end = 1; });
  ::signal(SIGHUP, [](int) { asked_to_reload = 1; });
  while (asked_to_end == 0) {
    ++life->turns;
    pollfd channel{inherited.at("channel").number(), POLLIN, 0};
    if (::poll(&channel, 1, 20) > 0) return 0;  // the keeper is gone
    if (::access((folder + "/exit7").c_str(), F_OK) == 0) return 7;
    if (asked_to_reload != 0) return status_restart_in_flight;
    hang_if_asked(folder);
  }
  return 0;
}

}  // namespace

int main(int count, char** words) {
  const std::string role = count > 1 ? words[1] : "";
  const std::string folder = count > 1 ? words[count - 1] : ".";
  if (role == "--as=daemon") return live(folder);
  if (role == "--as=haproxy-keeper") return 2;
  return run_keeper({"/proc/self/exe", {folder}});
}
