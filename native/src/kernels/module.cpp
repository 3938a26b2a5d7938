// newgameplus._kernels: what Python sees of the kernels.
#include <nanobind/nanobind.h>

#include "processor.hpp"

namespace nb = nanobind;

namespace ngp::kernels {
#ifdef NGP_KERNELS
void bind_stack(nb::module_& module);
void bind_noisy(nb::module_& module);
void bind_adam(nb::module_& module);
void bind_fractions(nb::module_& module);
void bind_dueling(nb::module_& module);
void bind_quantiles(nb::module_& module);
void bind_policy(nb::module_& module);
void bind_network(nb::module_& module);

void bind(nb::module_& module) {
  bind_stack(module);
  bind_noisy(module);
  bind_adam(module);
  bind_fractions(module);
  bind_dueling(module);
  bind_quantiles(module);
  bind_policy(module);
  bind_network(module);
}
#else
void bind(nb::module_&) {}
#endif
}  // namespace ngp::kernels

NB_MODULE(_kernels, module) {
  nb::set_leak_warnings(false);  // what Python's caches hold at its end is no leak
  module.doc() = "Fast parts of networks in bfloat16, on processors that multiply it.";
  module.def("is_available", &ngp::kernels::is_available, "Whether this processor, and this build, can run the rest.");
  ngp::kernels::bind(module);
}
