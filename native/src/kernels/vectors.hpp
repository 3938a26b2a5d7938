// Several numbers at a time: the only place that knows an instruction set. All else is written for kLanes numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#ifdef __AVX2__
#include <immintrin.h>
#endif

#include "numbers.hpp"

namespace ngp::kernels {
namespace {

// As many as the hardware has: compilers take wider vectors apart badly.
#if defined(__AVX512F__)
constexpr int kLanes = 16, kRegisters = 32;
#elif defined(__AVX2__)
constexpr int kLanes = 8, kRegisters = 16;
#else
constexpr int kLanes = 4, kRegisters = 32;
#endif
constexpr int kSixteen = 16 / kLanes;  // vectors of sixteen numbers, of which there is often a multiple

typedef float Vec __attribute__((vector_size(4 * kLanes)));
typedef std::int32_t Whole __attribute__((vector_size(4 * kLanes)));

inline Vec load(const float* from) {
  Vec found;
  std::memcpy(&found, from, sizeof found);
  return found;
}

inline void store(float* to, Vec numbers) { std::memcpy(to, &numbers, sizeof numbers); }

inline Vec all(float number) { return number - Vec{}; }

// Numbers from 0 to 255.
inline Vec load(const std::uint8_t* from) {
#if defined(__AVX512F__)
  return (Vec)_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))));
#elif defined(__AVX2__)
  return (Vec)_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))));
#else
  typedef std::uint8_t Bytes __attribute__((vector_size(kLanes)));
  Bytes bytes;
  std::memcpy(&bytes, from, sizeof bytes);
  return __builtin_convertvector(bytes, Vec);
#endif
}

// The first of `count` numbers, all from kLanes on; what is beyond counts as 0 and is not written.
#ifdef __AVX512F__
inline __mmask16 first_lanes(std::size_t count) {
  return static_cast<__mmask16>(count >= kLanes ? 0xFFFFU : (1U << count) - 1);
}
inline Vec load_first(const float* from, std::size_t count) {
  return (Vec)_mm512_maskz_loadu_ps(first_lanes(count), from);
}
inline void store_first(float* to, Vec numbers, std::size_t count) {
  _mm512_mask_storeu_ps(to, first_lanes(count), (__m512)numbers);
}
#else
inline Vec load_first(const float* from, std::size_t count) {
  if (count >= kLanes) return load(from);
  Vec found = {};
  std::memcpy(&found, from, count * sizeof *from);
  return found;
}
inline void store_first(float* to, Vec numbers, std::size_t count) {
  std::memcpy(to, &numbers, (count < kLanes ? count : kLanes) * sizeof *to);
}
#endif

// Stored numbers, and packs of them as products want them: `multiply_add` adds the kPack products of a lane to `sum`.
#ifdef __AVX512BF16__
using Packed = __m512bh;

inline Vec load(const Real* from) {
  const __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
  return (Vec)_mm512_slli_epi32(wide, 16);
}
inline void store(Real* to, Vec numbers) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), (__m256i)_mm512_cvtneps_pbh((__m512)numbers));
}
inline Vec load_first(const Real* from, std::size_t count) {
  return (Vec)_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(first_lanes(count), from)), 16);
}
inline void store_first(Real* to, Vec numbers, std::size_t count) {
  _mm256_mask_storeu_epi16(to, first_lanes(count), (__m256i)_mm512_cvtneps_pbh((__m512)numbers));
}
inline void store_packs(Pack* to, Vec first, Vec second) {
  const __m512i low = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh((__m512)first));
  const __m512i high = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh((__m512)second));
  _mm512_storeu_si512(to, _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
}
inline Packed load_packs(const void* from) { return (Packed)_mm512_loadu_si512(from); }
inline Packed all_packs(const void* from) {
  std::int32_t pack;
  std::memcpy(&pack, from, sizeof pack);
  return (Packed)_mm512_set1_epi32(pack);
}
inline Vec multiply_add(Packed left, Packed right, Vec sum) { return (Vec)_mm512_dpbf16_ps((__m512)sum, left, right); }
#else
using Packed = Vec;

inline void store_packs(Pack* to, Vec first, Vec) { store(to, first); }
inline Packed load_packs(const Pack* from) { return load(from); }
inline Packed all_packs(const Pack* from) { return all(*from); }
inline Vec multiply_add(Packed left, Packed right, Vec sum) { return sum + left * right; }
#endif

// In this order what is not a number stays so.
inline Vec rectify(Vec numbers) { return Vec{} > numbers ? Vec{} : numbers; }

// The numbers whose gate is above 0; the others are 0.
inline Vec pass(Vec gate, Vec numbers) { return gate > Vec{} ? numbers : Vec{}; }

inline Vec find_roots(Vec numbers) {
#if defined(__AVX512F__)
  return (Vec)_mm512_sqrt_ps((__m512)numbers);
#elif defined(__AVX2__)
  return (Vec)_mm256_sqrt_ps((__m256)numbers);
#else
  for (int lane = 0; lane < kLanes; ++lane) numbers[lane] = __builtin_sqrtf(numbers[lane]);
  return numbers;
#endif
}

inline float sum_lanes(Vec numbers) {
  float lanes[kLanes];
  store(lanes, numbers);
  for (int half = kLanes / 2; half; half /= 2) {
    for (int lane = 0; lane < half; ++lane) lanes[lane] += lanes[lane + half];
  }
  return lanes[0];
}

template <int kStep, int... kLane>
inline void exchange(Vec& first, Vec& second, std::integer_sequence<int, kLane...>) {
  const Vec given[] = {first, second};
  first = __builtin_shufflevector(given[0], given[1], (kLane & kStep ? kLane - kStep + kLanes : kLane)...);
  second = __builtin_shufflevector(given[0], given[1], (kLane & kStep ? kLane + kLanes : kLane + kStep)...);
}

// Transposes kLanes rows: in each stage, rows that are `kStep` apart exchange blocks of that width.
template <int kStep = 1>
inline void transpose(Vec (&rows)[kLanes]) {
  if constexpr (kStep < kLanes) {
#pragma GCC unroll 16
    for (int row = 0; row < kLanes; ++row) {
      if (!(row & kStep)) exchange<kStep>(rows[row], rows[row + kStep], std::make_integer_sequence<int, kLanes>());
    }
    transpose<2 * kStep>(rows);
  }
}

}  // namespace
}  // namespace ngp::kernels
