// What a convolution is, and what it is given.
#pragma once

#include <cstddef>

namespace ngp::kernels {

struct Shape {
  std::size_t num_filters, size, stride, padding;
};

struct Extent {
  std::size_t height, width, num_channels;
  std::size_t num_pixels() const { return height * width; }
  std::size_t num_numbers() const { return num_pixels() * num_channels; }
};

}  // namespace ngp::kernels
