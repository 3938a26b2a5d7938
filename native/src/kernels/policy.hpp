// A policy and a value on a rectified hidden layer, and PPO's losses.
//
// Shapes: N rows, H hidden units (a multiple of 16), A actions.
#pragma once

#include <cstddef>
#include <cstdint>

#include "numbers.hpp"

namespace ngp::kernels {

struct PolicyWeights {
  const Real *policy, *policy_bias;  // [A, H], [A]
  const Real *value, *value_bias;    // [1, H], [1]
  std::size_t num_inputs, num_actions;
};

// From what the hidden layer says before its rectifier, [N, H], to log-probabilities [N, A] and values [N].
void find_policy(const PolicyWeights& weights, const Real* hidden, std::size_t num_rows, float* log_probabilities,
                 float* value);

// A linear layer of few rows, for acting: to[row][n] = bias[n] + sum over k of input[row][k] * weights[n][k], for K
// inputs, a multiple of 32. What takes time is to read the weights once.
void multiply_few_rows(const Real* weights, const Real* bias, std::size_t num_inputs, std::size_t num_outputs,
                       const Real* input, std::size_t num_rows, Real* to, unsigned num_threads);

// The action of each row whose random time, over its probability, is the shortest, [N], and its log-probability, [N],
// which is no number where any of the row's is none. `race` are random times, [N, A].
void draw_actions(const float* log_probabilities, const float* race, std::size_t num_rows, std::size_t num_actions,
                  std::int64_t* action, float* chosen);

struct PolicyGradients {
  Real* hidden;                      // [N, H]
  Real *policy, *policy_bias;        // as the weights
  Real *value, *value_bias;
};

// The way back from the gradients of the log-probabilities and of the values.
void find_policy_back(const PolicyWeights& weights, const Real* hidden, std::size_t num_rows,
                      const float* log_probabilities, const float* log_gradient, const float* value_gradient,
                      const PolicyGradients& gradients);

// What PPO learns from, each [N]; `reference` are log-probabilities [N, A], or none.
struct Played {
  const std::int64_t* action;
  const float *log_probability, *value, *advantage, *target;
  const float* reference;
  std::size_t num_rows, num_actions;
};

struct SurrogateWeights {
  float clip, value_clip;  // of the value none where it is negative
  float value, entropy, reference;
};

// In the order in which they are told.
struct SurrogateFigures {
  float policy_loss, value_loss, entropy, divergence, drift, clipped;
};

// The figures of what a network says now, and the gradients of the loss.
SurrogateFigures find_surrogate(const Played& played, const SurrogateWeights& weights, const float* log_probabilities,
                                const float* value, float* log_gradient, float* value_gradient);

}  // namespace ngp::kernels
