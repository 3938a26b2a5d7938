#include "noisy_parts.hpp"

#include "block.hpp"
#include "packing.hpp"

namespace ngp::kernels {
namespace {

constexpr int kFewRows = 4;  // outputs side by side where there are few rows

inline __m512bh load_pairs(const Bf16* from) { return (__m512bh)_mm512_loadu_si512(from); }

inline float bias_of(const NoisyWeights& weights, std::size_t output) {
  const auto widened = [](Bf16 number) { return _mm_cvtss_f32(_mm_castsi128_ps(_mm_cvtsi32_si128(number << 16))); };
  return widened(weights.mean_bias[output]) + widened(weights.sigma_bias[output]) * weights.noise_out[output];
}

// The maximum with it is the number itself, if that is no number too, or what a rectifier makes of it.
inline __m512 least_of(bool is_rectified) { return _mm512_set1_ps(is_rectified ? 0 : -__builtin_inff()); }

template <int kRows, int kVectors>
void multiply_mixed_block(const Bf16* mixed, std::size_t num_rows, std::size_t num_inputs, const Pair* inputs,
                          std::size_t width, float* to) {
  const Bf16* from[kRows];
  for (std::size_t row = 0; row < kRows; ++row) from[row] = mixed + (row < num_rows ? row : 0) * num_inputs;
  Block<kRows, kVectors> block;
  block.clear();
  for (std::size_t at = 0; at < num_inputs; at += 2, inputs += width) {
    block.add(inputs, [&](int row) { return from[row] + at; });
  }
  block.visit([&](int row, int part, __m512& sum) {
    if (static_cast<std::size_t>(row) < num_rows) _mm512_storeu_ps(to + row * width + part * kLanes, sum);
  });
}

template <int kRows, int kVectors>
void multiply_mixed_columns(const Bf16* mixed, std::size_t num_rows, std::size_t num_inputs, const Pair* inputs,
                            std::size_t width, float* to) {
  for (std::size_t row = 0; row < num_rows; row += kRows) {
    multiply_mixed_block<kRows, kVectors>(mixed + row * num_inputs, num_rows - row, num_inputs, inputs, width,
                                          to + row * width);
  }
}

}  // namespace

void mix(const NoisyWeights& weights, std::size_t output, Bf16* to) {
  const std::size_t row = output * weights.num_inputs;
  const __m512 noise_out = _mm512_set1_ps(weights.noise_out[output]);
  for (std::size_t at = 0; at < weights.num_inputs; at += kLanes) {
    const __m512 noise = _mm512_mul_ps(_mm512_loadu_ps(weights.noise_in + at), noise_out);
    store_bf16(to + at, _mm512_fmadd_ps(load_bf16(weights.sigma + row + at), noise, load_bf16(weights.mean + row + at)));
  }
}

void pack_strips(const Bf16* first, const Bf16* second, std::size_t num_inputs, std::size_t pair,
                 std::size_t num_pairs, Pair* strips) {
  for (std::size_t at = 0; at < num_inputs; at += kStrip) {
    interleave(first + at, second ? second + at : nullptr, kStrip, strips + at * num_pairs + pair * kStrip);
  }
}

void multiply_mixed(const Bf16* mixed, std::size_t num_rows, std::size_t num_inputs, const Pair* inputs,
                    std::size_t width, float* to) {
  std::size_t first = 0;
  const auto run = [&](auto&& columns, std::size_t vectors) {
    for (; first + vectors * kLanes <= width; first += vectors * kLanes) {
      columns(mixed, num_rows, num_inputs, inputs + first, width, to + first);
    }
  };
  run(multiply_mixed_columns<6, 4>, 4);
  run(multiply_mixed_columns<8, 2>, 2);
  run(multiply_mixed_columns<8, 1>, 1);
}

void finish_noisy(const NoisyWeights& weights, const float* from, std::size_t width, std::size_t num_rows,
                  std::size_t begin, std::size_t end, bool is_rectified, Bf16* to) {
  const __m512 least = least_of(is_rectified);
  for (std::size_t output = begin; output < end; output += kLanes) {
    const std::size_t count = end - output < kLanes ? end - output : kLanes;
    for (std::size_t row = 0; row < num_rows; row += kLanes) {
      __m512i lines[kLanes] = {};
      for (std::size_t at = 0; at < count; ++at) {
        const __m512 sum = _mm512_loadu_ps(from + (output + at) * width + row);
        lines[at] = _mm512_castps_si512(
            _mm512_max_ps(least, _mm512_add_ps(sum, _mm512_set1_ps(bias_of(weights, output + at)))));
      }
      transpose(lines);
      for (std::size_t at = 0; at < kLanes && row + at < num_rows; ++at) {
        _mm256_mask_storeu_epi16(to + (row + at) * weights.num_outputs + output, first_lanes(count),
                                 to_bf16(_mm512_castsi512_ps(lines[at])));
      }
    }
  }
}

void multiply_few(const NoisyWeights& weights, const Bf16* inputs, const Bf16* scaled, std::size_t num_rows,
                  std::size_t begin, std::size_t end, bool is_rectified, Bf16* to) {
  const std::size_t num_inputs = weights.num_inputs;
  const __m128 least = _mm512_castps512_ps128(least_of(is_rectified));
  for (std::size_t output = begin; output < end; output += kFewRows) {
    const std::size_t count = end - output < kFewRows ? end - output : kFewRows;
    std::size_t from[kFewRows];
    for (std::size_t at = 0; at < kFewRows; ++at) from[at] = (output + (at < count ? at : 0)) * num_inputs;
    for (std::size_t row = 0; row < num_rows; ++row) {
      __m512 mean[kFewRows] = {}, sigma[kFewRows] = {};
      for (std::size_t at = 0; at < num_inputs; at += 2 * kLanes) {
        const __m512bh plain = load_pairs(inputs + row * num_inputs + at);
        const __m512bh noisy = load_pairs(scaled + row * num_inputs + at);
#pragma GCC unroll 4
        for (int line = 0; line < kFewRows; ++line) {
          mean[line] = _mm512_dpbf16_ps(mean[line], plain, load_pairs(weights.mean + from[line] + at));
          sigma[line] = _mm512_dpbf16_ps(sigma[line], noisy, load_pairs(weights.sigma + from[line] + at));
        }
      }
      for (std::size_t line = 0; line < count; ++line) {
        const std::size_t at = output + line;
        const float sum = _mm512_reduce_add_ps(mean[line]) +
                          weights.noise_out[at] * _mm512_reduce_add_ps(sigma[line]) + bias_of(weights, at);
        to[row * weights.num_outputs + at] =
            static_cast<Bf16>(_mm_cvtsi128_si32((__m128i)_mm_cvtneps_pbh(_mm_max_ps(least, _mm_set_ss(sum)))));
      }
    }
  }
}

void scale_by_noise(const Bf16* inputs, const float* noise, std::size_t count, Bf16* to) {
  for (std::size_t at = 0; at < count; at += kLanes) {
    store_bf16(to + at, _mm512_mul_ps(load_bf16(inputs + at), _mm512_loadu_ps(noise + at)));
  }
}

void find_signed_roots(const float* drawn, std::size_t count, float* to) {
  const __m512 sign = _mm512_set1_ps(-0.0F);
  for (std::size_t at = 0; at < count; at += kLanes) {
    const __mmask16 lanes = first_lanes(count - at);
    const __m512 number = _mm512_maskz_loadu_ps(lanes, drawn + at);
    const __m512 root = _mm512_sqrt_ps(_mm512_andnot_ps(sign, number));
    _mm512_mask_storeu_ps(to + at, lanes, _mm512_or_ps(root, _mm512_and_ps(sign, number)));
  }
}

void multiply_back(const Bf16* gradient, std::size_t step, std::size_t num_rows, std::size_t num_pairs, const Pair* strips,
                   std::size_t num_inputs, std::size_t begin, std::size_t end, Bf16* to) {
  constexpr int kRows = 8, kVectors = kStrip / kLanes;
  for (std::size_t strip = begin; strip < end; ++strip) {
    for (std::size_t first = 0; first < num_rows; first += kRows) {
      const Bf16* from[kRows];
      for (std::size_t row = 0; row < kRows; ++row) {
        from[row] = gradient + (first + row < num_rows ? first + row : first) * step;
      }
      Block<kRows, kVectors> block;
      block.clear();
      const Pair* vectors = strips + strip * num_pairs * kStrip;
      for (std::size_t pair = 0; pair < num_pairs; ++pair, vectors += kStrip) {
        block.add(vectors, [&](int row) { return from[row] + 2 * pair; });
      }
      block.visit([&](int row, int part, __m512& sum) {
        if (first + row < num_rows) store_bf16(to + (first + row) * num_inputs + strip * kStrip + part * kLanes, sum);
      });
    }
  }
}

void multiply_across(const NoisyWeights& weights, const Pair* gradient, std::size_t padded, const Pair* inputs,
                     std::size_t num_pairs, std::size_t begin, std::size_t end, Bf16* mean, Bf16* sigma) {
  constexpr int kRows = 8, kVectors = 2;
  const std::size_t num_inputs = weights.num_inputs;
  for (std::size_t output = begin; output < end; output += kRows) {
    for (std::size_t first = 0; first < num_inputs; first += kVectors * kLanes) {
      Block<kRows, kVectors> block;
      block.clear();
      for (std::size_t pair = 0; pair < num_pairs; ++pair) {
        const Pair* const left = gradient + pair * padded + output;
        block.add(inputs + pair * num_inputs + first, [&](int row) { return left + row; });
      }
      block.visit([&](int row, int part, __m512& sum) {
        const std::size_t line = output + row, at = first + part * kLanes;
        if (line >= end) return;
        const __m512 noise =
            _mm512_mul_ps(_mm512_loadu_ps(weights.noise_in + at), _mm512_set1_ps(weights.noise_out[line]));
        store_bf16(mean + line * num_inputs + at, sum);
        store_bf16(sigma + line * num_inputs + at, _mm512_mul_ps(sum, noise));
      });
    }
  }
}

void sum_biases(const Bf16* gradient, std::size_t step, std::size_t num_rows, std::size_t num_outputs,
                const float* noise_out, Bf16* mean, Bf16* sigma) {
  for (std::size_t output = 0; output < num_outputs; output += kLanes) {
    const __mmask16 lanes = first_lanes(num_outputs - output);
    __m512 sum = _mm512_setzero_ps();
    for (std::size_t row = 0; row < num_rows; ++row) {
      sum = _mm512_add_ps(sum, to_float(_mm256_maskz_loadu_epi16(lanes, gradient + row * step + output)));
    }
    _mm256_mask_storeu_epi16(mean + output, lanes, to_bf16(sum));
    const __m512 noisy = _mm512_mul_ps(sum, _mm512_maskz_loadu_ps(lanes, noise_out + output));
    _mm256_mask_storeu_epi16(sigma + output, lanes, to_bf16(noisy));
  }
}

}  // namespace ngp::kernels
