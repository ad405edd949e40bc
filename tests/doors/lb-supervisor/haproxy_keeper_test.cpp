// SPDX-License-Identifier: Apache-2.0
// The keeper alone: what it does for its client, and what it survives.
#include "lb-supervisor/io/haproxy_keeper.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lb-supervisor/io/packet.hpp"
#include "lb-supervisor/keeper_message.hpp"
#include "rig.hpp"

namespace hapx::lb_supervisor {
namespace {

/// A client of bare packets, which can also say what no client should.
class BareClient {
 public:
  explicit BareClient(const std::string& run_dir) {
    const auto address = unix_address(haproxy_keeper_socket(run_dir));
    EXPECT_TRUE(becomes_true([&] {
      socket_ = Descriptor(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
      return ::connect(socket_.number(), reinterpret_cast<const sockaddr*>(&*address),
                       sizeof *address) == 0;
    }));
  }

  void say(const KeeperRequest& request, const std::string& config = {}) {
    const auto text = text_in_memory(config);
    const bool has_text = std::holds_alternative<CheckHaproxyConfig>(request) ||
                          std::holds_alternative<StartHaproxy>(request);
    EXPECT_TRUE(send_packet(socket_.number(), encode(request), has_text ? text->number() : -1));
  }
  void say(const std::vector<std::uint8_t>& bytes, int descriptor = -1) {
    (void)send_packet(socket_.number(), bytes, descriptor);
  }

  /// The next answer; nullopt when the keeper closed the connection.
  std::optional<KeeperAnswer> hear() {
    pollfd readable{socket_.number(), POLLIN, 0};
    if (::poll(&readable, 1, 20'000) != 1) {
      ADD_FAILURE() << "no answer";
      return std::nullopt;
    }
    auto packet = receive_packet(socket_.number());
    if (!packet || !*packet) return std::nullopt;
    if ((**packet).text.is_open()) config_ = *read_text((**packet).text, config_bytes_max);
    auto answer = decode_answer((**packet).bytes);
    if (!answer) return std::nullopt;
    return *answer;
  }
  template <class Wanted>
  Wanted expect() {
    const auto answer = hear();
    if (!answer || !std::holds_alternative<Wanted>(*answer)) {
      ADD_FAILURE() << "another answer, or none: " << (answer ? answer->index() : 99);
      return {};
    }
    return std::get<Wanted>(*answer);
  }

  [[nodiscard]] const std::string& config() const { return config_; }

 private:
  Descriptor socket_;
  std::string config_;
};

class Keeping : public InFreshNetwork {
 protected:
  void SetUp() override {
    InFreshNetwork::SetUp();
    rendered_ = render(one_service("192.0.2.20", {"127.0.0.1"}), haproxy_paths(run_dir_.path()));
  }

  StartHaproxy start(std::uint64_t generation) const { return {generation, {}, rendered_.sockets}; }
  /// Starts HAProxy and gives its pid.
  pid_t run_haproxy(BareClient& client, std::uint64_t generation = 1) {
    client.say(start(generation), rendered_.text);
    return client.expect<HaproxyStarted>().pid;
  }

  /// From then on it knows the signals that it is sent.
  void await_probe_socket(std::uint64_t generation) const {
    const auto path = for_generation(haproxy_paths(run_dir_.path()).probe_socket, generation);
    EXPECT_TRUE(becomes_true([&] { return std::filesystem::is_socket(path); }));
  }

  RenderedHaproxy rendered_;
};

TEST_F(Keeping, runs_haproxy_and_tells_its_end) {
  const KeeperProcess keeper(run_dir_.path());
  BareClient client(run_dir_.path());
  EXPECT_FALSE(client.expect<KeeperConnected>().running);
  EXPECT_EQ(comm_of(keeper.pid()), "haproxy-keeper");
  const auto pid = run_haproxy(client, 3);
  EXPECT_EQ(comm_of(pid), "haproxy");
  client.say(KillHaproxy{3});
  const auto exited = client.expect<HaproxyExited>();
  EXPECT_EQ(exited.generation, 3U);
  EXPECT_EQ(exited.how, "killed by signal 9");
  EXPECT_FALSE(is_running(pid));
}

TEST_F(Keeping, keeps_the_config_to_itself) {
  const KeeperProcess keeper(run_dir_.path());
  BareClient client(run_dir_.path());
  client.expect<KeeperConnected>();
  run_haproxy(client);
  EXPECT_EQ(run_dir_.read("haproxy.cfg"), rendered_.text);
  for (const char* name : {"haproxy.cfg", "haproxy-keeper.sock", "haproxy-keeper.lock"}) {
    struct stat status {};
    ASSERT_EQ(::stat((run_dir_.path() + "/" + name).c_str(), &status), 0) << name;
    const bool is_socket = S_ISSOCK(status.st_mode);
    EXPECT_EQ(status.st_mode & 0777U, is_socket ? 0660U : 0600U) << name;
  }
}

TEST_F(Keeping, gives_haproxy_ordinary_scheduling_and_no_capability) {
  sched_param priority{1};
  const bool was_real_time = ::sched_setscheduler(0, SCHED_RR, &priority) == 0;
  const KeeperProcess keeper(run_dir_.path());
  priority.sched_priority = 0;
  ::sched_setscheduler(0, SCHED_OTHER, &priority);
  BareClient client(run_dir_.path());
  client.expect<KeeperConnected>();
  const auto pid = run_haproxy(client);
  EXPECT_EQ(::sched_getscheduler(pid), SCHED_OTHER);
  EXPECT_EQ(::sched_getscheduler(keeper.pid()), SCHED_OTHER);
  if (!was_real_time)
    std::printf("not shown: no right to SCHED_RR, so there was nothing to reset\n");
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  int seen = 0;
  for (std::string line; std::getline(status, line);) {
    for (const char* set : {"CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"}) {
      if (line.rfind(set, 0) != 0) continue;
      EXPECT_EQ(line.substr(line.find('\t') + 1), "0000000000000000") << line;
      ++seen;
    }
    if (line.rfind("NoNewPrivs:", 0) == 0) {
      EXPECT_EQ(line.back(), '1');
    }
  }
  EXPECT_EQ(seen, 5);
}

TEST_F(Keeping, hands_down_the_sockets_and_nothing_else) {
  const int leaked = ::open("/dev/zero", O_RDONLY);  // hapxd's own, not close-on-exec
  const KeeperProcess keeper(run_dir_.path());
  ::close(leaked);
  BareClient client(run_dir_.path());
  client.expect<KeeperConnected>();
  for (const auto pid : {keeper.pid(), run_haproxy(client)}) {
    const auto directory = "/proc/" + std::to_string(pid) + "/fd";
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      std::error_code ignored;
      EXPECT_NE(std::filesystem::read_symlink(entry, ignored).string(), "/dev/zero");
    }
  }
}

TEST_F(Keeping, tells_a_new_client_what_runs_and_lets_the_old_one_go) {
  const KeeperProcess keeper(run_dir_.path());
  BareClient first(run_dir_.path());
  first.expect<KeeperConnected>();
  const auto pid = run_haproxy(first, 7);
  BareClient second(run_dir_.path());
  const auto running = second.expect<KeeperConnected>().running;
  ASSERT_TRUE(running);
  EXPECT_EQ(running->generation, 7U);
  EXPECT_EQ(running->pid, pid);
  EXPECT_EQ(second.config(), rendered_.text);
  EXPECT_FALSE(first.hear());
  second.say(KillHaproxy{7});
  second.expect<HaproxyExited>();
}

TEST_F(Keeping, answers_a_repeated_question_alike) {
  const KeeperProcess keeper(run_dir_.path());
  BareClient client(run_dir_.path());
  client.expect<KeeperConnected>();
  const auto pid = run_haproxy(client, 1);
  EXPECT_EQ(run_haproxy(client, 1), pid);
  client.say(KillHaproxy{9});
  EXPECT_EQ(client.expect<HaproxyExited>().generation, 9U);
  EXPECT_TRUE(is_running(pid));
}

TEST_F(Keeping, begins_one_beside_another_and_retires_the_first) {
  const KeeperProcess keeper(run_dir_.path());
  BareClient client(run_dir_.path());
  client.expect<KeeperConnected>();
  const auto first = run_haproxy(client, 1);
  const auto second = run_haproxy(client, 2);
  EXPECT_TRUE(is_running(first));
  await_probe_socket(1);
  client.say(RetireHaproxy{7, std::chrono::seconds(10)});  // nobody's
  client.say(RetireHaproxy{1, std::chrono::seconds(10)});
  const auto exited = client.expect<HaproxyExited>();
  EXPECT_EQ(exited.generation, 1U);
  EXPECT_EQ(exited.how.rfind("exited with status 0", 0), 0U) << exited.how;
  BareClient next(run_dir_.path());
  const auto connected = next.expect<KeeperConnected>();
  ASSERT_TRUE(connected.running);
  EXPECT_EQ(connected.running->pid, second);
  EXPECT_EQ(connected.running->sockets, rendered_.sockets);
}

TEST_F(Keeping, ends_one_that_was_begun_beside_for_the_next_such_one) {
  const KeeperProcess keeper(run_dir_.path());
  BareClient client(run_dir_.path());
  client.expect<KeeperConnected>();
  const auto first = run_haproxy(client, 1);
  const auto second = run_haproxy(client, 2);
  client.say(start(3), rendered_.text);
  EXPECT_EQ(client.expect<HaproxyExited>().generation, 2U);
  client.expect<HaproxyStarted>();
  EXPECT_TRUE(is_running(first));
  EXPECT_FALSE(is_running(second));
}

TEST_F(Keeping, kills_one_that_does_not_end_when_its_time_is_over) {
  const KeeperProcess keeper(run_dir_.path());
  BareClient client(run_dir_.path());
  client.expect<KeeperConnected>();
  const auto first = run_haproxy(client, 1);
  run_haproxy(client, 2);
  await_probe_socket(1);
  ::kill(first, SIGSTOP);
  client.say(RetireHaproxy{1, std::chrono::milliseconds(50)});
  EXPECT_EQ(client.expect<HaproxyExited>().how, "killed by signal 9");
}

TEST_F(Keeping, says_that_there_is_no_haproxy) {
  const KeeperProcess keeper(run_dir_.path(), "no-such-haproxy");
  BareClient client(run_dir_.path());
  client.expect<KeeperConnected>();
  client.say(CheckHaproxyConfig{1, {}, {}}, rendered_.text);
  EXPECT_EQ(client.expect<HaproxyConfigRefused>().reason,
            "there is no program no-such-haproxy in PATH");
  client.say(start(2), rendered_.text);
  EXPECT_EQ(client.expect<HaproxyStartFailed>().generation, 2U);
}

TEST_F(Keeping, says_what_haproxy_said_when_it_ended_by_itself) {
  const KeeperProcess keeper(run_dir_.path());
  BareClient client(run_dir_.path());
  client.expect<KeeperConnected>();
  client.say(start(1), "global\n    no-such-keyword\n");
  client.expect<HaproxyStarted>();
  const auto how = client.expect<HaproxyExited>().how;
  EXPECT_EQ(how.rfind("exited with status 1: ", 0), 0U) << how;
  EXPECT_NE(how.find("no-such-keyword"), std::string::npos) << how;
}

TEST_F(Keeping, says_that_a_port_is_taken_and_leaves_no_socket_behind) {
  ListenSocket free_one{"HAPX_LISTEN_0", {ipv4(192, 0, 2, 30), 6443}};
  ListenSocket taken{"HAPX_LISTEN_1", {ipv4(127, 0, 0, 1), 6443}};
  const Descriptor other(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(6443);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(other.number(), reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
  ASSERT_EQ(::listen(other.number(), 1), 0);

  const KeeperProcess keeper(run_dir_.path());
  BareClient client(run_dir_.path());
  client.expect<KeeperConnected>();
  client.say(StartHaproxy{1, {}, {free_one, taken}}, rendered_.text);
  const auto reason = client.expect<HaproxyStartFailed>().reason;
  EXPECT_NE(reason.find("127.0.0.1:6443: Address already in use"), std::string::npos) << reason;
  add_address("192.0.2.30/32");
  EXPECT_EQ(visit("192.0.2.30").error, "connect: Connection refused");
}

TEST_F(Keeping, says_that_the_config_cannot_be_written) {
  const KeeperProcess keeper(run_dir_.path());
  BareClient client(run_dir_.path());
  client.expect<KeeperConnected>();
  // Root may write everywhere, so the place is taken by what can't be replaced.
  ASSERT_TRUE(std::filesystem::create_directories(run_dir_.path() + "/haproxy.cfg/x"));
  client.say(start(1), rendered_.text);
  EXPECT_NE(client.expect<HaproxyStartFailed>().reason.find("haproxy.cfg"), std::string::npos);
  ASSERT_TRUE(std::filesystem::create_directories(run_dir_.path() + "/haproxy-check.cfg.new/x"));
  client.say(CheckHaproxyConfig{2, {}, {}}, rendered_.text);
  EXPECT_NE(client.expect<HaproxyConfigRefused>().reason.find("haproxy-check.cfg"),
            std::string::npos);
}

TEST_F(Keeping, cannot_begin_without_its_run_directory) {
  KeeperProcess keeper("/no/such/directory");
  EXPECT_EQ(keeper.wait(), 1);
  KeeperProcess in_a_long_one("/tmp/" + std::string(200, 'x'));
  EXPECT_EQ(in_a_long_one.wait(), 1);
}

TEST_F(Keeping, lets_a_client_go_that_talks_nonsense_and_keeps_haproxy) {
  const KeeperProcess keeper(run_dir_.path());
  pid_t pid = -1;
  {
    BareClient client(run_dir_.path());
    client.expect<KeeperConnected>();
    pid = run_haproxy(client);
  }
  const auto good = encode(KeeperRequest(start(2)));
  const Descriptor not_a_text(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  const auto too_long = text_in_memory(std::string(config_bytes_max + 1, '#'));
  auto cut = good;
  cut.pop_back();
  const std::vector<std::pair<std::vector<std::uint8_t>, int>> nonsense{
      {{'x'}, -1},
      {std::vector<std::uint8_t>(message_bytes_max + 1, 'h'), -1},
      {std::vector<std::uint8_t>(60'000, 'h'), -1},
      {cut, -1},
      {good, -1},                   // no text
      {good, not_a_text.number()},  // one that never ends
      {good, too_long->number()},   // one that is too long
      {encode(KeeperAnswer(HaproxyStarted{1, 1})), -1},
  };
  for (const auto& [bytes, descriptor] : nonsense) {
    BareClient client(run_dir_.path());
    ASSERT_TRUE(client.expect<KeeperConnected>().running);
    client.say(bytes, descriptor);
    EXPECT_FALSE(client.hear());
  }
  EXPECT_TRUE(is_running(pid));
  EXPECT_TRUE(is_running(keeper.pid()));
}

TEST_F(Keeping, lets_a_client_go_that_does_not_listen) {
  const KeeperProcess keeper(run_dir_.path());
  BareClient client(run_dir_.path());
  client.expect<KeeperConnected>();
  // Each is answered; nobody reads the answers. Our own sends fail once we were let go.
  const auto kill = encode(KeeperRequest(KillHaproxy{1}));
  for (int i = 0; i < 20'000; ++i) client.say(kill);
  BareClient next(run_dir_.path());
  next.expect<KeeperConnected>();
}

TEST_F(Keeping, ends_with_its_parent_and_takes_haproxy_along) {
  KeeperProcess keeper(run_dir_.path());
  BareClient client(run_dir_.path());
  client.expect<KeeperConnected>();
  const auto pid = run_haproxy(client);
  keeper.cut_lifeline();
  EXPECT_EQ(keeper.wait(), 0);
  EXPECT_FALSE(is_running(pid));
  EXPECT_FALSE(std::filesystem::exists(haproxy_keeper_socket(run_dir_.path())));
}

TEST_F(Keeping, ends_on_sigterm_and_takes_haproxy_along) {
  KeeperProcess keeper(run_dir_.path());
  BareClient client(run_dir_.path());
  client.expect<KeeperConnected>();
  const auto pid = run_haproxy(client);
  keeper.kill(SIGTERM);
  EXPECT_EQ(keeper.wait(), 0);
  EXPECT_FALSE(is_running(pid));
}

TEST_F(Keeping, takes_haproxy_along_even_when_it_is_killed) {
  KeeperProcess keeper(run_dir_.path());
  BareClient client(run_dir_.path());
  client.expect<KeeperConnected>();
  const auto pid = run_haproxy(client);
  keeper.kill(SIGKILL);
  EXPECT_EQ(keeper.wait(), -SIGKILL);
  EXPECT_TRUE(becomes_true([&] { return !is_running(pid); }));
}

TEST_F(Keeping, begins_only_when_nothing_is_left_of_the_one_before) {
  KeeperProcess first(run_dir_.path());
  std::optional<BareClient> client(run_dir_.path());
  client->expect<KeeperConnected>();
  const auto pid = run_haproxy(*client);
  KeeperProcess second(run_dir_.path());
  first.kill(SIGKILL);
  (void)first.wait();
  client.emplace(run_dir_.path());
  client->expect<KeeperConnected>();
  EXPECT_FALSE(is_running(pid));
  run_haproxy(*client);  // the port is free
}

TEST_F(Keeping, ends_though_it_still_waits_for_the_one_before) {
  const KeeperProcess first(run_dir_.path());
  BareClient client(run_dir_.path());
  client.expect<KeeperConnected>();
  KeeperProcess second(run_dir_.path());
  second.cut_lifeline();
  EXPECT_EQ(second.wait(), 0);
  run_haproxy(client);  // the first one is as it was
}

TEST_F(Keeping, is_not_alarmed_by_what_a_dead_one_left) {
  run_dir_.write("haproxy-keeper.sock", "not a socket");
  run_dir_.write("haproxy.cfg.new", "half a conf");
  run_dir_.write("haproxy.sock", "x");
  const KeeperProcess keeper(run_dir_.path());
  BareClient client(run_dir_.path());
  client.expect<KeeperConnected>();
  run_haproxy(client);
}

}  // namespace
}  // namespace hapx::lb_supervisor
