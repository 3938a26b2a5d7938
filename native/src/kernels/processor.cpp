#include "processor.hpp"

#include <sstream>

namespace ngp::kernels {

std::vector<std::string> compiled_sets() {
  std::vector<std::string> names;
  std::istringstream all(NGP_SETS);
  for (std::string name; std::getline(all, name, ',');) names.push_back(name);
  return names;
}

bool can_run(const std::string& name) {
#if defined(__x86_64__)
  if (name == "avx2") return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  // Products of bfloat16: Zen 4, Cooper Lake, Sapphire Rapids and later.
  return name == "avx512bf16" && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bf16");
#elif defined(__aarch64__)
  return name == "neon";  // every one has it
#else
  static_cast<void>(name);
  return false;
#endif
}

}  // namespace ngp::kernels
