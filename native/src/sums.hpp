// The sums of weighted bytes that a resizer of gray pictures is made of, in SSE2's and AVX2's own instructions.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "widest.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace ngp {

inline constexpr std::size_t kEight = 8;  // 16-bit numbers in a register of SSE2

// Where a target pixel's weights lie among the padded ones: of each eight, the first four take turns with the last.
constexpr std::size_t place_of_eight(std::size_t x) { return x / 8 * 8 + x % 4 * 2 + x / 4 % 2; }

#if defined(__SSE2__)
// The products of eight neighbours with their weights, summed in pairs.
NGP_INLINE __m128i weigh_eight(const std::int16_t* row, const std::int16_t* weights) {
  return _mm_madd_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(row)),
                        _mm_loadu_si128(reinterpret_cast<const __m128i*>(weights)));
}

// Weighs and sums eight neighbours from `first` on for each of `count` pixels, four at a time; reads and writes up to
// the next multiple of four.
inline void sum_columns_by_eight(const std::int16_t* row, const std::uint32_t* first, const std::int16_t* weights,
                                 std::size_t count, std::int32_t* sums) {
  for (std::size_t x = 0; x < count; x += 4) {
    const std::int16_t* own = weights + place_of_eight(x) * kEight;
    const __m128i a = weigh_eight(row + first[x], own);
    const __m128i b = weigh_eight(row + first[x + 1], own + 2 * kEight);
    const __m128i c = weigh_eight(row + first[x + 2], own + 4 * kEight);
    const __m128i d = weigh_eight(row + first[x + 3], own + 6 * kEight);
    const __m128i ab = _mm_add_epi32(_mm_unpacklo_epi32(a, b), _mm_unpackhi_epi32(a, b));
    const __m128i cd = _mm_add_epi32(_mm_unpacklo_epi32(c, d), _mm_unpackhi_epi32(c, d));
    const __m128i abcd = _mm_add_epi32(_mm_unpacklo_epi64(ab, cd), _mm_unpackhi_epi64(ab, cd));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(sums + x), abcd);
  }
}
#endif

#if defined(__x86_64__)
// Weighs and sums up to `2 kPairs` rows of 32 or more bytes: a product of bytes takes two rows at once. Weights whose
// sums fit 16 bits are bytes. The last 32 columns overlap with those before where the stride is no multiple of 32.
template <std::size_t kPairs>
NGP_AVX2 void sum_rows_wide(const std::uint8_t* source, std::size_t stride, const std::int16_t* weights,
                            std::size_t taps, std::int16_t* row) {
  const std::uint8_t* upper[kPairs];
  const std::uint8_t* lower[kPairs];
  __m256i weight[kPairs];
  for (std::size_t pair = 0; pair < kPairs; ++pair) {
    const bool has_lower = 2 * pair + 1 < taps;
    upper[pair] = source + 2 * pair * stride;
    lower[pair] = has_lower ? upper[pair] + stride : upper[pair];
    const int lower_weight = has_lower ? weights[2 * pair + 1] : 0;
    weight[pair] = _mm256_set1_epi16(static_cast<std::int16_t>(lower_weight << 8 | weights[2 * pair]));
  }
  for (std::size_t next = 0; next < stride; next += 32) {
    const std::size_t x = std::min(next, stride - 32);
    __m256i low = _mm256_setzero_si256(), high = low;  // columns 0-7 and 16-23, 8-15 and 24-31
    for (std::size_t pair = 0; pair < kPairs; ++pair) {
      const __m256i above = load_wide(upper[pair] + x), below = load_wide(lower[pair] + x);
      low = _mm256_add_epi16(low, _mm256_maddubs_epi16(_mm256_unpacklo_epi8(above, below), weight[pair]));
      high = _mm256_add_epi16(high, _mm256_maddubs_epi16(_mm256_unpackhi_epi8(above, below), weight[pair]));
    }
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(row + x), _mm256_permute2x128_si256(low, high, 0x20));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(row + x + 16), _mm256_permute2x128_si256(low, high, 0x31));
  }
}

// The products of eight neighbours with their weights, summed in pairs, for one pixel in each half.
NGP_AVX2 inline __m256i weigh_two(const std::int16_t* one, const std::int16_t* other, const std::int16_t* weights) {
  const __m128i lower = _mm_loadu_si128(reinterpret_cast<const __m128i*>(one));
  const __m128i upper = _mm_loadu_si128(reinterpret_cast<const __m128i*>(other));
  return _mm256_madd_epi16(_mm256_inserti128_si256(_mm256_castsi128_si256(lower), upper, 1), load_wide(weights));
}

// `sum_columns_by_eight` for eight target pixels.
NGP_AVX2 inline __m256i sum_eight_columns(const std::int16_t* row, const std::uint32_t* first,
                                          const std::int16_t* weights) {
  const __m256i a = weigh_two(row + first[0], row + first[4], weights);
  const __m256i b = weigh_two(row + first[1], row + first[5], weights + 2 * kEight);
  const __m256i c = weigh_two(row + first[2], row + first[6], weights + 4 * kEight);
  const __m256i d = weigh_two(row + first[3], row + first[7], weights + 6 * kEight);
  const __m256i ab = _mm256_add_epi32(_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
  const __m256i cd = _mm256_add_epi32(_mm256_unpacklo_epi32(c, d), _mm256_unpackhi_epi32(c, d));
  return _mm256_add_epi32(_mm256_unpacklo_epi64(ab, cd), _mm256_unpackhi_epi64(ab, cd));
}

// The first `count` of eight numbers up to 255.
NGP_AVX2 inline void store_bytes(__m256i numbers, std::size_t count, std::uint8_t* target) {
  const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(numbers), _mm256_extracti128_si256(numbers, 1));
  const __m128i bytes = _mm_packus_epi16(words, words);
  if (count == kEight) {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(target), bytes);
  } else {
    const auto all = static_cast<std::uint64_t>(_mm_cvtsi128_si64(bytes));
    std::memcpy(target, &all, count);
  }
}
#endif

}  // namespace ngp
