#include "watchdog.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <limits>
#include <mutex>
#include <thread>
#include <vector>

#include "errors.hpp"
#include "thread_pointer.hpp"

namespace ngp::watchdog {

namespace {

constexpr int kSignal = SIGURG;  // ignored by default, so a late one does no harm
constexpr auto kPatrol = std::chrono::milliseconds(200);
constexpr double kLongest = 1e9;  // seconds

std::atomic<std::int64_t> timeout_nanoseconds{10'000'000'000};
std::atomic<bool> is_watching{false};
// The rounds that the patrol has made, in time. A round counts as long as it is meant to be, however long it was: a core
// is not blamed for the time in which the process was stopped (Ctrl-Z, a debugger).
std::atomic<std::int64_t> watched_nanoseconds{0};
// A core that has used less processor time than the limit was rather given none, as on a busy machine. One that sleeps
// for ever uses none either, so after so many times the limit it counts as hung nevertheless.
constexpr int kPatience = 12;

// Never destroyed: threads may still leave their posts while the process ends.
struct Patrol {
  std::mutex mutex;
  std::vector<Post*> posts;
};

Patrol& patrol() {
  static Patrol* const instance = new Patrol;
  return *instance;
}

std::int64_t now() { return watched_nanoseconds.load(std::memory_order_relaxed); }

std::int64_t in_nanoseconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count();
}

NGP_THREAD_POINTER(Post, post_here);

void jump_back(int) {
  Post* const post = post_here;
  if (post == nullptr) return;
  const std::int64_t deadline = post->deadline.load(std::memory_order_relaxed);
  if (deadline == 0 || now() < deadline) return;  // it came back by itself in the meantime
  post->deadline.store(0, std::memory_order_relaxed);
  siglongjmp(post->back, 1);
}

// Processor time of a thread; 0 where it cannot be read.
std::int64_t processor_time(pthread_t thread) {
#if defined(__linux__)
  clockid_t clock;
  timespec time;
  if (pthread_getcpuclockid(thread, &clock) == 0 && clock_gettime(clock, &time) == 0) {
    return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
  }
#endif
  return 0;
}

// Whether the call that a thread is in has run too long; the patrol asks in every round.
bool is_hung(Post& post) {
  const std::int64_t deadline = post.deadline.load(std::memory_order_relaxed);
  if (deadline == 0) return false;
  if (deadline != post.seen_deadline) {
    post.seen_deadline = deadline;
    post.processor_time = processor_time(post.thread);
    return false;
  }
  const std::int64_t late = now() - deadline;
  if (late <= 0) return false;
  const std::int64_t timeout = timeout_nanoseconds.load(std::memory_order_relaxed);
  const std::int64_t used = processor_time(post.thread);
  return used == 0 || used - post.processor_time >= timeout / 2 || late > (kPatience - 1) * timeout;
}

void keep_watch() {
  for (;;) {
    std::this_thread::sleep_for(kPatrol);
    watched_nanoseconds += in_nanoseconds(kPatrol);
    Patrol& ours = patrol();
    const std::lock_guard<std::mutex> lock(ours.mutex);
    for (Post* post : ours.posts) {
      if (is_hung(*post)) pthread_kill(post->thread, kSignal);
    }
  }
}

// A forked child has one thread, the one that forked: nobody keeps watch there until it asks for it.
void be_alone() {
  patrol().posts.clear();
  if (post_here != nullptr) patrol().posts.push_back(post_here);  // there is room: it was among them
  is_watching = false;
  patrol().mutex.unlock();
}

void prepare_once() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action {};
    action.sa_handler = jump_back;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(kSignal, &action, nullptr);
    pthread_atfork([] { patrol().mutex.lock(); }, [] { patrol().mutex.unlock(); }, be_alone);
  });
}

void start_watch() {
  prepare_once();
  const std::lock_guard<std::mutex> lock(patrol().mutex);
  if (is_watching) return;
  std::thread(keep_watch).detach();
  is_watching = true;
}

}  // namespace

void set_timeout(double seconds) {
  if (!(seconds >= 0)) throw EngineError("A core's time limit is 0, for none, or a number of seconds.");
  timeout_nanoseconds = seconds > kLongest ? 0 : static_cast<std::int64_t>(seconds * 1e9);
}

double timeout() { return static_cast<double>(timeout_nanoseconds.load()) * 1e-9; }

Post::Post() : thread(pthread_self()) {
  const std::lock_guard<std::mutex> lock(patrol().mutex);
  patrol().posts.push_back(this);
}

Post::~Post() {
  post_here = nullptr;
  const std::lock_guard<std::mutex> lock(patrol().mutex);
  std::vector<Post*>& posts = patrol().posts;
  posts.erase(std::remove(posts.begin(), posts.end(), this), posts.end());
}

Post& post_of_this_thread() {
  thread_local Post post;
  post_here = &post;
  if (!is_watching.load(std::memory_order_relaxed)) start_watch();
  return post;
}

std::int64_t deadline_from_now() {
  const std::int64_t timeout = timeout_nanoseconds.load(std::memory_order_relaxed);
  // One round more: the time that is known may be that of a whole round ago.
  return timeout == 0 ? std::numeric_limits<std::int64_t>::max() : now() + timeout + in_nanoseconds(kPatrol);
}

void accept_signal_again() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, kSignal);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

}  // namespace ngp::watchdog
