// Quantiles of returns, from the values and the advantages of a dueling network at fractions.
//
// Shapes: B rows, A actions, N fractions, M quantiles of a target. A quantile is value + advantage - mean advantage.
#pragma once

#include <cstddef>
#include <cstdint>

#include "numbers.hpp"

namespace ngp::kernels {

struct Quantiles {
  const Bf16 *value, *advantage;  // [B, N], [B, N, A]
  std::size_t num_rows, num_fractions, num_actions;
};

// means[b][a] = mean over n of quantile[b][n][a].
void average_quantiles(const Quantiles& given, float* means);

// to[b][n] = reward[b] + factor[b] * quantile[b][n][action[b]].
void move_quantiles(const Quantiles& given, const std::int64_t* action, const float* reward, const float* factor,
                    float* to);

// errors[b] = the quantile Huber loss, with a threshold of 1, of the quantiles of action[b] at their fractions [B, N]
// against the target [B, M], and how they change with these quantiles [B, N].
void quantile_errors(const Quantiles& given, const std::int64_t* action, const float* fraction, const float* target,
                     std::size_t num_targets, float* errors, float* change);

// The gradients of values and advantages, from those of the errors [B].
void quantile_errors_back(const Quantiles& shape, const std::int64_t* action, const float* change,
                          const float* gradient, Bf16* value, Bf16* advantage);

}  // namespace ngp::kernels
