// SPDX-License-Identifier: Apache-2.0
#include "appliance/io/http_server.hpp"

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/system/system_error.hpp>
#include <sys/socket.h>
#include <unistd.h>

namespace hapx::appliance {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::generic::stream_protocol;

namespace {

constexpr std::uint32_t header_bytes_max = 8 * 1024;
constexpr auto accept_pause = std::chrono::milliseconds(100);
/// What one who is refused may still have under way, and for how long it is taken.
constexpr std::size_t unread_bytes_max = 64 * 1024;
constexpr auto unread_time_max = std::chrono::seconds(1);
constexpr std::size_t leaving_max = 32;
/// A connection's requests come this many times as slowly as connections.
constexpr int pace_of_requests = 5;
constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);

using Stream = beast::basic_stream<stream_protocol>;
using SecuredStream = beast::ssl_stream<Stream>;
using Acceptor = asio::basic_socket_acceptor<stream_protocol>;

/// What a browser may do with any answer: show it by itself, with what comes from here, and keep
/// nothing of it. (Content Security Policy 3; the page needs no more.)
void protect(http::fields& fields) {
  fields.set("Content-Security-Policy",
             "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
             "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  fields.set("X-Content-Type-Options", "nosniff");
  fields.set("Referrer-Policy", "no-referrer");
  fields.set(http::field::cache_control, "no-store");
}

/// A HEAD is told how long the body would be, and gets none (RFC 9110, section 9.3.2).
http::response<http::string_body> framed(Respond answer, http::verb asked, bool keep_alive) {
  http::response<http::string_body> response;
  response.version(11);
  response.result(answer.status);
  response.set(http::field::content_type, answer.content_type);
  response.keep_alive(keep_alive);
  protect(response);
  if (!answer.allow.empty()) response.set(http::field::allow, answer.allow);
  if (answer.status == 401) response.set(http::field::www_authenticate, "Basic realm=\"hapx\"");
  response.content_length(answer.body.size());
  if (asked != http::verb::head) response.body() = std::move(answer.body);
  return response;
}

/// `sentence` needs no escape: all of them stand in this file.
Respond refusal(Refusals wording, unsigned status, const std::string& sentence) {
  if (wording == Refusals::plain) return {0, status, "text/plain; charset=utf-8", sentence + "\n"};
  return {0, status, "application/json", "{\"error\":\"" + sentence + "\"}\n"};
}

/// Null if OpenSSL has no room for one more.
std::unique_ptr<SecuredStream> secured(stream_protocol::socket socket,
                                       asio::ssl::context& context) {
  try {
    return std::make_unique<SecuredStream>(std::move(socket), context);
  } catch (const boost::system::system_error&) {
    return nullptr;
  }
}

/// Takes what the asker had sent before it heard our refusal. A socket that is closed with bytes
/// unread resets the connection, and a reset may overtake the answer (RFC 9112, section 9.6).
template <class Any>
asio::awaitable<void> take_the_rest(Any& stream) {
  boost::system::error_code ignored;
  Stream& tcp = beast::get_lowest_layer(stream);
  if constexpr (std::is_same_v<Any, Stream>)
    tcp.socket().shutdown(stream_protocol::socket::shutdown_send, ignored);
  tcp.expires_after(unread_time_max);
  std::array<char, 4096> block{};
  for (std::size_t taken = 0; taken < unread_bytes_max;) {
    const auto [error, read] = co_await stream.async_read_some(asio::buffer(block), no_throw);
    if (error) break;
    taken += read;
  }
}

}  // namespace

/// Shared with the coroutines, which may outlive the HttpServer by a turn of the loop.
struct HttpServer::State : std::enable_shared_from_this<HttpServer::State> {
  State(asio::io_context& io_context, HttpServerOptions asked,
        std::function<void(RequestArrived)> handle, std::function<void(StreamEnded)> end)
      : context(io_context),
        options(std::move(asked)),
        handler(std::move(handle)),
        ended(std::move(end)),
        acceptor(io_context),
        pause(io_context),
        next_id(options.first_id) {}

  /// A request whose answer is owed.
  struct Owed {
    std::optional<Respond> answer;
    asio::steady_timer timer;  ///< cancelled when the answer comes
  };

  /// Of a stream.
  struct Reader {
    explicit Reader(asio::io_context& io_context)
        : wake(io_context, asio::steady_timer::time_point::max()) {}
    std::shared_ptr<const std::string> next;  ///< not sent yet; null: nothing
    asio::steady_timer wake;                  ///< cancelled when there is something
  };

  asio::io_context& context;
  HttpServerOptions options;
  std::function<void(RequestArrived)> handler;
  std::function<void(StreamEnded)> ended;
  Acceptor acceptor;
  asio::steady_timer pause;
  ino_t inode = 0;
  bool closed = false;
  std::uint64_t turned_away = 0;
  std::uint64_t next_id;
  std::uint64_t last_stream = 0;
  std::map<std::uint64_t, Owed*> owed;                       ///< by request
  std::map<std::uint64_t, Stream*> streams;                  ///< every connection that is open
  std::map<std::uint64_t, Stream*> leaving;                  ///< of those who were one too many
  std::map<std::uint64_t, std::shared_ptr<Reader>> readers;  ///< by the request

  asio::awaitable<void> accept_all();
  asio::awaitable<void> receive(stream_protocol::socket socket);
  template <class Any>
  asio::awaitable<void> converse(Any& stream, const std::optional<std::string>& from);
  template <class Any>
  asio::awaitable<void> stream_on(Any& stream, const Respond& answer);
  asio::awaitable<Respond> ask(http::request<http::string_body> request,
                               const std::optional<std::string>& from);
  [[nodiscard]] Respond refuse(unsigned status, const std::string& sentence) const {
    return refusal(options.refusals, status, sentence);
  }
  asio::awaitable<void> send_away(stream_protocol::socket socket);
};

asio::awaitable<Respond> HttpServer::State::ask(http::request<http::string_body> request,
                                                const std::optional<std::string>& from) {
  const std::uint64_t id = next_id++;
  Owed mine{std::nullopt, asio::steady_timer(context, options.answer_time_max)};
  owed[id] = &mine;
  RequestArrived arrived{id,
                         std::string(request.method_string()),
                         std::string(request.target()),
                         std::move(request.body()),
                         options.window,
                         std::string(request[http::field::accept]),
                         from};
  handler(std::move(arrived));
  if (!mine.answer && !closed) (void)co_await mine.timer.async_wait(no_throw);
  owed.erase(id);
  if (!mine.answer) co_return refuse(504, "no answer came in time");
  co_return std::move(*mine.answer);
}

/// Its length is not known: the end of the connection is that of the body (RFC 9112, section 6.3).
template <class Any>
asio::awaitable<void> HttpServer::State::stream_on(Any& stream, const Respond& answer) {
  Stream& tcp = beast::get_lowest_layer(stream);
  const auto reader = readers.at(answer.id);
  http::response<http::empty_body> head(http::status(answer.status), 11);
  head.set(http::field::content_type, answer.content_type);
  head.keep_alive(false);
  protect(head);
  http::response_serializer<http::empty_body> serializer(head);
  tcp.expires_after(options.transfer_time_max);
  const auto [head_error, head_size] =
      co_await http::async_write_header(stream, serializer, no_throw);
  auto piece = std::make_shared<const std::string>(answer.body);
  bool going_on = !head_error;
  while (going_on && !closed) {
    if (piece) {
      tcp.expires_after(options.transfer_time_max);
      const auto [error, written] =
          co_await asio::async_write(stream, asio::buffer(*piece), no_throw);
      going_on = !error;
    } else {
      (void)co_await reader->wake.async_wait(no_throw);
    }
    piece = std::exchange(reader->next, nullptr);
  }
  readers.erase(answer.id);
  if (!closed) ended({answer.id, options.window});
}

/// One connection from its beginning to its end.
asio::awaitable<void> HttpServer::State::receive(stream_protocol::socket socket) {
  const auto self = shared_from_this();
  const auto gate = options.gate;  // of those who come now
  const std::uint64_t number = ++last_stream;
  if (gate && gate->tls() != nullptr) {
    const auto stream = secured(std::move(socket), *gate->tls());
    if (!stream) co_return;
    Stream& tcp = beast::get_lowest_layer(*stream);
    streams[number] = &tcp;
    tcp.expires_after(options.transfer_time_max);
    const auto [error] = co_await stream->async_handshake(asio::ssl::stream_base::server, no_throw);
    if (error) {
      ++turned_away;
    } else {
      const std::optional<std::string> from = peer_name(stream->native_handle());
      co_await converse(*stream, from);
      tcp.expires_after(unread_time_max);
      if (!closed) (void)co_await stream->async_shutdown(no_throw);
    }
  } else {
    Stream stream(std::move(socket));
    streams[number] = &stream;
    std::optional<std::string> from;
    if (std::holds_alternative<Endpoint>(options.place)) from.emplace();
    co_await converse(stream, from);
    boost::system::error_code ignored;
    stream.socket().shutdown(stream_protocol::socket::shutdown_both, ignored);
  }
  streams.erase(number);
}

/// `from`: who has shown a certificate; absent: over a Unix socket.
template <class Any>
asio::awaitable<void> HttpServer::State::converse(Any& stream,
                                                  const std::optional<std::string>& from) {
  Stream& tcp = beast::get_lowest_layer(stream);
  const auto gate = options.gate;
  beast::flat_buffer buffer(header_bytes_max + options.body_bytes_max);
  asio::steady_timer breath(context);
  bool going_on = true;
  while (going_on && !closed) {
    http::request_parser<http::string_body> parser;
    parser.header_limit(header_bytes_max);
    parser.body_limit(options.body_bytes_max);
    tcp.expires_after(options.transfer_time_max);
    const auto [read_error, read] = co_await http::async_read(stream, buffer, parser, no_throw);
    if (closed) break;  // who handles requests may be gone
    Respond answer;
    bool keep_alive = false;
    http::verb asked = http::verb::get;
    if (!read_error) {
      asked = parser.get().method();
      keep_alive = parser.get().keep_alive();
      tcp.expires_never();
      if (!gate || gate->admits(std::string(parser.get()[http::field::authorization]))) {
        answer = co_await ask(parser.release(), from);
      } else {
        ++turned_away;
        answer = refuse(401, "who may look has a name and a password");
      }
    } else if (read_error == http::error::body_limit) {
      const std::string most = std::to_string(options.body_bytes_max);
      answer =
          refuse(413, options.body_bytes_max == 0 ? "no body is taken here"
                                                  : "the body is longer than " + most + " bytes");
    } else if (read_error == http::error::header_limit) {
      answer = refuse(431, "the header is longer than 8 KiB");
    } else if (read_error.category() == http::make_error_code(http::error::bad_method).category() &&
               read_error != http::error::end_of_stream &&
               read_error != http::error::partial_message) {
      answer = refuse(400, "this is not an HTTP request that can be read");
    } else {
      break;  // the asker has gone, or sent nothing for too long
    }
    if (read_error) ++turned_away;
    if (answer.goes_on) {
      co_await stream_on(stream, answer);
      break;
    }
    auto response = framed(std::move(answer), asked, keep_alive);
    tcp.expires_after(options.transfer_time_max);
    const auto [write_error, written] = co_await http::async_write(stream, response, no_throw);
    going_on = !write_error && keep_alive;
    if (read_error && !write_error) co_await take_the_rest(stream);
    if (going_on && options.pace > Duration(0)) {
      breath.expires_after(options.pace * pace_of_requests);
      (void)co_await breath.async_wait(no_throw);
    }
  }
}

/// One who is one too many. So are at most 32 at a time; who comes beyond that hears nothing.
asio::awaitable<void> HttpServer::State::send_away(stream_protocol::socket socket) {
  const auto self = shared_from_this();
  const std::uint64_t number = ++last_stream;
  Stream stream(std::move(socket));
  leaving[number] = &stream;
  auto response = framed(refuse(503, "too many connections at the time"), http::verb::get,
                         /*keep_alive=*/false);
  stream.expires_after(unread_time_max);
  const auto [error, written] = co_await http::async_write(stream, response, no_throw);
  if (!error && !closed) co_await take_the_rest(stream);
  leaving.erase(number);
}

asio::awaitable<void> HttpServer::State::accept_all() {
  const auto self = shared_from_this();
  while (!closed) {
    auto [error, socket] = co_await acceptor.async_accept(no_throw);
    if (closed) break;
    if (error) {  // out of descriptors, for one: the next may fare better, but not at once
      pause.expires_after(accept_pause);
      (void)co_await pause.async_wait(no_throw);
    } else if (streams.size() >= options.connections_max) {
      ++turned_away;
      // Over TLS he would not understand it.
      const bool is_told = !(options.gate && options.gate->tls() != nullptr);
      if (is_told && leaving.size() < leaving_max)
        asio::co_spawn(context, send_away(std::move(socket)), asio::detached);
    } else {
      asio::co_spawn(context, receive(std::move(socket)), asio::detached);
    }
    if (!error && options.pace > Duration(0)) {
      pause.expires_after(options.pace);
      (void)co_await pause.async_wait(no_throw);
    }
  }
}

HttpServerOptions network_server_options(Window window, const Endpoint& listen,
                                         std::shared_ptr<Gate> gate) {
  HttpServerOptions options;
  options.place = listen;
  options.window = window;
  options.connections_max = 64;
  if (window == Window::metrics) {
    options.refusals = Refusals::plain;
    options.body_bytes_max = 0;
  } else {
    options.first_id = std::uint64_t{1} << 63U;  // the command socket never counts so far
  }
  const bool is_secured = gate && gate->tls() != nullptr;
  options.pace = std::chrono::milliseconds(is_secured ? 10 : 2);
  options.gate = std::move(gate);
  return options;
}

Result<HttpServer> HttpServer::open(asio::io_context& context, HttpServerOptions options,
                                    std::function<void(RequestArrived)> handler,
                                    std::function<void(StreamEnded)> ended) {
  Result<Descriptor> listener = listen_at(options.place);
  if (!listener) return listener.error();
  auto state =
      std::make_shared<State>(context, std::move(options), std::move(handler), std::move(ended));
  if (const auto* place = std::get_if<SocketPath>(&state->options.place)) {
    state->inode = inode_of(place->path);
  }
  boost::system::error_code error;
  const stream_protocol protocol(family_of(state->options.place), 0);
  state->acceptor.assign(protocol, listener->number(), error);
  if (error) return Error{ErrorKind::failed, "watching the socket: " + error.message()};
  (void)listener->release();
  asio::co_spawn(context, state->accept_all(), asio::detached);
  return HttpServer(std::move(state));
}

HttpServer::HttpServer(std::shared_ptr<State> state) : state_(std::move(state)) {}
HttpServer::HttpServer(HttpServer&&) noexcept = default;
HttpServer& HttpServer::operator=(HttpServer&& other) noexcept {
  if (this != &other) {
    close();
    state_ = std::move(other.state_);
  }
  return *this;
}
HttpServer::~HttpServer() {
  close();
}

void HttpServer::respond(const Respond& answer) {
  if (!state_) return;
  const auto found = state_->owed.find(answer.id);
  if (found == state_->owed.end() || found->second->answer) {
    if (answer.goes_on) state_->ended({answer.id, answer.window});
    return;
  }
  if (answer.goes_on) state_->readers[answer.id] = std::make_shared<State::Reader>(state_->context);
  found->second->answer = answer;
  found->second->timer.cancel();
}

void HttpServer::publish(const Publish& action) {
  if (!state_ || state_->readers.empty()) return;
  const auto piece = std::make_shared<const std::string>(action.piece);
  for (const auto& [id, reader] : state_->readers) {
    reader->next = piece;
    reader->wake.cancel();
  }
}

void HttpServer::set_gate(std::shared_ptr<Gate> gate) {
  if (state_) state_->options.gate = std::move(gate);
}

void HttpServer::close() {
  if (!state_ || state_->closed) return;
  state_->closed = true;
  boost::system::error_code ignored;
  state_->acceptor.close(ignored);
  state_->pause.cancel();
  for (const auto& [id, owed] : state_->owed) owed->timer.cancel();
  for (const auto& [id, reader] : state_->readers) reader->wake.cancel();
  for (const auto& [number, stream] : state_->streams) stream->cancel();
  for (const auto& [number, stream] : state_->leaving) stream->cancel();
  const auto* place = std::get_if<SocketPath>(&state_->options.place);
  if (place != nullptr && state_->inode != 0 && inode_of(place->path) == state_->inode) {
    ::unlink(place->path.c_str());
  }
}

std::uint64_t HttpServer::turned_away() const {
  return state_ ? state_->turned_away : 0;
}

}  // namespace hapx::appliance
