// SPDX-License-Identifier: Apache-2.0
// The kernel-held lease on a real segment: what others hear, and until when.
#include <algorithm>
#include <atomic>
#include <memory>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/io/clock.hpp"
#include "segment.hpp"
#include "vip/io/door.hpp"

namespace hapx::vip {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using namespace test;

const InterfaceName interface { "v0" };
const VipConfig vip_config{{ipv4(10, 77, 0, 20), 24}, interface};
const IpAddress& vip_address = vip_config.address.address;
const IpAddress own_address = ipv4(10, 77, 0, 1);
constexpr Duration lease = milliseconds(300);

std::int64_t microseconds_of(Duration duration) {
  return std::chrono::duration_cast<microseconds>(duration).count();
}

/// Our node with v0 (10.77.0.1), a bystander with v1 (10.77.0.2).
class FenceDoor : public testing::Test {
 protected:
  void SetUp() override {
    HAPX_NEEDS_NETWORK_NAMESPACES();
    ours_.emplace();
    others_.emplace();
    must(*ours_, {"ip link add v0 type veth peer name v1 netns " + others_->path(),
                  "ip link set v0 up", "ip addr add 10.77.0.1/24 dev v0"});
    must(*others_, {"ip link set v1 up", "ip addr add 10.77.0.2/24 dev v1"});
    bystander_.emplace(*others_, "v1");
    open_door(std::nullopt);
    arm();
  }

  void open_door(std::optional<int> inherited) {
    told_.events.clear();
    ours_->within([&] {
      auto opened = Door::open(io_, {{vip_config}, inherited},
                               [&](Event event) { told_.events.push_back(std::move(event)); });
      ASSERT_TRUE(opened.has_value()) << opened.error().sentence;
      door_ = std::move(*opened);
    });
  }

  void arm() {
    door_->arm_fence({{vip_address}});
    run_until(
        io_, [&] { return told_.count<FenceArmed>() + told_.count<FenceUnavailable>() > 0; },
        "the fence");
    if (told_.count<FenceUnavailable>() > 0) {
      GTEST_SKIP() << "no BPF here: " << told_.all<FenceUnavailable>()[0].reason;
    }
  }

  void extend(Duration right) { door_->extend_deadline({vip_address, boot_now() + right}); }

  void add() {
    const auto before = told_.count<AddressAdded>();
    door_->add_address({interface, vip_config.address, seconds(60)});
    run_until(
        io_, [&] { return told_.count<AddressAdded>() > before; }, "AddressAdded");
  }

  /// Asks every millisecond until `end`; each question bears a number, so that an answer tells when
  /// its question left. Returns when the last question left that was answered.
  Instant last_answered(Instant end) {
    std::vector<Instant> asked;
    Instant last{};
    while (boot_now() < end) {
      ArpPacket question = arp_probe(bystander_->mac(), vip_address);
      const auto number = static_cast<std::uint16_t>(asked.size());
      question.sender_mac = {{0x02, 0, 0, 0, static_cast<std::uint8_t>(number >> 8U),
                              static_cast<std::uint8_t>(number & 0xffU)}};
      asked.push_back(boot_now());
      bystander_->send(to_frame(question));
      while (const auto frame = bystander_->receive(milliseconds(1))) {
        const auto answer = parse_arp(*frame);
        if (!answer || answer->operation != ArpOperation::reply) continue;
        const std::size_t which = answer->target_mac.bytes[4] * 256U + answer->target_mac.bytes[5];
        if (which < asked.size()) last = std::max(last, asked[which]);
        break;
      }
    }
    return last;
  }

  [[nodiscard]] bool pings(const std::string& address) const {
    return others_->runs("exec 3<>/dev/null; timeout 2 bash -c '</dev/tcp/" + address +
                         "/9' 2>&1 | grep -q refused");
  }

  std::optional<Namespace> ours_;
  std::optional<Namespace> others_;
  std::optional<Bystander> bystander_;
  boost::asio::io_context io_;
  Told told_;
  std::unique_ptr<Door> door_;
};

TEST_F(FenceDoor, begins_closed_and_the_nodes_own_address_is_not_touched) {
  add();
  EXPECT_TRUE(bystander_->ask(vip_address).empty());
  EXPECT_TRUE(bystander_->hears(own_address));
  EXPECT_TRUE(door_->deadlines().empty());
}

TEST_F(FenceDoor, opens_by_a_store_and_closes_by_itself) {
  add();
  extend(seconds(3));
  EXPECT_TRUE(bystander_->hears(vip_address));
  EXPECT_TRUE(pings("10.77.0.20"));
  const Instant deadline = boot_now() + milliseconds(200);
  door_->extend_deadline({vip_address, deadline});
  EXPECT_EQ(door_->deadlines().at(vip_address), deadline);
  const Instant last = last_answered(deadline + milliseconds(200));
  RecordProperty("silent_before_deadline_us", static_cast<int>(microseconds_of(deadline - last)));
  EXPECT_LT(last, deadline);
  EXPECT_TRUE(bystander_->hears(own_address));
}

TEST_F(FenceDoor, closing_is_at_once_for_every_protocol) {
  add();
  extend(seconds(4));
  ASSERT_TRUE(bystander_->hears(vip_address));
  ASSERT_TRUE(pings("10.77.0.20"));
  door_->close_fence({vip_address});
  EXPECT_TRUE(bystander_->ask(vip_address).empty());
  // The neighbour still knows where we are, and its packets come: none is answered, not even
  // refused.
  const std::string mac =
      bystander_->ask(own_address).empty() ? "" : to_string(bystander_->ask(own_address).front());
  must(*others_, {"ip neigh replace 10.77.0.20 lladdr " + mac + " dev v1 nud permanent"});
  EXPECT_FALSE(pings("10.77.0.20"));
  EXPECT_TRUE(pings("10.77.0.1"));
}

TEST_F(FenceDoor, an_address_that_has_no_deadline_is_not_added) {
  door_->add_address({interface, {ipv4(10, 77, 0, 99), 24}, seconds(2)});
  run_until(
      io_, [&] { return told_.count<AddressRefused>() == 1; }, "AddressRefused");
}

TEST_F(FenceDoor, a_deadline_nobody_may_write) {
  EXPECT_DEATH(extend(seconds(60)), "lease_max");
}

TEST_F(FenceDoor, a_renewal_is_a_store) {
  add();
  constexpr int rounds = 100'000;
  const Instant start = boot_now();
  for (int i = 0; i < rounds; ++i) door_->extend_deadline({vip_address, start + seconds(1)});
  const auto each = (boot_now() - start) / rounds;
  RecordProperty("extend_ns", static_cast<int>(each.count()));
  EXPECT_LT(each, microseconds(50));
}

/// A child renews every 20 ms, and is killed or stopped in the middle of it.
class Renewer : public FenceDoor, public testing::WithParamInterface<int> {};

TEST_P(Renewer, that_is_hit_falls_silent_at_its_deadline) {
  auto* deadline = static_cast<std::atomic<std::int64_t>*>(
      ::mmap(nullptr, sizeof(std::atomic<std::int64_t>), PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  add();
  const pid_t child = ::fork();
  if (child == 0) {
    while (true) {
      const Instant until = boot_now() + lease;
      // Written first: the store may be the last thing that we do.
      deadline->store(until.time_since_epoch().count());
      door_->extend_deadline({vip_address, until});
      ::usleep(20'000);
    }
  }
  ASSERT_TRUE(bystander_->hears(vip_address));
  (void)last_answered(boot_now() + milliseconds(100));
  const Instant hit = boot_now();
  ::kill(child, GetParam());
  const Instant last = last_answered(hit + milliseconds(700));
  const Instant until{Duration(deadline->load())};
  RecordProperty("last_answer_after_hit_us", static_cast<int>(microseconds_of(last - hit)));
  RecordProperty("silent_before_deadline_us", static_cast<int>(microseconds_of(until - last)));
  EXPECT_LT(last, until);
  EXPECT_GT(last, hit);
  EXPECT_LE(until, boot_now());
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(bystander_->hears(own_address));
  ::munmap(deadline, sizeof(std::atomic<std::int64_t>));
}

INSTANTIATE_TEST_SUITE_P(Hit, Renewer, testing::Values(SIGKILL, SIGSTOP), [](const auto& instance) {
  return instance.param == SIGKILL ? "killed" : "stopped";
});

TEST_F(FenceDoor, stays_closed_when_its_process_is_gone) {
  add();
  extend(milliseconds(50));
  door_.reset();
  run_for(io_, milliseconds(60));
  EXPECT_TRUE(bystander_->ask(vip_address).empty());
  EXPECT_TRUE(bystander_->hears(own_address));
}

// Somebody meddles.

TEST_F(FenceDoor, is_put_back_when_somebody_removes_the_filter) {
  add();
  ASSERT_EQ(told_.count<FenceRemoved>(), 0U);
  int removals = 0;
  for (const std::string command :
       {"tc filter del dev v0 ingress", "tc filter del dev v0 egress", "tc qdisc del dev v0 clsact",
        "tc filter del dev v0 egress pref 1 handle 0x68617078 bpf"}) {
    must(*ours_, {command});
    const Instant start = boot_now();
    ++removals;
    run_until(
        io_, [&] { return told_.count<FenceArmed>() == 1U + static_cast<unsigned>(removals); },
        "FenceArmed after " + command);
    RecordProperty("put_back_us_" + std::to_string(removals),
                   static_cast<int>(microseconds_of(boot_now() - start)));
    EXPECT_EQ(told_.count<FenceRemoved>(), static_cast<unsigned>(removals)) << command;
    EXPECT_TRUE(bystander_->ask(vip_address).empty()) << command;
  }
  extend(seconds(3));
  EXPECT_TRUE(bystander_->hears(vip_address));
}

TEST_F(FenceDoor, nft_flush_ruleset_changes_nothing) {
  add();
  if (!ours_->runs("nft list ruleset >/dev/null 2>&1")) GTEST_SKIP() << "no nft here";
  must(*ours_, {"nft flush ruleset"});
  EXPECT_TRUE(bystander_->ask(vip_address).empty());
  extend(seconds(3));
  must(*ours_, {"nft flush ruleset"});
  EXPECT_TRUE(bystander_->hears(vip_address));
  EXPECT_EQ(told_.count<FenceRemoved>(), 0U);
}

TEST_F(FenceDoor, a_filter_of_somebody_else_is_neither_touched_nor_taken_for_ours) {
  must(*ours_, {"tc filter add dev v0 ingress pref 5 protocol all bpf bytecode '1,6 0 0 0,'"});
  must(*ours_, {"tc filter del dev v0 ingress pref 5"});
  run_for(io_, milliseconds(50));
  EXPECT_EQ(told_.count<FenceRemoved>(), 0U);
}

TEST_F(FenceDoor, an_open_fence_does_not_overrule_the_filter_behind_it) {
  add();
  extend(seconds(4));
  ASSERT_TRUE(bystander_->hears(vip_address));
  const std::string filter = "dev v0 ingress pref 5 protocol all bpf";
  must(*ours_, {"tc filter add " + filter + " direct-action bytecode '1,6 0 0 2,'"});
  EXPECT_TRUE(bystander_->ask(vip_address).empty());
  must(*ours_, {"tc filter del dev v0 ingress pref 5"});
  EXPECT_TRUE(bystander_->hears(vip_address));
}

TEST_F(FenceDoor, a_link_that_is_made_again_is_guarded_again) {
  must(*others_, {"ip link del v1"});
  must(*ours_,
       {"ip link add v0 type veth peer name v1 netns " + others_->path(), "ip link set v0 up"});
  must(*others_, {"ip link set v1 up"});
  run_until(
      io_,
      [&] {
        return std::ranges::any_of(told_.all<LinkChanged>(),
                                   [](const LinkChanged& link) { return !link.present; });
      },
      "the old link's removal");
  run_until(
      io_, [&] { return told_.all<LinkChanged>().back().carrier; }, "the new link");
  add();
  Bystander again(*others_, "v1");
  EXPECT_TRUE(again.ask(vip_address).empty());
  extend(seconds(3));
  EXPECT_TRUE(again.hears(vip_address));
}

// The weak host model (LEASE.md, rule 16): Linux answers for an address on every interface.

TEST_F(FenceDoor, two_interfaces_on_one_bridge_are_both_silent_and_both_open) {
  Namespace bridge;
  must(bridge, {"ip link add br0 type bridge", "ip link set br0 up"});
  must(*ours_,
       {"ip link add w0 type veth peer name p0 netns " + bridge.path(), "ip link set w0 up",
        "ip link add w1 type veth peer name p1 netns " + bridge.path(), "ip link set w1 up"});
  must(*others_,
       {"ip link add w2 type veth peer name p2 netns " + bridge.path(), "ip link set w2 up"});
  must(bridge, {"ip link set p0 master br0 up", "ip link set p1 master br0 up",
                "ip link set p2 master br0 up"});
  run_for(io_, milliseconds(50));  // the door hears of the two links
  add();
  Bystander outside(*others_, "w2");
  EXPECT_TRUE(outside.ask(vip_address).empty());
  extend(seconds(4));
  ASSERT_TRUE(outside.hears(vip_address));
  EXPECT_EQ(outside.ask(vip_address).size(), 2U);  // else this test proves nothing
  door_->close_fence({vip_address});
  EXPECT_TRUE(outside.ask(vip_address).empty());
}

TEST_F(FenceDoor, a_bridge_speaks_for_its_ports_and_a_port_that_leaves_for_itself) {
  must(*ours_, {"ip link add br0 type bridge", "ip link set br0 up",
                "ip link add w0 type veth peer name w1 netns " + others_->path(),
                "ip link set w0 up", "ip link set w0 master br0"});
  must(*others_, {"ip link set w1 up"});
  run_for(io_, milliseconds(50));
  const auto guarded = [&](const std::string& name) {
    return ours_->output("tc filter show dev " + name + " ingress").find("hapx_fence") !=
               std::string::npos &&
           ours_->output("tc filter show dev " + name + " egress").find("hapx_fence") !=
               std::string::npos;
  };
  EXPECT_TRUE(guarded("br0"));
  EXPECT_FALSE(guarded("w0"));
  add();
  Bystander outside(*others_, "w1");
  EXPECT_TRUE(outside.ask(vip_address).empty());
  must(*ours_, {"ip link set w0 nomaster"});
  run_until(
      io_, [&] { return guarded("w0"); }, "the filter on the port that left");
  EXPECT_TRUE(outside.ask(vip_address).empty());
}

// From one incarnation to the next.

TEST_F(FenceDoor, a_second_process_adopts_the_deadlines_and_nobody_notices) {
  add();
  extend(seconds(4));
  ASSERT_TRUE(bystander_->hears(vip_address));
  const auto before = door_->deadlines();
  const int inherited = ::dup(door_->deadlines_descriptor().value());
  const pid_t child = ::fork();
  if (child == 0) {
    const int status = [&] {
      const Instant start = boot_now();
      open_door(inherited);
      if (!door_->adopted() || door_->deadlines() != before) return 1;
      door_->arm_fence({{vip_address}});
      run_until(
          io_, [&] { return told_.count<FenceArmed>() == 1; }, "FenceArmed");
      std::printf("opened, adopted and armed in %ld us\n", microseconds_of(boot_now() - start));
      std::fflush(stdout);
      extend(milliseconds(4500));
      return told_.count<FenceArmed>() == 1 ? 0 : 2;
    }();
    ::_exit(status);
  }
  // All the while it answers; the longest silence is what a client may have noticed.
  Duration longest{0};
  Instant last = boot_now();
  const Instant end = last + milliseconds(300);
  while (boot_now() < end) {
    if (bystander_->ask(vip_address, milliseconds(2)).empty()) continue;
    longest = std::max(longest, boot_now() - last);
    last = boot_now();
  }
  RecordProperty("longest_silence_us", static_cast<int>(microseconds_of(longest)));
  EXPECT_GT(last, end - milliseconds(100));
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_GT(door_->deadlines().at(vip_address), before.at(vip_address));  // one page
  ::close(inherited);
  door_->close_fence({vip_address});
  EXPECT_TRUE(bystander_->ask(vip_address).empty());
}

TEST_F(FenceDoor, without_adoption_everything_is_closed_although_the_old_deadline_is_not_over) {
  add();
  extend(seconds(5));
  ASSERT_TRUE(bystander_->hears(vip_address));
  door_.reset();  // and with it the last descriptor of the page, but for the filter's own
  EXPECT_TRUE(bystander_->hears(vip_address));
  open_door(std::nullopt);
  EXPECT_FALSE(door_->adopted());
  arm();
  EXPECT_TRUE(bystander_->ask(vip_address).empty());
  const std::string filters = ours_->output("tc filter show dev v0 ingress");
  EXPECT_EQ(filters.find("hapx_fence"), filters.rfind("hapx_fence")) << filters;  // one, not two
}

TEST_F(FenceDoor, a_descriptor_that_is_no_deadline_page_is_not_adopted) {
  door_.reset();
  open_door(::dup(0));
  EXPECT_FALSE(door_->adopted());
  arm();
  add();
  extend(seconds(2));
  EXPECT_TRUE(bystander_->hears(vip_address));
}

TEST_F(FenceDoor, an_address_that_left_the_file_is_closed_and_a_new_one_takes_a_slot) {
  add();
  extend(seconds(5));
  ASSERT_TRUE(bystander_->hears(vip_address));
  const IpAddress second = ipv4(10, 77, 0, 21);
  door_->arm_fence({{second}});
  EXPECT_TRUE(bystander_->ask(vip_address).empty());
  must(*ours_, {"ip addr add 10.77.0.21/24 dev v0"});
  EXPECT_TRUE(bystander_->ask(second).empty());
  door_->extend_deadline({second, boot_now() + seconds(3)});
  EXPECT_TRUE(bystander_->hears(second));
  EXPECT_TRUE(bystander_->ask(vip_address).empty());
}

}  // namespace
}  // namespace hapx::vip
