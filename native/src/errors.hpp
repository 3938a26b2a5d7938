// Errors that a person can act on; the Python side turns each into the exception of the same meaning.
#pragma once

#include <stdexcept>
#include <string>

namespace ngp {

// The machine refused: library, entry point, option, state.
struct EngineError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A core did not come back from a frame.
struct HangError : EngineError {
  using EngineError::EngineError;
};

// A scenario's script failed.
struct ScriptError : EngineError {
  using EngineError::EngineError;
};

}  // namespace ngp
