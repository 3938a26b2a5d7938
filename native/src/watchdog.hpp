// Brings a thread back from a core that never returns.
//
// A core is C code that we cannot interrupt politely: when a call has run too long, its thread is sent a signal whose
// handler jumps out of the call. The core is then in an unknown state and must never be called again.
#pragma once

#include <csetjmp>
#include <csignal>
#include <pthread.h>

#include <atomic>
#include <cstdint>

namespace ngp::watchdog {

// After how long a call into a core counts as hung; 0 means never. Holds for the whole process.
void set_timeout(double seconds);
double timeout();

// A thread's place to come back to.
struct Post {
  Post();
  ~Post();
  pthread_t thread;
  std::atomic<std::int64_t> deadline{0};  // in nanoseconds that were watched; 0: not in a core
  sigjmp_buf back;
  std::int64_t seen_deadline = 0;   // the patrol's: the call that it knows,
  std::int64_t processor_time = 0;  // and what the thread had used when it first saw it
};

Post& post_of_this_thread();
std::int64_t deadline_from_now();
void accept_signal_again();

// Runs `call`, which must neither throw nor hold anything that a jump would leak; returns false when it was abandoned.
template <typename Call>
bool run(const Call& call) {
  Post& post = post_of_this_thread();
  if (sigsetjmp(post.back, 0) != 0) {
    accept_signal_again();
    return false;
  }
  post.deadline.store(deadline_from_now(), std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  call();
  std::atomic_signal_fence(std::memory_order_seq_cst);
  post.deadline.store(0, std::memory_order_relaxed);
  return true;
}

}  // namespace ngp::watchdog
