#include "dueling.hpp"

#include <algorithm>
#include <cmath>

#include "dueling_parts.hpp"

namespace ngp::kernels {

void expect_returns(const Dueling& given, const float* atoms, float* means) {
  float base[kMaxAtoms], logits[kMaxAtoms];
  for (std::size_t row = 0; row < given.num_rows; ++row) {
    find_base(given, row, base);
    for (std::size_t action = 0; action < given.num_actions; ++action) {
      add_advantage(given, row, action, base, logits);
      const float total = exponentials(logits, given.num_atoms, largest(logits, given.num_atoms));
      means[row * given.num_actions + action] = dot(logits, atoms, given.num_atoms) / total;
    }
  }
}

void project_returns(const Dueling& given, const std::int64_t* action, const float* reward, const float* factor,
                     const float* atoms, float* to) {
  float base[kMaxAtoms], mass[kMaxAtoms];
  const std::size_t num_atoms = given.num_atoms;
  const float lowest = atoms[0], highest = atoms[num_atoms - 1];
  const float per_atom = static_cast<float>(num_atoms - 1) / (highest - lowest);
  std::fill_n(to, given.num_rows * num_atoms, 0.0F);
  for (std::size_t row = 0; row < given.num_rows; ++row, to += num_atoms) {
    find_base(given, row, base);
    add_advantage(given, row, static_cast<std::size_t>(action[row]), base, mass);
    const float total = exponentials(mass, num_atoms, largest(mass, num_atoms));
    for (std::size_t atom = 0; atom < num_atoms; ++atom) {
      const float moved = std::clamp(reward[row] + factor[row] * atoms[atom], lowest, highest);
      const float position = (moved - lowest) * per_atom;
      // Where the position is no number, the masses are none either, and any index will do.
      const float lower = position > 0 ? std::min(std::floor(position), static_cast<float>(num_atoms - 2)) : 0.0F;
      const float share = position - lower, probability = mass[atom] / total;
      to[static_cast<std::size_t>(lower)] += probability * (1 - share);
      to[static_cast<std::size_t>(lower) + 1] += probability * share;
    }
  }
}

void cross_entropies(const Dueling& given, const std::int64_t* action, const float* target, float* errors,
                     float* change) {
  float base[kMaxAtoms];
  const std::size_t num_atoms = given.num_atoms;
  for (std::size_t row = 0; row < given.num_rows; ++row, target += num_atoms, change += num_atoms) {
    find_base(given, row, base);
    add_advantage(given, row, static_cast<std::size_t>(action[row]), base, change);
    const float most = largest(change, num_atoms), whole = sum(target, num_atoms);
    const float said = dot(change, target, num_atoms);
    const float total = exponentials(change, num_atoms, most);
    errors[row] = whole * (most + std::log(total)) - said;
    for (std::size_t atom = 0; atom < num_atoms; ++atom) change[atom] = change[atom] * (whole / total) - target[atom];
  }
}

void cross_entropies_back(const Dueling& shape, const std::int64_t* action, const float* change,
                          const float* gradient, Bf16* value, Bf16* advantage) {
  const std::size_t num_atoms = shape.num_atoms;
  const float rest = -1 / static_cast<float>(shape.num_actions);
  for (std::size_t row = 0; row < shape.num_rows; ++row, change += num_atoms, value += num_atoms) {
    scale_to_bf16(change, num_atoms, gradient[row], value);
    for (std::size_t at = 0; at < shape.num_actions; ++at, advantage += num_atoms) {
      const bool is_taken = at == static_cast<std::size_t>(action[row]);
      scale_to_bf16(change, num_atoms, gradient[row] * (is_taken ? 1 + rest : rest), advantage);
    }
  }
}

}  // namespace ngp::kernels
