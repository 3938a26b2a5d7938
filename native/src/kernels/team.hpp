// A few threads that wait for work together with the caller.
//
// Where torch has loaded GNU's OpenMP, its threads do the work. A thread that has just worked spins for a while, so that
// with two kinds of them those of torch would hold the cores that ours want, and the other way round. Elsewhere, and in
// a forked child, where threads of OpenMP are gone and are waited for, a team of our own does it.
#pragma once

#include <atomic>
#include <cstddef>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include <sys/types.h>

namespace ngp::kernels {

// Runs `work(0)` to `work(num_parts - 1)` side by side and returns when all are done. `work` must not throw, and one
// thread may do several parts. Callers in several threads may take turns.
void run_together(unsigned num_parts, const std::function<void(unsigned)>& work);

// How many of `num_threads` are worth waking for so many multiplications: a thread does some ten million of them while
// another one wakes up.
unsigned count_worthwhile(std::size_t num_multiplications, unsigned num_threads);

class Team {
 public:
  explicit Team(unsigned num_workers);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  unsigned num_workers() const { return static_cast<unsigned>(threads_.size()); }
  // The caller does part 0 and worker i part i + 1.
  void run(unsigned num_parts, const std::function<void(unsigned)>& work);

 private:
  void serve(unsigned part);
  std::uint64_t wait_for_work(std::uint64_t seen);

  std::mutex mutex_;
  std::condition_variable has_work_;
  std::atomic<std::uint64_t> num_jobs_{0};
  std::atomic<unsigned> num_busy_{0};
  unsigned num_parts_ = 0;                               // written before num_jobs_
  const std::function<void(unsigned)>* work_ = nullptr;  // written before num_jobs_; none: the end
  std::vector<std::thread> threads_;
};

}  // namespace ngp::kernels
