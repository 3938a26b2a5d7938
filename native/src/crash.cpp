#include "crash.hpp"

#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <mutex>

#include "thread_pointer.hpp"

namespace ngp::crash {

namespace {

struct Kind {
  int number;
  const char* name;
  struct sigaction before;
};

Kind kinds[] = {{SIGSEGV, "SIGSEGV", {}},
                {SIGBUS, "SIGBUS", {}},
                {SIGFPE, "SIGFPE", {}},
                {SIGILL, "SIGILL", {}},
                {SIGABRT, "SIGABRT", {}}};

NGP_THREAD_POINTER(const Site, site_here);

// A line put together without the heap; what does not fit is left out.
class Line {
 public:
  Line& operator<<(const char* text) {
    while (*text != '\0' && size_ < sizeof(text_)) text_[size_++] = *text++;
    return *this;
  }
  Line& operator<<(std::uint64_t number) {
    char digits[21];
    std::size_t begin = sizeof(digits) - 1;
    digits[begin] = '\0';
    do digits[--begin] = static_cast<char>('0' + number % 10);
    while ((number /= 10) != 0);
    return *this << &digits[begin];
  }
  void write() const {
    const char* rest = text_;
    for (std::size_t left = size_; left > 0;) {
      const ssize_t count = ::write(STDERR_FILENO, rest, left);
      if (count <= 0) return;
      rest += count;
      left -= static_cast<std::size_t>(count);
    }
  }

 private:
  char text_[4096];
  std::size_t size_ = 0;
};

void say_last_words(int number) {
  for (Kind& kind : kinds) {
    if (kind.number != number) continue;
    if (const Site* const site = site_here) {
      Line line;
      line << "\nThe core " << site->core << " crashed in frame " << site->frame + 1 << " of " << site->game << " ("
           << kind.name << ").\n";
      line.write();
    }
    sigaction(number, &kind.before, nullptr);
    raise(number);  // comes when this handler returns
  }
}

}  // namespace

const Site* enter(const Site* site) {
  const Site* const before = site_here;
  site_here = site;
  return before;
}

void listen() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action {};
    action.sa_handler = say_last_words;
    action.sa_flags = SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    for (Kind& kind : kinds) sigaction(kind.number, &action, &kind.before);
  });
}

}  // namespace ngp::crash
