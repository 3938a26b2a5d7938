// Adam as Python sees it.
#include <cmath>
#include <vector>

#include <nanobind/stl/vector.h>

#include "adam.hpp"
#include "arrays.hpp"

namespace ngp::kernels {
namespace {

using AnyOrder = nb::ndarray<nb::device::cpu>;

// Whether the numbers lie side by side, in whatever order of the axes.
bool is_dense(const AnyOrder& array) {
  std::size_t last = 0;
  for (std::size_t axis = 0; axis < array.ndim(); ++axis) {
    if (array.stride(axis) < 0) return false;
    last += (array.shape(axis) - 1) * static_cast<std::size_t>(array.stride(axis));
  }
  return array.size() == 0 || last + 1 == array.size();
}

bool is_alike(const AnyOrder& one, const AnyOrder& other) {
  if (one.ndim() != other.ndim()) return false;
  for (std::size_t axis = 0; axis < one.ndim(); ++axis) {
    if (one.shape(axis) != other.shape(axis)) return false;
    if (one.shape(axis) > 1 && one.stride(axis) != other.stride(axis)) return false;
  }
  return true;
}

bool is_float(const AnyOrder& array) { return array.dtype() == nb::dtype<float>(); }

bool is_bf16(const AnyOrder& array) {
  return array.dtype().code == static_cast<std::uint8_t>(nb::dlpack::dtype_code::Bfloat) && array.dtype().bits == 16;
}

Slot slot_of(const AnyOrder& weight, const AnyOrder& gradient, const AnyOrder& mean, const AnyOrder& square) {
  if (!is_float(weight) || !is_float(mean) || !is_float(square) || !(is_float(gradient) || is_bf16(gradient))) {
    throw std::invalid_argument("Weights and moments must be of float32, gradients of that or of bfloat16.");
  }
  if (!is_dense(weight) || !is_alike(weight, gradient) || !is_alike(weight, mean) || !is_alike(weight, square)) {
    throw std::invalid_argument("A weight, its gradient and its moments must have the same shape and order in memory.");
  }
  return {static_cast<float*>(weight.data()), gradient.data(), is_bf16(gradient), static_cast<float*>(mean.data()),
          static_cast<float*>(square.data()), nullptr, weight.size()};
}

Bf16* copy_of(const AnyOrder& weight, const AnyOrder& copy) {
  if (!is_bf16(copy) || !is_alike(weight, copy)) {
    throw std::invalid_argument("A copy must be of bfloat16 and have the shape and the order of its weight.");
  }
  return static_cast<Bf16*>(copy.data());
}

double step(const std::vector<AnyOrder>& weights, const std::vector<AnyOrder>& gradients,
            const std::vector<AnyOrder>& means, const std::vector<AnyOrder>& squares,
            const std::vector<AnyOrder>& copies, double learning_rate, double beta1, double beta2, double epsilon,
            double num_steps, double max_norm, unsigned num_threads) {
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
  const nb::gil_scoped_release release;
  num_threads = std::max(1U, num_threads);
  const double norm = std::sqrt(sum_squares(slots, num_threads));
  if (!std::isfinite(norm)) return norm;
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
             "beta1"_a, "beta2"_a, "epsilon"_a, "num_steps"_a, "max_norm"_a, "num_threads"_a);
}

}  // namespace ngp::kernels
