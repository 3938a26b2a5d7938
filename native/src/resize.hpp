// Resamples pictures of bytes by area, equal bit for bit to OpenCV's resize with INTER_AREA.
//
// Shrinking sums whole numbers: in units of 1 / (target / gcd) of a source pixel, every overlap of a source pixel with
// a target pixel is a whole number, so that the sums are exact, fast and free of rounding. OpenCV sums 32-bit floats,
// whose error matters only where the mean lies half-way between two levels: those few pixels are summed again in its
// order.
// As soon as a side grows, OpenCV interpolates linearly between two neighbours in fixed point, and so does this.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "widest.hpp"

namespace ngp {

class Resizer {
 public:
  struct Size {
    std::size_t height, width;
  };

  Resizer() = default;
  // `channels` is 1 or 3. Throws EngineError when a side has no or too many pixels.
  Resizer(Size from, Size to, std::size_t channels);

  // Both are rows of interleaved channels without gaps.
  void run(const std::uint8_t* source, std::uint8_t* target);

 private:
  // What each target pixel of one axis is made of: `taps` neighbours from `first` on.
  struct Axis {
    std::size_t taps = 0;
    std::vector<std::uint32_t> first;
    std::vector<std::int32_t> weights;  // [target][taps], exact; for growing, of `kLinearUnit`
    std::vector<std::int16_t> short_weights;
    std::vector<std::int16_t> eights;   // the same padded to [targets, a multiple of 8][8], if `taps` fits
    std::vector<float> shares;          // [target][taps], as OpenCV rounds them
    std::int64_t unit = 1;              // sum of a target pixel's weights
  };

  static void pad(Axis& axis);
  static Axis area_axis(std::size_t from, std::size_t to);
  static Axis linear_axis(std::size_t from, std::size_t to);

  template <typename Sum>
  static const std::vector<Sum>& weights_of(const Axis& axis);
  template <typename Sum>
  void shrink(const std::uint8_t* source, std::uint8_t* target, std::vector<Sum>& row);
  template <typename Sum>
  void sum_columns(const std::vector<Sum>& row);
  void grow(const std::uint8_t* source, std::uint8_t* target) const;
#if defined(__x86_64__)
  bool fits_wide() const;
  void shrink_wide(const std::uint8_t* source, std::uint8_t* target);
  NGP_AVX2 void finish_wide(const std::uint8_t* source, std::size_t y, std::uint8_t* target);
#endif
  void settle(const std::uint8_t* source, std::size_t y, std::size_t begin, std::size_t end,
              std::uint8_t* target) const;
  float mean(const std::uint8_t* source, std::size_t y, std::size_t x, std::size_t channel) const;

  Size from_{}, to_{};
  std::size_t channels_ = 0;
  Axis rows_, columns_;
  bool grows_ = false;
  float scale_ = 1;      // of a sum
  float bias_ = 0;       // added before rounding to even
  float doubtful_ = 1;   // distance from the nearest level beyond which OpenCV's floats decide
  std::vector<std::int16_t> short_row_;
  std::vector<std::int32_t> long_row_;
  std::vector<std::int32_t> sums_;
};

}  // namespace ngp
