// SPDX-License-Identifier: Apache-2.0
#include "appliance/io/etcd_asker.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "appliance/etcd.hpp"
#include "config/wording.hpp"

namespace hapx::appliance {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using membership::ArbiterAnswered;

namespace {

/// A member has answered well within this, unless something is wrong with it.
constexpr auto share_max = std::chrono::milliseconds(50);
constexpr int shares_min = 3;
constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);

std::string in_milliseconds(Clock::duration duration) {
  return std::to_string(std::chrono::round<std::chrono::milliseconds>(duration).count()) + " ms";
}

}  // namespace

struct EtcdAsker::Inquiry {
  explicit Inquiry(asio::io_context& context) : changed(context) {}

  /// One member that was asked.
  struct Attempt {
    std::size_t member = 0;
    Clock::time_point began;
    std::string failure{};  ///< empty: none yet
  };

  [[nodiscard]] bool all_have_failed() const {
    return std::ranges::none_of(attempts, &std::string::empty, &Attempt::failure);
  }

  EtcdQuestion question;
  Told told;
  Clock::duration share{};  ///< of the time, until the next one is asked as well
  std::size_t first = 0;
  std::vector<Attempt> attempts;
  std::vector<ArbiterAnswered> answers;
  asio::steady_timer changed;  ///< cancelled when there is something new
};

EtcdAsker::EtcdAsker(asio::io_context& context, const EtcdConfig& config, std::string prefix)
    : context_(context), prefix_(std::move(prefix)) {
  for (const Endpoint& endpoint : config.endpoints)
    members_.push_back(std::make_shared<EtcdConnection>(context, endpoint, config));
}

void EtcdAsker::ask(const membership::AskArbiter& action, Clock::time_point deadline, Told told) {
  if (present_) present_->question.over = true;
  auto body = etcd_request(action, prefix_);
  if (!body) {
    return asio::post(context_, [told = std::move(told), error = body.error()] { told(error); });
  }
  present_ = std::make_shared<Inquiry>(context_);
  present_->question = {std::move(*body), deadline};
  present_->told = std::move(told);
  present_->share = std::min<Clock::duration>(share_max, action.patience / shares_min);
  present_->first = first_;
  asio::co_spawn(context_, conduct(present_), asio::detached);
}

asio::awaitable<void> EtcdAsker::conduct(InquiryPointer inquiry) {
  auto next_due = Clock::now();
  while (!inquiry->question.over && inquiry->answers.empty()) {
    const auto now = Clock::now();
    const bool is_next_left = inquiry->attempts.size() < members_.size();
    const bool all_have_failed = inquiry->all_have_failed();
    if (now >= inquiry->question.deadline || (all_have_failed && !is_next_left)) break;
    if (is_next_left && (all_have_failed || now >= next_due)) {
      const std::size_t turn = inquiry->attempts.size();
      inquiry->attempts.push_back({(inquiry->first + turn) % members_.size(), now});
      next_due = now + inquiry->share;
      asio::co_spawn(context_, ask_member(inquiry, turn), asio::detached);
    } else {
      const auto end = inquiry->question.deadline;
      inquiry->changed.expires_at(is_next_left ? std::min(next_due, end) : end);
      (void)co_await inquiry->changed.async_wait(no_throw);
    }
  }
  if (std::exchange(inquiry->question.over, true)) co_return;  // replaced by another
  if (inquiry->answers.empty()) {
    inquiry->told(failure_of(*inquiry));
  } else {
    const auto swapped = std::ranges::find(inquiry->answers, true, &ArbiterAnswered::swapped);
    inquiry->told(swapped == inquiry->answers.end() ? inquiry->answers.front() : *swapped);
  }
}

asio::awaitable<void> EtcdAsker::ask_member(InquiryPointer inquiry, std::size_t turn) {
  const std::size_t number = inquiry->attempts[turn].member;
  const auto member = members_[number];
  const std::shared_ptr<const EtcdQuestion> question(inquiry, &inquiry->question);
  auto reply = co_await member->ask(question);
  if (inquiry->question.over) co_return;
  Answer answer = reply ? decode_etcd_answer(reply->status, reply->body, prefix_) : reply.error();
  if (answer) {
    first_ = number;
    inquiry->answers.push_back(std::move(*answer));
  } else {
    inquiry->attempts[turn].failure = answer.error().sentence;
  }
  inquiry->changed.cancel();
}

Error EtcdAsker::failure_of(const Inquiry& inquiry) const {
  const auto now = Clock::now();
  std::vector<std::string> reasons;
  for (const auto& [number, began, failure] : inquiry.attempts) {
    const EtcdConnection& member = *members_[number];
    const std::string late =
        std::string("no ") + member.awaited() + " within " + in_milliseconds(now - began);
    reasons.push_back(to_string(member.endpoint()) + ": " + (failure.empty() ? late : failure));
  }
  if (reasons.empty()) reasons.emplace_back("nobody could be asked in time");
  return {ErrorKind::unavailable, "etcd gives no answer: " + joined(reasons, "; "), 0};
}

}  // namespace hapx::appliance
