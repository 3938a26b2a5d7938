// Python's lock, released and taken such that threads may play on while the interpreter ends.
//
// An interpreter that ends unwinds every other thread that asks for its lock (until CPython 3.14, which lets them hang).
// In a destructor of C++ that is std::terminate. Therefore, before the interpreter ends, `end` waits until no other
// thread is inside; from then on such a thread is ended as sys.exit() ends it, in silence.
#pragma once

#include <nanobind/nanobind.h>
#include <pthread.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "errors.hpp"

namespace ngp::python_lock {

constexpr auto kLongestWait = std::chrono::seconds(20);  // for calls that are inside; cores are given up after 10

inline std::atomic<int> num_inside{0};                     // calls that will want the lock back
inline std::atomic<unsigned long> ending_thread{0};        // the thread that ends the interpreter, if one does
inline std::atomic<bool> has_ended{false};                 // the lock is no longer to be had but by that thread

inline bool is_ending_thread() { return ending_thread == PyThread_get_thread_ident(); }

// Whether the interpreter ends in another thread, so that this one must not begin a call. Asked with the lock held.
inline bool is_refused() { return ending_thread != 0 && !is_ending_thread(); }

[[noreturn]] inline void wait_for_the_end() {
  for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
}

// Called by `atexit`: waits for the calls of other threads, with the lock released. What daemons still hold is no leak.
inline void end() {
  if (nanobind::cast<int>(nanobind::module_::import_("threading").attr("active_count")()) > 1) {
    nanobind::set_leak_warnings(false);
  }
  ending_thread = PyThread_get_thread_ident();
  PyThreadState* const state = PyEval_SaveThread();
  const auto latest = std::chrono::steady_clock::now() + kLongestWait;
  for (;;) {
    has_ended = true;
    if (num_inside == 0 || std::chrono::steady_clock::now() > latest) break;
    has_ended = false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  PyEval_RestoreThread(state);
}

// Registers `end`; to be called by each module that includes this.
inline void install() {
  pthread_atfork(nullptr, nullptr, [] { num_inside = 0; });  // the threads inside stay with the parent
  nanobind::module_::import_("atexit").attr("register")(nanobind::cpp_function(&end));
}

// The lock is released while this lives. Raises SystemExit in a thread that outlives the interpreter.
class Unlocked {
 public:
  Unlocked() {
    if (is_refused()) {
      PyErr_SetNone(PyExc_SystemExit);
      throw nanobind::python_error();
    }
    ++num_inside;
    state_ = PyEval_SaveThread();
  }
  ~Unlocked() {
    if (has_ended && !is_ending_thread()) wait_for_the_end();
    PyEval_RestoreThread(state_);
    --num_inside;
  }
  Unlocked(const Unlocked&) = delete;
  Unlocked& operator=(const Unlocked&) = delete;

 private:
  PyThreadState* state_;
};

// The lock is held while this lives, by a thread that need not be one of Python's. Throws EngineError when the
// interpreter has ended.
class Locked {
 public:
  Locked() {
    ++num_inside;
    if (has_ended && !is_ending_thread()) {
      --num_inside;
      throw EngineError("The interpreter has ended.");
    }
    state_ = PyGILState_Ensure();
  }
  ~Locked() {
    PyGILState_Release(state_);
    --num_inside;
  }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  PyGILState_STATE state_;
};

// Lets go of a Python object in any thread; one that outlives the interpreter is not touched.
inline void drop(nanobind::object& object) noexcept {
  try {
    const Locked lock;
    object.reset();
  } catch (const EngineError&) {
    object.release();
  }
}

// Whether a call is in an object that takes one at a time.
class Occupied {
 public:
  // Throws EngineError, with `sentence`, while another call is in the object.
  class Call {
   public:
    Call(Occupied& object, const char* sentence) : object_(object) {
      if (object.is_occupied_.exchange(true)) throw EngineError(sentence);
    }
    ~Call() { object_.is_occupied_ = false; }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

   private:
    Occupied& object_;
  };

 private:
  std::atomic<bool> is_occupied_{false};
};

}  // namespace ngp::python_lock
