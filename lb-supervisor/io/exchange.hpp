// SPDX-License-Identifier: Apache-2.0
// How is one question asked and answered over a Unix socket?
//
// Connect, send, read, close; all within one deadline, and at most one question at a time. Asked
// twenty times a second, so it keeps to plain descriptors: the socket is waited for, not wrapped.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>
#include <sys/un.h>

#include "config/result.hpp"
#include "config/time.hpp"
#include "lb-supervisor/io/packet.hpp"

namespace hapx::lb_supervisor {

class Exchange {
 public:
  using Answered = std::function<void(const Result<std::string>&)>;
  enum class Until {
    first_bytes,  ///< what came with the first read is the answer
    end,          ///< the answer ends when the other side closes
  };

  Exchange(boost::asio::io_context& io, const sockaddr_un& address, Duration patience,
           std::size_t bytes_max);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  /// A question that is under way is not answered any more.
  ~Exchange();

  /// Calls `answered` from the io_context, never from within, at the latest when the patience ends.
  /// A question that is under way is given up without an answer.
  void ask(std::string question, Until until, Answered answered);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace hapx::lb_supervisor
