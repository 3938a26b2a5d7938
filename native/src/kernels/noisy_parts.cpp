#include "noisy_parts.hpp"

#include <cmath>

#include "block.hpp"
#include "packing.hpp"

namespace ngp::kernels {
namespace {

constexpr int kFewRows = 4;  // outputs side by side where there are few rows

inline float bias_of(const NoisyWeights& weights, std::size_t output) {
  return to_float(weights.mean_bias[output]) + to_float(weights.sigma_bias[output]) * weights.noise_out[output];
}

}  // namespace

void mix(const NoisyWeights& weights, std::size_t output, Real* to) {
  const std::size_t row = output * weights.num_inputs;
  for (std::size_t at = 0; at < weights.num_inputs; at += kLanes) {
    const Vec noise = load(weights.noise_in + at) * weights.noise_out[output];
    store(to + at, load(weights.sigma + row + at) * noise + load(weights.mean + row + at));
  }
}

void pack_strips(const Real* first, const Real* second, std::size_t num_inputs, std::size_t pack,
                 std::size_t num_packs, Pack* strips) {
  for (std::size_t at = 0; at < num_inputs; at += kStrip) {
    interleave(first + at, second ? second + at : nullptr, kStrip, strips + at * num_packs + pack * kStrip);
  }
}

void finish_noisy(const NoisyWeights& weights, const float* from, std::size_t width, std::size_t num_rows,
                  std::size_t begin, std::size_t end, bool is_rectified, Real* to) {
  for (std::size_t output = begin; output < end; output += kLanes) {
    const std::size_t count = end - output < kLanes ? end - output : kLanes;
    for (std::size_t row = 0; row < num_rows; row += kLanes) {
      Vec lines[kLanes] = {};
      for (std::size_t at = 0; at < count; ++at) {
        const Vec sum = load(from + (output + at) * width + row) + bias_of(weights, output + at);
        lines[at] = is_rectified ? rectify(sum) : sum;
      }
      transpose(lines);
      for (std::size_t at = 0; at < kLanes && row + at < num_rows; ++at) {
        store_first(to + (row + at) * weights.num_outputs + output, lines[at], count);
      }
    }
  }
}

void multiply_few(const NoisyWeights& weights, const Real* inputs, const Real* scaled, std::size_t num_rows,
                  std::size_t begin, std::size_t end, bool is_rectified, Real* to) {
  const std::size_t num_inputs = weights.num_inputs;
  for (std::size_t output = begin; output < end; output += kFewRows) {
    const std::size_t count = end - output < kFewRows ? end - output : kFewRows;
    std::size_t from[kFewRows];
    for (std::size_t at = 0; at < kFewRows; ++at) from[at] = (output + (at < count ? at : 0)) * num_inputs;
    for (std::size_t row = 0; row < num_rows; ++row) {
      Vec mean[kFewRows] = {}, sigma[kFewRows] = {};
      for (std::size_t at = 0; at < num_inputs; at += kPack * kLanes) {
        const Packed plain = load_packs(inputs + row * num_inputs + at);
        const Packed noisy = load_packs(scaled + row * num_inputs + at);
#pragma GCC unroll 4
        for (int line = 0; line < kFewRows; ++line) {
          mean[line] = multiply_add(plain, load_packs(weights.mean + from[line] + at), mean[line]);
          sigma[line] = multiply_add(noisy, load_packs(weights.sigma + from[line] + at), sigma[line]);
        }
      }
      for (std::size_t line = 0; line < count; ++line) {
        const std::size_t at = output + line;
        const float sum =
            sum_lanes(mean[line]) + weights.noise_out[at] * sum_lanes(sigma[line]) + bias_of(weights, at);
        to[row * weights.num_outputs + at] = to_real(is_rectified && sum < 0 ? 0 : sum);
      }
    }
  }
}

void scale_by_noise(const Real* inputs, const float* noise, std::size_t count, Real* to) {
  for (std::size_t at = 0; at < count; at += kLanes) store(to + at, load(inputs + at) * load(noise + at));
}

void multiply_back(const Real* gradient, std::size_t step, std::size_t num_rows, std::size_t num_packs,
                   const Pack* strips, std::size_t num_inputs, std::size_t begin, std::size_t end, Real* to) {
  for (std::size_t column = begin * kStrip; column < end * kStrip; column += kBlockWidth) {
    const Pack* const own = strips + column / kStrip * num_packs * kStrip + column % kStrip;
    for (std::size_t first = 0; first < num_rows; first += kBlockRows) {
      const Real* from[kBlockRows];
      for (std::size_t row = 0; row < kBlockRows; ++row) {
        from[row] = gradient + (first + row < num_rows ? first + row : first) * step;
      }
      AnyBlock block;
      block.clear();
      for (std::size_t pack = 0; pack < num_packs; ++pack) {
        block.add(own + pack * kStrip, [&](int row) { return from[row] + kPack * pack; });
      }
      block.visit([&](int row, int part, Vec& sum) {
        if (first + row < num_rows) store(to + (first + row) * num_inputs + column + part * kLanes, sum);
      });
    }
  }
}

void multiply_across(const NoisyWeights& weights, const Pack* gradient, std::size_t padded, const Pack* inputs,
                     std::size_t num_packs, std::size_t begin, std::size_t end, Real* mean, Real* sigma) {
  const std::size_t num_inputs = weights.num_inputs;
  for (std::size_t output = begin; output < end; output += kBlockRows) {
    for (std::size_t first = 0; first < num_inputs; first += kBlockWidth) {
      AnyBlock block;
      block.clear();
      for (std::size_t pack = 0; pack < num_packs; ++pack) {
        const Pack* const left = gradient + pack * padded + output;
        block.add(inputs + pack * num_inputs + first, [&](int row) { return left + row; });
      }
      block.visit([&](int row, int part, Vec& sum) {
        const std::size_t line = output + row, at = first + part * kLanes;
        if (line >= end) return;
        const Vec noise = load(weights.noise_in + at) * weights.noise_out[line];
        store(mean + line * num_inputs + at, sum);
        store(sigma + line * num_inputs + at, sum * noise);
      });
    }
  }
}

void sum_biases(const Real* gradient, std::size_t step, std::size_t num_rows, std::size_t num_outputs,
                const float* noise_out, Real* mean, Real* sigma) {
  for (std::size_t output = 0; output < num_outputs; output += kLanes) {
    const std::size_t left = num_outputs - output;
    Vec sum = {};
    for (std::size_t row = 0; row < num_rows; ++row) sum += load_first(gradient + row * step + output, left);
    store_first(mean + output, sum, left);
    store_first(sigma + output, sum * load_first(noise_out + output, left), left);
  }
}

void find_signed_roots(const float* drawn, std::size_t count, float* to) {
  for (std::size_t at = 0; at < count; ++at) to[at] = std::copysign(std::sqrt(std::fabs(drawn[at])), drawn[at]);
}

}  // namespace ngp::kernels
