// SPDX-License-Identifier: Apache-2.0
#include "appliance/io/etcd_connection.hpp"

#include <cstdint>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/system/system_error.hpp>

#include "appliance/etcd.hpp"
#include "appliance/io/etcd_credentials.hpp"

namespace hapx::appliance {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

constexpr std::uint32_t header_bytes_max = 16 * 1024;
constexpr auto late_answer_patience = std::chrono::seconds(1);
constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);

asio::ip::tcp::endpoint socket_address(const Endpoint& endpoint) {
  const auto& bytes = endpoint.address.bytes;
  if (endpoint.address.family == Family::ipv6) return {asio::ip::address_v6(bytes), endpoint.port};
  return {asio::ip::address_v4({bytes[0], bytes[1], bytes[2], bytes[3]}), endpoint.port};
}

Error unavailable(const std::string& sentence) {
  return {ErrorKind::unavailable, sentence, 0};
}

http::request<http::string_body> posted(const EtcdQuestion& question, const Endpoint& endpoint) {
  http::request<http::string_body> request(http::verb::post, etcd_transaction_path, 11);
  request.set(http::field::host, to_string(endpoint));
  request.set(http::field::content_type, "application/json");
  request.body() = question.body;
  request.prepare_payload();
  return request;
}

}  // namespace

struct EtcdConnection::Line {
  Line(asio::io_context& context, std::shared_ptr<EtcdCredentials> shown)
      : credentials(std::move(shown)), stream(context, credentials->context()) {}

  beast::tcp_stream& tcp() { return beast::get_lowest_layer(stream); }

  std::shared_ptr<EtcdCredentials> credentials;
  beast::ssl_stream<beast::tcp_stream> stream;
  beast::flat_buffer buffer{header_bytes_max + etcd_answer_bytes_max};
  bool has_answered = false;
};

EtcdConnection::EtcdConnection(asio::io_context& context, const Endpoint& endpoint,
                               const EtcdConfig& config)
    : context_(context), endpoint_(endpoint), config_(config) {}

std::string EtcdConnection::reason(const error_code& error, Line& line) {
  if (error == beast::error::timeout) return std::string("no ") + awaited_ + " in time";
  if (error == http::error::body_limit || error == http::error::buffer_overflow) {
    return "its answer is longer than " + std::to_string(etcd_answer_bytes_max) + " bytes";
  }
  const bool is_http =
      error.category() == http::make_error_code(http::error::bad_method).category();
  const bool has_ended = error == http::error::end_of_stream;
  if (is_http && !has_ended && error != http::error::partial_message)
    return "what it answers is not HTTP: " + error.message();
  if (!line.has_answered)
    return line.credentials->reason(error, line.stream.native_handle(), endpoint_.address);
  return "it has ended the connection";
}

asio::awaitable<Result<EtcdConnection::LinePointer>> EtcdConnection::connect(
    std::shared_ptr<const EtcdQuestion> question) {
  awaited_ = "connection";
  auto credentials = EtcdCredentials::read(config_);
  if (!credentials) co_return credentials.error();
  LinePointer line;
  try {
    line = std::make_shared<Line>(context_, *credentials);
  } catch (const boost::system::system_error& error) {
    co_return unavailable("OpenSSL can't begin: " + error.code().message());
  }
  in_use_ = line;
  line->tcp().expires_at(question->deadline + late_answer_patience);
  const auto [refused] = co_await line->tcp().async_connect(socket_address(endpoint_), no_throw);
  if (refused == asio::error::connection_refused) co_return unavailable("connection refused");
  if (refused) co_return unavailable("no connection: " + refused.message());
  error_code ignored;
  line->tcp().socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  awaited_ = "TLS handshake";
  EtcdCredentials::expect(line->stream.native_handle(), endpoint_.address);
  const auto [failed] =
      co_await line->stream.async_handshake(asio::ssl::stream_base::client, no_throw);
  if (failed) co_return unavailable(reason(failed, *line));
  line->tcp().expires_never();
  co_return line;
}

asio::awaitable<Result<EtcdReply>> EtcdConnection::exchange(
    LinePointer line, std::shared_ptr<const EtcdQuestion> question) {
  awaited_ = "answer";
  in_use_ = line;
  line->tcp().expires_at(question->deadline + late_answer_patience);
  const auto request = posted(*question, endpoint_);
  const auto [unsent, sent] = co_await http::async_write(line->stream, request, no_throw);
  http::response_parser<http::string_body> parser;
  parser.header_limit(header_bytes_max);
  parser.body_limit(etcd_answer_bytes_max);
  // Also when it takes no question: why it doesn't may have come before.
  const auto [unread, read] =
      co_await http::async_read(line->stream, line->buffer, parser, no_throw);
  if (unread) co_return unavailable(reason(unread, *line));
  line->tcp().expires_never();
  line->has_answered = true;
  if (!unsent && parser.keep_alive()) idle_ = line;
  co_return EtcdReply{parser.get().result_int(), std::move(parser.get().body())};
}

asio::awaitable<Result<EtcdReply>> EtcdConnection::ask(
    std::shared_ptr<const EtcdQuestion> question) {
  const auto self = shared_from_this();
  LinePointer line = std::exchange(idle_, nullptr);
  if (const auto late = in_use_.lock(); late && late != line) late->tcp().close();
  if (line && line->credentials->have_changed()) {
    if (auto renewed = co_await connect(question)) line = *renewed;
  }
  bool may_be_stale = line != nullptr;
  for (;;) {
    if (!line) {
      auto made = co_await connect(question);
      if (!made) co_return made.error();
      line = *made;
    }
    if (question->over) {
      if (!idle_) idle_ = line;
      co_return unavailable("it was too late to ask");
    }
    auto reply = co_await exchange(line, question);
    if (reply || !may_be_stale || question->over) co_return reply;
    may_be_stale = false;
    line = nullptr;
  }
}

}  // namespace hapx::appliance
