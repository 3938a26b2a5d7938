// Numbers brought into the order and the precision in which products want them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "numbers.hpp"

namespace ngp::kernels {

void narrow(const float* from, std::size_t count, Real* to);
void widen(const Real* from, std::size_t count, float* to);
void widen_pixels(const std::uint8_t* from, std::size_t count, Real* to);

// to[i] = (first[i], second[i]); a missing second counts as zeros, and no second counts where packs are of one number.
void interleave(const Real* first, const Real* second, std::size_t count, Pack* to);
void interleave(const std::uint8_t* first, const std::uint8_t* second, std::size_t count, Pack* to);
// The same, and adds the sums over pixels of `num_outputs` numbers, a multiple of 16, to `sums`.
void interleave_and_sum(const Real* first, const Real* second, std::size_t num_pixels, std::size_t num_outputs,
                        Pack* to, float* sums);

// Rows of `num_columns` packs become columns: to[column][row]; rows are a multiple of 16.
void transpose_packs(const Real* from, std::size_t num_rows, std::size_t num_columns, Pack* to);

// to[row][column] = scale * (sum over k of parts[k][column][row]), added in order; rows are a multiple of 16.
void transpose_and_sum(const float* const* parts, std::size_t num_parts, std::size_t num_columns,
                       std::size_t num_rows, float scale, float* to);

// to[i] = gradient[i] where gate[i] > 0, else 0.
void gate(const Real* gradient, const Real* gates, std::size_t count, Real* to);

// to[i] += from[i].
void add(const Real* from, std::size_t count, Real* to);

}  // namespace ngp::kernels
