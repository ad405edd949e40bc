// SPDX-License-Identifier: Apache-2.0
// The two doors that ask HAProxy, against something that answers wrongly, late or not at all.
#include <thread>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/io/clock.hpp"
#include "lb-supervisor/io/packet.hpp"
#include "rig.hpp"

namespace hapx::lb_supervisor {
namespace {

using std::chrono::milliseconds;

/// Listens at a Unix socket; answers each connection with a fixed text, or never.
class FakeHaproxy {
 public:
  /// As the one of this generation.
  FakeHaproxy(const std::string& socket, std::optional<std::string> answer,
              std::uint64_t generation = 7) {
    const auto path = for_generation(socket, generation);
    const auto address = unix_address(path);
    listener_ = Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ::unlink(path.c_str());
    EXPECT_EQ(
        ::bind(listener_.number(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address),
        0);
    EXPECT_EQ(::listen(listener_.number(), 16), 0);
    if (!answer) return;  // the kernel accepts, nobody reads
    thread_ = std::thread([this, text = *answer] {
      for (;;) {
        const Descriptor connection(::accept4(listener_.number(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!connection.is_open()) return;
        char question[256];
        [[maybe_unused]] const auto got = ::recv(connection.number(), question, sizeof question, 0);
        ::send(connection.number(), text.data(), text.size(), MSG_NOSIGNAL);
      }
    });
  }
  ~FakeHaproxy() {
    ::shutdown(listener_.number(), SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
  }

 private:
  Descriptor listener_;
  std::thread thread_;
};

class Asking : public testing::Test {
 protected:
  /// Probes once; "" is an answer that is good.
  std::string probe() {
    std::optional<std::string> outcome;
    auto door = SelfProbe::open(
        io_, path_,
        [&](const SelfProbeEvent& event) {
          const auto* failed = std::get_if<HaproxyProbeFailed>(&event);
          EXPECT_EQ(failed ? failed->generation : std::get<HaproxyProbed>(event).generation, 7U);
          outcome = failed ? failed->reason : "";
        },
        milliseconds(50));
    EXPECT_TRUE(door.has_value());
    door->probe({7});
    EXPECT_FALSE(outcome.has_value());  // never from within the action
    run([&] { return outcome.has_value(); });
    return outcome.value_or("no outcome");
  }

  void run(const std::function<bool()>& until) {
    const auto end = boot_now() + patience;
    while (!until() && boot_now() < end) {
      io_.restart();
      (void)io_.run_one_for(milliseconds(50));
    }
  }

  RunDirectory directory_;
  std::string path_ = directory_.path() + "/socket";
  boost::asio::io_context io_;
};

TEST_F(Asking, probe_is_glad_of_a_good_answer) {
  const FakeHaproxy haproxy(path_, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  EXPECT_EQ(probe(), "");
}

TEST_F(Asking, probe_fails_without_a_socket) {
  EXPECT_NE(probe().find("cannot connect"), std::string::npos);
}

TEST_F(Asking, probe_fails_at_the_socket_of_a_dead_one) {
  { const FakeHaproxy haproxy(path_, std::nullopt); }
  EXPECT_NE(probe().find("refused"), std::string::npos);
}

TEST_F(Asking, probe_fails_in_bounded_time_when_nobody_answers) {
  const FakeHaproxy haproxy(path_, std::nullopt);
  EXPECT_EQ(probe(), "no answer in 50ms");
}

TEST_F(Asking, probe_fails_on_wrong_answers) {
  for (const char* wrong : {"HTTP/1.1 503 Service Unavailable\r\n\r\n", "HTTP/1.1 2000 \r\n",
                            "SSH-2.0-OpenSSH\r\n", "x"}) {
    const FakeHaproxy haproxy(path_, wrong);
    EXPECT_EQ(probe(), "a wrong answer") << wrong;
  }
  const FakeHaproxy haproxy(path_, "");
  EXPECT_EQ(probe(), "it closed the connection without an answer");
}

TEST_F(Asking, probe_gives_up_the_old_question_for_the_new_one) {
  const FakeHaproxy haproxy(path_, std::nullopt);
  int answered = 0;
  auto door = SelfProbe::open(
      io_, path_, [&](const SelfProbeEvent&) { ++answered; }, milliseconds(20));
  door->probe({7});
  door->probe({7});
  run([&] { return answered > 0; });
  io_.restart();
  (void)io_.run_for(milliseconds(60));
  EXPECT_EQ(answered, 1);
}

TEST_F(Asking, probe_asks_two_side_by_side_and_gives_up_the_older_for_a_third) {
  const FakeHaproxy first(path_, std::nullopt, 1);
  const FakeHaproxy second(path_, "HTTP/1.1 200 OK\r\n\r\n", 2);
  const FakeHaproxy third(path_, "HTTP/1.1 200 OK\r\n\r\n", 3);
  std::vector<std::pair<std::uint64_t, bool>> answered;
  auto door = SelfProbe::open(
      io_, path_,
      [&](const SelfProbeEvent& event) {
        const auto* failed = std::get_if<HaproxyProbeFailed>(&event);
        answered.emplace_back(
            failed ? failed->generation : std::get<HaproxyProbed>(event).generation,
            failed == nullptr);
      },
      milliseconds(50));
  door->probe({1});
  door->probe({2});
  run([&] { return answered.size() == 2; });
  EXPECT_EQ(answered, (std::vector<std::pair<std::uint64_t, bool>>{{2, true}, {1, false}}));
  answered.clear();
  door->probe({1});
  door->probe({3});
  run([&] { return !answered.empty(); });
  io_.restart();
  (void)io_.run_for(milliseconds(100));
  EXPECT_EQ(answered, (std::vector<std::pair<std::uint64_t, bool>>{{3, true}}));
}

TEST_F(Asking, probe_is_silent_after_its_end) {
  const FakeHaproxy haproxy(path_, "HTTP/1.1 200 OK\r\n\r\n");
  {
    auto door = SelfProbe::open(io_, path_, [](const SelfProbeEvent&) { FAIL(); });
    door->probe({7});
  }
  (void)io_.run_for(milliseconds(300));
}

TEST_F(Asking, runtime_socket_reads_a_table) {
  const FakeHaproxy haproxy(path_,
                            "# pxname,svname,status,type,check_status,\napi,a:1,UP,2,L7OK,\n\n");
  std::optional<BackendsReported> report;
  auto door = RuntimeSocket::open(io_, path_, [&](auto event) { report = std::move(event); });
  ASSERT_TRUE(door.has_value());
  door->ask({7});
  run([&] { return report.has_value(); });
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->backends.at(0).servers.at(0).check, "L7OK");
}

TEST_F(Asking, runtime_socket_counts_what_is_no_answer) {
  const auto handler = [](const BackendsReported&) { FAIL(); };
  auto door = RuntimeSocket::open(io_, path_, handler, milliseconds(20));
  door->ask({7});  // nobody there
  run([&] { return door->unanswered() == 1; });
  {
    const FakeHaproxy haproxy(path_, "Permission denied\n");
    door->ask({7});
    run([&] { return door->unanswered() == 2; });
  }
  {
    const FakeHaproxy haproxy(path_, std::string((1U << 20U) + 10'000, '#'));
    door->ask({7});
    run([&] { return door->unanswered() == 3; });
  }
  const FakeHaproxy haproxy(path_, std::nullopt);
  door->ask({7});
  run([&] { return door->unanswered() == 4; });
  EXPECT_EQ(door->unanswered(), 4U);
}

TEST_F(Asking, doors_refuse_paths_that_no_socket_can_have) {
  for (const auto& socket : {haproxy_paths("/" + std::string(64, 'x')).probe_socket,
                             haproxy_paths("/" + std::string(64, 'x')).runtime_socket}) {
    EXPECT_TRUE(SelfProbe::open(io_, socket, {}).has_value());
    EXPECT_TRUE(RuntimeSocket::open(io_, socket, {}).has_value());
  }
  const auto path = haproxy_paths("/" + std::string(70, 'x')).runtime_socket + "12345";
  EXPECT_FALSE(SelfProbe::open(io_, path, {}).has_value());
  EXPECT_FALSE(RuntimeSocket::open(io_, path, {}).has_value());
  EXPECT_FALSE(ChildProcess::open(io_, "/" + std::string(107, 'x'), {}).has_value());
}

}  // namespace
}  // namespace hapx::lb_supervisor
