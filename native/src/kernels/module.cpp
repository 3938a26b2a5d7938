// newgameplus._kernels_…, a module for each instruction set: what Python sees of the kernels.
#include <nanobind/nanobind.h>

#include "arrays.hpp"
#include "python_lock.hpp"

namespace ngp::kernels {
void bind_stack(nb::module_& module);
void bind_noisy(nb::module_& module);
void bind_adam(nb::module_& module);
void bind_dueling(nb::module_& module);
void bind_fractions(nb::module_& module);
void bind_policy(nb::module_& module);
}  // namespace ngp::kernels

NB_MODULE(NGP_MODULE_NAME, module) {
  namespace kernels = ngp::kernels;
  ngp::python_lock::install();
  nanobind::set_leak_warnings(false);  // what Python's caches hold at its end is no leak
  module.doc() = "Fast parts of networks, for one instruction set.";
  module.attr("DTYPE") = kernels::kRealName;
  kernels::bind_stack(module);
  kernels::bind_noisy(module);
  kernels::bind_adam(module);
  kernels::bind_dueling(module);
  kernels::bind_fractions(module);
  kernels::bind_policy(module);
}
