// One step of Adam over memory: weights, both moments and a copy of the weights for computing, all at once.
#pragma once

#include <cstddef>
#include <vector>

#include "numbers.hpp"

namespace ngp::kernels {

// A parameter, or a part of one.
struct Slot {
  float* weight;
  const void* gradient;  // stored numbers where it is low, else float32
  bool is_low;
  float *mean, *square;  // the moments
  Real* copy;            // none: there is no copy
  std::size_t count;
};

struct AdamStep {
  float learning_rate;
  float rest1, beta2, rest2;  // 1 - beta1, beta2, 1 - beta2
  float epsilon;
  float correction1;       // 1 - beta1^step
  float root_correction2;  // sqrt(1 - beta2^step)
  float scale;             // of the gradient
};

// The sum of the squares of all gradients; each thread's share depends on the number of threads alone.
double sum_squares(const std::vector<Slot>& slots, unsigned num_threads);
void step_adam(const std::vector<Slot>& slots, const AdamStep& step, unsigned num_threads);

// The loops, over one slot.
double sum_squares(const Slot& slot);
void step_adam(const Slot& slot, const AdamStep& step);

}  // namespace ngp::kernels
