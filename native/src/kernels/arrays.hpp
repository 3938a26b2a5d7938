// Tensors from Python, checked before anything is read from them.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "numbers.hpp"

namespace ngp::kernels {

namespace nb = nanobind;

enum class Type { kUint8, kInt32, kInt64, kFloat32, kBf16, kOther };

// How Python calls what is stored.
constexpr Type kReal = kPack == 2 ? Type::kBf16 : Type::kFloat32;
constexpr const char *kRealName = kPack == 2 ? "bfloat16" : "float32",
                     *kRealOrFloat = kPack == 2 ? "float32 or bfloat16" : "float32";

// What a tensor on the CPU says of its memory, for as long as Python holds the tensor. Torch tells it at once where it
// has DLPack's exchange API (a network's step asks for hundreds); else it is asked as any array is.
class Array {
 public:
  // Throws std::invalid_argument where it is no tensor on the CPU.
  explicit Array(nb::handle object);

  void* data() const { return data_; }
  Type type() const { return type_; }
  std::size_t num_axes() const { return shape_.size(); }
  std::size_t length(std::size_t axis) const { return static_cast<std::size_t>(shape_[axis]); }
  // Of the first axis; 0 where there is none.
  std::size_t num_rows() const { return shape_.empty() ? 0 : length(0); }
  std::size_t num_numbers() const;
  std::string shape_text() const;
  // Whether the numbers lie side by side in the order of the axes; in any order; in the same order as another's.
  bool is_contiguous() const;
  bool is_dense() const;
  bool is_alike(const Array& other) const;
  // The same numbers with the second axis as the last one.
  Array with_second_axis_last() const;

 private:
  bool ask_exchange(nb::handle object);
  void ask_array(nb::handle object);

  void* data_ = nullptr;
  Type type_ = Type::kOther;
  std::vector<std::int64_t> shape_, strides_;
};

std::vector<Array> arrays_of(const nb::sequence& objects);

// Throw std::invalid_argument, with a sentence that begins with the name.
void check_shape(const char* name, const Array& array, std::initializer_list<std::size_t> shape);
void check_type(const char* name, bool is_right, const char* wanted);
Real* reals_of(const char* name, const Array& array, std::initializer_list<std::size_t> shape);
float* float_of(const char* name, const Array& array, std::initializer_list<std::size_t> shape);
// One action for each row, int64; each is looked at, since they become places in memory.
const std::int64_t* actions_of(const Array& action, std::size_t num_rows, std::size_t num_actions);

}  // namespace ngp::kernels

// Functions for Python take an Array wherever they are given a tensor.
namespace nanobind::detail {

template <>
struct type_caster<ngp::kernels::Array> {
  static constexpr auto Name = const_name("torch.Tensor");
  template <typename>
  using Cast = ngp::kernels::Array;
  template <typename>
  static constexpr bool can_cast() {
    return true;
  }
  bool from_python(handle object, std::uint8_t, cleanup_list*) noexcept {
    object_ = object;
    return true;
  }
  explicit operator ngp::kernels::Array() { return ngp::kernels::Array(object_); }
  handle object_;
};

}  // namespace nanobind::detail
