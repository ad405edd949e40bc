// SPDX-License-Identifier: Apache-2.0
// How does a test speak to the endpoint as an operator does?
//
// By kubectl itself, from the lab's client and through the VIP: one that ends by itself (`ask`), or
// one that goes on (`Following`) until it is cut or the lab goes. It knows no kubeconfig, no proxy
// and no cache but those that it is given here.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include <poll.h>

#include "appliance/lab/io/file.hpp"
#include "appliance/lab/io/process.hpp"
#include "appliance/lab/plan.hpp"
#include "config/io/clock.hpp"
#include "serving_lab.hpp"

namespace hapx::appliance::lab {

class Kubectl {
 public:
  explicit Kubectl(const Plan& plan) : plan_(plan) {}

  /// "Client Version: ...", or empty where there is none.
  [[nodiscard]] static std::string version() {
    const auto outcome = run({"kubectl", "version", "--client"}, {});
    return outcome && outcome->code == 0 ? outcome->output : "";
  }

  [[nodiscard]] std::vector<std::string> command(const std::vector<std::string>& words) const {
    const char* path = std::getenv("PATH");
    std::vector<std::string> all{
        "env", "-i", "PATH=" + std::string(path ? path : "/usr/bin"), "HOME=" + home(), "kubectl",
        "--kubeconfig=/dev/null",
        "--server=https://" + to_string(Endpoint{plan_.vip.address, plan_.port}),
        // Who has no name is asked for one.
        "--token=lab",
        // The stand-ins' certificates are signed by themselves.
        "--insecure-skip-tls-verify=true"};
    all.insert(all.end(), words.begin(), words.end());
    return all;
  }

  struct Answer {
    std::string said;
    bool is_well = false;
    Duration took{0};
  };
  [[nodiscard]] Answer ask(const std::vector<std::string>& words) const {
    const Instant began = boot_now();
    const auto outcome =
        run(command(words), {.netns = plan_.client_netns, .patience = std::chrono::minutes(1)});
    const Duration took = boot_now() - began;
    if (!outcome) return {outcome.error().sentence, false, took};
    return {outcome->output + outcome->errors, outcome->code == 0, took};
  }

  [[nodiscard]] const Plan& plan() const { return plan_; }
  [[nodiscard]] std::string home() const { return plan_.run_root + "/client"; }

 private:
  const Plan& plan_;
};

/// A kubectl that goes on.
class Following {
 public:
  Following(const Kubectl& kubectl, std::string name, const std::vector<std::string>& words)
      : name_(std::move(name)), file_(kubectl.home() + "-" + name_) {
    const auto pid = start_daemon(kubectl.command(words), {kubectl.plan().client_netns, file_, ""});
    if (!pid) {
      trouble_ = pid.error().sentence;
      return;
    }
    for (Process& process : processes_in(kubectl.plan().client_netns)) {
      if (process.pid == *pid) process_ = std::move(process);
    }
  }

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool lives() const {
    pollfd gone{process_.handle.number(), POLLIN, 0};
    return process_.handle.is_open() && ::poll(&gone, 1, 0) == 0;
  }
  /// All that has come, and why it has ended.
  [[nodiscard]] std::string said() const {
    const auto text = read_file(file_);
    return text ? *text : trouble_;
  }
  [[nodiscard]] std::size_t lines() const {
    const std::string text = said();
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }
  [[nodiscard]] std::string last_line() const {
    std::string text = said();
    while (text.ends_with('\n')) text.pop_back();
    return text.substr(text.rfind('\n') + 1);
  }

 private:
  std::string name_;
  std::string file_;
  std::string trouble_;
  Process process_;
};

/// One line for the list, one for the first event; the next comes after quiet_interval.
inline const std::vector<std::string> quiet_watch{"--namespace=quiet", "get", "pods", "--watch",
                                                  "--output=name"};

class KubectlLab : public ServingLab {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(ServingLab::SetUp());
    if (IsSkipped()) return;
    if (Kubectl::version().empty()) {
      GTEST_SKIP() << "NOT TESTED: no kubectl on this machine (Debian: kubernetes-client)";
    }
  }
};

}  // namespace hapx::appliance::lab
