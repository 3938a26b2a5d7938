// The generator is numpy's PCG64.
#include "random.hpp"

#include "check.hpp"

int main() {
  const auto wide = [](std::uint64_t high, std::uint64_t low) { return static_cast<ngp::Random::Wide>(high) << 64 | low; };
  // numpy.random.default_rng(0)
  ngp::Random random(wide(1919014152682489133ULL, 673392287158723043ULL), wide(4723672219303484034ULL, 6377435431028945833ULL));
  for (const double expected : {0.6369616873214543, 0.2697867137638703, 0.04097352393619469, 0.016527635528529094}) CHECK(random.uniform() == expected);
}
