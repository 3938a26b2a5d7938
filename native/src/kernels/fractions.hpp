// Features of pictures times what fractions mean to them (implicit quantile networks), forward and backward.
#pragma once

#include "fractions_parts.hpp"

namespace ngp::kernels {

// Fills `given.cosines` for `fractions` [S, N], `embedding` (none where there is no way back) and `output`, both [M, F].
void embed_forward(const Fractions& given, const float* fractions, Real* embedding, Real* output, unsigned num_threads);

// `gradient` is that of the output [M, F].
void embed_backward(const Fractions& given, const Real* embedding, const Real* gradient,
                    const FractionGradients& gradients, unsigned num_threads);

}  // namespace ngp::kernels
