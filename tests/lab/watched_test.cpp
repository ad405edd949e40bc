// SPDX-License-Identifier: Apache-2.0
// What does it cost the cluster to be looked at?
//
// A hundred handovers with nobody looking, and a hundred with twenty pages open and fifty scrapes a
// second at every node. What clients see and how late the loop comes is recorded for both, side by
// side; what must be is that no right is lost, and that being looked at is no outage of another
// order.
#include <atomic>
#include <thread>

#include <poll.h>
#include <sys/socket.h>

#include "appliance/drill/statistics.hpp"
#include "appliance/lab/io/cable.hpp"
#include "appliance/lab/io/socket.hpp"
#include "ground.hpp"

namespace hapx::appliance::lab {
namespace {

using drill::readable;

constexpr int handovers = 100;
constexpr int pages_per_node = 20;
constexpr auto scrape_interval = std::chrono::milliseconds(20);

/// Those who look, until they are told to go. They are in the namespace of the client.
class Crowd {
 public:
  explicit Crowd(const Plan& plan) : plan_(plan), thread_([this] { look(); }) {}
  ~Crowd() {
    leaves_ = true;
    thread_.join();
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  [[nodiscard]] std::uint64_t messages() const { return messages_; }
  [[nodiscard]] std::uint64_t scrapes() const { return scrapes_; }

 private:
  struct Visitor {
    Descriptor socket;
    bool reads_stream = false;
    bool has_asked = false;
  };

  void look() {
    static_cast<void>(within(plan_.client_netns, [&]() -> Result<void> {
      for (const NodePlan& node : plan_.nodes) {
        for (int i = 0; i < pages_per_node; ++i) visit(node, true);
      }
      Instant next_scrape = boot_now();
      while (!leaves_) {
        if (boot_now() >= next_scrape) {
          for (const NodePlan& node : plan_.nodes) visit(node, false);
          next_scrape += scrape_interval;
        }
        hear();
      }
      return {};
    }));
  }

  void visit(const NodePlan& node, bool reads_stream) {
    auto socket = tcp_socket(node.address.family);
    if (!socket) return;
    const SocketAddress address = socket_address({node.address, 9405});
    static_cast<void>(::connect(socket->number(), address.pointer(), address.length));
    visitors_.push_back({std::move(*socket), reads_stream, false});
  }

  void hear() {
    std::vector<pollfd> watched;
    for (const Visitor& one : visitors_) {
      watched.push_back(
          {one.socket.number(), static_cast<short>(one.has_asked ? POLLIN : POLLOUT), 0});
    }
    ::poll(watched.data(), watched.size(), 5);
    for (std::size_t i = 0; i < watched.size(); ++i) {
      if (watched[i].revents != 0) attend(visitors_[i]);
    }
    std::erase_if(visitors_, [](const Visitor& one) { return !one.socket.is_open(); });
  }

  void attend(Visitor& one) {
    if (!one.has_asked) {
      const std::string request = std::string("GET ") +
                                  (one.reads_stream ? "/stream" : "/metrics") +
                                  " HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n";
      one.has_asked = true;
      if (::send(one.socket.number(), request.data(), request.size(), MSG_NOSIGNAL) < 0)
        one.socket = Descriptor();
      return;
    }
    static thread_local std::array<char, 65536> block;
    const ssize_t got = ::recv(one.socket.number(), block.data(), block.size(), 0);
    if (got > 0 && one.reads_stream) {
      messages_ += std::string_view(block.data(), static_cast<std::size_t>(got)).find("data: ") !=
                   std::string_view::npos;
    }
    if (got > 0) return;
    if (got == 0 && !one.reads_stream) ++scrapes_;
    one.socket = Descriptor();
  }

  const Plan& plan_;
  std::atomic<bool> leaves_ = false;
  std::atomic<std::uint64_t> messages_ = 0;
  std::atomic<std::uint64_t> scrapes_ = 0;
  std::vector<Visitor> visitors_;
  std::thread thread_;  // the last: it uses the others
};

/// Of a hundred handovers.
struct Seen {
  std::vector<Duration> outages;
  std::uint64_t turns = 0;        ///< of the loops of all nodes
  std::uint64_t late_turns = 0;   ///< more than 10 ms
  std::uint64_t rights_lost = 0;  ///< on all nodes
};

class Watched : public Ground {
 protected:
  void add_books(Seen& seen, int sign) const {
    for (const unsigned number : {1U, 2U, 3U}) {
      const Status now = status(number);
      const auto add = [&](std::uint64_t& sum, std::uint64_t count) {
        sum += sign > 0 ? count : 0 - count;
      };
      add(seen.rights_lost, count(now, "rights_lost"));
      for (std::size_t i = 0; i < now.loop_lag.counts.size(); ++i) {
        add(seen.turns, now.loop_lag.counts[i]);
        const bool is_late =
            i == Histogram::bounds.size() || Histogram::bounds[i] > std::chrono::milliseconds(10);
        if (is_late) add(seen.late_turns, now.loop_lag.counts[i]);
      }
    }
  }

  [[nodiscard]] Seen hand_over_and_over() const {
    Seen seen;
    add_books(seen, -1);
    const auto client = drill::Prober::start(plan());
    EXPECT_TRUE(client);
    if (!client) return seen;
    for (int i = 0; i < handovers && !HasFailure(); ++i) {
      const unsigned to = 1 + static_cast<unsigned>(i) % 3;
      const Instant before = boot_now();
      const auto moved = lab_->ask(node(1), {"move", plan().service.text(), node(to).name.text()});
      EXPECT_TRUE(moved);
      comes("the service at " + node(to).name.text(), [&] { return serves(status(to)); });
      static_cast<void>(pause(std::chrono::milliseconds(150)));
      seen.outages.push_back(
          drill::judge(client->requests(before), before, boot_now() - drill::prompt_max).outage);
    }
    add_books(seen, +1);
    return seen;
  }

  static void tell(const std::string& who, const Seen& seen) {
    std::cout << who << ": outage of a handover " << readable(drill::median(seen.outages))
              << " at the median, " << readable(drill::maximum(seen.outages)) << " at most; "
              << seen.late_turns << " of " << seen.turns
              << " turns of the loops came more than 10 ms late; rights lost: " << seen.rights_lost
              << "\n";
  }
};

TEST_F(Watched, BeingLookedAtCostsClientsNothing) {
  build();
  ASSERT_FALSE(HasFailure());
  start_all();
  ASSERT_NE(settled(), 0U);
  const Seen alone = hand_over_and_over();
  tell("nobody looks", alone);
  Seen watched;
  {
    const Crowd crowd(plan());
    comes("a page everywhere", [&] { return crowd.messages() > 3 * pages_per_node; });
    watched = hand_over_and_over();
    std::cout << crowd.messages() << " messages and " << crowd.scrapes() << " scrapes meanwhile\n";
    EXPECT_GT(crowd.scrapes(), static_cast<std::uint64_t>(handovers));
  }
  tell("60 pages and 150 scrapes a second", watched);
  EXPECT_EQ(alone.rights_lost, 0U);
  EXPECT_EQ(watched.rights_lost, 0U);
  // Clients ask every 5 ms: below a few beats there is nothing to compare.
  const Duration usual =
      std::max<Duration>(drill::median(alone.outages), std::chrono::milliseconds(20));
  EXPECT_LE(drill::median(watched.outages), 3 * usual);
}

}  // namespace
}  // namespace hapx::appliance::lab
