// Numbers brought into the order and the precision in which products want them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "numbers.hpp"

namespace ngp::kernels {

void round_to_bf16(const float* from, std::size_t count, Bf16* to);
void widen(const Bf16* from, std::size_t count, float* to);
void widen_pixels(const std::uint8_t* from, std::size_t count, Bf16* to);

// to[i] = (first[i], second[i]); a missing second counts as zeros.
void interleave(const Bf16* first, const Bf16* second, std::size_t count, Pair* to);
void interleave(const std::uint8_t* first, const std::uint8_t* second, std::size_t count, Pair* to);
// The same, and adds the sums over pixels of `num_outputs` numbers, a multiple of 16, to `sums`.
void interleave_and_sum(const Bf16* first, const Bf16* second, std::size_t num_pixels, std::size_t num_outputs,
                        Pair* to, float* sums);

// Rows of `num_columns` pairs become columns: to[column][row]; rows are a multiple of 16.
void transpose_pairs(const Pair* from, std::size_t num_rows, std::size_t num_columns, Pair* to);

// to[row][column] = scale * (sum over k of parts[k][column][row]), added in order; rows are a multiple of 16.
void transpose_and_sum(const float* const* parts, std::size_t num_parts, std::size_t num_columns,
                       std::size_t num_rows, float scale, float* to);

// to[i] = gradient[i] where gate[i] > 0, else 0.
void gate(const Bf16* gradient, const Bf16* gates, std::size_t count, Bf16* to);
// to[i] += from[i], rounded.
void add_to(const Bf16* from, std::size_t count, Bf16* to);

}  // namespace ngp::kernels
