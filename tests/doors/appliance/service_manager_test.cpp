// SPDX-License-Identifier: Apache-2.0
#include "appliance/io/service_manager.hpp"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/io/descriptor.hpp"

namespace hapx::appliance {
namespace {

/// What systemd would listen on; `name` as in NOTIFY_SOCKET.
class Listener {
 public:
  explicit Listener(std::string name) : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    if (name[0] == '@') name[0] = '\0';
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path, sizeof(address.sun_path));
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(::bind(socket_.number(), reinterpret_cast<sockaddr*>(&address), length), 0);
  }

  std::optional<std::string> heard() {
    char block[256];
    const ssize_t got = ::recv(socket_.number(), block, sizeof(block), 0);
    if (got < 0) return std::nullopt;
    return std::string(block, static_cast<std::size_t>(got));
  }

 private:
  Descriptor socket_;
};

TEST(ServiceManagerDoor, TellsASocketWithAPath) {
  const std::string path =
      std::filesystem::temp_directory_path() / ("hapx-notify-" + std::to_string(::getpid()));
  ::unlink(path.c_str());
  {
    Listener listener(path);
    const auto manager = ServiceManager::open(path.c_str());
    ASSERT_TRUE(manager.has_value());
    EXPECT_TRUE(manager->present());
    EXPECT_TRUE(manager->notify("READY=1\nSTATUS=node1 holds nothing").has_value());
    EXPECT_EQ(listener.heard(), "READY=1\nSTATUS=node1 holds nothing");
  }
  ::unlink(path.c_str());
}

TEST(ServiceManagerDoor, TellsAnAbstractSocket) {
  const std::string name = "@hapx-notify-" + std::to_string(::getpid());
  Listener listener(name);
  const auto manager = ServiceManager::open(name.c_str());
  ASSERT_TRUE(manager.has_value());
  EXPECT_TRUE(manager->notify("STOPPING=1").has_value());
  EXPECT_EQ(listener.heard(), "STOPPING=1");
}

TEST(ServiceManagerDoor, IsSilentWithoutAServiceManager) {
  for (const char* name : {static_cast<const char*>(nullptr), ""}) {
    const auto manager = ServiceManager::open(name);
    ASSERT_TRUE(manager.has_value());
    EXPECT_FALSE(manager->present());
    EXPECT_TRUE(manager->notify("READY=1").has_value());
  }
}

TEST(ServiceManagerDoor, RefusesWhatIsNoSocketsName) {
  EXPECT_FALSE(ServiceManager::open("relative").has_value());
  EXPECT_FALSE(ServiceManager::open("@").has_value());
  EXPECT_FALSE(ServiceManager::open(("/" + std::string(200, 'x')).c_str()).has_value());
}

TEST(ServiceManagerDoor, SaysWhenNobodyListens) {
  const auto manager = ServiceManager::open("/nonexistent/notify");
  ASSERT_TRUE(manager.has_value());
  EXPECT_FALSE(manager->notify("READY=1").has_value());
}

}  // namespace
}  // namespace hapx::appliance
