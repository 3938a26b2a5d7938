#include "noisy.hpp"

#include <algorithm>
#include <vector>

#include "buffer.hpp"
#include "packing.hpp"
#include "team.hpp"

namespace ngp::kernels {
namespace {

constexpr std::size_t kFew = 8;       // rows from which on it is faster to mix the weights first
constexpr std::size_t kOutputs = 16;  // outputs that a thread does at a time: their mixed weights stay in its cache

std::size_t round_up(std::size_t count, std::size_t step) { return (count + step - 1) / step * step; }

// Where part `part` begins of `count` things, in whole steps.
std::size_t begin_of(std::size_t count, std::size_t step, unsigned part, unsigned num_parts) {
  return std::min(count, (count + step - 1) / step * part / num_parts * step);
}

void forward_few(const NoisyWeights& weights, const Bf16* input, std::size_t num_rows, bool is_rectified, Bf16* output,
                 unsigned num_threads) {
  static thread_local Buffer<Bf16> buffer;
  const std::size_t num_inputs = weights.num_inputs;
  Bf16* const scaled = buffer.of(num_rows * num_inputs);
  for (std::size_t row = 0; row < num_rows; ++row) {
    scale_by_noise(input + row * num_inputs, weights.noise_in, num_inputs, scaled + row * num_inputs);
  }
  run_together(num_threads, [&](unsigned part) {
    multiply_few(weights, input, scaled, num_rows, begin_of(weights.num_outputs, kOutputs, part, num_threads),
                 begin_of(weights.num_outputs, kOutputs, part + 1, num_threads), is_rectified, output);
  });
}

// Rows of pairs along the inputs, [K / 2][width]; rows that are missing are zeros.
const Pair* pack_rows(const Bf16* input, std::size_t num_rows, std::size_t num_inputs, std::size_t width) {
  static thread_local Buffer<Bf16> padded;
  static thread_local Buffer<Pair> packed;
  if (width != num_rows) {
    Bf16* const copy = padded.of(width * num_inputs);
    std::copy_n(input, num_rows * num_inputs, copy);
    std::fill_n(copy + num_rows * num_inputs, (width - num_rows) * num_inputs, Bf16{0});
    input = copy;
  }
  Pair* const to = packed.of(width * num_inputs / 2);
  transpose_pairs(reinterpret_cast<const Pair*>(input), width, num_inputs / 2, to);
  return to;
}

// Pairs of rows side by side, [pairs of M][columns].
const Pair* pair_rows(const Bf16* rows, std::size_t num_rows, std::size_t num_columns, Buffer<Pair>& buffer) {
  Pair* const to = buffer.of((num_rows + 1) / 2 * num_columns);
  for (std::size_t row = 0; row < num_rows; row += 2) {
    const Bf16* const first = rows + row * num_columns;
    interleave(first, row + 1 < num_rows ? first + num_columns : nullptr, num_columns, to + row / 2 * num_columns);
  }
  return to;
}

}  // namespace

std::size_t num_strip_pairs(std::size_t num_inputs, std::size_t num_outputs) {
  return (num_outputs + 1) / 2 * num_inputs;
}

void noisy_forward(const NoisyWeights& weights, const Bf16* input, std::size_t num_rows, bool is_rectified,
                   Pair* strips, Bf16* output, unsigned num_threads) {
  num_threads = count_worthwhile(num_rows * weights.num_inputs * weights.num_outputs, num_threads);
  if (num_rows <= kFew && !strips) return forward_few(weights, input, num_rows, is_rectified, output, num_threads);
  static thread_local Buffer<float> buffer;
  const std::size_t num_inputs = weights.num_inputs, num_outputs = weights.num_outputs;
  const std::size_t width = round_up(num_rows, 16), num_pairs = (num_outputs + 1) / 2;
  const Pair* const packed = pack_rows(input, num_rows, num_inputs, width);
  float* const sums = buffer.of(num_outputs * width);
  run_together(num_threads, [&](unsigned part) {
    static thread_local Buffer<Bf16> own;
    Bf16* const mixed = own.of(kOutputs * num_inputs);
    const std::size_t end = begin_of(num_outputs, kOutputs, part + 1, num_threads);
    for (std::size_t at = begin_of(num_outputs, kOutputs, part, num_threads); at < end; at += kOutputs) {
      const std::size_t count = std::min(kOutputs, end - at);
      for (std::size_t row = 0; row < count; ++row) mix(weights, at + row, mixed + row * num_inputs);
      for (std::size_t row = 0; strips && row < count; row += 2) {
        const Bf16* const first = mixed + row * num_inputs;
        pack_strips(first, row + 1 < count ? first + num_inputs : nullptr, num_inputs, (at + row) / 2, num_pairs,
                    strips);
      }
      multiply_mixed(mixed, count, num_inputs, packed, width, sums + at * width);
      finish_noisy(weights, sums, width, num_rows, at, at + count, is_rectified, output);
    }
  });
}

void noisy_backward(const NoisyWeights& weights, const Bf16* input, std::size_t num_rows, const Pair* strips,
                    const Bf16* output, const Bf16* gradient, Bf16* input_gradient, const NoisyGradients& gradients,
                    unsigned num_threads) {
  num_threads = count_worthwhile(2 * num_rows * weights.num_inputs * weights.num_outputs, num_threads);
  static thread_local Buffer<Bf16> buffer;
  static thread_local Buffer<Pair> gradient_pairs, input_pairs;
  const std::size_t num_inputs = weights.num_inputs, num_outputs = weights.num_outputs;
  const std::size_t padded = round_up(num_outputs, 8), num_strips = num_inputs / kStrip;
  Bf16* const given = buffer.of(num_rows * padded);
  std::fill_n(given, num_rows * padded, Bf16{0});
  for (std::size_t row = 0; row < num_rows; ++row) {
    const Bf16* const from = gradient + row * num_outputs;
    if (output) {
      gate(from, output + row * num_outputs, num_outputs, given + row * padded);
    } else {
      std::copy_n(from, num_outputs, given + row * padded);
    }
  }
  const Pair* const left = pair_rows(given, num_rows, padded, gradient_pairs);
  const Pair* const right = pair_rows(input, num_rows, num_inputs, input_pairs);
  run_together(num_threads, [&](unsigned part) {
    if (input_gradient) {
      multiply_back(given, padded, num_rows, (num_outputs + 1) / 2, strips, num_inputs,
                    begin_of(num_strips, 1, part, num_threads), begin_of(num_strips, 1, part + 1, num_threads),
                    input_gradient);
    }
    multiply_across(weights, left, padded, right, (num_rows + 1) / 2,
                    begin_of(num_outputs, 8, part, num_threads), begin_of(num_outputs, 8, part + 1, num_threads),
                    gradients.mean, gradients.sigma);
  });
  sum_biases(given, padded, num_rows, num_outputs, weights.noise_out, gradients.mean_bias, gradients.sigma_bias);
}

}  // namespace ngp::kernels
