// SPDX-License-Identifier: Apache-2.0
// Which members of etcd are asked, in which order, and whose answer counts?
//
// The one that answered last is asked first. The next one is asked the same as soon as all before
// it have failed, or when the last one has had its share of the time. The first whole answer
// counts; of two that came together the one whose swap was carried out. There is no answer when all
// have failed, or when the time is over.
//
// Threading: all on the thread of the io_context, see io/etcd_connection.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "appliance/io/etcd_connection.hpp"
#include "config/cluster_config.hpp"
#include "config/result.hpp"
#include "membership/action.hpp"
#include "membership/event.hpp"

namespace hapx::appliance {

class EtcdAsker {
 public:
  using Answer = Result<membership::ArbiterAnswered>;
  using Told = std::function<void(Answer)>;

  EtcdAsker(boost::asio::io_context& context, const EtcdConfig& config, std::string prefix);

  /// Calls `told` once, later, unless another question replaces this one before.
  void ask(const membership::AskArbiter& action, std::chrono::steady_clock::time_point deadline,
           Told told);

 private:
  struct Inquiry;
  using InquiryPointer = std::shared_ptr<Inquiry>;

  [[nodiscard]] boost::asio::awaitable<void> conduct(InquiryPointer inquiry);
  [[nodiscard]] boost::asio::awaitable<void> ask_member(InquiryPointer inquiry, std::size_t turn);
  [[nodiscard]] Error failure_of(const Inquiry& inquiry) const;

  boost::asio::io_context& context_;
  std::string prefix_;
  std::vector<std::shared_ptr<EtcdConnection>> members_;
  std::size_t first_ = 0;  ///< who answered last
  InquiryPointer present_;
};

}  // namespace hapx::appliance
