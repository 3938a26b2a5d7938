// The loops of what fractions mean to features, each over a strip of kStrip features, so that threads can share them.
//
// Shapes: B rows, S sets of N fractions, one for each row or one for all of them, M = B * N, C cosines (a multiple of
// 32), F features (a multiple of 32). Only where there are B sets there is a way back.
#pragma once

#include <cstddef>

#include "noisy_parts.hpp"

namespace ngp::kernels {

struct Fractions {
  const Real *weight, *bias;    // [F, C], [F]
  const Real *features;         // [B, F]
  Real* cosines;                // [S * N, C]: cos(pi i fraction) for i from 0
  std::size_t num_rows, num_sets, num_fractions, num_cosines, num_features;
};

struct FractionGradients {
  Real *features, *weight, *bias;  // [B, F], [F, C], [F]
};

// embedding[m][f] = relu(sum over c of weight[f][c] * cosines[c] + bias[f]), where it is wanted, and
// output[m][f] = features[b][f] * embedding[m][f], for features from `first` on. `packed` has room for the weights.
void embed_strip(const Fractions& given, std::size_t first, Pack* packed, Real* embedding, Real* output);

// The gradients of the same features. `packs` are the cosines of kPack lines side by side, [M / kPack][C]; `lines` and
// `packed` have room for M lines, in whole packs, of kStrip numbers and for their packs.
void embed_strip_back(const Fractions& given, std::size_t first, const Real* embedding, const Real* gradient,
                      const Pack* packs, Real* lines, Pack* packed, const FractionGradients& gradients);

}  // namespace ngp::kernels
