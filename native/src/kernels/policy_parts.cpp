#include "policy_parts.hpp"

#include "vectors.hpp"

namespace ngp::kernels {
namespace {

// In this order what is not a number stays so.
inline __m512 rectified(const Bf16* from) { return _mm512_max_ps(_mm512_setzero_ps(), load_bf16(from)); }

inline __m512bh load_pairs(const Bf16* from) { return (__m512bh)_mm512_loadu_si512(from); }

constexpr std::size_t kLines = 2;          // of weights that are read side by side
constexpr std::size_t kAhead = 1024;       // numbers of a line that are asked for before they are wanted

// kRows rows with the lines from `output` on.
template <int kRows>
void multiply_pair_of_lines(const Bf16* const (&lines)[kLines], std::size_t num_inputs, const Bf16* input,
                            float (&sums)[kRows][kLines]) {
  __m512 parts[kRows][kLines] = {};
  for (std::size_t at = 0; at < num_inputs; at += 2 * kLanes) {
    __m512bh weights[kLines];
#pragma GCC unroll 2
    for (std::size_t line = 0; line < kLines; ++line) {
      weights[line] = load_pairs(lines[line] + at);
      _mm_prefetch(reinterpret_cast<const char*>(lines[line] + at + kAhead), _MM_HINT_T0);
    }
#pragma GCC unroll 8
    for (int row = 0; row < kRows; ++row) {
      const __m512bh given = load_pairs(input + row * num_inputs + at);
#pragma GCC unroll 2
      for (std::size_t line = 0; line < kLines; ++line) {
        parts[row][line] = _mm512_dpbf16_ps(parts[row][line], given, weights[line]);
      }
    }
  }
  for (int row = 0; row < kRows; ++row) {
    for (std::size_t line = 0; line < kLines; ++line) sums[row][line] = _mm512_reduce_add_ps(parts[row][line]);
  }
}

template <int kRows>
void multiply_row_block(const Bf16* weights, const Bf16* bias, std::size_t num_inputs, std::size_t num_outputs,
                        const Bf16* input, std::size_t begin, std::size_t end, Bf16* to) {
  for (std::size_t output = begin; output < end; output += kLines) {
    const bool has_second = output + 1 < end;
    const Bf16* const first = weights + output * num_inputs;
    const Bf16* const lines[kLines] = {first, has_second ? first + num_inputs : first};
    float sums[kRows][kLines];
    multiply_pair_of_lines<kRows>(lines, num_inputs, input, sums);
    for (int row = 0; row < kRows; ++row) {
      for (std::size_t line = 0; line < (has_second ? kLines : 1); ++line) {
        const __m128 offset = _mm_castsi128_ps(_mm_cvtsi32_si128(bias[output + line] << 16));
        const __m128 sum = _mm_add_ss(_mm_set_ss(sums[row][line]), offset);
        to[row * num_outputs + output + line] = static_cast<Bf16>(_mm_cvtsi128_si32((__m128i)_mm_cvtneps_pbh(sum)));
      }
    }
  }
}

}  // namespace

void multiply_lines(const Bf16* weights, const Bf16* bias, std::size_t num_inputs, std::size_t num_outputs,
                    const Bf16* input, std::size_t num_rows, std::size_t begin, std::size_t end, Bf16* to) {
  const auto run = [&](auto&& block, std::size_t count) {
    for (; num_rows >= count; num_rows -= count, input += count * num_inputs, to += count * num_outputs) {
      block(weights, bias, num_inputs, num_outputs, input, begin, end, to);
    }
  };
  run(multiply_row_block<8>, 8);
  run(multiply_row_block<4>, 4);
  run(multiply_row_block<1>, 1);
}

void multiply_rectified(const Bf16* hidden, std::size_t num_rows, std::size_t num_inputs, const float* weights,
                        const float* bias, std::size_t num_outputs, float* to) {
  constexpr std::size_t kTogether = 4;
  for (std::size_t row = 0; row < num_rows; ++row, hidden += num_inputs, to += num_outputs) {
    for (std::size_t first = 0; first < num_outputs; first += kTogether) {
      const std::size_t count = num_outputs - first < kTogether ? num_outputs - first : kTogether;
      const float* lines[kTogether];
      for (std::size_t line = 0; line < kTogether; ++line) {
        lines[line] = weights + (first + (line < count ? line : 0)) * num_inputs;
      }
      __m512 sums[kTogether] = {};
      for (std::size_t at = 0; at < num_inputs; at += kLanes) {
        const __m512 unit = rectified(hidden + at);
#pragma GCC unroll 4
        for (std::size_t line = 0; line < kTogether; ++line) {
          sums[line] = _mm512_fmadd_ps(unit, _mm512_loadu_ps(lines[line] + at), sums[line]);
        }
      }
      for (std::size_t line = 0; line < count; ++line) {
        to[first + line] = bias[first + line] + _mm512_reduce_add_ps(sums[line]);
      }
    }
  }
}

void multiply_rectified_back(const Bf16* hidden, std::size_t num_rows, std::size_t num_inputs, const float* weights,
                             const float* gradient, std::size_t num_outputs, Bf16* to) {
  for (std::size_t row = 0; row < num_rows; ++row, gradient += num_outputs) {
    for (std::size_t at = 0; at < num_inputs; at += kLanes, hidden += kLanes, to += kLanes) {
      __m512 sum = _mm512_setzero_ps();
      for (std::size_t output = 0; output < num_outputs; ++output) {
        const __m512 line = _mm512_loadu_ps(weights + output * num_inputs + at);
        sum = _mm512_fmadd_ps(_mm512_set1_ps(gradient[output]), line, sum);
      }
      const __m256i opened = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(hidden));
      store_bf16(to, _mm512_maskz_mov_ps(_mm256_cmpgt_epi16_mask(opened, _mm256_setzero_si256()), sum));
    }
  }
}

void add_rectified(const Bf16* hidden, std::size_t num_rows, std::size_t num_inputs, const float* gradient,
                   std::size_t num_outputs, std::size_t begin, std::size_t end, Bf16* to) {
  for (std::size_t at = 0; at < num_inputs; at += kLanes) {
    __m512 sums[kOutputsTogether] = {};
    for (std::size_t row = 0; row < num_rows; ++row) {
      const __m512 unit = rectified(hidden + row * num_inputs + at);
      const float* const given = gradient + row * num_outputs + begin;
#pragma GCC unroll 8
      for (std::size_t output = 0; output < kOutputsTogether; ++output) {
        // What is beyond the last output is that of the first, and is dropped.
        sums[output] = _mm512_fmadd_ps(unit, _mm512_set1_ps(given[begin + output < end ? output : 0]), sums[output]);
      }
    }
    for (std::size_t output = begin; output < end; ++output) {
      store_bf16(to + output * num_inputs + at, sums[output - begin]);
    }
  }
}

}  // namespace ngp::kernels
