// Numbers of bfloat16: the upper half of a float32.
#pragma once

#include <cstdint>

namespace ngp::kernels {

using Bf16 = std::uint16_t;
// Two numbers of bfloat16 side by side, as the hardware multiplies and adds them: the first in the lower half.
using Pair = std::uint32_t;

}  // namespace ngp::kernels
