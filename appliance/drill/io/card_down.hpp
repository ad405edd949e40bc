// SPDX-License-Identifier: Apache-2.0
// How is a card taken down, and brought up again with all that it had?
//
// The nearest that a machine can do by itself to a pulled cable: the card loses its carrier for
// everybody on it. With it the kernel forgets its routes and IPv6 addresses, so those that nobody
// else would give back are looked at before, and put back after.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config/ids.hpp"
#include "config/result.hpp"

namespace hapx::appliance::drill {

class CardDown {
 public:
  /// Looks at what there is to lose; nothing is done yet.
  [[nodiscard]] static Result<CardDown> prepare(const InterfaceName& card);

  [[nodiscard]] Result<void> take_down() const;
  /// May be done at any time, also twice, and where nothing was taken down. Waits up to 5 s until
  /// all routes are back; the Error names one that is not.
  [[nodiscard]] Result<void> bring_up() const;

 private:
  explicit CardDown(std::string card) : card_(std::move(card)) {}
  [[nodiscard]] Result<void> put_back(const std::string& family,
                                      const std::vector<std::string>& routes) const;

  std::string card_;
  std::vector<std::string> routes4_;
  std::vector<std::string> routes6_;
  std::string kept_;  ///< the kernel's setting about IPv6 addresses, as it was; empty: no IPv6
};

}  // namespace hapx::appliance::drill
