// What else takes pictures and the weights of convolutions from Python.
#pragma once

#include <cstddef>
#include <vector>

#include "arrays.hpp"
#include "stack.hpp"

namespace ngp::kernels {

// Throw std::invalid_argument where the arrays do not fit the convolutions.
std::size_t count_pictures(const Stack& stack, const Array& pictures);
std::vector<Weights> convolutions_of(const Stack& stack, const std::vector<Array>& weights,
                                     const std::vector<Array>& biases);

}  // namespace ngp::kernels
