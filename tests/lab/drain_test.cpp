// SPDX-License-Identifier: Apache-2.0
// A kube-apiserver ends as it should: it is not ready first, and serves (--shutdown-delay-duration
// of a real one), and some seconds later it ends its watches well and is gone. No client may see an
// error, and nobody else's watch may end. Times are printed and recorded, never judged.
#include <algorithm>
#include <csignal>
#include <iostream>

#include "clients.hpp"
#include "serving_lab.hpp"

namespace hapx::appliance::lab {
namespace {

enum class Fate { lives, ended_well, cut };

struct Seen {
  std::string server;
  Fate fate = Fate::lives;
};

/// Many watches, in a thread of its own.
class Watches {
 public:
  Watches(const Plan& plan, std::size_t count) {
    thread_ = thread_among_clients(plan, [this, &plan, count] { run(plan, count); });
    while (!begun_) std::this_thread::yield();
  }
  ~Watches() { static_cast<void>(stop()); }
  Watches(const Watches&) = delete;
  Watches& operator=(const Watches&) = delete;

  std::vector<Seen> seen() {
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  std::vector<Seen> stop() {
    stopped_ = true;
    if (thread_.joinable()) thread_.join();
    return seen();
  }

 private:
  void run(const Plan& plan, std::size_t count) {
    const auto context = TlsContext::client();
    std::vector<Client> clients;
    for (std::size_t i = 0; context && i < count; ++i) {
      Client client(plan, *context);
      const Instant deadline = boot_now() + seconds(10);
      auto trouble = client.begin(deadline);
      if (trouble.empty()) trouble = client.watch(deadline);
      if (!trouble.empty()) continue;
      clients.push_back(std::move(client));
      seen_.emplace_back();
    }
    while (!stopped_) {
      for (std::size_t i = 0; i < clients.size(); ++i) {
        if (seen_[i].fate == Fate::lives) hear(clients[i], seen_[i]);
      }
      begun_ = begun_ || std::ranges::none_of(
                             clients, [](const Client& client) { return client.heard().empty(); });
      std::this_thread::sleep_for(milliseconds(10));
    }
  }
  void hear(Client& client, Seen& seen) {
    const Progress progress = client.hear();
    const std::lock_guard lock(mutex_);
    seen.server = client.answered_by();
    if (progress == Progress::wants_read || progress == Progress::wants_write) return;
    seen.fate = client.heard().ends_with("\r\n0\r\n\r\n") ? Fate::ended_well : Fate::cut;
  }

  std::atomic<bool> stopped_ = false;
  std::atomic<bool> begun_ = false;
  std::mutex mutex_;
  std::vector<Seen> seen_;
  std::thread thread_;
};

std::size_t count(const std::vector<Seen>& all, const std::string& server, Fate fate) {
  return static_cast<std::size_t>(std::ranges::count_if(
      all, [&](const Seen& each) { return each.server == server && each.fate == fate; }));
}
std::size_t count(const std::vector<Seen>& all, Fate fate) {
  return static_cast<std::size_t>(std::ranges::count(all, fate, &Seen::fate));
}

double in_milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

class Draining : public ServingLab {
 protected:
  [[nodiscard]] bool is_up(const ApiserverPlan& server) const {
    return std::ranges::all_of(nodes(), [&](const NodePlan& node) {
      return node.name.text() != holder_ || ServingLab::is_up(node, server);
    });
  }
  std::string holder_;
};

TEST_F(Draining, AKubeApiserverThatIsNotReadyFirstEndsWithoutAnError) {
  ::signal(SIGPIPE, SIG_IGN);  // a client here may write to a connection that was cut
  start();
  if (HasFatalFailure()) return;
  holder_ = holder_by(nodes()[0]);
  ASSERT_NE(holder_, "");
  const ApiserverPlan& leaving = plan().apiservers[0];
  for (const auto& server : plan().apiservers) {
    ASSERT_TRUE(eventually([&] { return is_up(server); })) << server.name;
  }
  constexpr std::size_t watches_count = 30;
  Watches watches(plan(), watches_count);
  Requests requests(plan(), 200);
  pause(seconds(1));

  const Instant unready = boot_now();
  ASSERT_TRUE(lab_->tell(leaving, Health::unready));
  ASSERT_TRUE(eventually([&] { return !is_up(leaving); }));
  const Instant out = boot_now();
  pause(seconds(3));
  const auto while_draining = watches.seen();
  const std::size_t its_watches = count(while_draining, leaving.name, Fate::lives);
  ASSERT_TRUE(lab_->tell(leaving, Health::ending));
  pause(seconds(2));
  const auto afterwards = watches.stop();
  Tally asked = requests.stop();

  std::cout << "out of rotation after " << in_milliseconds(out - unready)
            << " ms, its last new connection after "
            << in_milliseconds(asked.last_begun[leaving.name] - unready) << " ms; "
            << asked.failures << " of " << asked.attempts << " new connections failed, slowest "
            << in_milliseconds(asked.slowest) << " ms; of its " << its_watches << " watches "
            << count(afterwards, leaving.name, Fate::ended_well) << " ended well, "
            << count(afterwards, leaving.name, Fate::cut) << " cut; of all " << watches_count << " "
            << count(afterwards, Fate::lives) << " live on\n";
  RecordProperty("connections", std::to_string(asked.attempts));
  RecordProperty("failed", std::to_string(asked.failures));
  RecordProperty("ended_well", std::to_string(count(afterwards, Fate::ended_well)));
  EXPECT_EQ(while_draining.size(), watches_count);
  EXPECT_EQ(count(while_draining, Fate::lives), watches_count) << "draining ends nothing";
  EXPECT_GT(its_watches, 0U);
  EXPECT_EQ(asked.failures, 0U) << asked.sample;
  EXPECT_LT(asked.last_begun[leaving.name], out) << "it gets nothing new while it drains";
  EXPECT_EQ(count(afterwards, leaving.name, Fate::ended_well), its_watches);
  EXPECT_EQ(count(afterwards, Fate::lives), watches_count - its_watches) << "those of the others";

  ASSERT_TRUE(lab_->tell(leaving, Health::well));
  EXPECT_TRUE(eventually([&] { return is_up(leaving); }));
}

}  // namespace
}  // namespace hapx::appliance::lab
