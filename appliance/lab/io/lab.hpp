// SPDX-License-Identifier: Apache-2.0
// How does a lab come into being, and how does it go?
//
// The plan made real: namespaces and cables by iproute2, the stand-ins as forked children, every
// hapxd as its own program with folders of its own. A Lab object is only a hand on it; the lab
// itself lives in the kernel and under /run and /var/lib, and `remove` takes it away by its name
// alone. What a machine can suffer stands here too, because starting and stopping one is the same
// work: power off, power on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "appliance/lab/io/process.hpp"
#include "appliance/lab/observation.hpp"
#include "appliance/lab/plan.hpp"
#include "config/result.hpp"
#include "config/time.hpp"

namespace hapx::appliance::lab {

/// The kernel's names of the long-lived processes of a node.
inline constexpr std::string_view keeper_name = "hapx-keeper";
inline constexpr std::string_view daemon_name = "hapxd";
inline constexpr std::string_view haproxy_keeper_name = "haproxy-keeper";
inline constexpr std::string_view haproxy_name = "haproxy";

/// The folder of the running program; where hapxd and hapx are looked for.
[[nodiscard]] std::string own_programs();

/// The kernel's name of a stand-in's process.
[[nodiscard]] std::string stand_in_name(const ApiserverPlan& server);

/// How a stand-in behaves.
enum class Health {
  well,
  failing,  ///< answers 500
  unready,  ///< answers /readyz with 500, and serves
  ending,   ///< accepts no more, ends what it serves well, and is gone
  hanging,  ///< accepts, and says nothing
  dead,     ///< refuses connections
};

class Lab {
 public:
  /// Namespaces, cables, stand-ins, folders and hapx.yaml; no hapxd runs yet. Refuses a name that
  /// is in use. When it fails, nothing of it is left.
  [[nodiscard]] static Result<Lab> build(const Wishes& wishes, const std::string& programs);

  /// The lab of that name which is up; ErrorKind::absent when there is none.
  [[nodiscard]] static Result<Lab> attach(const std::string& name, const std::string& programs);

  /// Ends and removes whatever bears that name; all of it, also the rest of a half-built one.
  [[nodiscard]] static Result<void> remove(const std::string& name);

  [[nodiscard]] const Plan& plan() const { return plan_; }

  /// Writes the cluster's key, and starts hapxd on every node.
  [[nodiscard]] Result<void> start_all();

  /// Starts hapxd on a node that has power.
  [[nodiscard]] Result<void> start(const NodePlan& node);

  /// The node is gone at one instant: first the wire falls silent, then everything that ran on it
  /// ends, then its namespace and its run folder are removed. Its state folder stays.
  [[nodiscard]] Result<void> power_off(const NodePlan& node);

  /// The node's machine is there again with its cable and a new boot id, and nothing runs on it.
  [[nodiscard]] Result<void> power_on(const NodePlan& node);

  /// Tells a stand-in to behave so from now on; one that is gone is started again for anything
  /// but dead and ending, and both are done when it is gone.
  [[nodiscard]] Result<void> tell(const ApiserverPlan& server, Health health);

  [[nodiscard]] bool has_power(const NodePlan& node) const;

  /// Runs `hapx --socket ... ARGUMENTS` for a node.
  [[nodiscard]] Result<Outcome> ask(const NodePlan& node,
                                    const std::vector<std::string>& arguments) const;

  /// What the node's hapxd says; an Error while it says nothing.
  [[nodiscard]] Result<Observation> observe(const NodePlan& node) const;

  /// Empty when every node with power sees all nodes online and the service served.
  [[nodiscard]] std::string missing() const;

  /// Waits until nothing is missing; the Error says what still was.
  [[nodiscard]] Result<void> wait_until_served(Duration patience) const;

 private:
  Lab(Plan plan, std::string programs) : plan_(std::move(plan)), programs_(std::move(programs)) {}

  [[nodiscard]] Result<void> build_all();
  [[nodiscard]] Result<void> plug_in(const Machine& machine);
  [[nodiscard]] Result<void> start_stand_in(const ApiserverPlan& server);

  Plan plan_;
  std::string programs_;
};

}  // namespace hapx::appliance::lab
