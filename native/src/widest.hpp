// Runs a task compiled twice, plainly and for processors with AVX2, in the better way that this processor has.
//
// A task is a struct with a static, always inlined function `run`. Compilers' own multiversioning is not used: it needs
// a loader that can choose, and gcc 12 compiles the wide copy with the plain one's costs, at half the speed. What no
// compiler finds by itself is written as a function of its own for AVX2, beside the plain task.
#pragma once

#define NGP_INLINE inline __attribute__((always_inline))

#if defined(__x86_64__)
#include <immintrin.h>
// A function written in AVX2's own instructions: to be called where `has_avx2`.
#define NGP_AVX2 __attribute__((target("avx2")))
#endif

namespace ngp {

#if defined(__x86_64__)
inline bool has_avx2() {
  static const bool has = __builtin_cpu_supports("avx2") != 0;
  return has;
}

template <typename Task, typename... Arguments>
__attribute__((target("avx2"), noinline)) auto run_wide(Arguments... arguments) {
  return Task::run(arguments...);
}

template <typename Task, typename... Arguments>
auto run_widest(Arguments... arguments) {
  return has_avx2() ? run_wide<Task>(arguments...) : Task::run(arguments...);
}

template <typename Number>
NGP_AVX2 inline __m256i load_wide(const Number* numbers) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(numbers));
}
#else
template <typename Task, typename... Arguments>
auto run_widest(Arguments... arguments) {
  return Task::run(arguments...);
}
#endif

}  // namespace ngp
