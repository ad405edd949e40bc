// SPDX-License-Identifier: Apache-2.0
// Who asks etcd for the third vote, and how long does that take at most?
//
// A thread of this door does: handshakes, files and members that hang keep it waiting, never the
// loop. It asks the member that answered last. If that fails, or has not answered after a while, it
// asks the next one the same, and so on: the first whole answer counts. So a swap may be carried
// out twice; the second time it finds its own values and writes nothing. What is said and what the
// answers mean is appliance/etcd's, what becomes of one connection io/etcd_connection's.
//
// Each question is answered exactly once, by an event from the loop, never from within carry_out():
// at the latest when its patience ends, and then with a sentence that says of each member that was
// asked why it didn't answer. An answer that comes later is dropped.
//
// Threading: open() and carry_out() on the thread of the io_context, and the handler is called
// there. The thread runs as everybody else's, not before them as the loop does, and shares one
// place for a question and one for an outcome with it (io/slot). Logs nothing. The end waits for
// the thread for a moment; if a disk keeps it, it is left alone, and ends with the process.
//
// Limit: one question at a time; one more while that is under way is answered as failed.
#pragma once

#include <functional>
#include <memory>
#include <variant>

#include <boost/asio/io_context.hpp>

#include "config/cluster_config.hpp"
#include "config/ids.hpp"
#include "config/result.hpp"
#include "membership/action.hpp"
#include "membership/event.hpp"

namespace hapx::appliance {

class EtcdDoor {
 public:
  using Outcome = std::variant<membership::ArbiterAnswered, membership::ArbiterFailed>;
  using Handler = std::function<void(Outcome)>;

  /// Connects when it is first asked. Fails only if there can't be a thread. REQUIRES: `io`
  /// outlives this, and runs in one thread.
  [[nodiscard]] static Result<std::unique_ptr<EtcdDoor>> open(boost::asio::io_context& io,
                                                              const EtcdConfig& config,
                                                              const ClusterName& cluster,
                                                              Handler handler);
  ~EtcdDoor();
  EtcdDoor(const EtcdDoor&) = delete;
  EtcdDoor& operator=(const EtcdDoor&) = delete;

  void carry_out(const membership::AskArbiter& action);

 private:
  struct State;
  explicit EtcdDoor(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace hapx::appliance
