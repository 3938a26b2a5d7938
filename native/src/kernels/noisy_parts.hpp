// The loops of a noisy layer, each over a range of its outputs or of its inputs, so that threads can share them.
//
// Shapes: M rows, K inputs (a multiple of 32), N outputs. The noise is a product of two vectors: what a layer multiplies
// by is W + S * (out in^T). Rows of inputs are packed along M or along K in packs, as the products want them.
#pragma once

#include <cstddef>

#include "numbers.hpp"

namespace ngp::kernels {

constexpr std::size_t kStrip = 32;  // inputs whose weights lie together for the way back

struct NoisyWeights {
  const Real *mean, *sigma;              // [N, K]
  const Real *mean_bias, *sigma_bias;    // [N]
  const float *noise_in, *noise_out;     // [K], [N]
  std::size_t num_inputs, num_outputs;
};

// to[k] = mean[n][k] + sigma[n][k] * noise_out[n] * noise_in[k].
void mix(const NoisyWeights& weights, std::size_t output, Real* to);
// Packs of mixed rows, [K / kStrip][packs of N][kStrip]: this one's `pack`; a missing second counts as zeros.
void pack_strips(const Real* first, const Real* second, std::size_t num_inputs, std::size_t pack,
                 std::size_t num_packs, Pack* strips);

// to[m][n] = from[n][m] + bias of n, for outputs from `begin` to `end`; begin is a multiple of 16. Rectified, what is
// below 0 becomes 0.
void finish_noisy(const NoisyWeights& weights, const float* from, std::size_t width, std::size_t num_rows,
                  std::size_t begin, std::size_t end, bool is_rectified, Real* to);
// The whole way for few rows: to[m][n], for outputs from `begin` to `end`. `scaled` are the inputs times noise_in.
void multiply_few(const NoisyWeights& weights, const Real* inputs, const Real* scaled, std::size_t num_rows,
                  std::size_t begin, std::size_t end, bool is_rectified, Real* to);
void scale_by_noise(const Real* inputs, const float* noise, std::size_t count, Real* to);
// to[m][k] = sum over n of gradient[m][n] * mixed[n][k] for strips from `begin` to `end`; rows of the gradient are
// `step` numbers apart and have zeros after their last.
void multiply_back(const Real* gradient, std::size_t step, std::size_t num_rows, std::size_t num_packs,
                   const Pack* strips, std::size_t num_inputs, std::size_t begin, std::size_t end, Real* to);
// The gradients of `mean` and of `sigma` for outputs from `begin` to `end`, begin being a multiple of 8: gradient and
// inputs are packs of rows, [packs of M][padded N] and [packs of M][K].
void multiply_across(const NoisyWeights& weights, const Pack* gradient, std::size_t padded, const Pack* inputs,
                     std::size_t num_packs, std::size_t begin, std::size_t end, Real* mean, Real* sigma);

// The gradients of the biases: sums over rows of the gradient, whose rows are `step` numbers apart, a multiple of 8.
void sum_biases(const Real* gradient, std::size_t step, std::size_t num_rows, std::size_t num_outputs,
                const float* noise_out, Real* mean, Real* sigma);

// to[i] = sign(drawn[i]) * sqrt(|drawn[i]|).
void find_signed_roots(const float* drawn, std::size_t count, float* to);

}  // namespace ngp::kernels
