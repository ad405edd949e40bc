// SPDX-License-Identifier: Apache-2.0
// Who carries out what the room asks of the world, and tells it what happened?
//
// One method per action of vip/action.hpp; one handler for all events of vip/event.hpp. An action's
// work is done when its method returns (the kernel does not make us wait), its outcome comes as an
// event from the io_context, in the order in which things were done, never from within a method.
//
// It listens for others that claim an address, on the interfaces of VIPs (vip/io/sentinel). What a
// link of this machine says is none of others: two of them may be on one segment.
//
// Besides, the door keeps the fence in force: on every interface that could answer for an address
// (Linux answers ARP for an address on all of them: the weak host model), on those that appear
// later, and again on one from which somebody took it.
//
// Limit: between somebody's taking the filter off and our putting it back (well under a
// millisecond, if hapxd runs) that interface is unfenced. Limit: so is an interface whose frames
// have no Ethernet header (a tunnel); nobody finds an address behind it by asking.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "config/cluster_config.hpp"
#include "config/net.hpp"
#include "config/result.hpp"
#include "config/time.hpp"
#include "vip/action.hpp"
#include "vip/event.hpp"
#include "vip/io/sweep.hpp"

namespace hapx::vip {

struct DoorOptions {
  std::vector<VipConfig> vips;  ///< what is watched
  /// The deadlines' map of an earlier incarnation; the door owns it from here on.
  std::optional<int> inherited_deadlines;
  /// Whose answers are told, too (as AddressClaimed); it is nobody's to hold.
  std::optional<TieBreakerConfig> tie_breaker{};
};

class Door {
 public:
  using Handler = std::function<void(Event)>;

  /// In the network namespace of the calling thread, for ever. Tells a LinkChanged for each
  /// interface of a VIP, absent ones included, as the first events. Fails without netlink or packet
  /// sockets (CAP_NET_RAW); BPF refused is no failure here, see arm_fence. REQUIRES: `io` outlives
  /// this, and runs in one thread.
  [[nodiscard]] static Result<std::unique_ptr<Door>> open(boost::asio::io_context& io,
                                                          DoorOptions options, Handler handler);
  ~Door();
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

  void arm_fence(const ArmFence& action);
  void extend_deadline(const ExtendDeadline& action);  ///< a store; no event
  void close_fence(const CloseFence& action);          ///< a store, read back; no event
  void add_address(const AddAddress& action);
  void remove_address(const RemoveAddress& action);
  void probe(const Probe& action);
  void announce(const Announce& action);
  void announce_to(const AnnounceTo& action);

  /// The same by the type of the action, for a visitor of one line.
  void carry_out(const ArmFence& action) { arm_fence(action); }
  void carry_out(const Probe& action) { probe(action); }
  void carry_out(const ExtendDeadline& action) { extend_deadline(action); }
  void carry_out(const CloseFence& action) { close_fence(action); }
  void carry_out(const AddAddress& action) { add_address(action); }
  void carry_out(const RemoveAddress& action) { remove_address(action); }
  void carry_out(const Announce& action) { announce(action); }
  void carry_out(const AnnounceTo& action) { announce_to(action); }

  /// After the file changed: which addresses and interfaces are watched from now on.
  void watch(std::vector<VipConfig> vips);

  /// Of the deadlines' map, for the keeper to keep (dup or send it; ours closes with the door).
  /// Nothing where BPF is refused.
  [[nodiscard]] std::optional<int> deadlines_descriptor() const;
  /// Whether the inherited map was taken over.
  [[nodiscard]] bool adopted() const;
  /// The addresses that aren't closed, with their instants; some may be over.
  [[nodiscard]] std::map<IpAddress, Instant> deadlines() const;
  /// The addresses of this namespace that bear our mark.
  [[nodiscard]] Result<std::vector<LeftOver>> left_overs();

 private:
  struct State;
  explicit Door(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace hapx::vip
