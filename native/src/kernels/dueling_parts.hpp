// The loops of a dueling head over the atoms of one action.
#pragma once

#include "dueling.hpp"

namespace ngp::kernels {

// to[n] = value[row][n] - mean over a of advantage[row][a][n].
void find_base(const Dueling& given, std::size_t row, float* to);
// to[n] = base[n] + advantage[row][action][n].
void add_advantage(const Dueling& given, std::size_t row, std::size_t action, const float* base, float* to);

float largest(const float* numbers, std::size_t count);
float sum(const float* numbers, std::size_t count);
float dot(const float* first, const float* second, std::size_t count);
// numbers[n] = exp(numbers[n] - most), none above 1; returns their sum.
float exponentials(float* numbers, std::size_t count, float most);
void scale_to_bf16(const float* from, std::size_t count, float scale, Bf16* to);

}  // namespace ngp::kernels
