// Whether this processor, and the compiler that built this, can run the kernels.
#pragma once

namespace ngp::kernels {

// They need AVX-512 with products of bfloat16 (Zen 4, Cooper Lake, Sapphire Rapids and later).
bool is_available();

}  // namespace ngp::kernels
