// Distributions of returns from the value and the advantages of a dueling network: on atoms, or as quantiles.
//
// Shapes: B rows, A actions, N atoms or fractions, M quantiles of a target. The logits, or the quantiles, of an action
// are value + advantage - mean advantage. Sums are float32.
#pragma once

#include <cstddef>
#include <cstdint>

#include "numbers.hpp"

namespace ngp::kernels {

struct DuelingShape {
  std::size_t num_rows, num_actions, num_numbers;
  bool is_by_action;  // whether advantages are [B, A, N], as those of atoms are, or [B, N, A]
};

struct Dueling {
  const Real *value, *advantage;  // [B, N]; see the shape
  DuelingShape shape;
};

// means[b][a] = sum over n of probability[b][a][n] * atoms[n].
void expect_returns(const Dueling& given, const float* atoms, float* means);

// to[b] = the distribution of reward[b] + factor[b] * Z on the atoms [B, N], Z being that of action[b].
void project_returns(const Dueling& given, const std::int64_t* action, const float* reward, const float* factor,
                     const float* atoms, float* to);

// errors[b] = -sum over n of target[b][n] * log probability[b][action[b]][n], and how they change with the logits
// [B, N].
void find_cross_entropies(const Dueling& given, const std::int64_t* action, const float* target, float* errors,
                          float* change);

// means[b][a] = mean over n of quantile[b][a][n].
void average_quantiles(const Dueling& given, float* means);

// to[b][n] = reward[b] + factor[b] * quantile[b][action[b]][n].
void move_quantiles(const Dueling& given, const std::int64_t* action, const float* reward, const float* factor,
                    float* to);

// errors[b] = the quantile Huber loss, with a threshold of 1, of the quantiles of action[b] at their fractions [B, N]
// against the target [B, M], and how they change with these quantiles [B, N].
void find_quantile_errors(const Dueling& given, const std::int64_t* action, const float* fraction, const float* target,
                          std::size_t num_targets, float* errors, float* change);

// The gradients of value and advantages, from those of the errors [B].
void find_dueling_back(const DuelingShape& shape, const std::int64_t* action, const float* change,
                       const float* gradient, Real* value, Real* advantage);

}  // namespace ngp::kernels
