// SPDX-License-Identifier: Apache-2.0
// A watch and a log in which nothing happens for longer than most time-outs on the way: kubelets
// and controllers have many of those. Eleven minutes, so it is run by `./test.sh --long` alone.
#include <iostream>

#include "appliance/lab/kube_answer.hpp"
#include "kubectl.hpp"

namespace hapx::appliance::lab {
namespace {

class QuietStreams : public KubectlLab {};

TEST_F(QuietStreams, HearWhatComesAfterElevenMinutes) {
  start();
  if (HasFatalFailure()) return;
  const Kubectl kubectl(plan());
  const Following watch(kubectl, "watch", quiet_watch);
  const Following log(kubectl, "log", {"--namespace=quiet", "logs", "--follow", "web"});
  ASSERT_TRUE(eventually([&] { return watch.lines() >= 2 && log.lines() >= 1; }))
      << watch.said() << log.said();
  const Instant began = boot_now();
  const std::size_t watch_lines = watch.lines();
  const std::size_t log_lines = log.lines();
  while (watch.lives() && log.lives() && boot_now() - began < quiet_interval) {
    pause(std::chrono::seconds(1));
  }
  EXPECT_TRUE(eventually([&] { return watch.lines() > watch_lines; })) << watch.said();
  EXPECT_TRUE(eventually([&] { return log.lines() > log_lines; })) << log.said();
  std::cout << "after " << std::chrono::duration<double>(boot_now() - began).count()
            << " s of silence: " << watch.last_line() << "; " << log.last_line() << "\n";
  EXPECT_TRUE(watch.lives()) << watch.said();
  EXPECT_TRUE(log.lives()) << log.said();
  EXPECT_EQ(watch.lines(), watch_lines + 1);
  EXPECT_EQ(log.lines(), log_lines + 1);
}

}  // namespace
}  // namespace hapx::appliance::lab
