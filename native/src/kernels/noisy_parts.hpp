// The loops of a noisy layer, each over a range of its outputs or of its inputs, so that threads can share them.
//
// Shapes: M rows, K inputs (a multiple of 32), N outputs. The noise is a product of two vectors: what a layer multiplies
// by is W + S * (out in^T). Rows of inputs are packed along M or along K in pairs, as the products want them.
#pragma once

#include <cstddef>

#include "numbers.hpp"

namespace ngp::kernels {

constexpr std::size_t kStrip = 32;  // inputs whose weights lie together for the way back

struct NoisyWeights {
  const Bf16 *mean, *sigma;              // [N, K]
  const Bf16 *mean_bias, *sigma_bias;    // [N]
  const float *noise_in, *noise_out;     // [K], [N]
  std::size_t num_inputs, num_outputs;
};

// to[k] = mean[n][k] + sigma[n][k] * noise_out[n] * noise_in[k].
void mix(const NoisyWeights& weights, std::size_t output, Bf16* to);
// Pairs of mixed rows, [K / kStrip][pairs of N][kStrip]: this one's `pair`; a missing second counts as zeros.
void pack_strips(const Bf16* first, const Bf16* second, std::size_t num_inputs, std::size_t pair,
                 std::size_t num_pairs, Pair* strips);

// to[n][m] = sum over k of mixed[n][k] * input[m][k], the inputs being pairs [K / 2][width], width a multiple of 16.
void multiply_mixed(const Bf16* mixed, std::size_t num_rows, std::size_t num_inputs, const Pair* inputs,
                    std::size_t width, float* to);
// to[m][n] = from[n][m] + bias of n, for outputs from `begin` to `end`; begin is a multiple of 16. Rectified, what is
// below 0 becomes 0.
void finish_noisy(const NoisyWeights& weights, const float* from, std::size_t width, std::size_t num_rows,
                  std::size_t begin, std::size_t end, bool is_rectified, Bf16* to);
// The whole way for few rows: to[m][n], for outputs from `begin` to `end`. `scaled` are the inputs times noise_in.
void multiply_few(const NoisyWeights& weights, const Bf16* inputs, const Bf16* scaled, std::size_t num_rows,
                  std::size_t begin, std::size_t end, bool is_rectified, Bf16* to);
void scale_by_noise(const Bf16* inputs, const float* noise, std::size_t count, Bf16* to);
// to[n] = sign(drawn[n]) sqrt(|drawn[n]|), the noise that a layer makes of normal numbers.
void find_signed_roots(const float* drawn, std::size_t count, float* to);

// to[m][k] = sum over n of gradient[m][n] * mixed[n][k] for strips from `begin` to `end`; rows of the gradient are
// `step` numbers apart and have zeros after their last.
void multiply_back(const Bf16* gradient, std::size_t step, std::size_t num_rows, std::size_t num_pairs, const Pair* strips,
                   std::size_t num_inputs, std::size_t begin, std::size_t end, Bf16* to);
// The gradients of `mean` and of `sigma` for outputs from `begin` to `end`, begin being a multiple of 8: gradient and
// inputs are pairs of rows, [pairs of M][padded N] and [pairs of M][K].
void multiply_across(const NoisyWeights& weights, const Pair* gradient, std::size_t padded, const Pair* inputs,
                     std::size_t num_pairs, std::size_t begin, std::size_t end, Bf16* mean, Bf16* sigma);

// The gradients of the biases: sums over rows of the gradient, whose rows are `step` numbers apart, a multiple of 8.
void sum_biases(const Bf16* gradient, std::size_t step, std::size_t num_rows, std::size_t num_outputs,
                const float* noise_out, Bf16* mean, Bf16* sigma);

}  // namespace ngp::kernels
