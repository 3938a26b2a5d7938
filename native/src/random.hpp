// numpy's default generator, PCG64, so that the same seed gives the same sticky frames here and in Python.
//
// Source: O'Neill 2014, "PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms"; numpy's variant
// is XSL-RR 128/64 with the state advanced before the output.
#pragma once

#include <cstdint>

namespace ngp {

class Random {
 public:
  __extension__ using Wide = unsigned __int128;

  Random() = default;
  Random(Wide state, Wide increment) : state_(state), increment_(increment) {}

  std::uint64_t next() {
    state_ = state_ * kMultiplier + increment_;
    const auto high = static_cast<std::uint64_t>(state_ >> 64);
    const auto low = static_cast<std::uint64_t>(state_);
    const unsigned rotation = static_cast<unsigned>(high >> 58);
    const std::uint64_t mixed = high ^ low;
    return mixed >> rotation | mixed << (-rotation & 63);
  }

  // Uniform in [0, 1), as `numpy.random.Generator.random`.
  double uniform() { return static_cast<double>(next() >> 11) * (1.0 / 9007199254740992.0); }

  Wide state() const { return state_; }
  Wide increment() const { return increment_; }

 private:
  static constexpr Wide kMultiplier = (static_cast<Wide>(2549297995355413924ULL) << 64) | 4865540595714422341ULL;
  Wide state_ = 0;
  Wide increment_ = 1;
};

}  // namespace ngp
