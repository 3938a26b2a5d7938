#include "fractions_parts.hpp"

#include "block.hpp"
#include "packing.hpp"

namespace ngp::kernels {
namespace {

constexpr int kVectors = kStrip / kLanes;

// The gradients of one picture's features, and the lines of those of its embeddings before the rectifier.
void gather_row(const Fractions& given, std::size_t row, std::size_t first, const Real* embedding,
                const Real* gradient, Real* lines, Vec (&bias)[kVectors], Real* to) {
  Vec sums[kVectors] = {};
  for (std::size_t line = row * given.num_fractions; line < (row + 1) * given.num_fractions; ++line) {
    for (int part = 0; part < kVectors; ++part) {
      const std::size_t feature = first + part * kLanes, at = line * given.num_features + feature;
      const Vec found = load(embedding + at), wanted = load(gradient + at);
      const Vec before = pass(found, wanted * load(given.features + row * given.num_features + feature));
      sums[part] += wanted * found;
      bias[part] += before;
      store(lines + line * kStrip + part * kLanes, before);
    }
  }
  for (int part = 0; part < kVectors; ++part) store(to + part * kLanes, sums[part]);
}

// What a fraction of a set means to kLanes features, times these features of every row of the set.
void multiply_features(const Fractions& given, std::size_t set, std::size_t fraction, std::size_t feature,
                       const Real* found, Real* embedding, Real* output) {
  const std::size_t num_rows = given.num_rows / given.num_sets;
  for (std::size_t row = set * num_rows; row < (set + 1) * num_rows; ++row) {
    const std::size_t place = (row * given.num_fractions + fraction) * given.num_features + feature;
    if (embedding) store(embedding + place, load(found));
    store(output + place, load(found) * load(given.features + row * given.num_features + feature));
  }
}

}  // namespace

void embed_strip(const Fractions& given, std::size_t first, Pack* packed, Real* embedding, Real* output) {
  const std::size_t num_cosines = given.num_cosines, num_fractions = given.num_fractions;
  transpose_packs(given.weight + first * num_cosines, kStrip, num_cosines / kPack, packed);
  for (std::size_t set = 0; set < given.num_sets; ++set) {
    for (std::size_t begin = 0; begin < num_fractions; begin += kBlockRows) {
      const std::size_t count = num_fractions - begin;
      const Real* from[kBlockRows];
      for (std::size_t at = 0; at < kBlockRows; ++at) {
        from[at] = given.cosines + (set * num_fractions + begin + (at < count ? at : 0)) * num_cosines;
      }
      for (std::size_t column = 0; column < kStrip; column += kBlockWidth) {
        AnyBlock block;
        block.clear();
        for (std::size_t pack = 0; pack < num_cosines / kPack; ++pack) {
          block.add(packed + pack * kStrip + column, [&](int at) { return from[at] + kPack * pack; });
        }
        block.visit([&](int at, int part, Vec& sum) {
          if (static_cast<std::size_t>(at) >= count) return;
          const std::size_t feature = first + column + part * kLanes;
          Real found[kLanes];  // rounded once, for this direction and for the way back
          store(found, rectify(sum + load(given.bias + feature)));
          multiply_features(given, set, begin + at, feature, found, embedding, output);
        });
      }
    }
  }
}

void embed_strip_back(const Fractions& given, std::size_t first, const Real* embedding, const Real* gradient,
                      const Pack* packs, Real* lines, Pack* packed, const FractionGradients& gradients) {
  const std::size_t num_lines = given.num_rows * given.num_fractions, num_cosines = given.num_cosines;
  Vec bias[kVectors] = {};
  for (std::size_t row = 0; row < given.num_rows; ++row) {
    gather_row(given, row, first, embedding, gradient, lines, bias,
               gradients.features + row * given.num_features + first);
  }
  for (int part = 0; part < kVectors; ++part) store(gradients.bias + first + part * kLanes, bias[part]);
  for (std::size_t line = 0; line < num_lines; line += kPack) {
    const Real* const second = line + 1 < num_lines ? lines + (line + 1) * kStrip : nullptr;
    interleave(lines + line * kStrip, second, kStrip, packed + line / kPack * kStrip);
  }
  for (std::size_t begin = 0; begin < kStrip; begin += kBlockRows) {
    for (std::size_t cosine = 0; cosine < num_cosines; cosine += kBlockWidth) {
      AnyBlock block;
      block.clear();
      for (std::size_t pack = 0; pack < (num_lines + kPack - 1) / kPack; ++pack) {
        block.add(packs + pack * num_cosines + cosine, [&](int at) { return packed + pack * kStrip + begin + at; });
      }
      block.visit([&](int at, int part, Vec& sum) {
        store(gradients.weight + (first + begin + at) * num_cosines + cosine + part * kLanes, sum);
      });
    }
  }
}

}  // namespace ngp::kernels
