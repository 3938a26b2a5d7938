// Which kernels there are, and which of them this processor can run. Built for every processor.
#pragma once

#include <string>
#include <vector>

namespace ngp::kernels {

// The instruction sets that kernels have been compiled for, the best first.
std::vector<std::string> compiled_sets();

// Whether this processor has the instruction set.
bool can_run(const std::string& name);

}  // namespace ngp::kernels
