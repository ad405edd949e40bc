// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/stage.hpp"

namespace hapx::appliance::drill {
namespace {

constexpr Duration start_patience = std::chrono::seconds(20);

}  // namespace

Result<Stage> Stage::open(const lab::UpOptions& options, std::ostream& err) {
  auto there = lab::Lab::attach(options.wishes.name, options.programs);
  if (there) return Stage(std::move(*there), options.programs, false);
  if (there.error().kind != ErrorKind::absent) return there.error();
  err << "building the lab '" << options.wishes.name << "'\n" << std::flush;
  auto built = lab::Lab::build(options.wishes, options.programs);
  if (!built) return built.error();
  return Stage(std::move(*built), options.programs, true);
}

Result<void> Stage::start() {
  if (is_ours_) {
    if (auto started = lab_.start_all(); !started) return started;
  }
  return lab_.wait_until_served(start_patience);
}

Result<void> Stage::renew() {
  if (!is_ours_) return {};
  const lab::Wishes wishes = lab_.plan().wishes;
  if (auto removed = lab::Lab::remove(wishes.name); !removed) return removed;
  auto built = lab::Lab::build(wishes, programs_);
  if (!built) return built.error();
  lab_ = std::move(*built);
  return start();
}

Result<void> Stage::close() {
  if (!std::exchange(is_ours_, false)) return {};
  return lab::Lab::remove(lab_.plan().wishes.name);
}

}  // namespace hapx::appliance::drill
