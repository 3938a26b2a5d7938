#include "watchdog.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <mutex>
#include <thread>
#include <vector>

namespace ngp::watchdog {

namespace {

constexpr int kSignal = SIGURG;  // ignored by default, so a late one does no harm
constexpr auto kPatrol = std::chrono::milliseconds(200);

std::atomic<std::int64_t> timeout_nanoseconds{10'000'000'000};

// Never destroyed: threads may still leave their posts while the process ends.
struct Patrol {
  std::mutex mutex;
  std::vector<Post*> posts;
};

Patrol& patrol() {
  static Patrol* const instance = new Patrol;
  return *instance;
}

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

thread_local Post* post_here = nullptr;

void jump_back(int) {
  Post* const post = post_here;
  if (post == nullptr) return;
  const std::int64_t deadline = post->deadline.load(std::memory_order_relaxed);
  if (deadline == 0 || now() < deadline) return;  // it came back by itself in the meantime
  post->deadline.store(0, std::memory_order_relaxed);
  siglongjmp(post->back, 1);
}

void keep_watch() {
  for (;;) {
    std::this_thread::sleep_for(kPatrol);
    Patrol& ours = patrol();
    const std::lock_guard<std::mutex> lock(ours.mutex);
    for (const Post* post : ours.posts) {
      const std::int64_t deadline = post->deadline.load(std::memory_order_relaxed);
      if (deadline != 0 && now() > deadline) pthread_kill(post->thread, kSignal);
    }
  }
}

void start_watch_once() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action {};
    action.sa_handler = jump_back;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(kSignal, &action, nullptr);
    std::thread(keep_watch).detach();
  });
}

}  // namespace

void set_timeout(double seconds) { timeout_nanoseconds = static_cast<std::int64_t>(seconds * 1e9); }

double timeout() { return static_cast<double>(timeout_nanoseconds.load()) * 1e-9; }

Post::Post() : thread(pthread_self()) {
  start_watch_once();
  const std::lock_guard<std::mutex> lock(patrol().mutex);
  patrol().posts.push_back(this);
}

Post::~Post() {
  const std::lock_guard<std::mutex> lock(patrol().mutex);
  std::vector<Post*>& posts = patrol().posts;
  posts.erase(std::remove(posts.begin(), posts.end(), this), posts.end());
}

Post& post_of_this_thread() {
  thread_local Post post;
  post_here = &post;
  return post;
}

std::int64_t deadline_from_now() {
  const std::int64_t timeout = timeout_nanoseconds.load(std::memory_order_relaxed);
  return timeout == 0 ? std::numeric_limits<std::int64_t>::max() : now() + timeout;
}

void accept_signal_again() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, kSignal);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

}  // namespace ngp::watchdog
