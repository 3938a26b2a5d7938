// Memory that a thread keeps for its next call, aligned to cache lines, so that no vector crosses one.
#pragma once

#include <cstddef>
#include <new>

namespace ngp::kernels {

template <typename Number>
class Buffer {
 public:
  Buffer() = default;
  ~Buffer() { release(); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  // At least `count` numbers; what they are is left open, and what was there is lost when it has to grow.
  Number* of(std::size_t count) {
    if (count > count_) {
      release();
      numbers_ = static_cast<Number*>(::operator new(count * sizeof(Number), kAlignment));
      count_ = count;
    }
    return numbers_;
  }

 private:
  static constexpr std::align_val_t kAlignment{64};

  void release() {
    if (numbers_) ::operator delete(numbers_, kAlignment);
    numbers_ = nullptr;
    count_ = 0;
  }

  Number* numbers_ = nullptr;
  std::size_t count_ = 0;
};

}  // namespace ngp::kernels
