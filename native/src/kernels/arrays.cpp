#include "arrays.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace ngp::kernels {
namespace {

// As DLPack 1.2 lays them out (dlpack.h).
struct DlTensor {
  void* data;
  std::int32_t device_type, device_id;
  std::int32_t num_axes;
  std::uint8_t code, bits;
  std::uint16_t lanes;
  std::int64_t* shape;
  std::int64_t* strides;
  std::uint64_t byte_offset;
};
struct DlExchange {
  std::uint32_t major, minor;
  DlExchange* previous;
  void (*unused[3])();
  int (*view)(void* object, DlTensor* out);
};

constexpr std::int32_t kCpu = 1;
constexpr std::uint32_t kMajor = 1;

Type type_of(std::uint8_t code, std::uint8_t bits, std::uint16_t lanes) {
  using Code = nb::dlpack::dtype_code;
  const auto is = [&](Code wanted, int size) {
    return code == static_cast<std::uint8_t>(wanted) && bits == size && lanes == 1;
  };
  if (is(Code::UInt, 8)) return Type::kUint8;
  if (is(Code::Int, 32)) return Type::kInt32;
  if (is(Code::Int, 64)) return Type::kInt64;
  if (is(Code::Float, 32)) return Type::kFloat32;
  if (is(Code::Bfloat, 16)) return Type::kBf16;
  return Type::kOther;
}

std::string text_of(const std::vector<std::int64_t>& lengths) {
  std::string text = "[";
  for (std::size_t axis = 0; axis < lengths.size(); ++axis) text += (axis ? ", " : "") + std::to_string(lengths[axis]);
  return text + "]";
}

const DlExchange* ask_type(nb::handle type) {
  const nb::object capsule = nb::getattr(type, "__dlpack_c_exchange_api__", nb::none());
  if (!PyCapsule_IsValid(capsule.ptr(), "dlpack_exchange_api")) return nullptr;
  const auto* exchange = static_cast<const DlExchange*>(PyCapsule_GetPointer(capsule.ptr(), "dlpack_exchange_api"));
  return exchange->major == kMajor && exchange->view ? exchange : nullptr;
}

// What a type has of it, none if nothing. The first few types are kept, of which there are two: tensors and parameters.
const DlExchange* exchange_of(nb::handle type) {
  constexpr std::size_t kMost = 4;
  static std::pair<PyObject*, const DlExchange*> known[kMost];
  static std::size_t num_known = 0;  // changed only under Python's lock
  for (std::size_t at = 0; at < num_known; ++at) {
    if (known[at].first == type.ptr()) return known[at].second;
  }
  const DlExchange* const found = ask_type(type);
  if (num_known < kMost) known[num_known++] = {type.inc_ref().ptr(), found};
  return found;
}

}  // namespace

Array::Array(nb::handle object) {
  if (!ask_exchange(object)) ask_array(object);
}

bool Array::ask_exchange(nb::handle object) {
  const DlExchange* const exchange = exchange_of(object.type());
  if (!exchange) return false;
  DlTensor found{};
  if (exchange->view(object.ptr(), &found) != 0) throw nb::python_error();
  if (found.device_type != kCpu) throw std::invalid_argument("The tensors must be on the CPU.");
  data_ = static_cast<char*>(found.data) + found.byte_offset;
  type_ = type_of(found.code, found.bits, found.lanes);
  shape_.assign(found.shape, found.shape + found.num_axes);
  strides_.assign(found.strides, found.strides + found.num_axes);
  return true;
}

void Array::ask_array(nb::handle object) {
  const nb::object plain = nb::hasattr(object, "detach") ? object.attr("detach")() : nb::borrow(object);
  nb::ndarray<nb::device::cpu> array;
  if (!nb::try_cast(plain, array)) throw std::invalid_argument("The arguments must be tensors on the CPU.");
  const nb::dlpack::dtype type = array.dtype();
  data_ = array.data();
  type_ = type_of(type.code, type.bits, type.lanes);
  for (std::size_t axis = 0; axis < array.ndim(); ++axis) {
    shape_.push_back(static_cast<std::int64_t>(array.shape(axis)));
    strides_.push_back(array.stride(axis));
  }
}

std::size_t Array::num_numbers() const {
  return static_cast<std::size_t>(
      std::accumulate(shape_.begin(), shape_.end(), std::int64_t{1}, std::multiplies<std::int64_t>()));
}

std::string Array::shape_text() const { return text_of(shape_); }

bool Array::is_contiguous() const {
  std::int64_t step = 1;
  for (std::size_t axis = shape_.size(); axis-- > 0;) {
    if (shape_[axis] != 1 && strides_[axis] != step) return num_numbers() == 0;
    step *= shape_[axis];
  }
  return true;
}

bool Array::is_dense() const {
  std::int64_t last = 0;
  for (std::size_t axis = 0; axis < shape_.size(); ++axis) {
    if (strides_[axis] < 0 || (strides_[axis] == 0 && shape_[axis] > 1)) return false;
    last += (shape_[axis] - 1) * strides_[axis];
  }
  return num_numbers() == 0 || last + 1 == static_cast<std::int64_t>(num_numbers());
}

bool Array::is_alike(const Array& other) const {
  if (shape_ != other.shape_) return false;
  for (std::size_t axis = 0; axis < shape_.size(); ++axis) {
    if (shape_[axis] > 1 && strides_[axis] != other.strides_[axis]) return false;
  }
  return true;
}

Array Array::with_second_axis_last() const {
  Array found = *this;
  if (num_axes() < 2) return found;
  std::rotate(found.shape_.begin() + 1, found.shape_.begin() + 2, found.shape_.end());
  std::rotate(found.strides_.begin() + 1, found.strides_.begin() + 2, found.strides_.end());
  return found;
}

std::vector<Array> arrays_of(const nb::sequence& objects) {
  std::vector<Array> arrays;
  for (const nb::handle object : objects) arrays.emplace_back(object);
  return arrays;
}

void check_shape(const char* name, const Array& array, std::initializer_list<std::size_t> shape) {
  bool is_right = array.num_axes() == shape.size();
  std::vector<std::int64_t> wanted;
  for (const std::size_t length : shape) {
    is_right = is_right && array.length(wanted.size()) == length;
    wanted.push_back(static_cast<std::int64_t>(length));
  }
  if (!is_right) {
    throw std::invalid_argument(std::string(name) + " must be of shape " + text_of(wanted) + ", not " +
                                array.shape_text() + ".");
  }
  if (!array.is_contiguous()) throw std::invalid_argument(std::string(name) + " must be contiguous.");
}

void check_type(const char* name, bool is_right, const char* wanted) {
  if (!is_right) throw std::invalid_argument(std::string(name) + " must be of " + wanted + ".");
}

Real* reals_of(const char* name, const Array& array, std::initializer_list<std::size_t> shape) {
  check_shape(name, array, shape);
  check_type(name, array.type() == kReal, kRealName);
  return static_cast<Real*>(array.data());
}

float* float_of(const char* name, const Array& array, std::initializer_list<std::size_t> shape) {
  check_shape(name, array, shape);
  check_type(name, array.type() == Type::kFloat32, "float32");
  return static_cast<float*>(array.data());
}

const std::int64_t* actions_of(const Array& action, std::size_t num_rows, std::size_t num_actions) {
  check_shape("action", action, {num_rows});
  check_type("action", action.type() == Type::kInt64, "int64");
  const auto* const found = static_cast<const std::int64_t*>(action.data());
  const auto is_wrong = [&](std::int64_t number) {
    return number < 0 || static_cast<std::size_t>(number) >= num_actions;
  };
  if (std::any_of(found, found + num_rows, is_wrong)) {
    throw std::invalid_argument("Every action must be from 0 to " + std::to_string(num_actions - 1) + ".");
  }
  return found;
}

}  // namespace ngp::kernels
