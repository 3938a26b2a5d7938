// What a loaded library keeps in its own variables, copied and put back.
#pragma once

#include <cstddef>
#include <cstdint>

#include "shared_blob.hpp"

namespace ngp {

// The global variables of one loaded library: the part of it that it may write to.
class Globals {
 public:
  Globals() = default;
  // Finds them; none on systems other than Linux. `handle` is that of dlopen.
  explicit Globals(void* handle);

  bool is_empty() const { return num_pages_ == 0; }
  // Appends a copy of them to `image`: of each page only whether it is as in the first copy, or its bytes.
  void append_to(Bytes& image);
  // Throws EngineError when a copy is cut short.
  void check(const std::uint8_t* image, std::size_t size) const;
  // Puts a whole copy back.
  void put_back(const std::uint8_t* image) const;

 private:
  std::uint8_t* begin_ = nullptr;
  std::size_t num_pages_ = 0;
  Bytes first_;  // pages of the first copy; most never change
};

}  // namespace ngp
