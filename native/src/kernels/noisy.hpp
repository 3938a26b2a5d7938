// A linear layer with factorised Gaussian noise on its weights, forward and backward.
#pragma once

#include <cstddef>

#include "noisy_parts.hpp"

namespace ngp::kernels {

// Packs of the mixed weights that `noisy_backward` needs.
std::size_t count_strip_packs(std::size_t num_inputs, std::size_t num_outputs);

// output[m][n] = (W + S * (out in^T)) input[m] + b + s * out, followed by a rectifier or not; `strips` for the way back,
// none where there is none.
void noisy_forward(const NoisyWeights& weights, const Real* input, std::size_t num_rows, bool is_rectified,
                   Pack* strips, Real* output, unsigned num_threads);

struct NoisyGradients {
  Real *mean, *sigma;            // [N, K]
  Real *mean_bias, *sigma_bias;  // [N]
};

// `output` is that of a rectified layer, none without a rectifier.
void noisy_backward(const NoisyWeights& weights, const Real* input, std::size_t num_rows, const Pack* strips,
                    const Real* output, const Real* gradient, Real* input_gradient, const NoisyGradients& gradients,
                    unsigned num_threads);

}  // namespace ngp::kernels
