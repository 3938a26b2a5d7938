// Distributions of returns on atoms, from the value and the advantages of a dueling network: what they say of the
// actions, what becomes of them in a target, and how far they are from one.
//
// Shapes: B rows, A actions, N atoms. The logits of an action are value + advantage - mean advantage.
#pragma once

#include <cstddef>
#include <cstdint>

#include "numbers.hpp"

namespace ngp::kernels {

constexpr std::size_t kMaxAtoms = 256;

struct Dueling {
  const Bf16 *value, *advantage;  // [B, N], [B, A, N]
  std::size_t num_rows, num_actions, num_atoms;
};

// means[b][a] = sum over n of probability[b][a][n] * atoms[n].
void expect_returns(const Dueling& given, const float* atoms, float* means);

// to[b] = the distribution of reward[b] + factor[b] * Z on the atoms [B, N], Z being that of action[b].
void project_returns(const Dueling& given, const std::int64_t* action, const float* reward, const float* factor,
                     const float* atoms, float* to);

// errors[b] = -sum over n of target[b][n] * log probability[b][action[b]][n], and how they change with the logits [B, N].
void cross_entropies(const Dueling& given, const std::int64_t* action, const float* target, float* errors,
                     float* change);

// The gradients of values and advantages, from those of the errors [B].
void cross_entropies_back(const Dueling& shape, const std::int64_t* action, const float* change,
                          const float* gradient, Bf16* value, Bf16* advantage);

}  // namespace ngp::kernels
