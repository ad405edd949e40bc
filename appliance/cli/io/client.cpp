// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/io/client.hpp"

#include <chrono>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <sys/un.h>

namespace hapx::appliance::cli {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::local::stream_protocol;

constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t answer_bytes_max = 16 * 1024 * 1024;
/// A hapxd that takes a changed file, or is upgraded, is replaced within milliseconds.
constexpr Duration replacement_time_max = std::chrono::milliseconds(500);
constexpr Duration replacement_look_interval = std::chrono::milliseconds(20);

/// Nobody listens, or who did is gone.
bool may_be_replaced(const boost::system::error_code& error) {
  return error == boost::system::errc::no_such_file_or_directory ||
         error == asio::error::connection_refused || error == asio::error::connection_reset ||
         error == asio::error::broken_pipe || error == http::error::end_of_stream ||
         error == http::error::partial_message;
}

/// What came of asking once.
struct Attempt {
  std::optional<Result<Answer>> outcome{};
  bool may_be_replaced = false;
};

Error no_answer(const std::string& socket, const boost::system::error_code& error) {
  Error out = system_error(error.value(), "no hapxd answers at " + socket);
  if (error.category() != boost::system::system_category()) {
    out = {ErrorKind::unavailable, "no hapxd answers at " + socket + ": " + error.message(), 0};
  }
  if (out.kind == ErrorKind::absent || error == asio::error::connection_refused) {
    out.sentence += " (is hapxd running? another place can be named by --socket)";
  }
  return out;
}

/// `place` is for the sentence.
template <class Protocol>
asio::awaitable<void> converse(typename Protocol::endpoint to, std::string place,
                               const Question& question, Attempt& attempt) {
  beast::basic_stream<Protocol> stream(co_await asio::this_coro::executor);
  stream.expires_after(question.time_max);
  const auto [connect_error] = co_await stream.async_connect(to, no_throw);
  if (connect_error) {
    attempt = {no_answer(place, connect_error), may_be_replaced(connect_error)};
    co_return;
  }
  http::request<http::string_body> request;
  request.version(11);
  request.method_string(question.method);
  request.target(question.target);
  request.set(http::field::host, "hapxd");
  request.keep_alive(false);
  if (!question.body.empty()) request.set(http::field::content_type, "application/json");
  request.body() = question.body;
  request.prepare_payload();
  // A server that turns us away may answer before it has read; so its answer counts, not our error.
  const auto [write_error, written] = co_await http::async_write(stream, request, no_throw);
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(answer_bytes_max);
  const auto [read_error, read] = co_await http::async_read(stream, buffer, parser, no_throw);
  if (read_error) {
    const auto& error = write_error ? write_error : read_error;
    attempt = {no_answer(place, error), may_be_replaced(error)};
    co_return;
  }
  attempt = {Answer{parser.get().result_int(), std::move(parser.get().body())}};
}

template <class Protocol>
Attempt ask_once(const typename Protocol::endpoint& to, const std::string& place,
                 const Question& question) {
  Attempt attempt;
  try {
    asio::io_context context(1);
    asio::co_spawn(context, converse<Protocol>(to, place, question, attempt), asio::detached);
    context.run();
  } catch (const std::exception& trouble) {  // Asio, out of descriptors or memory
    attempt = {Error{ErrorKind::failed, "asking " + place + ": " + trouble.what()}};
  }
  return attempt;
}

bool may_be_asked_again(const Question& question) {
  return question.method == "GET" || question.twice == Twice::is_as_once;
}

template <class Protocol>
Result<Answer> ask_at(const typename Protocol::endpoint& to, const std::string& place,
                      const Question& question) {
  const auto end = std::chrono::steady_clock::now() + replacement_time_max;
  Attempt attempt = ask_once<Protocol>(to, place, question);
  while (attempt.may_be_replaced && may_be_asked_again(question) &&
         std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(replacement_look_interval);
    attempt = ask_once<Protocol>(to, place, question);
  }
  if (attempt.outcome) return std::move(*attempt.outcome);
  return Error{ErrorKind::failed, "asking " + place + " ended without an answer"};
}

}  // namespace

Result<Answer> ask(const std::string& socket, const Question& question) {
  if (socket.empty() || socket.size() >= sizeof(sockaddr_un::sun_path)) {
    return Error{ErrorKind::refused, "the path of a socket has 1 to 107 bytes: " + socket};
  }
  return ask_at<stream_protocol>(stream_protocol::endpoint(socket), socket, question);
}

Result<Answer> ask_endpoint(const Endpoint& endpoint, const Question& question) {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(to_string(endpoint.address), error);
  if (error) return Error{ErrorKind::refused, to_string(endpoint) + " is no place to ask"};
  return ask_at<asio::ip::tcp>({address, endpoint.port}, to_string(endpoint), question);
}

}  // namespace hapx::appliance::cli
