// SPDX-License-Identifier: Apache-2.0
// The control socket, with a real BIRD behind it, with another one, and with none.
#include "vip/io/bird_door.hpp"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "config/io/clock.hpp"
#include "segment.hpp"

namespace hapx::vip {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using namespace test;

const InterfaceName loopback("lo");
const VipConfig vip{{ipv4(10, 9, 0, 1), 32}, loopback, OnConflict::defend, Announcing::bgp};
const IpAddress& address = vip.address.address;

constexpr const char* direct =
    "protocol direct hapx_10_9_0_1 { disabled; ipv4 { import where net = 10.9.0.1/32; }; "
    "interface \"lo\"; }\n";

std::string session(int self, int peer, const std::string& channel) {
  const auto host = [](int number) { return "10.77.0." + std::to_string(number); };
  const auto as = [](int number) { return std::to_string(65000 + number); };
  return "router id " + host(self) + ";\nprotocol device {}\nprotocol bgp 'up-stream' { local " +
         host(self) + " as " + as(self) + "; neighbor " + host(peer) + " as " + as(peer) +
         "; connect delay time 1; connect retry time 1; error wait time 1, 1; ipv4 { " + channel +
         " }; }\n";
}
const std::string exporting = "import none; export where proto ~ \"hapx_*\";";

/// A BIRD in a namespace, until its end.
class Bird {
 public:
  Bird(const Namespace& where, const std::string& folder, const std::string& config)
      : folder_(folder) {
    std::filesystem::create_directories(folder);
    std::ofstream(folder + "/bird.conf") << config;
    std::filesystem::remove(folder + "/bird.pid");
    const bool began = where.runs("bird -c " + folder + "/bird.conf -s " + socket() + " -P " +
                                  folder + "/bird.pid");
    EXPECT_TRUE(began);
    // It goes to the background before it has written that.
    wait_until([&] { return static_cast<bool>(std::ifstream(folder + "/bird.pid") >> pid_); });
    EXPECT_GT(pid_, 0);
  }
  ~Bird() { kill(SIGKILL); }
  Bird(const Bird&) = delete;
  Bird& operator=(const Bird&) = delete;

  [[nodiscard]] std::string socket() const { return folder_ + "/bird.ctl"; }
  void kill(int number) {
    if (pid_ > 0) ::kill(pid_, number);
    if (number != SIGKILL) return;
    // The next one at this socket refuses to begin beside it.
    wait_until([&] { return pid_ == 0 || !runs(); });
    pid_ = 0;
  }

 private:
  [[nodiscard]] bool runs() const {
    std::string word, name, state;
    std::ifstream stat("/proc/" + std::to_string(pid_) + "/stat");
    return stat >> word >> name >> state && state != "Z";
  }
  static void wait_until(const std::function<bool()>& condition) {
    const Instant end = hapx::boot_now() + seconds(30);
    while (!condition() && hapx::boot_now() < end) std::this_thread::sleep_for(milliseconds(5));
  }

  std::string folder_;
  pid_t pid_ = 0;
};

class BirdDoorTest : public testing::Test {
 protected:
  void SetUp() override {
    HAPX_NEEDS_NETWORK_NAMESPACES();
    std::string name = "/tmp/hapx-bird-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    node_.emplace();
    router_.emplace();
    must(*node_, {"ip link add v0 type veth peer name v1 netns " + router_->path(),
                  "ip address add 10.77.0.1/24 dev v0", "ip link set v0 up"});
    must(*router_, {"ip address add 10.77.0.2/24 dev v1", "ip link set v1 up"});
  }
  void TearDown() override {
    door_.reset();
    near_.reset();
    far_.reset();
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  void begin_near(const std::string& config) {
    near_.reset();
    near_ = std::make_unique<Bird>(*node_, folder_ + "/near", config);
  }
  void begin_both(const std::string& channel = exporting) {
    begin_near(session(1, 2, channel) + direct);
    far_ = std::make_unique<Bird>(*router_, folder_ + "/far",
                                  session(2, 1, "import all; export none;"));
  }
  [[nodiscard]] std::string socket() const { return folder_ + "/near/bird.ctl"; }

  void open() {
    auto opened = BirdDoor::open(io_, socket(), {vip},
                                 [&](Event event) { told_.events.push_back(std::move(event)); });
    ASSERT_TRUE(opened.has_value()) << opened.error().sentence;
    door_ = std::move(*opened);
  }

  /// Until the door says this of the address last.
  void until(const std::string& obstacle, bool switched_on = false) {
    run_until(
        io_,
        [&] {
          const auto all = told_.all<RoutingChanged>();
          return !all.empty() && all.back().obstacle.starts_with(obstacle) &&
                 (all.back().obstacle.empty() == obstacle.empty()) &&
                 all.back().switched_on == switched_on;
        },
        "RoutingChanged: " + obstacle, seconds(30));
  }
  template <class Kind>
  void until_told(std::size_t count = 1) {
    run_until(
        io_, [&] { return told_.count<Kind>() >= count; }, "an answer", seconds(30));
  }

  [[nodiscard]] bool router_has_it() const {
    return router_->output("birdc -s " + folder_ + "/far/bird.ctl show route 10.9.0.1/32")
               .find("10.9.0.1/32") != std::string::npos;
  }
  void until_router(bool has_it) {
    run_until(
        io_, [&] { return router_has_it() == has_it; }, "the router's route", seconds(30));
  }

  std::string folder_;
  std::optional<Namespace> node_;
  std::optional<Namespace> router_;
  std::unique_ptr<Bird> near_;
  std::unique_ptr<Bird> far_;
  boost::asio::io_context io_;
  Told told_;
  std::unique_ptr<BirdDoor> door_;
};

TEST_F(BirdDoorTest, a_route_needs_the_address_and_the_switch) {
  begin_both();
  open();
  until("");
  must(*node_, {"ip address add 10.9.0.1/32 dev lo"});
  run_for(io_, milliseconds(300));
  EXPECT_FALSE(router_has_it()) << "nobody has switched it on";
  door_->carry_out(Advertise{loopback, address});
  until_told<AnnouncementSent>();
  until("", true);
  until_router(true);
  must(*node_, {"ip address delete 10.9.0.1/32 dev lo"});
  until_router(false);
  must(*node_, {"ip address add 10.9.0.1/32 dev lo"});
  until_router(true);
  door_->carry_out(Withdraw{address});
  until("", false);
  until_router(false);
  EXPECT_EQ(told_.count<AnnouncementFailed>(), 0U);
}

TEST_F(BirdDoorTest, an_address_that_ends_by_itself_ends_its_route) {
  begin_both();
  open();
  until("");
  must(*node_, {"ip address add 10.9.0.1/32 dev lo valid_lft 2 preferred_lft 2"});
  door_->carry_out(Advertise{loopback, address});
  until_told<AnnouncementSent>();
  until_router(true);
  until_router(false);
  EXPECT_EQ(told_.all<RoutingChanged>().back().switched_on, true);
}

TEST_F(BirdDoorTest, a_filter_that_keeps_it_back_is_told) {
  begin_both("import none; export none;");
  open();
  until("");
  must(*node_, {"ip address add 10.9.0.1/32 dev lo"});
  door_->carry_out(Advertise{loopback, address});
  until_told<AnnouncementFailed>();
  EXPECT_EQ(told_.all<AnnouncementFailed>().front().error.sentence,
            "no BGP session of BIRD exports the route of hapx_10_9_0_1; does its export filter let "
            "it pass?");
}

TEST_F(BirdDoorTest, a_session_that_ends_is_told) {
  begin_both();
  open();
  until("");
  far_.reset();
  until("BIRD has no established BGP session");
  far_ =
      std::make_unique<Bird>(*router_, folder_ + "/far", session(2, 1, "import all; export none;"));
  until("");
}

TEST_F(BirdDoorTest, a_bird_without_our_protocol_is_told) {
  begin_near(session(1, 2, exporting));
  open();
  until("BIRD has no protocol hapx_10_9_0_1");
}

TEST_F(BirdDoorTest, a_bird_that_is_killed_and_begins_again_is_found_again) {
  begin_both();
  open();
  until("");
  must(*node_, {"ip address add 10.9.0.1/32 dev lo"});
  door_->carry_out(Advertise{loopback, address});
  until_told<AnnouncementSent>();
  near_->kill(SIGKILL);
  until("BIRD ");
  until_router(false);
  begin_near(session(1, 2, exporting) + direct);
  until("", true);  // nobody has said that it is to be withdrawn
  until_router(true);
}

TEST_F(BirdDoorTest, a_bird_that_is_frozen_is_none) {
  begin_both();
  open();
  until("");
  near_->kill(SIGSTOP);
  door_->carry_out(Advertise{loopback, address});
  until_told<AnnouncementFailed>();
  until("BIRD does not answer");
  near_->kill(SIGCONT);
  until("", true);
}

TEST_F(BirdDoorTest, without_bird_it_is_waited_for) {
  open();
  until("BIRD does not run: nobody listens at " + socket());
  begin_both();
  until("");
}

TEST_F(BirdDoorTest, a_socket_without_the_right_to_it_is_told) {
  begin_near(session(1, 2, exporting) + direct);
  const int result = in_child([&] {
    // Root may write everywhere but for this.
    if (!drop_capabilities({CAP_DAC_OVERRIDE})) return 2;
    if (::setresuid(65534, 65534, 65534) != 0) return 3;
    open();
    until("no right to write into " + socket());
    return HasFailure() ? 1 : 0;
  });
  EXPECT_EQ(result, 0);
}

/// Something at the path that is no BIRD.
class Impostor {
 public:
  explicit Impostor(const std::string& path, std::string words)
      : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    path.copy(at.sun_path, sizeof at.sun_path - 1);
    EXPECT_EQ(::bind(listener_.number(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
    EXPECT_EQ(::listen(listener_.number(), 8), 0);
    thread_ = std::thread([this, words = std::move(words)] {
      for (;;) {
        const Descriptor guest(::accept(listener_.number(), nullptr, nullptr));
        if (!guest.is_open()) return;
        (void)::send(guest.number(), words.data(), words.size(), MSG_NOSIGNAL);
        std::array<char, 256> ignored{};
        while (::recv(guest.number(), ignored.data(), ignored.size(), 0) > 0) {
        }
      }
    });
  }
  ~Impostor() {
    ::shutdown(listener_.number(), SHUT_RDWR);
    thread_.join();
  }
  Impostor(const Impostor&) = delete;
  Impostor& operator=(const Impostor&) = delete;

 private:
  Descriptor listener_;
  std::thread thread_;
};

TEST_F(BirdDoorTest, somebody_else_at_the_socket_is_none) {
  std::filesystem::create_directories(folder_ + "/near");
  const Impostor impostor(socket(), "220 mail.example.org ESMTP\r\n");
  open();
  until("what answers at BIRD's socket is not BIRD 2");
}

TEST_F(BirdDoorTest, somebody_who_never_answers_is_none) {
  std::filesystem::create_directories(folder_ + "/near");
  const Impostor impostor(socket(), "0001 BIRD 2.0.12 ready.\n");
  open();
  until("BIRD does not answer");
}

TEST_F(BirdDoorTest, a_path_that_no_socket_can_have_is_refused) {
  const auto opened = BirdDoor::open(io_, "/" + std::string(200, 'x'), {vip}, [](const Event&) {});
  ASSERT_FALSE(opened.has_value());
  EXPECT_NE(opened.error().sentence.find("the path is too long"), std::string::npos);
}

}  // namespace
}  // namespace hapx::vip
