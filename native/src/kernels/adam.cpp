#include "adam.hpp"

#include <algorithm>
#include <numeric>

#include "team.hpp"

namespace ngp::kernels {
namespace {

// The part of the slots, laid end to end, that belongs to one thread.
std::vector<Slot> share(const std::vector<Slot>& slots, unsigned part, unsigned num_parts) {
  std::size_t total = 0, begin = 0;
  for (const Slot& slot : slots) total += slot.count;
  const auto bound = [&](unsigned at) { return at == num_parts ? total : total * at / num_parts / 16 * 16; };
  const std::size_t first = bound(part), last = bound(part + 1);
  std::vector<Slot> own;
  for (const Slot& slot : slots) {
    const std::size_t from = std::clamp(first, begin, begin + slot.count) - begin;
    const std::size_t to = std::clamp(last, begin, begin + slot.count) - begin;
    begin += slot.count;
    if (from == to) continue;
    const std::size_t size = slot.is_low ? sizeof(Real) : sizeof(float);
    own.push_back({slot.weight + from, static_cast<const char*>(slot.gradient) + from * size, slot.is_low,
                   slot.mean + from, slot.square + from, slot.copy ? slot.copy + from : nullptr, to - from});
  }
  return own;
}

}  // namespace

double sum_squares(const std::vector<Slot>& slots, unsigned num_threads) {
  std::vector<double> sums(num_threads);
  run_together(num_threads, [&](unsigned part) {
    for (const Slot& slot : share(slots, part, num_threads)) sums[part] += sum_squares(slot);
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

void step_adam(const std::vector<Slot>& slots, const AdamStep& step, unsigned num_threads) {
  run_together(num_threads, [&](unsigned part) {
    for (const Slot& slot : share(slots, part, num_threads)) step_adam(slot, step);
  });
}

}  // namespace ngp::kernels
