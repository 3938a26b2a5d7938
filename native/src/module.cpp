// newgameplus._engine: what Python sees of the engine.
#include <nanobind/nanobind.h>

#include "errors.hpp"
#include "python_lock.hpp"

namespace nb = nanobind;

namespace ngp {
void bind_core(nb::module_& module);
void bind_observation(nb::module_& module);
void bind_scenario(nb::module_& module);
void bind_engine(nb::module_& module);
}  // namespace ngp

NB_MODULE(_engine, module) {
  module.doc() = "Many emulated consoles in one process.";
  const nb::exception<ngp::EngineError> engine_error(module, "EngineError", PyExc_RuntimeError);
  nb::exception<ngp::ScriptError>(module, "ScriptError", engine_error.ptr());
  ngp::python_lock::install();
  ngp::bind_core(module);
  ngp::bind_observation(module);
  ngp::bind_scenario(module);
  ngp::bind_engine(module);
}
