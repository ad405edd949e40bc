// SPDX-License-Identifier: Apache-2.0
#include "appliance/io/http_server.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/io/descriptor.hpp"

namespace hapx::appliance {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

class HttpServerDoor : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("hapx-http-" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    path_ = folder_ / "hapxd.sock";
  }
  void TearDown() override {
    server_.reset();
    fs::remove_all(folder_);
  }

  /// Answers "echo METHOD TARGET BODY" at once, unless told to hold answers back.
  void open(HttpServerOptions options = {}) {
    options.place = SocketPath{path_};
    auto opened = HttpServer::open(
        context_, options,
        [this](RequestArrived request) {
          requests_.push_back(request);
          if (!hold_) answer(request);
        },
        [this](StreamEnded gone) { ended_.push_back(gone.id); });
    ASSERT_TRUE(opened.has_value()) << opened.error().sentence;
    server_ = std::move(*opened);
  }

  void answer(const RequestArrived& request) {
    server_->respond({request.id, 200, "text/plain",
                      "echo " + request.method + " " + request.target + " " + request.body});
  }

  /// Turns the loop until `done`, or for 20 s, which is a failure.
  template <class Done>
  [[nodiscard]] bool turn_until(Done done) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      context_.restart();
      context_.run_for(std::chrono::milliseconds(5));
    }
    return true;
  }

  Descriptor connect() {
    Descriptor client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(::connect(client.number(), reinterpret_cast<sockaddr*>(&address), sizeof(address)),
              0);
    return client;
  }

  static void send(const Descriptor& client, const std::string& text) {
    EXPECT_EQ(::send(client.number(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }

  /// All that comes until the server closes; nothing when it doesn't.
  std::optional<std::string> read_all(const Descriptor& client) {
    std::string out;
    const bool closed = turn_until([&] {
      char block[4096];
      for (;;) {
        const ssize_t got = ::recv(client.number(), block, sizeof(block), 0);
        if (got > 0) out.append(block, static_cast<std::size_t>(got));
        if (got == 0 || (got < 0 && errno != EAGAIN)) return true;
        if (got < 0) return false;
      }
    });
    return closed ? std::optional(out) : std::nullopt;
  }

  /// A client of whom the answer says that it goes on with "first;".
  Descriptor begin_stream() {
    hold_ = true;
    Descriptor client = connect();
    send(client, "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
    const std::size_t before = requests_.size();
    EXPECT_TRUE(turn_until([&] { return requests_.size() > before; }));
    Respond answer{requests_.back().id, 200, "text/event-stream", "first;"};
    answer.goes_on = true;
    server_->respond(answer);
    return client;
  }

  /// What has come when `end` is among it; nothing when it doesn't come.
  std::optional<std::string> read_until(const Descriptor& client, const std::string& end) {
    std::string out;
    const bool came = turn_until([&] {
      char block[4096];
      const ssize_t got = ::recv(client.number(), block, sizeof(block), 0);
      if (got > 0) out.append(block, static_cast<std::size_t>(got));
      return out.find(end) != out.npos;
    });
    return came ? std::optional(out) : std::nullopt;
  }

  std::string exchange(const std::string& text) {
    const Descriptor client = connect();
    send(client, text);
    return read_all(client).value_or("never closed");
  }

  boost::asio::io_context context_;
  fs::path folder_;
  std::string path_;
  bool hold_ = false;
  std::vector<RequestArrived> requests_;
  std::vector<std::uint64_t> ended_;
  std::optional<HttpServer> server_;
};

constexpr const char* get_close = "GET /v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

TEST_F(HttpServerDoor, HandsARequestOnAndItsAnswerBack) {
  open();
  const std::string reply = exchange(
      "POST /v1/x HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody");
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(reply, HasSubstr("Content-Type: text/plain\r\n"));
  EXPECT_THAT(reply, testing::EndsWith("\r\n\r\necho POST /v1/x body"));
  ASSERT_EQ(requests_.size(), 1U);
}

TEST_F(HttpServerDoor, KeepsAConnectionForTheNextRequest) {
  open();
  const Descriptor client = connect();
  send(client, std::string("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n") + get_close);
  const auto reply = read_all(client);
  ASSERT_TRUE(reply);
  EXPECT_THAT(*reply, HasSubstr("echo GET /1"));
  EXPECT_THAT(*reply, HasSubstr("echo GET /v1/status"));
  EXPECT_NE(requests_[0].id, requests_[1].id);
}

TEST_F(HttpServerDoor, TellsABrowserToKeepToWhatComesFromHere) {
  open();
  const std::string reply = exchange(get_close);
  EXPECT_THAT(reply, HasSubstr("Content-Security-Policy: default-src 'none'; script-src 'self';"));
  EXPECT_THAT(reply, HasSubstr("X-Content-Type-Options: nosniff\r\n"));
  EXPECT_THAT(reply, HasSubstr("Cache-Control: no-store\r\n"));
}

TEST_F(HttpServerDoor, HandsOnWhichFormsTheAskerUnderstands) {
  open();
  exchange("GET /m HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAccept: text/plain;q=1\r\n\r\n");
  ASSERT_EQ(requests_.size(), 1U);
  EXPECT_EQ(requests_[0].accept, "text/plain;q=1");
}

TEST_F(HttpServerDoor, AnAnswerGoesOnForAllWhoReadIt) {
  open();
  const Descriptor one = begin_stream();
  const Descriptor other = begin_stream();
  const auto head = read_until(one, "first;");
  ASSERT_TRUE(head);
  EXPECT_THAT(*head, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(*head, HasSubstr("Content-Type: text/event-stream\r\n"));
  EXPECT_THAT(*head, HasSubstr("Content-Security-Policy: "));
  EXPECT_THAT(*head, testing::Not(HasSubstr("Content-Length"))) << "it has none";
  EXPECT_TRUE(read_until(other, "first;"));
  server_->publish({"second;"});
  EXPECT_EQ(read_until(one, ";"), "second;");
  EXPECT_EQ(read_until(other, ";"), "second;");
  hold_ = false;
  EXPECT_THAT(exchange(get_close), HasSubstr("echo")) << "who reads no stream is served beside it";
  EXPECT_TRUE(ended_.empty());
}

TEST_F(HttpServerDoor, AReaderWhoGoesIsTold) {
  open();
  Descriptor one = begin_stream();
  const Descriptor other = begin_stream();
  ASSERT_TRUE(read_until(one, "first;") && read_until(other, "first;"));
  one = Descriptor();
  ASSERT_TRUE(turn_until([&] {
    server_->publish({"more;"});
    return !ended_.empty();
  }));
  EXPECT_EQ(ended_, std::vector<std::uint64_t>{requests_[0].id});
  EXPECT_TRUE(read_until(other, "more;")) << "the other one reads on";
}

TEST_F(HttpServerDoor, AReaderWhoIsSlowGetsTheNewestAndWhoTakesNothingIsLeft) {
  HttpServerOptions options;
  options.transfer_time_max = std::chrono::milliseconds(200);
  open(options);
  const Descriptor client = begin_stream();
  // More than the kernel takes for him: the door keeps one of them, not all.
  const std::string much(4'000'000, 'x');
  for (int i = 0; i < 50; ++i) server_->publish({much});
  server_->publish({"newest;"});
  EXPECT_TRUE(read_until(client, "newest;"));
  EXPECT_TRUE(ended_.empty());
  ASSERT_TRUE(turn_until([&] {
    server_->publish({much});
    return !ended_.empty();
  }));
}

TEST_F(HttpServerDoor, WhoAskedAndWentBeforeTheAnswerIsNoReader) {
  HttpServerOptions options;
  options.answer_time_max = std::chrono::milliseconds(1);
  open(options);
  hold_ = true;
  EXPECT_THAT(exchange(get_close), HasSubstr("504"));
  Respond late{requests_.back().id, 200, "text/event-stream", "first;"};
  late.goes_on = true;
  server_->respond(late);
  EXPECT_EQ(ended_, std::vector<std::uint64_t>{requests_.back().id});
}

TEST_F(HttpServerDoor, TakesAnAnswerThatComesLaterAndInAnyOrder) {
  hold_ = true;
  open();
  const Descriptor first = connect();
  const Descriptor second = connect();
  send(first, "GET /first HTTP/1.1\r\nConnection: close\r\n\r\n");
  send(second, "GET /second HTTP/1.1\r\nConnection: close\r\n\r\n");
  ASSERT_TRUE(turn_until([&] { return requests_.size() == 2; }));
  server_->respond({99, 200, "text/plain", "nobody asked this"});
  answer(requests_[1]);
  answer(requests_[0]);
  answer(requests_[0]);  // once is enough
  EXPECT_THAT(read_all(first).value_or(""), HasSubstr("first"));
  EXPECT_THAT(read_all(second).value_or(""), HasSubstr("second"));
}

TEST_F(HttpServerDoor, SaysWhenNoAnswerComesInTime) {
  hold_ = true;
  HttpServerOptions options;
  options.answer_time_max = std::chrono::milliseconds(50);
  open(options);
  EXPECT_THAT(exchange(get_close), StartsWith("HTTP/1.1 504"));
  answer(requests_[0]);  // too late, and harmless
}

TEST_F(HttpServerDoor, ForgetsAnAskerThatHasGone) {
  hold_ = true;
  open();
  {
    const Descriptor client = connect();
    send(client, get_close);
    ASSERT_TRUE(turn_until([&] { return requests_.size() == 1; }));
  }
  answer(requests_[0]);
  hold_ = false;
  EXPECT_THAT(exchange(get_close), HasSubstr("200 OK"));
}

TEST_F(HttpServerDoor, RefusesWhatIsNoRequestOrTooLarge) {
  open();
  EXPECT_THAT(exchange("\x16\x03\x01 hello\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(exchange("GET / HTTP/1.1\r\nX: " + std::string(10'000, 'x') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(exchange("POST / HTTP/1.1\r\nContent-Length: 70000\r\n\r\n"),
              StartsWith("HTTP/1.1 413"));
  EXPECT_TRUE(requests_.empty());
  EXPECT_EQ(server_->turned_away(), 3U);
}

TEST_F(HttpServerDoor, DropsWhoeverDawdles) {
  HttpServerOptions options;
  options.transfer_time_max = std::chrono::milliseconds(50);
  open(options);
  EXPECT_EQ(exchange("GET /v1/sta"), "");
  EXPECT_EQ(exchange(""), "");
}

TEST_F(HttpServerDoor, BoundsItsConnections) {
  HttpServerOptions options;
  options.connections_max = 2;
  open(options);
  const Descriptor first = connect();
  std::optional<Descriptor> second = connect();
  const Descriptor third = connect();
  EXPECT_THAT(read_all(third).value_or(""), StartsWith("HTTP/1.1 503"));
  second.reset();
  EXPECT_TRUE(turn_until([&] { return exchange(get_close).find("200 OK") != std::string::npos; }));
}

TEST_F(HttpServerDoor, ReplacesASocketThatWasLeftBehind) {
  open();
  const int left = ::socket(AF_UNIX, SOCK_STREAM, 0);
  const std::string other = folder_ / "left.sock";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  other.copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(left, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(::listen(left, 1), 0);
  const auto refused = HttpServer::open(context_, {SocketPath{other}}, [](RequestArrived) {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, ErrorKind::exists);
  ::close(left);  // its listener is gone, the file stays
  EXPECT_TRUE(fs::exists(other));
  const auto taken = HttpServer::open(context_, {SocketPath{other}}, [](RequestArrived) {});
  EXPECT_TRUE(taken.has_value());
}

TEST_F(HttpServerDoor, LeavesAloneWhatIsNoSocket) {
  std::ofstream(path_) << "precious";
  const auto refused = HttpServer::open(context_, {SocketPath{path_}}, [](RequestArrived) {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().sentence, HasSubstr("no socket"));
  EXPECT_EQ(fs::file_size(path_), 8U);
}

TEST_F(HttpServerDoor, RefusesAPathThatCannotBe) {
  EXPECT_FALSE(HttpServer::open(context_, {SocketPath{""}}, [](RequestArrived) {}).has_value());
  EXPECT_FALSE(HttpServer::open(context_, {SocketPath{std::string(101, 'x')}}, [](RequestArrived) {
               }).has_value());
  const auto nowhere =
      HttpServer::open(context_, {SocketPath{folder_ / "no" / "such"}}, [](RequestArrived) {});
  ASSERT_FALSE(nowhere.has_value());
  EXPECT_EQ(nowhere.error().kind, ErrorKind::absent);
}

TEST_F(HttpServerDoor, HasTheModeItWasTold) {
  open();
  struct stat facts {};
  ASSERT_EQ(::stat(path_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777U, 0660U);
}

TEST_F(HttpServerDoor, EndsItsConnectionsAndRemovesItsSocketOnClose) {
  hold_ = true;
  open();
  const Descriptor idle = connect();
  const Descriptor waiting = connect();
  send(waiting, get_close);
  ASSERT_TRUE(turn_until([&] { return requests_.size() == 1; }));
  server_->close();
  EXPECT_FALSE(fs::exists(path_));
  EXPECT_EQ(read_all(idle), "");
  EXPECT_TRUE(read_all(waiting).has_value());
}

TEST_F(HttpServerDoor, LeavesASuccessorsSocketAlone) {
  open();
  fs::remove(path_);
  std::ofstream(path_) << "of somebody else";
  server_->close();
  EXPECT_TRUE(fs::exists(path_));
}

}  // namespace
}  // namespace hapx::appliance
