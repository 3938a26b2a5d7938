#include "packing.hpp"

#include "vectors.hpp"

namespace ngp::kernels {
namespace {

inline __m512i load_wide(const Bf16* from, __mmask16 lanes) {
  return _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes, from));
}

inline __m512i load_pixels(const std::uint8_t* from, __mmask16 lanes) {
  const __m512i numbers = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(lanes, from));
  // Whole numbers up to 255 have eight bits: their lower half is 0.
  return _mm512_castps_si512(_mm512_cvtepi32_ps(numbers));
}

inline __m512i join(__m512i low, __m512i high) { return _mm512_or_si512(low, _mm512_slli_epi32(high, 16)); }

// Calls `work(at, lanes)` for every 16 of `count` numbers and for those that are left.
template <typename Work>
void for_lanes(std::size_t count, const Work& work) {
  std::size_t at = 0;
  for (; at + kLanes <= count; at += kLanes) work(at, static_cast<__mmask16>(0xFFFF));
  if (at < count) work(at, first_lanes(count - at));
}

}  // namespace

void round_to_bf16(const float* from, std::size_t count, Bf16* to) {
  for_lanes(count, [&](std::size_t at, __mmask16 lanes) {
    _mm256_mask_storeu_epi16(to + at, lanes, to_bf16(_mm512_maskz_loadu_ps(lanes, from + at)));
  });
}

void widen(const Bf16* from, std::size_t count, float* to) {
  for_lanes(count, [&](std::size_t at, __mmask16 lanes) {
    _mm512_mask_storeu_epi32(to + at, lanes, _mm512_slli_epi32(load_wide(from + at, lanes), 16));
  });
}

void widen_pixels(const std::uint8_t* from, std::size_t count, Bf16* to) {
  for_lanes(count, [&](std::size_t at, __mmask16 lanes) {
    const __m512i numbers = _mm512_srli_epi32(load_pixels(from + at, lanes), 16);
    _mm256_mask_storeu_epi16(to + at, lanes, _mm512_cvtepi32_epi16(numbers));
  });
}

void interleave(const Bf16* first, const Bf16* second, std::size_t count, Pair* to) {
  for_lanes(count, [&](std::size_t at, __mmask16 lanes) {
    const __m512i high = second ? load_wide(second + at, lanes) : _mm512_setzero_si512();
    _mm512_mask_storeu_epi32(to + at, lanes, join(load_wide(first + at, lanes), high));
  });
}

void interleave(const std::uint8_t* first, const std::uint8_t* second, std::size_t count, Pair* to) {
  for_lanes(count, [&](std::size_t at, __mmask16 lanes) {
    const __m512i high = second ? load_pixels(second + at, lanes) : _mm512_setzero_si512();
    const __m512i low = _mm512_srli_epi32(load_pixels(first + at, lanes), 16);
    _mm512_mask_storeu_epi32(to + at, lanes, _mm512_or_si512(low, high));
  });
}

void interleave_and_sum(const Bf16* first, const Bf16* second, std::size_t num_pixels, std::size_t num_outputs,
                        Pair* to, float* sums) {
  for (std::size_t output = 0; output < num_outputs; output += kLanes) {
    __m512 sum = _mm512_loadu_ps(sums + output);
    for (std::size_t at = output; at < num_pixels * num_outputs; at += num_outputs) {
      const __m512i low = load_wide(first + at, 0xFFFF);
      const __m512i high = second ? load_wide(second + at, 0xFFFF) : _mm512_setzero_si512();
      const __m512 both = _mm512_add_ps(_mm512_castsi512_ps(_mm512_slli_epi32(low, 16)),
                                        _mm512_castsi512_ps(_mm512_slli_epi32(high, 16)));
      sum = _mm512_add_ps(sum, both);
      _mm512_storeu_si512(to + at, join(low, high));
    }
    _mm512_storeu_ps(sums + output, sum);
  }
}

void transpose_pairs(const Pair* from, std::size_t num_rows, std::size_t num_columns, Pair* to) {
  for (std::size_t row = 0; row < num_rows; row += kLanes) {
    for (std::size_t column = 0; column < num_columns; column += kLanes) {
      const __mmask16 lanes = first_lanes(num_columns - column);
      __m512i rows[kLanes];
      for (int at = 0; at < kLanes; ++at) {
        rows[at] = _mm512_maskz_loadu_epi32(lanes, from + (row + at) * num_columns + column);
      }
      transpose(rows);
      for (int at = 0; at < kLanes && column + at < num_columns; ++at) {
        _mm512_storeu_si512(to + (column + at) * num_rows + row, rows[at]);
      }
    }
  }
}

void transpose_and_sum(const float* const* parts, std::size_t num_parts, std::size_t num_columns,
                       std::size_t num_rows, float scale, float* to) {
  for (std::size_t column = 0; column < num_columns; column += kLanes) {
    for (std::size_t row = 0; row < num_rows; row += kLanes) {
      __m512i columns[kLanes];
      for (int at = 0; at < kLanes; ++at) {
        __m512 sum = _mm512_setzero_ps();
        for (std::size_t part = 0; part < num_parts && column + at < num_columns; ++part) {
          sum = _mm512_add_ps(sum, _mm512_loadu_ps(parts[part] + (column + at) * num_rows + row));
        }
        columns[at] = _mm512_castps_si512(_mm512_mul_ps(sum, _mm512_set1_ps(scale)));
      }
      transpose(columns);
      const __mmask16 lanes = first_lanes(num_columns - column);
      for (int at = 0; at < kLanes; ++at) {
        _mm512_mask_storeu_epi32(to + (row + at) * num_columns + column, lanes, columns[at]);
      }
    }
  }
}

void gate(const Bf16* gradient, const Bf16* gates, std::size_t count, Bf16* to) {
  for_lanes(count, [&](std::size_t at, __mmask16 lanes) {
    const __m256i gate = _mm256_maskz_loadu_epi16(lanes, gates + at);
    const __mmask16 is_open = _mm256_cmpgt_epi16_mask(gate, _mm256_setzero_si256());
    _mm256_mask_storeu_epi16(to + at, lanes, _mm256_maskz_loadu_epi16(is_open, gradient + at));
  });
}

void add_to(const Bf16* from, std::size_t count, Bf16* to) {
  for_lanes(count, [&](std::size_t at, __mmask16 lanes) {
    const __m512 first = to_float(_mm256_maskz_loadu_epi16(lanes, from + at));
    const __m512 second = to_float(_mm256_maskz_loadu_epi16(lanes, to + at));
    _mm256_mask_storeu_epi16(to + at, lanes, to_bf16(_mm512_add_ps(first, second)));
  });
}

}  // namespace ngp::kernels
