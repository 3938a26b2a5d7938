// From the specification that newgameplus.games.declarative compiles to the engine's own.
#pragma once

#include <nanobind/nanobind.h>

#include "scenario.hpp"

namespace ngp {

// `specification` is a newgameplus.games.declarative.ScenarioSpec. Throws EngineError or a Python error when it is not.
ScenarioSpec scenario_spec_from_python(nanobind::handle specification);

}  // namespace ngp
