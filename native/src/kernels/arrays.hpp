// Arrays from Python, checked before anything is read from them.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>

#include "numbers.hpp"

namespace ngp::kernels {

namespace nb = nanobind;

using Array = nb::ndarray<nb::c_contig, nb::device::cpu>;

inline bool is_float(const Array& array) { return array.dtype() == nb::dtype<float>(); }

inline bool is_bf16(const Array& array) {
  const nb::dlpack::dtype type = array.dtype();
  return type.code == static_cast<std::uint8_t>(nb::dlpack::dtype_code::Bfloat) && type.bits == 16 && type.lanes == 1;
}

inline std::string shape_of(const Array& array) {
  std::string text = "[";
  for (std::size_t axis = 0; axis < array.ndim(); ++axis) {
    text += (axis ? ", " : "") + std::to_string(array.shape(axis));
  }
  return text + "]";
}

inline void check_shape(const char* name, const Array& array, std::initializer_list<std::size_t> shape) {
  bool is_right = array.ndim() == shape.size();
  std::size_t axis = 0;
  std::string wanted;
  for (const std::size_t length : shape) {
    is_right = is_right && array.shape(axis) == length;
    wanted += (axis++ ? ", " : "[") + std::to_string(length);
  }
  if (!is_right) {
    throw std::invalid_argument(std::string(name) + " must be of shape " + wanted + "], not " + shape_of(array) + ".");
  }
}

inline void check_type(const char* name, bool is_right, const char* wanted) {
  if (!is_right) throw std::invalid_argument(std::string(name) + " must be of " + wanted + ".");
}

inline Bf16* bf16_of(const char* name, const Array& array, std::initializer_list<std::size_t> shape) {
  check_shape(name, array, shape);
  check_type(name, is_bf16(array), "bfloat16");
  return static_cast<Bf16*>(array.data());
}

inline float* float_of(const char* name, const Array& array, std::initializer_list<std::size_t> shape) {
  check_shape(name, array, shape);
  check_type(name, is_float(array), "float32");
  return static_cast<float*>(array.data());
}

}  // namespace ngp::kernels
