// Convolutions as Python sees them.
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <tuple>
#include <vector>

#include "arrays.hpp"
#include "python_lock.hpp"
#include "stack.hpp"

namespace ngp::kernels {
namespace {

std::size_t count_pictures(const Stack& stack, const Array& pictures) {
  const Extent& extent = stack.picture();
  const std::size_t count = pictures.num_rows();
  check_shape("The observation", pictures, {count, extent.height, extent.width, extent.num_channels});
  check_type("The observation", pictures.type() == Type::kUint8, "uint8");
  return count;
}

std::vector<Weights> convolutions_of(const Stack& stack, const std::vector<Array>& weights,
                                     const std::vector<Array>& biases) {
  const std::vector<Layer>& layers = stack.layers();
  if (weights.size() != layers.size() || biases.size() != layers.size()) {
    throw std::invalid_argument("There must be weights and biases of " + std::to_string(layers.size()) + " layers.");
  }
  std::vector<Weights> found;
  for (std::size_t index = 0; index < layers.size(); ++index) {
    const Layer& layer = layers[index];
    const std::size_t num_filters = layer.num_filters(), size = layer.size();
    const Array lines = weights[index].with_second_axis_last();  // [F, H, W, C]
    found.push_back({reals_of("A weight", lines, {num_filters, size, size, layer.input().num_channels}),
                     reals_of("A bias", biases[index], {num_filters})});
  }
  return found;
}

using ShapeTuple = std::tuple<std::size_t, std::size_t, std::size_t, std::size_t>;

void make(Stack* place, std::size_t height, std::size_t width, std::size_t num_channels,
          const std::vector<ShapeTuple>& tuples) {
  std::vector<Shape> shapes;
  for (const auto& [num_filters, size, stride, padding] : tuples) {
    shapes.push_back({num_filters, size, stride, padding});
  }
  new (place) Stack({height, width, num_channels}, shapes);
}

void forward(const Stack& stack, const Array& observation, const nb::sequence& weights,
             const nb::sequence& biases, const Array& hidden, const Array& features, unsigned num_threads) {
  const std::size_t count = count_pictures(stack, observation);
  const std::vector<Weights> found = convolutions_of(stack, arrays_of(weights), arrays_of(biases));
  Real* const between = reals_of("hidden", hidden, {count, stack.num_hidden()});
  Real* const out = reals_of("features", features, {count, stack.num_features()});
  const python_lock::Unlocked release;
  stack.forward(static_cast<const std::uint8_t*>(observation.data()), count, found, between, out, num_threads);
}

// Weights that are kept, and what they are prepared for.
struct PreparedStack {
  const Stack& stack;
  std::unique_ptr<KeptWeights> kept;
};

void make_prepared(PreparedStack* place, const Stack& stack) {
  new (place) PreparedStack{stack, std::make_unique<KeptWeights>()};
}

void forward_prepared(PreparedStack& bound, const Array& observation, const nb::sequence& weights,
                      const nb::sequence& biases, const Array& features, unsigned num_threads) {
  const Stack& stack = bound.stack;
  const std::size_t count = count_pictures(stack, observation);
  const std::vector<Weights> found = convolutions_of(stack, arrays_of(weights), arrays_of(biases));
  Real* const out = reals_of("features", features, {count, stack.num_features()});
  const python_lock::Unlocked release;
  stack.forward(static_cast<const std::uint8_t*>(observation.data()), count,
                bound.kept->find(stack, found, num_threads), nullptr, out, num_threads);
}

void backward(const Stack& stack, const Array& observation, const nb::sequence& weights,
              const nb::sequence& biases, const Array& hidden, const Array& features, const Array& gradient,
              const Array& parameter_gradient, unsigned num_threads) {
  const std::size_t count = count_pictures(stack, observation);
  const std::vector<Weights> found = convolutions_of(stack, arrays_of(weights), arrays_of(biases));
  const Real* const between = reals_of("hidden", hidden, {count, stack.num_hidden()});
  const Real* const out = reals_of("features", features, {count, stack.num_features()});
  const Real* const given = reals_of("gradient", gradient, {count, stack.num_features()});
  float* const to = float_of("parameter_gradient", parameter_gradient, {stack.num_parameters()});
  const python_lock::Unlocked release;
  stack.backward(static_cast<const std::uint8_t*>(observation.data()), count, found, between, out, given, to,
                 num_threads);
}

}  // namespace

void bind_stack(nb::module_& module) {
  using namespace nb::literals;
  nb::class_<Stack>(module, "Convolutions", "Convolutions of uint8 pictures, each followed by a rectifier.")
      .def("__init__", &make, "height"_a, "width"_a, "num_channels"_a, "shapes"_a)
      .def_prop_ro("num_hidden", &Stack::num_hidden)
      .def_prop_ro("num_features", &Stack::num_features)
      .def_prop_ro("num_parameters", &Stack::num_parameters)
      .def("forward", &forward, "observation"_a, "weights"_a, "biases"_a, "hidden"_a, "features"_a, "num_threads"_a)
      .def("backward", &backward, "observation"_a, "weights"_a, "biases"_a, "hidden"_a, "features"_a, "gradient"_a,
           "parameter_gradient"_a, "num_threads"_a);
  nb::class_<PreparedStack>(module, "PreparedConvolutions",
                            "Convolutions that prepare weights only when they have changed.")
      .def("__init__", &make_prepared, nb::keep_alive<1, 2>(), "convolutions"_a)
      .def("forward", &forward_prepared, "observation"_a, "weights"_a, "biases"_a, "features"_a, "num_threads"_a);
}

}  // namespace ngp::kernels
