// What else takes the weights of noisy layers from Python.
#pragma once

#include "arrays.hpp"
#include "noisy_parts.hpp"

namespace ngp::kernels {

// Without noise. Throws std::invalid_argument where the arrays do not fit one another.
NoisyWeights weights_of(const Array& mean, const Array& sigma, const Array& mean_bias, const Array& sigma_bias);

}  // namespace ngp::kernels
