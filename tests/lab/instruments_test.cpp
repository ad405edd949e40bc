// SPDX-License-Identifier: Apache-2.0
// The instruments, before they judge hapx: the address (an IPv4 one, and an IPv6 one) is moved by
// hand, rightly and wrongly, and prober and watcher must see what was done.
#include <algorithm>
#include <array>

#include <linux/if_packet.h>
#include <net/if.h>
#include <signal.h>
#include <sys/socket.h>

#include "appliance/drill/io/meter.hpp"
#include "appliance/drill/io/prober.hpp"
#include "appliance/drill/io/watcher.hpp"
#include "appliance/lab/io/apiserver.hpp"
#include "appliance/lab/io/cable.hpp"
#include "appliance/lab/io/interrupt.hpp"
#include "config/io/clock.hpp"
#include "scratch_lab.hpp"
#include "vip/claim.hpp"

namespace hapx::appliance::lab {
namespace {

using drill::Prober;
using drill::Watcher;
using std::chrono::milliseconds;

/// Machines on which nothing of hapx runs.
class BareLab : public ScratchLab {
 protected:
  void SetUp() override {
    ScratchLab::SetUp();
    if (!kernel_has(family())) GTEST_SKIP() << "this kernel has no IPv6";
    if (IsSkipped()) return;
    auto lab = Lab::build({.name = name(), .family = family()}, "/nonexistent");
    ASSERT_TRUE(lab) << lab.error().sentence;
    lab_.emplace(std::move(*lab));
  }

  [[nodiscard]] virtual Family family() const { return Family::ipv4; }
  const Plan& plan() { return lab_->plan(); }
  const NodePlan& node(std::size_t index) { return plan().nodes[index]; }

 private:
  std::optional<Lab> lab_;
};

class Meter : public BareLab {};

class Instruments : public BareLab, public testing::WithParamInterface<Family> {
 protected:
  [[nodiscard]] Family family() const override { return GetParam(); }

  void add_address(std::size_t index) { change_address("add", index); }
  void delete_address(std::size_t index) { change_address("del", index); }

  /// A server at the address itself, in place of HAProxy.
  void serve(std::size_t index) {
    const Endpoint endpoint{plan().vip.address, plan().port};
    const auto pid =
        fork_into(node(index).netns, "by-hand", Bond::detached,
                  [&](const auto& ready) { return serve_apiserver("by-hand", endpoint, ready); });
    ASSERT_TRUE(pid) << pid.error().sentence;
  }

  /// What an announcement does to the client, without one.
  void forget_neighbours() {
    ASSERT_TRUE(run_well({"ip", "neigh", "flush", "all"}, {.netns = plan().client_netns}));
  }

  /// The frame that a holder sends; here from a machine that is none.
  void announce(std::size_t index) {
    const auto sent = within(node(index).netns, [&]() -> Result<void> {
      const Descriptor socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
      sockaddr_ll address{};
      address.sll_family = AF_PACKET;
      address.sll_ifindex = static_cast<int>(::if_nametoindex("eth0"));
      const vip::WireFrame frame =
          vip::announcement_frames(node(index).mac, plan().vip.address).front();
      if (::sendto(socket.number(), frame.data(), frame.size(), 0,
                   reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) {
        return system_error(errno, "announcement");
      }
      return {};
    });
    ASSERT_TRUE(sent) << sent.error().sentence;
  }

  std::size_t served_since(const Prober& prober, Instant since) {
    std::size_t count = 0;
    for (const drill::Request& request : prober.requests(since)) {
      if (request.fate == drill::Fate::served) ++count;
    }
    return count;
  }

  /// Waits for as many served requests, or for as many claims.
  bool await(const Prober& prober, std::size_t count) {
    const Instant since = boot_now();
    for (int look = 0; look < 1000; ++look) {
      if (served_since(prober, since) >= count) return true;
      pause(milliseconds(20));
    }
    return false;
  }
  bool await(const Watcher& watcher, std::size_t count) {
    const Instant since = boot_now();
    for (int look = 0; look < 1000; ++look) {
      if (watcher.sightings(since).size() >= count) return true;
      pause(milliseconds(20));
    }
    return false;
  }

 private:
  void change_address(const char* how, std::size_t index) {
    std::vector<std::string> command{"ip", "addr", how, to_string(plan().vip), "dev", "eth0"};
    if (family() == Family::ipv6) command.emplace_back("nodad");
    const auto done = run_well(command, {.netns = node(index).netns});
    ASSERT_TRUE(done) << done.error().sentence;
  }
};

INSTANTIATE_TEST_SUITE_P(Lab, Instruments, testing::Values(Family::ipv4, Family::ipv6),
                         family_name);

TEST_P(Instruments, TheWatcherNamesTheOneHolderAndItsSuccessor) {
  auto watcher = Watcher::start(plan());
  ASSERT_TRUE(watcher) << watcher.error().sentence;
  const Instant begin = boot_now();
  add_address(0);
  ASSERT_TRUE(await(*watcher, 20));
  delete_address(0);
  add_address(1);
  ASSERT_TRUE(await(*watcher, 20));
  const drill::Wire wire = drill::judge(watcher->sightings(begin), begin, boot_now());
  EXPECT_TRUE(wire.is_one_holder());
  ASSERT_EQ(wire.tenures.size(), 2U);
  EXPECT_EQ(wire.tenures[0].mac, node(0).mac);
  EXPECT_EQ(wire.tenures[1].mac, node(1).mac);
  EXPECT_LT(wire.tenures[0].last, wire.tenures[1].first);
}

TEST_P(Instruments, TheWatcherSeesTwoHolders) {
  auto watcher = Watcher::start(plan());
  ASSERT_TRUE(watcher) << watcher.error().sentence;
  const Instant begin = boot_now();
  add_address(0);
  ASSERT_TRUE(await(*watcher, 20));
  add_address(1);  // the bug: nobody took it from the first
  ASSERT_TRUE(await(*watcher, 40));
  const drill::Wire wire = drill::judge(watcher->sightings(begin), begin, boot_now());
  EXPECT_FALSE(wire.is_one_holder());
  ASSERT_FALSE(wire.conflicts.empty());
  const drill::Conflict& first = wire.conflicts.front();
  const std::array both{std::min(first.one, first.other), std::max(first.one, first.other)};
  EXPECT_EQ(both, (std::array{node(0).mac, node(1).mac}));
}

TEST_P(Instruments, TheWatcherHearsAStaleAnnouncement) {
  auto watcher = Watcher::start(plan());
  ASSERT_TRUE(watcher) << watcher.error().sentence;
  const Instant begin = boot_now();
  add_address(0);
  ASSERT_TRUE(await(*watcher, 20));
  announce(1);  // the bug: the second does not hold the address
  ASSERT_TRUE(await(*watcher, 20));
  EXPECT_FALSE(drill::judge(watcher->sightings(begin), begin, boot_now()).is_one_holder());
}

TEST_P(Instruments, TheWatcherChangesNoNeighbourTableButItsOwnEntry) {
  add_address(0);
  auto watcher = Watcher::start(plan());
  ASSERT_TRUE(watcher) << watcher.error().sentence;
  ASSERT_TRUE(await(*watcher, 100));
  const auto table =
      run({"ip", family() == Family::ipv6 ? "-6" : "-4", "neigh"}, {.netns = node(0).netns});
  ASSERT_TRUE(table);
  EXPECT_LE(std::count(table->output.begin(), table->output.end(), '\n'), 2) << table->output;
}

TEST_P(Instruments, TheProberMeasuresAnOutageMadeByHand) {
  add_address(0);
  serve(0);
  auto prober = Prober::start(plan());
  ASSERT_TRUE(prober) << prober.error().sentence;
  ASSERT_TRUE(await(*prober, 50));
  const Instant begin = boot_now();
  ASSERT_TRUE(await(*prober, 20));
  const Instant cut = boot_now();
  delete_address(0);
  const Instant dark = boot_now();
  pause(milliseconds(300));
  const Instant lit = boot_now();
  add_address(1);
  serve(1);
  forget_neighbours();
  ASSERT_TRUE(await(*prober, 50));
  const Instant end = boot_now() - milliseconds(100);
  const drill::Service service = drill::judge(prober->requests(begin), begin, end);
  EXPECT_GE(service.outage, lit - dark) << "nothing could be served while the address was nowhere";
  EXPECT_LE(service.dark_from, dark);
  EXPECT_GE(service.dark_from, cut - milliseconds(100));
  EXPECT_GE(service.dark_until, dark);
  RecordProperty("outage_ms", std::to_string(service.outage / milliseconds(1)));
}

TEST_P(Instruments, TheProberFindsNothingWrongWithAnUndisturbedService) {
  add_address(0);
  serve(0);
  auto prober = Prober::start(plan());
  ASSERT_TRUE(prober) << prober.error().sentence;
  const Instant begin = boot_now();
  ASSERT_TRUE(await(*prober, 100));
  const auto requests = prober->requests(begin);
  const drill::Service service = drill::judge(requests, begin, boot_now());
  EXPECT_EQ(service.failed, 0U);
  // Started on the beat, also before the one before has ended.
  for (std::size_t i = 1; i < requests.size(); ++i) {
    EXPECT_GE(requests[i].start, requests[i - 1].start);
  }
  RecordProperty("latency_median_us",
                 std::to_string(service.latency_median / std::chrono::microseconds(1)));
}

TEST_P(Instruments, TheProberKeepsStartingRequestsWhileOthersHang) {
  add_address(0);
  serve(0);
  auto prober = Prober::start(plan());
  ASSERT_TRUE(prober) << prober.error().sentence;
  ASSERT_TRUE(await(*prober, 10));
  auto server = processes_in(node(0).netns, "by-hand");
  ASSERT_EQ(server.size(), 1U);
  send_signal(server[0], SIGSTOP);
  const Instant stopped = boot_now();
  std::size_t pending = 0;
  for (int look = 0; look < 1000 && pending < 20; ++look) {
    pause(milliseconds(20));
    pending = 0;
    for (const drill::Request& request : prober->requests(stopped)) {
      if (request.fate == drill::Fate::pending) ++pending;
    }
  }
  EXPECT_GE(pending, 20U);
  send_signal(server[0], SIGCONT);
  EXPECT_TRUE(await(*prober, 10));
}

TEST_F(Meter, NeedsAHapxd) {
  const auto footprint = drill::measure_footprint(node(0), milliseconds(10));
  ASSERT_FALSE(footprint);
  EXPECT_EQ(footprint.error().kind, ErrorKind::absent);
}

TEST_F(Meter, CountsMemoryAndProcessorTime) {
  // A process of hapxd's name that does nothing but count.
  const auto pid = fork_into(node(0).netns, "hapxd", Bond::child, [](const auto& ready) {
    ready();
    while (boot_now() > Instant{}) {
    }
    return 0;
  });
  ASSERT_TRUE(pid) << pid.error().sentence;
  const auto footprint = drill::measure_footprint(node(0), milliseconds(500));
  ::kill(*pid, SIGKILL);
  ASSERT_TRUE(footprint) << footprint.error().sentence;
  EXPECT_GT(footprint->processor_share, 0.01);
  EXPECT_LT(footprint->processor_share, 1.5);
  EXPECT_GT(footprint->memory_bytes, 10'000U);
  EXPECT_LT(footprint->memory_bytes, 1'000'000'000U);
}

}  // namespace
}  // namespace hapx::appliance::lab
