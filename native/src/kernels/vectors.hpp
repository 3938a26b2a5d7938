// Sixteen or thirty-two numbers at a time. Only for files compiled for AVX-512: nothing here may be linked elsewhere.
#pragma once

#include <immintrin.h>

#include "numbers.hpp"

namespace ngp::kernels {
namespace {

constexpr int kLanes = 16;

inline __m512 to_float(__m256i numbers) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(numbers), 16));
}

inline __m256i to_bf16(__m512 numbers) { return (__m256i)_mm512_cvtneps_pbh(numbers); }

inline __m512 load_bf16(const Bf16* from) {
  return to_float(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
}

inline void store_bf16(Bf16* to, __m512 numbers) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), to_bf16(numbers));
}

// Lanes 0 to `count`, all from 16 on.
inline __mmask16 first_lanes(std::size_t count) {
  return static_cast<__mmask16>(count >= kLanes ? 0xFFFFU : (1U << count) - 1);
}

// Transposes 16 rows of 16 dwords: in each of four stages, rows that are `step` apart exchange blocks of that width.
inline void transpose(__m512i (&rows)[kLanes]) {
  const __m512i lane = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  for (int step = 1; step < kLanes; step *= 2) {
    const __m512i steps = _mm512_set1_epi32(step);
    const __mmask16 is_upper = _mm512_test_epi32_mask(lane, steps);
    // From 16 on a lane is of the second row.
    const __m512i low = _mm512_mask_sub_epi32(lane, is_upper, _mm512_add_epi32(lane, _mm512_set1_epi32(16)), steps);
    const __m512i high =
        _mm512_mask_add_epi32(_mm512_add_epi32(lane, steps), is_upper, lane, _mm512_set1_epi32(16));
    for (int row = 0; row < kLanes; ++row) {
      if (row & step) continue;
      const __m512i first = rows[row], second = rows[row + step];
      rows[row] = _mm512_permutex2var_epi32(first, low, second);
      rows[row + step] = _mm512_permutex2var_epi32(first, high, second);
    }
  }
}

}  // namespace
}  // namespace ngp::kernels
