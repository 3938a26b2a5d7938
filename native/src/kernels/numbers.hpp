// Numbers as they are stored, and how many of them the hardware multiplies and adds at once.
//
// Where it multiplies bfloat16, this is stored and goes in pairs; elsewhere float32 is, one at a time. Sums are float32.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ngp::kernels {

#ifdef __AVX512BF16__
using Real = std::uint16_t;  // bfloat16: the upper half of a float32
using Pack = std::uint32_t;  // kPack of them side by side, the first in the lower half
constexpr std::size_t kPack = 2;

inline float to_float(Real number) {
  const std::uint32_t bits = static_cast<std::uint32_t>(number) << 16;
  float found;
  std::memcpy(&found, &bits, sizeof found);
  return found;
}

// The nearest, of two the even one; what is no number stays so.
inline Real to_real(float number) {
  std::uint32_t bits;
  std::memcpy(&bits, &number, sizeof bits);
  if (number != number) return static_cast<Real>(bits >> 16 | 0x40U);
  return static_cast<Real>((bits + 0x7FFFU + (bits >> 16 & 1U)) >> 16);
}

// Whole numbers up to 255 have eight bits: their lower half is 0.
inline Real from_byte(std::uint8_t byte) {
  const float number = byte;
  std::uint32_t bits;
  std::memcpy(&bits, &number, sizeof bits);
  return static_cast<Real>(bits >> 16);
}

inline Pack join(Real first, Real second) { return first | static_cast<Pack>(second) << 16; }
#else
using Real = float;
using Pack = float;
constexpr std::size_t kPack = 1;

inline float to_float(Real number) { return number; }
inline Real to_real(float number) { return number; }
inline Real from_byte(std::uint8_t byte) { return byte; }
inline Pack join(Real first, Real) { return first; }
#endif

}  // namespace ngp::kernels
