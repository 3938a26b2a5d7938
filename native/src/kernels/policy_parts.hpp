// The loops of a policy and a value over hidden units, for `num_outputs` of both together.
#pragma once

#include <cstddef>

#include "numbers.hpp"

namespace ngp::kernels {

// to[row][n] = bias[n] + sum over k of input[row][k] * weights[n][k], for n from `begin` to `end`.
void multiply_lines(const Real* weights, const Real* bias, std::size_t num_inputs, std::size_t num_outputs,
                    const Real* input, std::size_t num_rows, std::size_t begin, std::size_t end, Real* to);

// to[row][o] = bias[o] + sum over h of rectified(hidden[row][h]) * weights[o][h].
void multiply_rectified(const Real* hidden, std::size_t num_rows, std::size_t num_inputs, const float* weights,
                        const float* bias, std::size_t num_outputs, float* to);
// to[row][h] = sum over o of gradient[row][o] * weights[o][h] where hidden[row][h] > 0, else 0.
void multiply_rectified_back(const Real* hidden, std::size_t num_rows, std::size_t num_inputs, const float* weights,
                             const float* gradient, std::size_t num_outputs, Real* to);
// to[o][h] = sum over rows of gradient[row][o] * rectified(hidden[row][h]), for outputs from `begin` to `end`, at the
// most kOutputsTogether of them.
constexpr std::size_t kOutputsTogether = 8;
void add_rectified(const Real* hidden, std::size_t num_rows, std::size_t num_inputs, const float* gradient,
                   std::size_t num_outputs, std::size_t begin, std::size_t end, Real* to);

}  // namespace ngp::kernels
