#include "fractions.hpp"

#include <cmath>

#include "buffer.hpp"
#include "packing.hpp"
#include "team.hpp"

namespace ngp::kernels {
namespace {

// cos(i x) for i from 0, each from the two before: cos(i x) = 2 cos(x) cos((i - 1) x) - cos((i - 2) x).
void fill_cosines(const Fractions& given, const float* fractions) {
  static thread_local Buffer<float> buffer;
  float* const line = buffer.of(given.num_cosines);
  for (std::size_t at = 0; at < given.num_sets * given.num_fractions; ++at) {
    const double first = std::cos(3.14159265358979323846 * static_cast<double>(fractions[at]));
    double before = first, now = 1;
    for (std::size_t cosine = 0; cosine < given.num_cosines; ++cosine) {
      line[cosine] = static_cast<float>(now);
      const double next = 2 * first * now - before;
      before = now;
      now = next;
    }
    narrow(line, given.num_cosines, given.cosines + at * given.num_cosines);
  }
}

// Calls `work(first feature)` for every strip, shared out to threads.
template <typename Work>
void for_strips(const Fractions& given, unsigned num_threads, const Work& work) {
  const std::size_t num_strips = given.num_features / kStrip;
  const std::size_t num_lines = given.num_sets * given.num_fractions;
  num_threads = count_worthwhile(num_lines * given.num_cosines * given.num_features, num_threads);
  run_together(num_threads, [&](unsigned part) {
    const std::size_t end = num_strips * (part + 1) / num_threads;
    for (std::size_t strip = num_strips * part / num_threads; strip < end; ++strip) work(strip * kStrip);
  });
}

}  // namespace

void embed_forward(const Fractions& given, const float* fractions, Real* embedding, Real* output,
                   unsigned num_threads) {
  fill_cosines(given, fractions);
  for_strips(given, num_threads, [&](std::size_t first) {
    static thread_local Buffer<Pack> packed;
    embed_strip(given, first, packed.of(given.num_cosines / kPack * kStrip), embedding, output);
  });
}

void embed_backward(const Fractions& given, const Real* embedding, const Real* gradient,
                    const FractionGradients& gradients, unsigned num_threads) {
  static thread_local Buffer<Pack> buffer;
  const std::size_t num_lines = given.num_rows * given.num_fractions, num_packs = (num_lines + kPack - 1) / kPack;
  Pack* const packs = buffer.of(num_packs * given.num_cosines);
  for (std::size_t line = 0; line < num_lines; line += kPack) {
    const Real* const first = given.cosines + line * given.num_cosines;
    interleave(first, line + 1 < num_lines ? first + given.num_cosines : nullptr, given.num_cosines,
               packs + line / kPack * given.num_cosines);
  }
  for_strips(given, num_threads, [&](std::size_t first) {
    static thread_local Buffer<Real> lines;
    static thread_local Buffer<Pack> packed;
    embed_strip_back(given, first, embedding, gradient, packs, lines.of(num_packs * kPack * kStrip),
                     packed.of(num_packs * kStrip), gradients);
  });
}

}  // namespace ngp::kernels
