// A core that crashes is named on the standard error, and the process ends as it would have without us.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "check.hpp"

using namespace ngp;
using namespace ngp::test;

namespace {

struct End {
  std::string words;
  int status;
};

End end_of_a_process_whose_core(const char* fault) {
  int ends[2];
  CHECK(::pipe(ends) == 0);
  const pid_t child = ::fork();
  CHECK(child >= 0);
  if (child == 0) {
    ::dup2(ends[1], STDERR_FILENO);
    ::close(ends[0]);
    Core core(core_spec("faulty", "faulty.rom"), bytes(fault));
    core.run();
    core.run();
    core.set_buttons(0, 1);
    core.run();
    ::_exit(0);
  }
  ::close(ends[1]);
  End end;
  char buffer[256];
  for (ssize_t count; (count = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
    end.words.append(buffer, static_cast<std::size_t>(count));
  }
  ::close(ends[0]);
  CHECK(::waitpid(child, &end.status, 0) == child);
  return end;
}

void check_crash(const char* fault, int number, const std::string& name) {
  const End end = end_of_a_process_whose_core(fault);
  const std::string line = "\nThe core Faulty crashed in frame 3 of " + path("faulty.rom") + " (" + name + ").\n";
  CHECK(end.words.find(line) != std::string::npos);
  // A sanitizer that listens as well ends the process in its own way.
  CHECK(WIFEXITED(end.status) ? WEXITSTATUS(end.status) != 0 : WTERMSIG(end.status) == number);
}

}  // namespace

int main() {
  check_crash("s", SIGSEGV, "SIGSEGV");
  check_crash("d", SIGFPE, "SIGFPE");
  check_crash("a", SIGABRT, "SIGABRT");
  CHECK(end_of_a_process_whose_core("n").status == 0);
}
