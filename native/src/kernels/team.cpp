#include "team.hpp"

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

namespace ngp::kernels {
namespace {

// How often a thread looks before it sleeps: some tens of microseconds, as long as what lies between two kernels of one
// network. To sleep and to be woken takes as long, but the consoles need the core after that.
constexpr int kLooks = 4000;

inline void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// What of GNU's OpenMP is needed; all none where it is not loaded.
struct OpenMp {
  void (*parallel)(void (*work)(void*), void* data, unsigned num_threads, unsigned flags) = nullptr;
  int (*thread)() = nullptr;
  int (*num_threads)() = nullptr;
};

template <typename Function>
Function find_function(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_DEFAULT, name));
}

OpenMp find_open_mp() {
  const OpenMp found{find_function<decltype(OpenMp::parallel)>("GOMP_parallel"),
                     find_function<decltype(OpenMp::thread)>("omp_get_thread_num"),
                     find_function<decltype(OpenMp::num_threads)>("omp_get_num_threads")};
  return found.parallel && found.thread && found.num_threads ? found : OpenMp{};
}

struct Job {
  const OpenMp& open_mp;
  const std::function<void(unsigned)>& work;
  unsigned num_parts;
};

// What each thread of OpenMP does: it may have started fewer than there are parts.
void do_parts(void* data) {
  const Job& job = *static_cast<const Job*>(data);
  const auto step = static_cast<unsigned>(job.open_mp.num_threads());
  for (auto part = static_cast<unsigned>(job.open_mp.thread()); part < job.num_parts; part += step) job.work(part);
}

bool run_by_open_mp(unsigned num_parts, const std::function<void(unsigned)>& work) {
  static const OpenMp open_mp = find_open_mp();
  static const pid_t process = ::getpid();
  if (!open_mp.parallel || process != ::getpid()) return false;
  Job job{open_mp, work, num_parts};
  open_mp.parallel(&do_parts, &job, num_parts, 0);
  return true;
}

struct SharedTeam {
  std::mutex turn;
  std::unique_ptr<Team> team;
  pid_t process = 0;
};

SharedTeam& shared_team() {
  // Never destroyed: at the end of a process its threads may be gone already.
  static SharedTeam* const shared = new SharedTeam;
  return *shared;
}

}  // namespace

void run_together(unsigned num_parts, const std::function<void(unsigned)>& work) {
  if (num_parts < 2) {
    if (num_parts) work(0);
    return;
  }
  if (run_by_open_mp(num_parts, work)) return;
  SharedTeam& shared = shared_team();
  const std::lock_guard<std::mutex> lock(shared.turn);
  if (shared.process != ::getpid()) {
    static_cast<void>(shared.team.release());  // its threads live in the parent alone
    shared.process = ::getpid();
  }
  if (!shared.team || shared.team->num_workers() + 1 < num_parts) {
    shared.team.reset();
    shared.team = std::make_unique<Team>(num_parts - 1);
  }
  shared.team->run(num_parts, work);
}

unsigned count_worthwhile(std::size_t num_multiplications, unsigned num_threads) {
  constexpr std::size_t kLeast = 4'000'000;
  return static_cast<unsigned>(std::clamp<std::size_t>(num_multiplications / kLeast, 1, std::max(1U, num_threads)));
}

Team::Team(unsigned num_workers) {
  for (unsigned worker = 0; worker < num_workers; ++worker) {
    threads_.emplace_back([this, worker] { serve(worker + 1); });
  }
}

Team::~Team() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    work_ = nullptr;
    num_jobs_.fetch_add(1, std::memory_order_release);
  }
  has_work_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Team::run(unsigned num_parts, const std::function<void(unsigned)>& work) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    num_parts_ = num_parts;
    work_ = &work;
    num_busy_.store(num_workers(), std::memory_order_relaxed);
    num_jobs_.fetch_add(1, std::memory_order_release);
  }
  has_work_.notify_all();
  work(0);
  // The parts are of one size, so that this is short; on a busy machine the core is better given away.
  for (int look = 0; num_busy_.load(std::memory_order_acquire) != 0; ++look) {
    if (look < kLooks) {
      pause();
    } else {
      std::this_thread::yield();
    }
  }
}

void Team::serve(unsigned part) {
  std::uint64_t seen = 0;
  for (;;) {
    seen = wait_for_work(seen);
    if (!work_) return;
    if (part < num_parts_) (*work_)(part);
    num_busy_.fetch_sub(1, std::memory_order_release);
  }
}

std::uint64_t Team::wait_for_work(std::uint64_t seen) {
  for (int look = 0; look < kLooks; ++look) {
    const std::uint64_t now = num_jobs_.load(std::memory_order_acquire);
    if (now != seen) return now;
    pause();
  }
  std::unique_lock<std::mutex> lock(mutex_);
  has_work_.wait(lock, [&] { return num_jobs_.load(std::memory_order_acquire) != seen; });
  return num_jobs_.load(std::memory_order_acquire);
}

}  // namespace ngp::kernels
