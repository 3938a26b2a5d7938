// A pointer of each thread that a signal handler may read.
//
// In a library that is loaded late, a thread's first look at its variables takes memory from the heap, which a signal
// handler must not. The ELF loader keeps a little room for variables that need not.
#pragma once

#if defined(__ELF__)
#define NGP_THREAD_POINTER(Type, name) \
  __attribute__((tls_model("initial-exec"))) thread_local Type* name = nullptr
#else
#define NGP_THREAD_POINTER(Type, name) thread_local Type* name = nullptr
#endif
