#include "layer.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace ngp::kernels {
namespace {

std::size_t length(std::size_t input, const Shape& shape) {
  const std::size_t padded = input + 2 * shape.padding;
  if (padded < shape.size) {
    throw std::invalid_argument("A picture with a side of " + std::to_string(input) +
                                " pixels is too small for a convolution of " + std::to_string(shape.size) + ".");
  }
  return (padded - shape.size) / shape.stride + 1;
}

// What a convolution makes of a picture.
Extent output_of(const Extent& input, const Shape& shape) {
  if (shape.num_filters == 0 || shape.num_filters % 16 != 0) {
    throw std::invalid_argument("The number of filters must be a multiple of 16, not " +
                                std::to_string(shape.num_filters) + ".");
  }
  if (shape.size == 0 || shape.stride == 0 || shape.padding >= shape.size) {
    throw std::invalid_argument("A convolution needs a size, a stride and a padding below its size.");
  }
  if (shape.size * input.num_channels % 8 != 0) {
    throw std::invalid_argument("The size times the channels must be a multiple of 8, not " +
                                std::to_string(shape.size * input.num_channels) + ".");
  }
  if (shape.padding != 0 && input.num_channels % 8 != 0) {
    throw std::invalid_argument("A padded convolution needs a multiple of 8 channels, not " +
                                std::to_string(input.num_channels) + ".");
  }
  return {length(input.height, shape), length(input.width, shape), shape.num_filters};
}

Way make_way(const Extent& input, const Extent& output, const Shape& shape) {
  if (Winograd::fits(input, shape)) return Winograd(input, output, shape);
  return Direct(input, output, shape);
}

}  // namespace

Layer::Layer(const Extent& input, const Shape& shape)
    : input_(input),
      output_(output_of(input, shape)),
      shape_(shape),
      way_(make_way(input, output_, shape)) {}

std::size_t Layer::num_packed() const {
  return std::visit([](const auto& way) { return way.num_packed(); }, way_);
}

std::size_t Layer::num_weight_sums() const {
  return std::visit([](const auto& way) { return way.num_sums(); }, way_);
}

void Layer::finish(const std::vector<const float*>& parts, float scale, float* to) const {
  std::visit([&](const auto& way) { way.finish(parts, scale, to); }, way_);
  float* const bias = to + num_weights();
  std::fill_n(bias, num_filters(), 0.0F);
  for (const float* part : parts) {
    const float* const own = part + num_weight_sums();
    for (std::size_t at = 0; at < num_filters(); ++at) bias[at] += own[at];
  }
}

}  // namespace ngp::kernels
