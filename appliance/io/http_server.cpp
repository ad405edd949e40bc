// SPDX-License-Identifier: Apache-2.0
#include "appliance/io/http_server.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <map>
#include <optional>
#include <string_view>
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
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/io/descriptor.hpp"

namespace hapx::appliance {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::generic::stream_protocol;

namespace {

constexpr std::uint32_t header_bytes_max = 8 * 1024;
constexpr std::size_t path_bytes_max = 100;
constexpr int backlog = 64;
constexpr auto accept_pause = std::chrono::milliseconds(100);
/// What one who is refused may still have under way, and for how long it is taken.
constexpr std::size_t unread_bytes_max = 64 * 1024;
constexpr auto unread_time_max = std::chrono::seconds(1);
/// A connection's requests come this many times as slowly as connections.
constexpr int pace_of_requests = 5;
constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);

using Stream = beast::basic_stream<stream_protocol>;
using Acceptor = asio::basic_socket_acceptor<stream_protocol>;

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  return address;
}

Descriptor stream_socket() {
  return Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

/// Whether `path` may be taken: nothing is there, or a socket behind which nobody listens.
Result<void> check_free(const std::string& path) {
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0) {
    if (errno == ENOENT) return {};
    return system_error(errno, path);
  }
  if (!S_ISSOCK(facts.st_mode)) {
    return Error{ErrorKind::exists, path + " is there and is no socket; it is left alone"};
  }
  const Descriptor probe = stream_socket();
  if (!probe.is_open()) return system_error(errno, "a socket");
  const sockaddr_un address = address_of(path);
  const int connected =
      ::connect(probe.number(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  if (connected == 0 || errno == EAGAIN) {
    return Error{ErrorKind::exists, "another process answers at " + path};
  }
  if (errno != ECONNREFUSED && errno != ENOENT) return system_error(errno, path);
  return {};
}

/// Listens under a name of its own first, then takes the place of whatever lies at `path`.
Result<Descriptor> listen_at(const SocketPath& place) {
  const auto& [path, mode] = place;
  if (path.empty() || path.size() > path_bytes_max) {
    return Error{ErrorKind::refused, "the path of a socket has 1 to 100 bytes: " + path};
  }
  if (const Result<void> free = check_free(path); !free) return free.error();
  Descriptor listener = stream_socket();
  if (!listener.is_open()) return system_error(errno, "a socket");
  const std::string fresh = path + ".new";
  ::unlink(fresh.c_str());
  const sockaddr_un address = address_of(fresh);
  if (::bind(listener.number(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) !=
      0) {
    return system_error(errno, fresh);
  }
  if (::chmod(fresh.c_str(), static_cast<mode_t>(mode)) != 0 ||
      ::listen(listener.number(), backlog) != 0 || ::rename(fresh.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(fresh.c_str());
    return system_error(error, path);
  }
  return listener;
}

/// IPv6's "all addresses" takes IPv4 along.
Result<Descriptor> listen_at(const Endpoint& place) {
  const bool is_ipv6 = place.address.family == Family::ipv6;
  Descriptor listener(::socket(is_ipv6 ? AF_INET6 : AF_INET,
                               SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP));
  if (!listener.is_open()) return system_error(errno, "a socket");
  const int yes = 1;
  const int no = 0;
  // Connections of an earlier hapxd that are still dying don't matter; a listener does.
  ::setsockopt(listener.number(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (is_ipv6) ::setsockopt(listener.number(), IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(place.port);
  std::memcpy(&six.sin6_addr, place.address.bytes.data(), sizeof six.sin6_addr);
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(place.port);
  std::memcpy(&four.sin_addr, place.address.bytes.data(), sizeof four.sin_addr);
  const auto* address =
      is_ipv6 ? reinterpret_cast<sockaddr*>(&six) : reinterpret_cast<sockaddr*>(&four);
  const socklen_t length = is_ipv6 ? sizeof six : sizeof four;
  if (::bind(listener.number(), address, length) != 0 ||
      ::listen(listener.number(), backlog) != 0) {
    return system_error(errno, to_string(place));
  }
  return listener;
}

int family_of(const std::variant<SocketPath, Endpoint>& place) {
  const auto* endpoint = std::get_if<Endpoint>(&place);
  if (endpoint == nullptr) return AF_UNIX;
  return endpoint->address.family == Family::ipv6 ? AF_INET6 : AF_INET;
}

ino_t inode_of(const std::string& path) {
  struct stat facts {};
  return ::lstat(path.c_str(), &facts) == 0 ? facts.st_ino : 0;
}

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
  response.content_length(answer.body.size());
  if (asked != http::verb::head) response.body() = std::move(answer.body);
  return response;
}

/// `sentence` needs no escape: all of them stand in this file.
Respond refusal(Refusals wording, unsigned status, const std::string& sentence) {
  if (wording == Refusals::plain) return {0, status, "text/plain; charset=utf-8", sentence + "\n"};
  return {0, status, "application/json", "{\"error\":\"" + sentence + "\"}\n"};
}

/// Takes what the asker had sent before it heard our refusal. A socket that is closed with bytes
/// unread resets the connection, and a reset may overtake the answer (RFC 9112, section 9.6).
asio::awaitable<void> take_the_rest(Stream& stream) {
  boost::system::error_code ignored;
  stream.socket().shutdown(stream_protocol::socket::shutdown_send, ignored);
  stream.expires_after(unread_time_max);
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
        pause(io_context) {}

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
  std::uint64_t last_id = 0;
  std::uint64_t last_stream = 0;
  std::map<std::uint64_t, Owed*> owed;       ///< by request
  std::map<std::uint64_t, Stream*> streams;  ///< every connection that is open
  std::map<std::uint64_t, std::shared_ptr<Reader>> readers;  ///< by the request

  asio::awaitable<void> accept_all();
  asio::awaitable<void> converse(stream_protocol::socket socket);
  asio::awaitable<void> stream_on(Stream& stream, const Respond& answer);
  asio::awaitable<Respond> ask(http::request<http::string_body> request);
  [[nodiscard]] Respond refuse(unsigned status, const std::string& sentence) const {
    return refusal(options.refusals, status, sentence);
  }
  void send_away(stream_protocol::socket socket);
};

asio::awaitable<Respond> HttpServer::State::ask(http::request<http::string_body> request) {
  const std::uint64_t id = ++last_id;
  Owed mine{std::nullopt, asio::steady_timer(context, options.answer_time_max)};
  owed[id] = &mine;
  RequestArrived arrived{id, std::string(request.method_string()), std::string(request.target()),
                         std::move(request.body()), options.window,
                         std::string(request[http::field::accept])};
  handler(std::move(arrived));
  if (!mine.answer && !closed) (void)co_await mine.timer.async_wait(no_throw);
  owed.erase(id);
  if (!mine.answer) co_return refuse(504, "no answer came in time");
  co_return std::move(*mine.answer);
}

/// Its length is not known: the end of the connection is that of the body (RFC 9112, section 6.3).
asio::awaitable<void> HttpServer::State::stream_on(Stream& stream, const Respond& answer) {
  const auto self = shared_from_this();
  const auto reader = readers.at(answer.id);
  http::response<http::empty_body> head(http::status(answer.status), 11);
  head.set(http::field::content_type, answer.content_type);
  head.keep_alive(false);
  protect(head);
  http::response_serializer<http::empty_body> serializer(head);
  stream.expires_after(options.transfer_time_max);
  const auto [head_error, head_size] = co_await http::async_write_header(stream, serializer,
                                                                         no_throw);
  auto piece = std::make_shared<const std::string>(answer.body);
  bool going_on = !head_error;
  while (going_on && !closed) {
    if (piece) {
      stream.expires_after(options.transfer_time_max);
      const auto [error, written] = co_await asio::async_write(stream, asio::buffer(*piece),
                                                               no_throw);
      going_on = !error;
    } else {
      (void)co_await reader->wake.async_wait(no_throw);
    }
    piece = std::exchange(reader->next, nullptr);
  }
  readers.erase(answer.id);
  if (!closed) ended({answer.id, options.window});
}

asio::awaitable<void> HttpServer::State::converse(stream_protocol::socket socket) {
  const auto self = shared_from_this();
  Stream stream(std::move(socket));
  const std::uint64_t number = ++last_stream;
  streams[number] = &stream;
  beast::flat_buffer buffer(header_bytes_max + options.body_bytes_max);
  asio::steady_timer breath(context);
  bool going_on = true;
  while (going_on && !closed) {
    http::request_parser<http::string_body> parser;
    parser.header_limit(header_bytes_max);
    parser.body_limit(options.body_bytes_max);
    stream.expires_after(options.transfer_time_max);
    const auto [read_error, read] = co_await http::async_read(stream, buffer, parser, no_throw);
    if (closed) break;  // who handles requests may be gone
    Respond answer;
    bool keep_alive = false;
    http::verb asked = http::verb::get;
    if (!read_error) {
      asked = parser.get().method();
      keep_alive = parser.get().keep_alive();
      stream.expires_never();
      answer = co_await ask(parser.release());
    } else if (read_error == http::error::body_limit) {
      const std::string most = std::to_string(options.body_bytes_max);
      answer =
          refuse(413, options.body_bytes_max == 0 ? "no body is taken here"
                                                  : "the body is longer than " + most + " bytes");
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
    stream.expires_after(options.transfer_time_max);
    const auto [write_error, written] = co_await http::async_write(stream, response, no_throw);
    going_on = !write_error && keep_alive;
    if (read_error && !write_error) co_await take_the_rest(stream);
    if (going_on && options.pace > Duration(0)) {
      breath.expires_after(options.pace * pace_of_requests);
      (void)co_await breath.async_wait(no_throw);
    }
  }
  streams.erase(number);
  boost::system::error_code ignored;
  stream.socket().shutdown(stream_protocol::socket::shutdown_both, ignored);
}

void HttpServer::State::send_away(stream_protocol::socket socket) {
  ++turned_away;
  const Respond answer = refuse(503, "too many connections at the time");
  const std::string words =
      "HTTP/1.1 503 Service Unavailable\r\nContent-Type: " + answer.content_type +
      "\r\nConnection: close\r\nContent-Length: " + std::to_string(answer.body.size()) +
      "\r\n\r\n" + answer.body;
  ::send(socket.native_handle(), words.data(), words.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
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
      send_away(std::move(socket));
    } else {
      asio::co_spawn(context, converse(std::move(socket)), asio::detached);
    }
    if (!error && options.pace > Duration(0)) {
      pause.expires_after(options.pace);
      (void)co_await pause.async_wait(no_throw);
    }
  }
}

HttpServerOptions metrics_server_options(const Endpoint& listen) {
  HttpServerOptions options;
  options.place = listen;
  options.window = Window::metrics;
  options.refusals = Refusals::plain;
  options.connections_max = 64;
  options.body_bytes_max = 0;
  options.pace = std::chrono::milliseconds(2);
  return options;
}

Result<HttpServer> HttpServer::open(asio::io_context& context, HttpServerOptions options,
                                    std::function<void(RequestArrived)> handler,
                                    std::function<void(StreamEnded)> ended) {
  Result<Descriptor> listener =
      std::visit([](const auto& place) { return listen_at(place); }, options.place);
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

void HttpServer::close() {
  if (!state_ || state_->closed) return;
  state_->closed = true;
  boost::system::error_code ignored;
  state_->acceptor.close(ignored);
  state_->pause.cancel();
  for (const auto& [id, owed] : state_->owed) owed->timer.cancel();
  for (const auto& [id, reader] : state_->readers) reader->wake.cancel();
  for (const auto& [number, stream] : state_->streams) stream->cancel();
  const auto* place = std::get_if<SocketPath>(&state_->options.place);
  if (place != nullptr && state_->inode != 0 && inode_of(place->path) == state_->inode) {
    ::unlink(place->path.c_str());
  }
}

std::uint64_t HttpServer::turned_away() const {
  return state_ ? state_->turned_away : 0;
}

}  // namespace hapx::appliance
