// newgameplus._processor: which kernels there are, and which of them this processor can run.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "processor.hpp"

NB_MODULE(_processor, module) {
  using namespace nanobind::literals;
  module.doc() = "Which kernels this installation has, and which of them this processor can run.";
  module.def("compiled_sets", &ngp::kernels::compiled_sets);
  module.def("can_run", &ngp::kernels::can_run, "name"_a);
}
