// Runs a task compiled twice, plainly and for processors with AVX2, in the better way that this processor has.
//
// A task is a struct with a static, always inlined function `run`. Compilers' own multiversioning is not used: it needs
// a loader that can choose, and gcc 12 compiles the wide copy with the plain one's costs, at half the speed.
#pragma once

#define NGP_INLINE inline __attribute__((always_inline))

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
#else
template <typename Task, typename... Arguments>
auto run_widest(Arguments... arguments) {
  return Task::run(arguments...);
}
#endif

}  // namespace ngp
