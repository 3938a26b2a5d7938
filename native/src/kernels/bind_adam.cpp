// Adam as Python sees it.
#include <cmath>
#include <vector>

#include "adam.hpp"
#include "arrays.hpp"
#include "python_lock.hpp"

namespace ngp::kernels {
namespace {

Slot slot_of(const Array& weight, const Array& gradient, const Array& mean, const Array& square) {
  if (weight.type() != Type::kFloat32 || mean.type() != Type::kFloat32 || square.type() != Type::kFloat32 ||
      (gradient.type() != Type::kFloat32 && gradient.type() != kReal)) {
    throw std::invalid_argument(std::string("Weights and moments must be of float32, gradients of ") + kRealOrFloat +
                                ".");
  }
  if (!weight.is_dense() || !weight.is_alike(gradient) || !weight.is_alike(mean) || !weight.is_alike(square)) {
    throw std::invalid_argument("A weight, its gradient and its moments must have the same shape and order in memory.");
  }
  return {static_cast<float*>(weight.data()), gradient.data(), gradient.type() == kReal,
          static_cast<float*>(mean.data()), static_cast<float*>(square.data()), nullptr, weight.num_numbers()};
}

Real* copy_of(const Array& weight, const Array& copy) {
  if (copy.type() != kReal || !weight.is_alike(copy)) {
    throw std::invalid_argument(std::string("A copy must be of ") + kRealName +
                                " and have the shape and the order of its weight.");
  }
  return static_cast<Real*>(copy.data());
}

// How many steps each weight has taken, as torch counts them.
std::vector<float*> counters_of(const nb::sequence& objects, std::size_t count) {
  std::vector<float*> found;
  for (const Array& array : arrays_of(objects)) found.push_back(float_of("A step", array, {}));
  if (found.size() != count) throw std::invalid_argument("There must be as many steps as weights.");
  return found;
}

double step(const nb::sequence& weight_objects, const nb::sequence& gradient_objects,
            const nb::sequence& mean_objects, const nb::sequence& square_objects, const nb::sequence& copy_objects,
            double learning_rate, double beta1, double beta2, double epsilon, const nb::sequence& step_objects,
            double max_norm, unsigned num_threads) {
  const std::vector<Array> weights = arrays_of(weight_objects), gradients = arrays_of(gradient_objects),
                           means = arrays_of(mean_objects), squares = arrays_of(square_objects),
                           copies = arrays_of(copy_objects);
  const std::size_t count = weights.size();
  if (gradients.size() != count || means.size() != count || squares.size() != count ||
      (!copies.empty() && copies.size() != count)) {
    throw std::invalid_argument("There must be as many gradients, moments and copies as weights.");
  }
  std::vector<Slot> slots;
  for (std::size_t index = 0; index < count; ++index) {
    slots.push_back(slot_of(weights[index], gradients[index], means[index], squares[index]));
    if (!copies.empty()) slots.back().copy = copy_of(weights[index], copies[index]);
  }
  const std::vector<float*> counters = counters_of(step_objects, count);
  const python_lock::Unlocked release;
  num_threads = std::max(1U, num_threads);
  const double norm = std::sqrt(sum_squares(slots, num_threads));
  if (!std::isfinite(norm)) return norm;
  for (float* const counter : counters) ++*counter;
  const double num_steps = counters.empty() ? 1 : *counters.front();
  const auto narrow = [](double number) { return static_cast<float>(number); };
  // As torch clips: the small number keeps the scale below 1.
  const double scale = norm > max_norm ? max_norm / (norm + 1e-6) : 1.0;
  step_adam(slots,
            {narrow(learning_rate), narrow(1 - beta1), narrow(beta2), narrow(1 - beta2), narrow(epsilon),
             narrow(1 - std::pow(beta1, num_steps)), narrow(std::sqrt(1 - std::pow(beta2, num_steps))), narrow(scale)},
            num_threads);
  return norm;
}

}  // namespace

void bind_adam(nb::module_& module) {
  using namespace nb::literals;
  module.def("step_adam", &step, "weights"_a, "gradients"_a, "means"_a, "squares"_a, "copies"_a, "learning_rate"_a,
             "beta1"_a, "beta2"_a, "epsilon"_a, "steps"_a, "max_norm"_a, "num_threads"_a);
}

}  // namespace ngp::kernels
