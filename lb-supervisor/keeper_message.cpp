// SPDX-License-Identifier: Apache-2.0
#include "lb-supervisor/keeper_message.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include "config/assert.hpp"

namespace hapx::lb_supervisor {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::string_view magic = "hxk\x02";

/// A day; more is no patience that we ask for.
constexpr std::uint64_t patience_milliseconds_max = 86'400'000;

enum class Kind : std::uint8_t {
  check = 1,
  start = 2,
  kill = 3,
  retire = 4,
  connected = 16,
  accepted = 17,
  refused = 18,
  started = 19,
  start_failed = 20,
  exited = 21,
};

class Writer {
 public:
  Writer(Kind kind, std::uint64_t generation) {
    text(magic);
    number(static_cast<std::uint8_t>(kind), 1);
    number(generation, 8);
  }

  Writer& number(std::uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) {
      bytes_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    }
    return *this;
  }
  Writer& text(std::string_view text) {
    bytes_.insert(bytes_.end(), text.begin(), text.end());
    return *this;
  }
  Writer& reason(std::string_view text_of_reason) {
    return text(text_of_reason.substr(0, reason_bytes_max));
  }
  Bytes take() { return std::move(bytes_); }

 private:
  Bytes bytes_;
};

/// Reads from the front. What isn't there reads as zero and spoils the reader for good.
class Reader {
 public:
  explicit Reader(const Bytes& bytes) : bytes_(bytes) {}

  std::uint64_t number(unsigned count) {
    std::uint64_t value = 0;
    if (!has(count)) return 0;
    for (unsigned i = 0; i < count; ++i) {
      value |= std::uint64_t{bytes_[position_ + i]} << (8 * i);
    }
    position_ += count;
    return value;
  }
  std::string text(std::size_t count) {
    if (!has(count)) return {};
    const auto begin = bytes_.begin() + static_cast<std::ptrdiff_t>(position_);
    position_ += count;
    return {begin, begin + static_cast<std::ptrdiff_t>(count)};
  }
  std::string rest() { return text(bytes_.size() - position_); }

  void spoil() { good_ = false; }
  [[nodiscard]] bool at_end() const { return good_ && position_ == bytes_.size(); }

 private:
  bool has(std::size_t count) {
    if (bytes_.size() - position_ < count) good_ = false;
    return good_;
  }

  const Bytes& bytes_;
  std::size_t position_ = 0;
  bool good_ = true;
};

bool is_variable(std::string_view name) {
  if (name.size() > variable_bytes_max || name.substr(0, 5) != "HAPX_") return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

Writer& write_sockets(Writer& writer, const std::vector<ListenSocket>& sockets) {
  HAPX_ASSERT(sockets.size() <= sockets_max);
  writer.number(sockets.size(), 1);
  for (const auto& socket : sockets) {
    HAPX_ASSERT(is_variable(socket.variable));
    const auto& endpoint = socket.endpoint;
    writer.number(socket.variable.size(), 1).text(socket.variable);
    writer.number(endpoint.address.family == Family::ipv4 ? 4 : 6, 1);
    for (const auto byte : endpoint.address.bytes) writer.number(byte, 1);
    writer.number(endpoint.port, 2);
  }
  return writer;
}

std::vector<ListenSocket> read_sockets(Reader& reader) {
  std::vector<ListenSocket> sockets;
  const auto count = reader.number(1);
  if (count > sockets_max) reader.spoil();
  for (std::uint64_t i = 0; i < count && i < sockets_max; ++i) {
    ListenSocket socket;
    socket.variable = reader.text(reader.number(1));
    const auto family = reader.number(1);
    if (!is_variable(socket.variable) || (family != 4 && family != 6)) reader.spoil();
    socket.endpoint.address.family = family == 6 ? Family::ipv6 : Family::ipv4;
    for (auto& byte : socket.endpoint.address.bytes) {
      byte = static_cast<std::uint8_t>(reader.number(1));
    }
    socket.endpoint.port = static_cast<std::uint16_t>(reader.number(2));
    sockets.push_back(std::move(socket));
  }
  return sockets;
}

std::vector<std::uint64_t> read_draining(Reader& reader) {
  std::vector<std::uint64_t> generations;
  const auto count = reader.number(1);
  if (count > draining_told_max) reader.spoil();
  for (std::uint64_t i = 0; i < count && i < draining_told_max; ++i) {
    generations.push_back(reader.number(8));
  }
  return generations;
}

int read_pid(Reader& reader) {
  const auto pid = reader.number(4);
  if (pid > 0x7FFFFFFFU) reader.spoil();
  return static_cast<int>(pid & 0x7FFFFFFFU);
}

struct Head {
  std::uint64_t kind = 0;
  std::uint64_t generation = 0;
};

Result<Head> read_head(Reader& reader, const Bytes& bytes) {
  if (bytes.size() > message_bytes_max) {
    return Error{ErrorKind::refused, "the message is too long", 0};
  }
  if (reader.text(magic.size()) != magic) {
    return Error{ErrorKind::refused, "not a message of this version", 0};
  }
  Head head;
  head.kind = reader.number(1);
  head.generation = reader.number(8);
  return head;
}

Error malformed() {
  return {ErrorKind::refused, "the message is malformed", 0};
}

}  // namespace

Bytes encode(const KeeperRequest& request) {
  struct Encoder {
    Bytes operator()(const CheckHaproxyConfig& action) {
      Writer writer(Kind::check, action.generation);
      return write_sockets(writer, action.sockets).take();
    }
    Bytes operator()(const StartHaproxy& action) {
      Writer writer(Kind::start, action.generation);
      return write_sockets(writer, action.sockets).take();
    }
    Bytes operator()(const RetireHaproxy& action) {
      const auto patience = std::chrono::ceil<std::chrono::milliseconds>(action.patience).count();
      return Writer(Kind::retire, action.generation)
          .number(static_cast<std::uint64_t>(patience), 8)
          .take();
    }
    Bytes operator()(const KillHaproxy& action) {
      return Writer(Kind::kill, action.generation).take();
    }
  };
  return std::visit(Encoder{}, request);
}

Bytes encode(const KeeperAnswer& answer) {
  struct Encoder {
    Bytes operator()(const KeeperConnected& event) {
      const auto running = event.running.value_or(KeeperConnected::Running{});
      HAPX_ASSERT(event.draining.size() <= draining_told_max);
      Writer writer(Kind::connected, running.generation);
      writer.number(static_cast<std::uint64_t>(running.pid), 4);
      write_sockets(writer, running.sockets).number(event.draining.size(), 1);
      for (const auto generation : event.draining) writer.number(generation, 8);
      return writer.take();
    }
    Bytes operator()(const HaproxyConfigAccepted& event) {
      return Writer(Kind::accepted, event.generation).take();
    }
    Bytes operator()(const HaproxyConfigRefused& event) {
      return Writer(Kind::refused, event.generation).reason(event.reason).take();
    }
    Bytes operator()(const HaproxyStarted& event) {
      return Writer(Kind::started, event.generation)
          .number(static_cast<std::uint64_t>(event.pid), 4)
          .take();
    }
    Bytes operator()(const HaproxyStartFailed& event) {
      return Writer(Kind::start_failed, event.generation).reason(event.reason).take();
    }
    Bytes operator()(const HaproxyExited& event) {
      return Writer(Kind::exited, event.generation).reason(event.how).take();
    }
  };
  return std::visit(Encoder{}, answer);
}

Result<KeeperRequest> decode_request(const Bytes& bytes) {
  Reader reader(bytes);
  const auto head = read_head(reader, bytes);
  if (!head) return head.error();
  std::optional<KeeperRequest> request;
  switch (static_cast<Kind>(head->kind)) {
    case Kind::check:
      request = CheckHaproxyConfig{head->generation, {}, read_sockets(reader)};
      break;
    case Kind::start:
      request = StartHaproxy{head->generation, {}, read_sockets(reader)};
      break;
    case Kind::retire: {
      const auto said = reader.number(8);
      if (said > patience_milliseconds_max) reader.spoil();
      const auto patience = std::min<std::uint64_t>(said, patience_milliseconds_max);
      request = RetireHaproxy{head->generation,
                              std::chrono::milliseconds(static_cast<std::int64_t>(patience))};
      break;
    }
    case Kind::kill:
      request = KillHaproxy{head->generation};
      break;
    default:
      break;
  }
  if (!request || !reader.at_end()) return malformed();
  return *request;
}

Result<KeeperAnswer> decode_answer(const Bytes& bytes) {
  Reader reader(bytes);
  const auto head = read_head(reader, bytes);
  if (!head) return head.error();
  std::optional<KeeperAnswer> answer;
  switch (static_cast<Kind>(head->kind)) {
    case Kind::connected: {
      KeeperConnected connected;
      const auto pid = read_pid(reader);
      auto sockets = read_sockets(reader);
      if (pid != 0) {
        connected.running = KeeperConnected::Running{head->generation, pid, {}, std::move(sockets)};
      }
      connected.draining = read_draining(reader);
      answer = connected;
      break;
    }
    case Kind::started:
      answer = HaproxyStarted{head->generation, read_pid(reader)};
      break;
    case Kind::accepted:
      answer = HaproxyConfigAccepted{head->generation};
      break;
    case Kind::refused:
      answer = HaproxyConfigRefused{head->generation, reader.rest()};
      break;
    case Kind::start_failed:
      answer = HaproxyStartFailed{head->generation, reader.rest()};
      break;
    case Kind::exited:
      answer = HaproxyExited{head->generation, reader.rest()};
      break;
    default:
      break;
  }
  if (!answer || !reader.at_end()) return malformed();
  return *answer;
}

}  // namespace hapx::lb_supervisor
