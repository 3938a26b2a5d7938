#include "noisy.hpp"

#include <algorithm>
#include <vector>

#include "buffer.hpp"
#include "packing.hpp"
#include "product.hpp"
#include "team.hpp"

namespace ngp::kernels {
namespace {

constexpr std::size_t kFew = 8;       // rows from which on it is faster to mix the weights first
// Outputs that a thread does at a time: their mixed weights stay in its cache, and blocks of 6 or 8 of them fit.
constexpr std::size_t kOutputs = 24;

std::size_t round_up(std::size_t count, std::size_t step) { return (count + step - 1) / step * step; }

// Where part `part` begins of `count` things, in whole steps.
std::size_t begin_of(std::size_t count, std::size_t step, unsigned part, unsigned num_parts) {
  return std::min(count, (count + step - 1) / step * part / num_parts * step);
}

void forward_few(const NoisyWeights& weights, const Real* input, std::size_t num_rows, bool is_rectified, Real* output,
                 unsigned num_threads) {
  static thread_local Buffer<Real> buffer;
  const std::size_t num_inputs = weights.num_inputs;
  Real* const scaled = buffer.of(num_rows * num_inputs);
  for (std::size_t row = 0; row < num_rows; ++row) {
    scale_by_noise(input + row * num_inputs, weights.noise_in, num_inputs, scaled + row * num_inputs);
  }
  run_together(num_threads, [&](unsigned part) {
    multiply_few(weights, input, scaled, num_rows, begin_of(weights.num_outputs, kOutputs, part, num_threads),
                 begin_of(weights.num_outputs, kOutputs, part + 1, num_threads), is_rectified, output);
  });
}

// Rows of packs along the inputs, [K / kPack][width]; rows that are missing are zeros.
const Pack* pack_rows(const Real* input, std::size_t num_rows, std::size_t num_inputs, std::size_t width) {
  static thread_local Buffer<Real> padded;
  static thread_local Buffer<Pack> packed;
  if (width != num_rows) {
    Real* const copy = padded.of(width * num_inputs);
    std::copy_n(input, num_rows * num_inputs, copy);
    std::fill_n(copy + num_rows * num_inputs, (width - num_rows) * num_inputs, Real{0});
    input = copy;
  }
  Pack* const to = packed.of(width * num_inputs / kPack);
  transpose_packs(input, width, num_inputs / kPack, to);
  return to;
}

std::size_t count_packs(std::size_t count) { return (count + kPack - 1) / kPack; }

// Packs of rows side by side, [packs of M][columns].
const Pack* pack_columns(const Real* rows, std::size_t num_rows, std::size_t num_columns, Buffer<Pack>& buffer) {
  Pack* const to = buffer.of(count_packs(num_rows) * num_columns);
  for (std::size_t row = 0; row < num_rows; row += kPack) {
    const Real* const first = rows + row * num_columns;
    interleave(first, row + 1 < num_rows ? first + num_columns : nullptr, num_columns,
               to + row / kPack * num_columns);
  }
  return to;
}

}  // namespace

std::size_t count_strip_packs(std::size_t num_inputs, std::size_t num_outputs) {
  return count_packs(num_outputs) * num_inputs;
}

void noisy_forward(const NoisyWeights& weights, const Real* input, std::size_t num_rows, bool is_rectified,
                   Pack* strips, Real* output, unsigned num_threads) {
  num_threads = count_worthwhile(num_rows * weights.num_inputs * weights.num_outputs, num_threads);
  if (num_rows <= kFew && !strips) return forward_few(weights, input, num_rows, is_rectified, output, num_threads);
  static thread_local Buffer<float> buffer;
  const std::size_t num_inputs = weights.num_inputs, num_outputs = weights.num_outputs;
  const std::size_t width = round_up(num_rows, 16), num_packs = count_packs(num_outputs);
  const Pack* const packed = pack_rows(input, num_rows, num_inputs, width);
  float* const sums = buffer.of(num_outputs * width);
  run_together(num_threads, [&](unsigned part) {
    static thread_local Buffer<Real> own;
    Real* const mixed = own.of(kOutputs * num_inputs);
    const std::size_t end = begin_of(num_outputs, kOutputs, part + 1, num_threads);
    for (std::size_t at = begin_of(num_outputs, kOutputs, part, num_threads); at < end; at += kOutputs) {
      const std::size_t count = std::min(kOutputs, end - at);
      for (std::size_t row = 0; row < count; ++row) mix(weights, at + row, mixed + row * num_inputs);
      for (std::size_t row = 0; strips && row < count; row += kPack) {
        const Real* const first = mixed + row * num_inputs;
        pack_strips(first, row + 1 < count ? first + num_inputs : nullptr, num_inputs, (at + row) / kPack, num_packs,
                    strips);
      }
      multiply_rows(mixed, count, num_inputs, packed, width, sums + at * width);
      finish_noisy(weights, sums, width, num_rows, at, at + count, is_rectified, output);
    }
  });
}

void noisy_backward(const NoisyWeights& weights, const Real* input, std::size_t num_rows, const Pack* strips,
                    const Real* output, const Real* gradient, Real* input_gradient, const NoisyGradients& gradients,
                    unsigned num_threads) {
  num_threads = count_worthwhile(2 * num_rows * weights.num_inputs * weights.num_outputs, num_threads);
  static thread_local Buffer<Real> buffer;
  static thread_local Buffer<Pack> gradient_packs, input_packs;
  const std::size_t num_inputs = weights.num_inputs, num_outputs = weights.num_outputs;
  const std::size_t padded = round_up(num_outputs, 8), num_strips = num_inputs / kStrip;
  Real* const given = buffer.of(num_rows * padded);
  std::fill_n(given, num_rows * padded, Real{0});
  for (std::size_t row = 0; row < num_rows; ++row) {
    const Real* const from = gradient + row * num_outputs;
    if (output) {
      gate(from, output + row * num_outputs, num_outputs, given + row * padded);
    } else {
      std::copy_n(from, num_outputs, given + row * padded);
    }
  }
  const Pack* const left = pack_columns(given, num_rows, padded, gradient_packs);
  const Pack* const right = pack_columns(input, num_rows, num_inputs, input_packs);
  run_together(num_threads, [&](unsigned part) {
    if (input_gradient) {
      multiply_back(given, padded, num_rows, count_packs(num_outputs), strips, num_inputs,
                    begin_of(num_strips, 1, part, num_threads), begin_of(num_strips, 1, part + 1, num_threads),
                    input_gradient);
    }
    multiply_across(weights, left, padded, right, count_packs(num_rows),
                    begin_of(num_outputs, 8, part, num_threads), begin_of(num_outputs, 8, part + 1, num_threads),
                    gradients.mean, gradients.sigma);
  });
  sum_biases(given, padded, num_rows, num_outputs, weights.noise_out, gradients.mean_bias, gradients.sigma_bias);
}

}  // namespace ngp::kernels
