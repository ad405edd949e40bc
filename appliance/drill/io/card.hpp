// SPDX-License-Identifier: Apache-2.0
// Which network card is meant, and which addresses does it have?
//
// By its name, or by an address whose segment it is on: whoever watches the wire, and whoever is
// watched there, look here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/net.hpp"
#include "config/result.hpp"

namespace hapx::appliance::drill {

struct Card {
  int index = 0;
  MacAddress mac;
};

/// In this namespace; ErrorKind::absent where there is none of that name.
[[nodiscard]] Result<Card> card_of(const std::string& name);

/// An address of a card of this machine.
struct CardAddress {
  std::string card;
  Cidr address;
};

/// All of this namespace, in the kernel's order.
[[nodiscard]] Result<std::vector<CardAddress>> card_addresses();

}  // namespace hapx::appliance::drill
